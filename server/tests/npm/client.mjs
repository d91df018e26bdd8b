// Subscribes with the reference client, writes by HTTP, and waits for a delivery that includes what was written.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const url = process.argv[2];
const PATIENCE_MS = 120_000;
setTimeout(() => { console.error('no delivery in time'); process.exit(1); }, PATIENCE_MS).unref();

async function ask(query) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()).data;
}

const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
const query = 'subscription { factoryMetrics(factoryId: "plant") { revision unitsProduced } }';
let written;
for await (const { data, errors } of client.iterate({ query })) {
  if (errors) throw new Error(JSON.stringify(errors));
  const { revision, unitsProduced } = data.factoryMetrics;
  if (written === undefined) {
    const { ingestEvents } = await ask(`mutation { ingestEvents(factoryId: "plant", events: [{
      timestamp: "2026-01-05T08:00:00Z", entityType: WORKER, entityId: "W1", eventType: WORKING, durationMinutes: 60,
      unitsProduced: 7 }]) { accepted revision } }`);
    if (ingestEvents.accepted !== 1) throw new Error(`accepted ${ingestEvents.accepted}`);
    written = ingestEvents.revision;
  } else if (revision >= written) {
    if (unitsProduced !== 7) throw new Error(`revision ${revision} holds ${unitsProduced} units`);
    break;
  }
}
await client.dispose();
process.exit(0);
