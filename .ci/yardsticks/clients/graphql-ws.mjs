// npm graphql-ws: it connects again by itself and sends the same payload, whose variables have moved on by then.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { DOCUMENT, authorization, pause, socketUrl, take, tell, variables } from './item.mjs';

const client = createClient({
  url: socketUrl, webSocketImpl: WebSocket, connectionParams: { authorization },
  retryAttempts: 100, retryWait: () => pause(50), shouldRetry: () => true,
});
client.subscribe({ query: DOCUMENT, variables }, {
  next: take,
  error: (error) => tell({ fatal: String(error?.message ?? JSON.stringify(error)) }),
  complete: () => tell({ fatal: 'the stream completed' }),
});
