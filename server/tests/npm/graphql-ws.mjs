// The reference client of graphql-transport-ws.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { SUBSCRIPTION, follower, socketUrl } from './follow.mjs';

const client = createClient({ url: socketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
const isThere = follower();
for await (const delivery of client.iterate({ query: SUBSCRIPTION })) {
  if (await isThere(delivery)) break;
}
await client.dispose();
process.exit(0);
