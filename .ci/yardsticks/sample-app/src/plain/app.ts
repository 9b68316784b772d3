// A program without a framework: what it reads and writes is typed by @graphql-codegen alone.
import type {
  AlertStreamSubscription, DashboardQuery, InvoiceDetailQuery, InvoiceRowFragment, InvoicesQuery,
  InvoicesQueryVariables, WatchCostMutation, WatchCostMutationVariables,
} from './generated/operations';

type Ask = <Data, Variables>(document: string, variables: Variables) => Promise<Data>;

/** Every invoice, page by page. */
export async function* everyInvoice(ask: Ask, document: string): AsyncGenerator<InvoiceRowFragment> {
  let after: string | null | undefined = null;
  do {
    const variables: InvoicesQueryVariables = { first: 50, after, filter: { state: { in: ['OPEN', 'PAID'] } } };
    const page: InvoicesQuery = await ask<InvoicesQuery, InvoicesQueryVariables>(document, variables);
    for (const { node } of page.invoices.edges) yield node;
    after = page.invoices.pageInfo.hasNextPage ? page.invoices.pageInfo.endCursor : null;
  } while (after);
}

export function headline({ viewer, invoicePreview }: DashboardQuery): string {
  const who = viewer.organisation?.name ?? 'the operator';
  return invoicePreview ? `${who}: ${invoicePreview.total.amount} ${invoicePreview.total.currency} so far` : who;
}

export function linesOf({ invoice }: InvoiceDetailQuery): string[] {
  return invoice?.lines.map((line) => `${line.description}: ${line.amount.amount} ${line.amount.currency}`) ?? [];
}

export function resumeFrom(item: AlertStreamSubscription): string {
  return item.usageAlertEvents.cursor;
}

export async function watchCost(ask: Ask, document: string, subscriptionId: string): Promise<string> {
  const { alertRuleCreate } = await ask<WatchCostMutation, WatchCostMutationVariables>(document, {
    input: { name: 'Cost', subject: 'COST', subscriptionId, thresholds: ['100', '250.50'] },
  });
  const [error] = alertRuleCreate.errors;
  if (error) throw new Error(`${error.code} at ${error.path?.join('.') ?? 'input'}: ${error.message}`);
  return alertRuleCreate.alertRule?.id ?? '';
}
