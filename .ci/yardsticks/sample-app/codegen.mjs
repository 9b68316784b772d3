// Amounts are exact strings; a program that computes with them parses them into its own decimal type.
const config = {
  strictScalars: true,
  useTypeImports: true,
  enumsAsTypes: true,
  scalars: { DateTime: 'string', Decimal: 'string', Upload: { input: 'Blob', output: 'never' }, UsageValue: { input: 'string | number | boolean', output: 'never' } },
};

/** @type {import('@graphql-codegen/cli').CodegenConfig} */
export default {
  schema: 'schema.graphql',
  documents: ['operations/*.graphql'],
  generates: {
    'src/plain/generated/schema.ts': { plugins: ['typescript'], config },
    'src/plain/generated/operations.ts': { plugins: ['typescript-operations'], config },
  },
};
