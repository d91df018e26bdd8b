// The reference client of graphql-ws, the older protocol.
import { SubscriptionClient } from 'subscriptions-transport-ws';
import WebSocket from 'ws';
import { QUERY, SUBSCRIPTION, equal, follow, socketUrl } from './follow.mjs';

const client = new SubscriptionClient(socketUrl, { reconnect: false, timeout: 30_000 }, WebSocket);
await follow((observer) => {
  const { unsubscribe } = client.request({ query: SUBSCRIPTION }).subscribe(observer);
  return unsubscribe;
});
const answer = await new Promise((next, error) => client.request({ query: QUERY }).subscribe({ next, error }));
equal(answer.data.factoryMetrics.unitsProduced, 7);
const refused = await new Promise((next, error) => client.request({ query: '{ nothing }' }).subscribe({ next, error }))
  .catch((errors) => errors);
equal([refused].flat()[0].extensions?.code ?? [refused].flat()[0].message, 'BAD_USER_INPUT');
client.close();
process.exit(0);
