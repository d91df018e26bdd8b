//! A decision about everybody, applied part by part, while everybody is followed: by one who reads and by one who does not.

use std::collections::BTreeMap;

use domain::event::RawEvent;
use serde_json::{Value, json};
use test_harness::until;

use crate::{
    harness::{Socket, soon, work},
    process::{Victim, assert_bounded},
};

const WORKERS: usize = 1_000;
const BATCH: usize = 500;

const WORKERS_QUERY: &str = "workerMetrics(factoryId: \"plant\") { revision snapshot removedWorkerIds
    workers { workerId workingMinutes idleMinutes correctedMinutes unitsProduced } }";
const INGEST: &str =
    "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
const DECIDE: &str = "mutation($request: ID!, $decision: DecisionInput!) {
    decide(factoryId: \"plant\", requestId: $request, note: \"as seen\", decision: $decision) { number progress { state } } }";
const PROGRESS: &str = "{ decisions(factoryId: \"plant\") { edges { node { progress { state } } } } }";

/// What one holds who merges every delivery.
#[derive(Default)]
struct Held {
    revision: i64,
    rows: BTreeMap<String, Value>,
    deliveries: usize,
}

impl Held {
    fn take(&mut self, mut delivery: Value) {
        let revision = delivery["revision"].as_i64().expect("a revision");
        assert!(revision >= self.revision, "{revision} after {}", self.revision);
        self.revision = revision;
        self.deliveries += 1;
        if delivery["snapshot"] == true {
            self.rows.clear();
        }
        for removed in delivery["removedWorkerIds"].as_array().expect("ids") {
            self.rows.remove(removed.as_str().expect("an id"));
        }
        let Value::Array(rows) = delivery["workers"].take() else { panic!("no rows in {delivery}") };
        self.rows
            .extend(rows.into_iter().map(|row| (row["workerId"].as_str().expect("an id").to_owned(), row)));
    }
}

async fn next(socket: &mut Socket) -> Value {
    soon("a delivery", socket.delivery_ever("1")).await["workerMetrics"].take()
}

/// Reads until the state of now has come, which is the one that a query answers.
async fn assert_holds_what_is_answered(victim: &Victim, socket: &mut Socket, held: &mut Held) {
    let mut now =
        victim.program.ask(&format!("{{ {WORKERS_QUERY} }}"), json!({})).await["workerMetrics"].take();
    let revision = now["revision"].as_i64().expect("a revision");
    while held.revision < revision {
        held.take(next(socket).await);
    }
    let mut answered = Held::default();
    now["snapshot"] = json!(true);
    answered.take(now);
    assert_eq!(held.rows, answered.rows);
}

#[tokio::test]
async fn who_follows_everybody_while_all_are_corrected_gets_every_last_state_and_the_server_stays_small() {
    let victim = Victim::start().await;
    let ids: Vec<String> = (0..WORKERS).map(|number| format!("W{number}")).collect();
    let events: Vec<RawEvent> = ids.iter().map(|id| work(id, "2026-01-05T08:00:00Z", 200.0)).collect();
    for batch in events.chunks(BATCH) {
        victim.program.ask(INGEST, json!({ "events": batch })).await;
    }
    let subscription = format!("subscription {{ {WORKERS_QUERY} }}");
    let mut reader = Socket::acknowledged(victim.program.address()).await;
    reader.subscribe("1", &subscription, json!({})).await;
    let mut held = Held::default();
    held.take(next(&mut reader).await);
    assert_eq!(held.rows.len(), WORKERS);
    let mut sleeper = Socket::acknowledged(victim.program.address()).await;
    sleeper.subscribe("1", &subscription, json!({})).await;

    let before = victim.forget_peak();
    // More than twenty buckets of each: more than is counted again at once.
    let everybody = json!({ "correction": { "entityType": "WORKER", "entityIds": ids, "state": "IDLE",
        "from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:50:00Z" } });
    for (request, decision) in [("1", everybody), ("2", json!({ "withdrawal": 1 }))] {
        let deliveries = held.deliveries;
        let made = victim.program.ask(DECIDE, json!({ "request": request, "decision": decision })).await;
        assert_eq!(made["decide"]["progress"]["state"], "APPLYING", "{made}");
        let is_applied = async || {
            let list = victim.program.ask(PROGRESS, json!({})).await;
            let edges = list["decisions"]["edges"].as_array().expect("decisions").clone();
            edges.iter().all(|edge| edge["node"]["progress"]["state"] == "APPLIED")
        };
        let (working, corrected) = if request == "1" { (90.0, 110.0) } else { (200.0, 0.0) };
        let follows = |row: &Value| row["workingMinutes"] == working && row["correctedMinutes"] == corrected;
        // Each part is told of when it is applied, the last one at the end.
        while !held.rows.values().all(follows) {
            held.take(next(&mut reader).await);
        }
        until("the end of the decision", is_applied).await;
        assert_holds_what_is_answered(&victim, &mut reader, &mut held).await;
        assert!(held.deliveries > deliveries + 1, "it was told of the last part only");
    }
    println!("{} deliveries; memory from {before:?} to {:?} MB", held.deliveries, victim.peak());
    assert_bounded(before, victim.peak(), "a decision about everybody while they are followed");
    drop(sleeper);
    victim.end().await;
}
