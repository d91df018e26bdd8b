//! What is sent to servers that are disturbed, and what their numbers must be: those of one that never was.

use std::{collections::BTreeMap, io::Cursor, time::Duration};

use domain::{
    MS_PER_DAY,
    event::{EntityType, RawEvent},
    simulation::{Cameras, DeliveryFaults, SimulatedFactory, deliver},
};
use edge::{
    outlet::server::Server,
    replay::{Plan, Report, progress::Progress, replay},
    retry::DEFAULT_RETRY_FOR,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    harness::{T0_MS, TestServer, soon},
    subscriptions::{FEED, Subscriber, WORKERS},
};

/// When the week is over.
pub(crate) const AFTERWARDS: &str = "2026-01-19T00:00:00Z";
/// The most events that are sent at once.
pub(crate) const LARGEST_BATCH: usize = 97;

const NUMBERS: &str = r#"
query($week: WindowInput!) {
    factoryMetrics(factoryId: "plant") { productiveMinutes idleMinutes absentMinutes workerUnitsProduced
        workstationUnitsProduced averageUtilization utilization averageProductionRate activeWorkers activeWorkstations }
    workerMetrics(factoryId: "plant") { workers { workerId workingMinutes idleMinutes absentMinutes overlapMinutes
        utilization unitsProduced unitsPerHour meanConfidence current { eventType since until confidence } lastSeenAt } }
    workstationMetrics(factoryId: "plant") { workstations { workstationId occupiedMinutes idleMinutes absentMinutes
        overlapMinutes utilization unitsProduced throughputPerHour meanConfidence
        current { eventType since until confidence } lastSeenAt } }
    days: metricSeries(factoryId: "plant", window: $week, resolution: DAY) { ...points }
    hours: metricSeries(factoryId: "plant", window: $week, resolution: HOUR) { ...points }
    fives: metricSeries(factoryId: "plant", window: { day: "2026-01-05" }, resolution: FIVE_MINUTES) { ...points }
}
fragment points on MetricSeries {
    points { from workingMinutes idleMinutes absentMinutes unitsProduced utilization unitsPerHour meanConfidence }
}"#;

/// The first events of a week of two cameras that see the same things.
pub(crate) fn events(count: usize) -> Vec<RawEvent> {
    let factory =
        SimulatedFactory { seed: 1, zone: domain::zone::Zone::UTC, cameras: Cameras::TwoThatOverlap };
    let mut events = factory.events(T0_MS, T0_MS + 7 * MS_PER_DAY);
    events.truncate(count);
    events
}

/// How the events come in: shuffled, and many of them twice.
pub(crate) fn arrivals(events: &[RawEvent]) -> Vec<RawEvent> {
    let faults = DeliveryFaults {
        duplicate_share: 0.2,
        late_share: 0.2,
        shuffle: true,
        batch_sizes: 1..=LARGEST_BATCH,
    };
    deliver(events, &faults, 1).concat()
}

fn json_lines(events: &[RawEvent]) -> Vec<u8> {
    let line = |event| serde_json::to_string(event).expect("JSON") + "\n";
    events.iter().map(line).collect::<String>().into_bytes()
}

/// Sends events as they come and tries again what fails, as senders do.
pub(crate) async fn send(url: &str, events: &[RawEvent], batch_events: usize) -> Report {
    send_for(DEFAULT_RETRY_FOR, url, events, batch_events).await
}

/// As [`send`], but gives a batch up that has failed for so long.
pub(crate) async fn send_for(
    retry_for: Duration,
    url: &str,
    events: &[RawEvent],
    batch_events: usize,
) -> Report {
    let server = Server::new(url, "plant").expect("an address").without_compression();
    let plan = Plan { server, retry_for, batch_events, connections: 4, mapping: None, topic: None };
    replay(Cursor::new(json_lines(events)), &plan, Progress::silent()).await
}

/// Every number of the week.
pub(crate) async fn numbers(server: &TestServer) -> Value {
    let week = json!({ "range": { "from": "2026-01-05T00:00:00Z", "to": "2026-01-12T00:00:00Z" } });
    server.ask(NUMBERS, json!({ "week": week })).await
}

/// Every number of these events as they come, from a server that nobody kills.
pub(crate) async fn undisturbed_numbers(events: &[RawEvent]) -> Value {
    let server = TestServer::at(AFTERWARDS).await;
    server.create_factory("plant").await;
    for batch in events.chunks(LARGEST_BATCH) {
        assert_eq!(server.ingest("plant", json!(batch)).await["accepted"], batch.len());
    }
    numbers(&server).await
}

/// Who is seen last of all: what subscribers wait for.
const LAST_WORKER: &str = "W-last";

/// An event of a worker who is in no other, to be sent when all others are stored.
pub(crate) fn last_event(events: &[RawEvent]) -> RawEvent {
    let mut last =
        events.iter().find(|event| event.entity_type == EntityType::Worker).expect("a worker").clone();
    LAST_WORKER.clone_into(&mut last.entity_id);
    last
}

/// Subscribers that watch a server from the beginning of the ingest to [`last_event`].
pub(crate) struct Watchers {
    workers: JoinHandle<BTreeMap<String, Value>>,
    feed: JoinHandle<u64>,
}

impl Watchers {
    /// Of a server that has no event yet.
    pub(crate) async fn of(server: &TestServer) -> Self {
        let workers = Subscriber::new(server, WORKERS, json!({})).await;
        let mut feed = Subscriber::new(server, FEED, json!({})).await;
        feed.next().await;
        Self { workers: tokio::spawn(watch_workers(workers)), feed: tokio::spawn(count_told(feed)) }
    }

    /// Checks that they hold what a query answers and were told of every event once.
    pub(crate) async fn assert_saw_all(self, server: &TestServer, events: usize) {
        let held = soon("the last event", self.workers).await.expect("no panic");
        let query = WORKERS.replacen("subscription", "query", 1);
        let now = server.ask(&query, json!({})).await["workerMetrics"]["workers"].take();
        assert_eq!(held, by_id(&now).collect());
        let told = soon("the last event", self.feed).await.expect("no panic");
        assert_eq!(told, events as u64, "how many events the feed told of");
    }
}

fn by_id(rows: &Value) -> impl Iterator<Item = (String, Value)> {
    rows.as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["workerId"].as_str().expect("an id").to_owned(), row.clone()))
}

/// The rows that one holds who merges every delivery.
async fn watch_workers(mut subscriber: Subscriber) -> BTreeMap<String, Value> {
    let (mut held, mut revision) = (BTreeMap::new(), -1);
    while !held.contains_key(LAST_WORKER) {
        let delivery = subscriber.next_ever().await;
        assert!(delivery["revision"].as_i64() > Some(revision), "{delivery} after {revision}");
        revision = delivery["revision"].as_i64().expect("a revision");
        if delivery["snapshot"] == true {
            held.clear();
        }
        held.extend(by_id(&delivery["workers"]));
    }
    held
}

/// How many events a feed told of, be it by their number alone.
async fn count_told(mut feed: Subscriber) -> u64 {
    let mut told = 0;
    loop {
        let delivery = feed.next_ever().await;
        let events = delivery["events"].as_array().expect("events");
        told += events.len() as u64 + delivery["skipped"].as_u64().expect("a number");
        if events.iter().any(|event| event["entityId"] == LAST_WORKER) {
            return told;
        }
    }
}
