// The schema against @graphql-eslint's recommended and Relay presets, the sample app's operations against its
// recommended preset for operations. A rule is loosened only where it contradicts a convention of this API, with
// the reason beside it.
import graphqlPlugin from '@graphql-eslint/eslint-plugin';

const { 'schema-recommended': recommended, 'schema-relay': relay, 'operations-recommended': operations } = graphqlPlugin.configs;
const graphQLConfig = { schema: 'schema.graphql', documents: 'sample-app/operations/*.graphql' };
const common = {
  plugins: { '@graphql-eslint': graphqlPlugin },
  languageOptions: { parser: graphqlPlugin.parser, parserOptions: { graphQLConfig } },
  linterOptions: { reportUnusedDisableDirectives: 'error' },
};

// Values have no identity: they live inside the thing that has one and are replaced with it. A new type that is
// neither one of these nor has an `id: ID!` is refused, so that nothing a client may want to keep is without an id.
const values = {
  amountsAndTimes: ['DateTimeInterval', 'Money'],
  partsOfAnInvoice: ['InvoiceLine', 'InvoiceParty', 'InvoicePdf', 'InvoiceTax', 'PriceStep'],
  answersOfTheMoment: ['ApiLimits', 'RateLimit', 'StreamLimits', 'InvoiceDifference', 'InvoiceExplanation', 'InvoiceLineExplanation',
    'InvoicePreview', 'InvoiceRecomputation', 'PluginCall', 'PluginUploadReceipt', 'Session', 'UsageAlertEventItem', 'UsageIngestResult', 'UsedPlugin',
    'Viewer'],
  partsOfAPlan: ['Charge', 'FixedFee', 'Parameter', 'Tier'],
  partsOfAPayment: ['PaymentCheckout', 'PaymentDecline'],
  partsOfOtherThings: ['AuditChange', 'HttpHeader', 'PluginReport', 'TaxAttribute', 'TaxRegime', 'UsageProperty'],
  series: ['UsageDimensionValue', 'UsagePoint', 'UsageSeries', 'UsageSeriesGroup', 'UsageTotal'],
};

export default [
  {
    ...common,
    files: ['schema.graphql'],
    rules: {
      ...recommended.rules,
      ...relay.rules,
      '@graphql-eslint/strict-id-in-types': ['error', {
        exceptions: {
          // Pages, payloads and errors are envelopes of an answer, not things.
          suffixes: ['Connection', 'Edge', 'Payload', 'Error'],
          types: ['PageInfo', ...Object.values(values).flat()],
        },
      }],
      // Lists that are whole by nature (lines, errors, tiers) are plain, and a page has `nodes` beside `edges`.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
  { ...common, files: ['sample-app/operations/*.graphql'], rules: operations.rules },
];
