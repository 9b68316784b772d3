// The list: a page at a time, more on demand, another filter without losing the page on the screen.
import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay';
import { InvoiceRow } from './InvoiceRow';
import type { InvoiceListQuery } from './__generated__/InvoiceListQuery.graphql';
import type { InvoiceList_invoices$key } from './__generated__/InvoiceList_invoices.graphql';
import type { InvoiceListNextPageQuery } from './__generated__/InvoiceListNextPageQuery.graphql';

export function InvoiceList() {
  const data = useLazyLoadQuery<InvoiceListQuery>(
    graphql`
      query InvoiceListQuery($filter: InvoiceFilter) {
        ...InvoiceList_invoices @arguments(filter: $filter)
      }
    `,
    { filter: { state: { in: ['OPEN', 'PAID'] } } },
  );
  return <Pages query={data} />;
}

function Pages({ query }: { query: InvoiceList_invoices$key }) {
  const { data, hasNext, isLoadingNext, loadNext, refetch } = usePaginationFragment<
    InvoiceListNextPageQuery, InvoiceList_invoices$key
  >(
    graphql`
      fragment InvoiceList_invoices on Query
      @refetchable(queryName: "InvoiceListNextPageQuery")
      @argumentDefinitions(
        filter: { type: "InvoiceFilter" }
        count: { type: "Int", defaultValue: 25 }
        cursor: { type: "String" }
      ) {
        invoices(first: $count, after: $cursor, filter: $filter)
          @connection(key: "InvoiceList_invoices", filters: ["filter"]) {
          edges { node { id ...InvoiceRow_invoice } }
          totalCount
          totalCountCapped
        }
      }
    `,
    query,
  );
  const { edges, totalCount, totalCountCapped } = data.invoices;
  return (
    <section>
      <h1>{totalCount}{totalCountCapped ? '+' : ''} invoices</h1>
      <button onClick={() => refetch({ filter: { state: { in: ['OPEN'] } } })}>Only open ones</button>
      <ul>{edges.map(({ node }) => <InvoiceRow key={node.id} invoice={node} />)}</ul>
      {hasNext && <button disabled={isLoadingNext} onClick={() => loadNext(25)}>More</button>}
    </section>
  );
}
