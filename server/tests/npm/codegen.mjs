// graphql-codegen: types of an operation, from the schema that the server tells.
import { generate } from '@graphql-codegen/cli';
import { QUERY, equal, url } from './follow.mjs';

const [file] = await generate({
  schema: url,
  documents: [QUERY],
  generates: { 'generated/operations.ts': { plugins: ['typescript', 'typescript-operations'] } },
  silent: true,
}, false);
for (const type of ['export type UnitsQuery = ', 'factoryMetrics: ', 'unitsProduced?: any | null']) {
  equal([type, file.content.includes(type)], [type, true]);
}
process.exit(0);
