import { graphql, useFragment } from 'react-relay';
import type { InvoiceRow_invoice$key } from './__generated__/InvoiceRow_invoice.graphql';

export function InvoiceRow({ invoice }: { invoice: InvoiceRow_invoice$key }) {
  const { number, state, total } = useFragment(
    graphql`
      fragment InvoiceRow_invoice on Invoice {
        number
        state
        issuedAt
        total { amount currency }
      }
    `,
    invoice,
  );
  return <li>{number ?? 'draft'} · {state} · {total.amount} {total.currency}</li>;
}
