// What every client is tried with: it follows a subscription, writes, and waits for a delivery that includes what was written.
const LIMIT_MS = 120_000;

export const url = process.argv[2];
export const socketUrl = url.replace('http', 'ws');
export const SUBSCRIPTION = 'subscription Units { factoryMetrics(factoryId: "plant") { revision unitsProduced } }';
export const QUERY = 'query Units { factoryMetrics(factoryId: "plant") { revision unitsProduced } }';
const WRITE = `mutation { ingestEvents(factoryId: "plant", events: [{ timestamp: "2026-01-05T08:00:00Z", entityType: WORKER,
  entityId: "W1", eventType: WORKING, durationMinutes: 60, unitsProduced: 7 }]) { revision } }`;

setTimeout(() => { console.error('no delivery in time'); process.exit(1); }, LIMIT_MS).unref();

/** Writes by plain HTTP; the revision of what was written, also when it was written before. */
export async function write() {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: WRITE }) });
  return (await response.json()).data.ingestEvents.revision;
}

/** Takes in one delivery; whether it was the one that is waited for. */
function follower() {
  let written;
  return async ({ data, errors }) => {
    if (errors) throw new Error(JSON.stringify(errors));
    const { revision, unitsProduced } = data.factoryMetrics;
    written ??= await write();
    if (revision < written) return false;
    if (unitsProduced !== 7) throw new Error(`revision ${revision} holds ${unitsProduced} units`);
    return true;
  };
}

/** Follows deliveries that a client gives one after another, until what was written is there. */
export async function followAll(deliveries) {
  const isThere = follower();
  for await (const delivery of deliveries) {
    if (await isThere(delivery)) return;
  }
  throw new Error('the subscription ended');
}

/** Follows what `subscribe({ next, error })` delivers, until what was written is there; `subscribe` answers with how to end. */
export function follow(subscribe) {
  const isThere = follower();
  return new Promise((resolve, reject) => {
    let end;
    const next = (delivery) => isThere(delivery).then((done) => { if (done) { end?.(); resolve(); } }, reject);
    end = subscribe({ next, error: reject });
  });
}

export function equal(is, should) {
  if (JSON.stringify(is) !== JSON.stringify(should)) {
    throw new Error(`${JSON.stringify(is)} instead of ${JSON.stringify(should)}`);
  }
}
