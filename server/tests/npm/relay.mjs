// The compiler of Relay: it takes the schema as it is committed, with a fragment and a query.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { equal } from './follow.mjs';

const compiler = createRequire(import.meta.url).resolve('relay-compiler/cli.js');
mkdirSync('relay/src', { recursive: true });
writeFileSync('relay/schema.graphql', readFileSync(process.argv[3]));
writeFileSync('relay/src/page.js', `
  graphql\`fragment page_figures on FactoryMetrics { unitsProduced averageUtilization }\`;
  graphql\`query pageQuery($factory: ID!) { factoryMetrics(factoryId: $factory) { revision ...page_figures } }\`;
  graphql\`subscription pageSubscription($factory: ID!) { factoryMetrics(factoryId: $factory) { ...page_figures } }\`;
`);
writeFileSync('relay/relay.config.json', JSON.stringify({ src: './src', schema: './schema.graphql', language: 'javascript' }));
const said = execFileSync(process.execPath, [compiler, 'relay.config.json'], { cwd: 'relay', encoding: 'utf8', stdio: 'pipe' });
for (const name of ['pageQuery', 'pageSubscription', 'page_figures']) {
  const artifact = readFileSync(`relay/src/__generated__/${name}.graphql.js`, 'utf8');
  equal([said, artifact.includes('unitsProduced')], [said, true]);
}
process.exit(0);
