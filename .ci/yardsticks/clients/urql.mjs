// npm urql over graphql-ws: a lost connection is an error of the subscription, which is made again.
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { DOCUMENT, authorization, pause, socketUrl, take, tell, url, variables } from './item.mjs';

const sockets = createClient({
  url: socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0,
});
const client = new Client({
  url, preferGetMethod: false,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables: values }) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables: values }, sink) }),
      }),
    }),
  ],
});

function follow() {
  const { unsubscribe } = client.subscription(DOCUMENT, { ...variables }).subscribe((result) => {
    if (result.error?.graphQLErrors.length) tell({ fatal: String(result.error) });
    else if (result.error) {
      queueMicrotask(() => unsubscribe());
      pause(50).then(follow);
    } else if (result.data) take({ data: result.data });
  });
}
follow();
