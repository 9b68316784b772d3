import { graphql, useLazyLoadQuery } from 'react-relay';
import { Alerts } from './Alerts';
import { InvoiceList } from './InvoiceList';
import type { DashboardQuery } from './__generated__/DashboardQuery.graphql';

export function Dashboard({ subscriptionId }: { subscriptionId: string }) {
  const { viewer, invoicePreview } = useLazyLoadQuery<DashboardQuery>(
    graphql`
      query DashboardQuery($subscriptionId: ID!) {
        viewer { organisation { name timezone } permissions }
        invoicePreview(subscriptionId: $subscriptionId) {
          period { start end }
          total { amount currency }
        }
      }
    `,
    { subscriptionId },
  );
  return (
    <main>
      <h1>{viewer.organisation?.name ?? 'Operator'}</h1>
      {invoicePreview && <p>{invoicePreview.total.amount} {invoicePreview.total.currency} so far</p>}
      {viewer.permissions.includes('INVOICES_READ') && <InvoiceList />}
      <Alerts subscriptionId={subscriptionId} />
    </main>
  );
}
