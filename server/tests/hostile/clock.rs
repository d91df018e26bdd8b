//! A server whose clock was wrong for a while has taken in events of the future: they freeze nothing that is shown.

use serde_json::{Value, json};

use crate::harness::{Socket, TestServer, millis};

const NOW: &str = "2026-01-05T12:00:00Z";
const WORKERS: &str = "($ids: [ID!], $window: WindowInput) { workerMetrics(factoryId: \"plant\", workerIds: $ids, \
    window: $window) { workers { workerId lastSeenAt workingMinutes current { eventType since until } } } }";

/// A server whose clock stands at this instant.
async fn plant(now: &str) -> TestServer {
    let server = TestServer::at(now).await;
    server.create_factory("plant").await;
    server
}

fn event(worker: &str, event_type: &str, timestamp: &str, minutes: f64) -> Value {
    json!({ "timestamp": timestamp, "entityType": "WORKER", "entityId": worker, "eventType": event_type,
            "durationMinutes": minutes })
}

async fn ingest(server: &TestServer, events: Value) {
    let outcome = server.ingest("plant", events).await;
    assert_eq!(outcome["issues"], json!([]), "{outcome}");
}

/// What a worker is shown to have been doing last: when it was last seen, what it does, since when and until when.
async fn seen(server: &TestServer, worker: &str) -> [Value; 4] {
    let data = server.ask(&format!("query{WORKERS}"), json!({ "ids": [worker] })).await;
    shown(&data["workerMetrics"]["workers"][0])
}

fn shown(worker: &Value) -> [Value; 4] {
    let current = &worker["current"];
    [&worker["lastSeenAt"], &current["eventType"], &current["since"], &current["until"]].map(|value| {
        // Times of 5 January are told by their hour and minute.
        let text = value.as_str().map(|text| text.strip_prefix("2026-01-05T").unwrap_or(text));
        text.map_or(Value::Null, |text| json!(text.strip_suffix(":00.000Z").unwrap_or(text)))
    })
}

#[tokio::test]
async fn what_was_taken_in_by_a_clock_that_was_ahead_freezes_nothing() {
    let server = plant("2025-12-20T00:00:00Z").await;
    let old = json!([event("old", "ABSENT", "2025-12-19T20:00:00Z", 30.0)]);
    ingest(&server, old).await;
    server.clock.set(millis("2034-06-01T12:00:00Z"));
    let workers = ["steady", "instant", "old", "only"];
    ingest(&server, workers.map(|worker| event(worker, "ABSENT", "2034-06-01T08:00:00Z", 60.0)).into()).await;
    server.clock.set(millis(NOW));
    // One works for hours without a break, by many events; of another the last event has no length.
    let hours: Vec<Value> = (0..47)
        .map(|n| {
            event("steady", "WORKING", &format!("2026-01-05T{:02}:{:02}:00Z", 4 + n / 6, n % 6 * 10), 10.0)
        })
        .collect();
    ingest(&server, json!(hours)).await;
    ingest(
        &server,
        json!([
            event("instant", "IDLE", "2026-01-05T11:00:00Z", 20.0),
            event("instant", "WORKING", "2026-01-05T11:50:00Z", 0.0),
            event("other", "IDLE", "2026-01-05T11:00:00Z", 5.0),
        ]),
    )
    .await;
    assert_eq!(
        seen(&server, "steady").await,
        [json!("11:50"), json!("WORKING"), json!("04:00"), json!("11:50")]
    );
    assert_eq!(
        seen(&server, "instant").await,
        [json!("11:50"), json!("IDLE"), json!("11:00"), json!("11:20")]
    );
    assert_eq!(seen(&server, "other").await, [json!("11:05"), json!("IDLE"), json!("11:00"), json!("11:05")]);
    let [at, doing, ..] = seen(&server, "old").await;
    assert_eq!((at, doing), (json!("2025-12-19T20:30"), json!("ABSENT")));
    assert_eq!(seen(&server, "only").await, [Value::Null, Value::Null, Value::Null, Value::Null]);

    // Late and repeated events find their places as ever.
    ingest(&server, json!([event("steady", "IDLE", "2026-01-05T11:45:00Z", 10.0)])).await;
    assert_eq!(
        seen(&server, "steady").await,
        [json!("11:55"), json!("IDLE"), json!("11:50"), json!("11:55")]
    );
    ingest(&server, json!(hours)).await;
    server.assert_audit_is_clean().await;

    // When that time has come, it is what they were seen doing.
    server.clock.set(millis("2034-06-01T09:00:00Z"));
    let [at, doing, ..] = seen(&server, "only").await;
    assert_eq!((at, doing), (json!("2034-06-01T09:00"), json!("ABSENT")));
}

#[tokio::test]
async fn what_lies_ahead_of_a_corrected_clock_is_shown_when_its_time_has_come() {
    let server = plant("2026-01-05T13:00:00Z").await;
    ingest(&server, json!([event("W1", "WORKING", "2026-01-05T11:30:00Z", 60.0)])).await;
    server.clock.set(millis(NOW));
    ingest(&server, json!([event("W1", "IDLE", "2026-01-05T11:00:00Z", 10.0)])).await;
    let before = [json!("11:10"), json!("IDLE"), json!("11:00"), json!("11:10")];
    assert_eq!(seen(&server, "W1").await, before);
    // What it ends with is the newest of what may end up to now and the ten minutes that a clock may be ahead.
    server.clock.set(millis("2026-01-05T12:19:59Z"));
    assert_eq!(seen(&server, "W1").await, before);
    server.clock.set(millis("2026-01-05T12:20:00Z"));
    let after = [json!("12:30"), json!("WORKING"), json!("11:30"), json!("12:30")];
    assert_eq!(seen(&server, "W1").await, after);
}

#[tokio::test]
async fn subscribers_see_what_is_true_now_and_what_becomes_true() {
    let server = plant("2026-01-05T13:00:00Z").await;
    ingest(&server, json!([event("W1", "WORKING", "2026-01-05T11:30:00Z", 60.0)])).await;
    server.clock.set(millis(NOW));
    let mut socket: Socket = server.socket().await;
    let window = json!({ "lastMinutes": 120 });
    socket.subscribe("1", &format!("subscription{WORKERS}"), json!({ "window": window })).await;
    let first = socket.delivery("1").await["workerMetrics"]["workers"].take();
    assert_eq!(shown(&first[0]), [Value::Null, Value::Null, Value::Null, Value::Null]);
    ingest(&server, json!([event("W1", "IDLE", "2026-01-05T11:00:00Z", 10.0)])).await;
    let change = socket.delivery("1").await["workerMetrics"]["workers"].take();
    assert_eq!(shown(&change[0]), [json!("11:10"), json!("IDLE"), json!("11:00"), json!("11:10")]);
    // The window moves, and what it shows is read anew.
    server.clock.set(millis("2026-01-05T12:20:00Z"));
    let moved = socket.delivery("1").await["workerMetrics"]["workers"].take();
    assert_eq!(shown(&moved[0]), [json!("12:30"), json!("WORKING"), json!("11:30"), json!("12:30")]);
}
