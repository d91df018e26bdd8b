// Runs the audit of GraphQL over HTTP against the URL given and lists what is not as it should be.
import { auditServer } from 'graphql-http';

const results = await auditServer({ url: process.argv[2] });
const wrong = results.filter((result) => result.status !== 'ok');
for (const { status, id, name, reason } of wrong) console.log(`${status} ${id} ${name}: ${reason}`);
console.log(`${results.length - wrong.length} of ${results.length} audits passed`);
process.exit(wrong.length === 0 ? 0 : 1);
