// npm @apollo/client over graphql-ws: a lost connection is an error of the subscription, which is made again.
import { ApolloClient, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { DOCUMENT, authorization, pause, socketUrl, take, tell, variables } from './item.mjs';

const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new GraphQLWsLink(createClient({
    url: socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0,
  })),
});
const query = gql(DOCUMENT);

function follow() {
  const again = () => pause(50).then(follow);
  client.subscribe({ query, variables: { ...variables }, fetchPolicy: 'no-cache' }).subscribe({
    // Version 4 reports a lost connection as a result with an error and then completes.
    next: (result) => { if (result.data) take({ data: result.data }); else if (isFatal(result.error)) tell({ fatal: String(result.error) }); },
    error: again,
    complete: again,
  });
}
const isFatal = (error) => Array.isArray(error?.errors);
follow();
