// The reference client of graphql-sse, in its distinct connections mode.
import { createClient } from 'graphql-sse';
import { QUERY, SUBSCRIPTION, equal, followAll, url } from './follow.mjs';

const client = createClient({ url, retryAttempts: 0 });
await followAll(client.iterate({ query: SUBSCRIPTION }));
const answers = [];
for await (const answer of client.iterate({ query: QUERY })) answers.push(answer.data.factoryMetrics.unitsProduced);
equal(answers, [7]);
for await (const { errors } of client.iterate({ query: '{ nothing }' })) equal(errors[0].extensions.code, 'BAD_USER_INPUT');
client.dispose();
process.exit(0);
