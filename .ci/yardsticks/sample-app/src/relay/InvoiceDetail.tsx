// One invoice, refreshed through `node(id)`: what Relay makes of any fragment on a type that implements Node.
import { graphql, useLazyLoadQuery, useRefetchableFragment } from 'react-relay';
import type { InvoiceDetailQuery } from './__generated__/InvoiceDetailQuery.graphql';
import type { InvoiceDetailRefreshQuery } from './__generated__/InvoiceDetailRefreshQuery.graphql';
import type { InvoiceDetail_invoice$key } from './__generated__/InvoiceDetail_invoice.graphql';

export function InvoiceDetail({ id }: { id: string }) {
  const { node } = useLazyLoadQuery<InvoiceDetailQuery>(
    graphql`
      query InvoiceDetailQuery($id: ID!) {
        node(id: $id) {
          ...InvoiceDetail_invoice @alias(as: "invoice")
        }
      }
    `,
    { id },
  );
  return node?.invoice ? <Detail invoice={node.invoice} /> : <p>There is no such invoice.</p>;
}

function Detail({ invoice }: { invoice: InvoiceDetail_invoice$key }) {
  const [data, refetch] = useRefetchableFragment<InvoiceDetailRefreshQuery, InvoiceDetail_invoice$key>(
    graphql`
      fragment InvoiceDetail_invoice on Invoice @refetchable(queryName: "InvoiceDetailRefreshQuery") {
        number
        seller { legalName }
        buyer { legalName }
        lines { description quantity amount { amount currency } metric { code unit } }
        taxes { name ratePercent amount { amount currency } }
        total { amount currency }
        pdf { url }
      }
    `,
    invoice,
  );
  return (
    <article>
      <h1>{data.number ?? 'Draft'}</h1>
      <p>{data.seller.legalName} to {data.buyer.legalName}</p>
      <table>
        <tbody>
          {data.lines.map((line, index) => (
            <tr key={index}>
              <td>{line.description}</td>
              <td>{line.quantity} {line.metric?.unit}</td>
              <td>{line.amount.amount} {line.amount.currency}</td>
            </tr>
          ))}
          {data.taxes.map((tax, index) => (
            <tr key={index}><td>{tax.name}</td><td>{tax.ratePercent} %</td><td>{tax.amount.amount}</td></tr>
          ))}
        </tbody>
      </table>
      <p>{data.total.amount} {data.total.currency}</p>
      {data.pdf && <a href={data.pdf.url}>PDF</a>}
      <button onClick={() => refetch({}, { fetchPolicy: 'network-only' })}>Refresh</button>
    </article>
  );
}
