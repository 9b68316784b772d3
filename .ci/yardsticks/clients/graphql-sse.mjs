// npm graphql-sse, distinct connections: it connects again by itself with the variables as they are by then.
import { createClient } from 'graphql-sse';
import { DOCUMENT, authorization, pause, take, tell, url, variables } from './item.mjs';

const client = createClient({
  url, singleConnection: false, headers: { authorization }, retryAttempts: 0,
});

function follow() {
  const again = () => pause(50).then(follow);
  client.subscribe({ query: DOCUMENT, variables: { ...variables } }, {
    next: take,
    error: (error) => (Array.isArray(error) || error?.response ? tell({ fatal: JSON.stringify(error.message ?? error) }) : again()),
    complete: () => again(),
  });
}
follow();
