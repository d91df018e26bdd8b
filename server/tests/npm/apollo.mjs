// Apollo Client: queries by hash, queries in a list, subscriptions over the websocket.
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { QUERY, SUBSCRIPTION, equal, follow, socketUrl, url } from './follow.mjs';

const client = (link) => new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'no-cache' } } });

const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
await follow((observer) => {
  const subscription = client(new GraphQLWsLink(socket)).subscribe({ query: gql(SUBSCRIPTION) }).subscribe(observer);
  return () => subscription.unsubscribe();
});
await socket.dispose();

const sent = [];
const counted = (uri, options) => { sent.push({ method: options.method, body: options.body }); return fetch(uri, options); };
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
for (const useGETForHashedQueries of [false, true]) {
  const http = new HttpLink({ uri: url, fetch: counted });
  const hashed = client(ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries }), http]));
  const query = gql(`query Hashed${useGETForHashedQueries} { factoryMetrics(factoryId: "plant") { unitsProduced } }`);
  sent.length = 0;
  for (let round = 0; round < 2; round += 1) {
    const { data } = await hashed.query({ query });
    equal(data.factoryMetrics.unitsProduced, 7);
  }
  const first = useGETForHashedQueries ? 'GET' : 'POST';
  equal(sent.map(({ method }) => method), [first, 'POST', first]);
  equal(sent.map(({ body }) => /"query":/.test(body ?? '')), [false, true, false]);
}

sent.length = 0;
const list = client(new BatchHttpLink({ uri: url, fetch: counted, batchInterval: 10 }));
const zone = gql('query Zone { factory(id: "plant") { timeZone } }');
const [units, factory] = await Promise.all([list.query({ query: gql(QUERY) }), list.query({ query: zone })]);
equal([units.data.factoryMetrics.unitsProduced, factory.data.factory.timeZone], [7, 'UTC']);
equal(sent.length, 1);
process.exit(0);
