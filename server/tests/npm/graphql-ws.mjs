// The reference client of graphql-transport-ws.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { SUBSCRIPTION, followAll, socketUrl } from './follow.mjs';

const client = createClient({ url: socketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
await followAll(client.iterate({ query: SUBSCRIPTION }));
await client.dispose();
process.exit(0);
