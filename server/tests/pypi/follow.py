"""What every client is tried with: it follows a subscription, writes, and waits for a delivery that includes it."""

import json
import sys
import urllib.request

URL = sys.argv[1]
SOCKET_URL = URL.replace("http", "ws", 1)
LIMIT_S = 120
SUBSCRIPTION = 'subscription Units { factoryMetrics(factoryId: "plant") { revision unitsProduced } }'
QUERY = 'query Units { factoryMetrics(factoryId: "plant") { revision unitsProduced } }'
WRITE = """mutation { ingestEvents(factoryId: "plant", events: [{ timestamp: "2026-01-05T08:00:00Z", entityType: WORKER,
  entityId: "W1", eventType: WORKING, durationMinutes: 60, unitsProduced: 7 }]) { revision } }"""


def write():
    """Writes by plain HTTP; the revision of what was written, also when it was written before."""
    body = json.dumps({"query": WRITE}).encode()
    request = urllib.request.Request(URL, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
        return json.load(answer)["data"]["ingestEvents"]["revision"]


async def follow(session, query):
    """Follows a subscription until what is written meanwhile is delivered."""
    written = None
    async for delivery in session.subscribe(query):
        metrics = delivery["factoryMetrics"]
        if written is None:
            written = write()
        if metrics["revision"] >= written:
            assert metrics["unitsProduced"] == 7, metrics
            return
    raise AssertionError("the subscription ended")
