// urql: queries by hash, subscriptions as server-sent events.
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { QUERY, SUBSCRIPTION, equal, follow, url } from './follow.mjs';

const exchanges = [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange];
const client = new Client({ url, exchanges, fetchSubscriptions: true, requestPolicy: 'network-only', preferGetMethod: false });
await follow(({ next, error }) => {
  const deliver = (result) => (result.error ? error(result.error) : next(result));
  const { unsubscribe } = client.subscription(SUBSCRIPTION, {}).subscribe(deliver);
  return unsubscribe;
});
for (let round = 0; round < 2; round += 1) {
  const { data, error } = await client.query(QUERY, {}).toPromise();
  if (error) throw error;
  equal(data.factoryMetrics.unitsProduced, 7);
}
process.exit(0);
