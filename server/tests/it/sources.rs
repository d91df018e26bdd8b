//! What sources reported: computed by hand, and by a second computation that walks through the minutes.

mod minute_by_minute;

use domain::{time::TimestampMs, window::Window};
use serde_json::{Value, json};
use server::store::{
    access::SeeFigures,
    audit, rebuild,
    source_events::{self, Limits},
};

use crate::{
    harness::{TestServer, millis, plant_scope, with},
    queries::event,
};

const SOURCES: &str = "query($factory: ID!, $window: WindowInput!, $resolution: Resolution!) \
    { sources(factoryId: $factory, window: $window, resolution: $resolution) { factoryId window { from to } examined { from to } \
    resolution revision unnamedEvents sources { sourceId lastSeenAt lastReceivedAt events meanConfidence lowConfidenceShare \
    unstatedShare lateShare observedMinutes sharedMinutes agreement others { sourceId sharedMinutes agreement } \
    modelVersions { modelVersion events firstSeenAt lastSeenAt } points { from to events meanConfidence } } } }";

async fn plant() -> TestServer {
    let server = TestServer::at("2026-01-05T10:00:00Z").await;
    server.create_factory("plant").await;
    server
}

/// An event of 2026-01-05 that a camera saw.
fn seen(source: &str, entity: &str, event_type: &str, time: &str, minutes: f64) -> Value {
    with(event(entity, event_type, time, minutes, 0), &json!({ "sourceId": source, "eventId": source }))
}

fn range(from: &str, to: &str) -> Value {
    json!({ "range": { "from": at(from), "to": at(to) } })
}

/// A time of 2026-01-05.
fn at(time: &str) -> String {
    format!("2026-01-05T{time}:00.000Z")
}

async fn report(server: &TestServer, factory: &str, window: Value, resolution: &str) -> Value {
    let variables = json!({ "factory": factory, "window": window, "resolution": resolution });
    server.ask(SOURCES, variables).await["sources"].take()
}

async fn store(server: &TestServer, factory: &str, events: Value) {
    let sent = events.as_array().map_or(0, Vec::len);
    assert_eq!(server.ingest(factory, events).await["accepted"], sent);
}

/// Two cameras and a worker, received at 10:00.
///
/// cam-1 sees W1 work from 08:00 for an hour; surer, it sees W1 idle from 08:30 to 08:40. cam-2, with a newer model, sees W1 idle
/// from 08:20 to 08:50 and work from 08:50 to 09:20, and another worker besides.
async fn two_cameras(server: &TestServer) {
    let said = |confidence: f64, model: &str| json!({ "confidence": confidence, "modelVersion": model });
    store(
        server,
        "plant",
        json!([
            with(seen("cam-1", "W1", "WORKING", "08:00", 60.0), &said(0.8, "v1")),
            with(seen("cam-1", "W1", "IDLE", "08:30", 10.0), &said(0.9, "v1")),
            with(seen("cam-2", "W1", "IDLE", "08:20", 30.0), &said(0.5, "v1")),
            with(seen("cam-2", "W1", "WORKING", "08:50", 30.0), &said(0.59, "v2")),
            with(seen("cam-2", "W2", "WORKING", "09:40", 20.0), &json!({ "modelVersion": "v2" })),
            event("W1", "WORKING", "09:30", 5.0, 1),
        ]),
    )
    .await;
}

#[tokio::test]
async fn what_two_cameras_reported_has_the_numbers_that_are_computed_by_hand() {
    let server = plant().await;
    two_cameras(&server).await;
    let mut found = report(&server, "plant", range("08:00", "10:00"), "HOUR").await;
    let sources = found["sources"].take();
    assert_eq!(
        found,
        json!({
            "factoryId": "plant", "window": { "from": at("08:00"), "to": at("10:00") },
            "examined": { "from": at("08:00"), "to": at("10:00") }, "resolution": "HOUR", "revision": 2, "unnamedEvents": 1,
            "sources": null,
        })
    );
    // Both see W1 from 08:20 to 09:00, and say the same in the ten minutes from 08:30 and in those from 08:50.
    let with = |other: &str| json!([{ "sourceId": other, "sharedMinutes": 40.0, "agreement": 0.5 }]);
    let point = |from: &str, to: &str, events: i64, mean: f64| json!({ "from": at(from), "to": at(to), "events": events, "meanConfidence": mean });
    let version = |version: &str, events: i64, from: &str, to: &str| json!({ "modelVersion": version, "events": events, "firstSeenAt": at(from), "lastSeenAt": at(to) });
    let first = json!({
        "sourceId": "cam-1", "lastSeenAt": at("09:00"), "lastReceivedAt": at("10:00"), "events": 2, "meanConfidence": 0.85,
        "lowConfidenceShare": 0.0, "unstatedShare": 0.0, "lateShare": 1.0, "observedMinutes": 60.0, "sharedMinutes": 40.0,
        "agreement": 0.5, "others": with("cam-2"), "modelVersions": [version("v1", 2, "08:00", "09:00")],
        "points": [point("08:00", "09:00", 2, 0.85)],
    });
    // The event that ended at 10:00 is not late; one of three states no confidence.
    let second = json!({
        "sourceId": "cam-2", "lastSeenAt": at("10:00"), "lastReceivedAt": at("10:00"), "events": 3, "meanConfidence": 0.545,
        "lowConfidenceShare": 1.0, "unstatedShare": 1.0 / 3.0, "lateShare": 2.0 / 3.0, "observedMinutes": 80.0,
        "sharedMinutes": 40.0, "agreement": 0.5, "others": with("cam-1"),
        "modelVersions": [version("v2", 2, "08:50", "10:00"), version("v1", 1, "08:20", "08:50")],
        "points": [
            point("08:00", "09:00", 2, 0.545),
            json!({ "from": at("09:00"), "to": at("10:00"), "events": 1, "meanConfidence": null }),
        ],
    });
    minute_by_minute::assert_same(&sources, &json!([first, second]));
}

#[tokio::test]
async fn a_window_has_the_events_that_start_in_it_and_no_time_past_its_end() {
    let server = plant().await;
    two_cameras(&server).await;
    let found = report(&server, "plant", range("08:25", "08:55"), "FIVE_MINUTES").await;
    let figures: Vec<Value> = found["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .map(|source| {
            json!([source["sourceId"], source["events"], source["observedMinutes"], source["lastSeenAt"]])
        })
        .collect();
    assert_eq!(figures, [json!(["cam-1", 1, 10.0, at("09:00")]), json!(["cam-2", 1, 5.0, at("10:00")])]);
}

#[tokio::test]
async fn random_events_have_the_numbers_of_a_walk_through_the_minutes() {
    let server = plant().await;
    for seed in 0..test_harness::rounds(12) as u64 {
        let factory = format!("plant-{seed}");
        server.create_factory(&factory).await;
        let all = minute_by_minute::random_events(seed);
        for received in minute_by_minute::RECEIVED {
            server.clock.set(millis(&at(&minute_by_minute::clock(received))));
            store(&server, &factory, minute_by_minute::sent(&all, received)).await;
        }
        for window in [(8 * 60, 10 * 60), (8 * 60 + 35, 9 * 60 + 5)] {
            let expected = minute_by_minute::sources(&all, window);
            let asked = range(&minute_by_minute::clock(window.0), &minute_by_minute::clock(window.1));
            let found = report(&server, &factory, asked, "HOUR").await;
            assert_eq!(found["unnamedEvents"], minute_by_minute::unnamed(&all, window), "seed {seed}");
            minute_by_minute::assert_same(&found["sources"], &expected);
        }
    }
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_source_was_last_seen_when_its_latest_event_ended_whatever_comes_later() {
    let server = plant().await;
    store(&server, "plant", json!([seen("cam-1", "W1", "WORKING", "09:00", 30.0)])).await;
    let last = async || {
        let mut found = report(&server, "plant", json!({ "lastMinutes": 5 }), "HOUR").await;
        let source = found["sources"][0].take();
        assert_eq!(source["events"], 0, "{source}");
        [source["lastSeenAt"].clone(), source["lastReceivedAt"].clone()]
    };
    assert_eq!(last().await, [at("09:30"), at("10:00")]);
    server.clock.set(millis("2026-01-05T11:00:00Z"));
    // Late, a repeat, and a contradiction: the first alone is a new event.
    let late = seen("cam-1", "W1", "IDLE", "07:00", 30.0);
    let repeat = seen("cam-1", "W1", "WORKING", "09:00", 30.0);
    server.ingest("plant", json!([late, repeat])).await;
    assert_eq!(last().await, [at("09:30"), at("11:00")]);
    server.clock.set(millis("2026-01-05T12:00:00Z"));
    server.ingest("plant", json!([with(repeat, &json!({ "unitsProduced": 9 }))])).await;
    assert_eq!(last().await, [at("09:30"), at("11:00")]);
    rebuild(&server.app.store).await.expect("a rebuild");
    assert_eq!(last().await, [at("09:30"), at("11:00")]);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn an_audit_finds_a_source_of_which_something_else_is_stored_and_a_rebuild_mends_it() {
    let server = plant().await;
    two_cameras(&server).await;
    let mut conn = server.database.connect().await;
    conn.execute("UPDATE source_last_event SET ended_at = ended_at + 1 WHERE source_id = 1").await;
    conn.execute("DELETE FROM source_last_event WHERE source_id = 2").await;
    conn.close().await;
    let differences = audit(&server.app.store).await.expect("an audit");
    let what: Vec<&str> = differences.iter().map(|difference| difference.what.as_str()).collect();
    assert_eq!(what, ["source 1, last event", "source 2, last event"]);
    rebuild(&server.app.store).await.expect("a rebuild");
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn an_audit_finds_events_of_which_it_is_not_written_down_who_reported_them_and_a_rebuild_mends_it() {
    let server = plant().await;
    two_cameras(&server).await;
    let mut conn = server.database.connect().await;
    conn.execute("DELETE FROM entity_origin WHERE source_id = 2").await;
    conn.close().await;
    let differences = audit(&server.app.store).await.expect("an audit");
    assert!(!differences.is_empty());
    for difference in differences {
        assert!(difference.what.ends_with("who reported it"), "{difference}");
        assert!(difference.recomputed.starts_with("source 2, "), "{difference}");
    }
    rebuild(&server.app.store).await.expect("a rebuild");
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn of_too_many_events_the_latest_are_looked_through_in_whole_buckets() {
    let server = plant().await;
    // Three buckets with two, three and two events.
    let starts = ["08:00", "08:01", "08:05", "08:06", "08:07", "08:10", "08:11"];
    let events = starts.map(|start| seen("cam-1", "W1", "WORKING", start, 1.0));
    store(&server, "plant", json!(events)).await;
    let window = Window { from_ms: millis("2026-01-05T08:00:00Z"), to_ms: millis("2026-01-05T09:00:00Z") };
    let snapshot = server.app.store.snapshot().await.expect("a snapshot");
    let scope = plant_scope::<SeeFigures>(&snapshot).await;
    let read = async |events: usize, page: usize| {
        let limits = Limits { events, page };
        let found = source_events::latest(&snapshot, &scope, window, limits).await.expect("events");
        found.map(|found| {
            let mut starts: Vec<TimestampMs> = found.named.iter().map(|event| event.started_at_ms).collect();
            starts.sort_unstable();
            (found.from_ms, starts)
        })
    };
    let from = |start: &str| {
        let starts = starts.iter().filter(|other| **other >= start).map(|other| millis(&at(other)));
        Some((millis(&at(start)), starts.collect::<Vec<_>>()))
    };
    // However the pages are cut, all are read once.
    for page in [1, 2, 3, 7, 8, 100] {
        assert_eq!(read(100, page).await, from("08:00"), "pages of {page}");
    }
    assert_eq!(read(6, 1).await, from("08:05"));
    assert_eq!(read(4, 2).await, from("08:10"));
    assert_eq!(read(2, 1).await, None, "the last bucket alone has as many");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_what_to_do() {
    let server = plant().await;
    let ask = async |factory: &str, window: Value, resolution: &str| {
        let variables = json!({ "factory": factory, "window": window, "resolution": resolution });
        server.refused(SOURCES, variables).await
    };
    assert_eq!(ask("nowhere", range("08:00", "09:00"), "HOUR").await, "NOT_FOUND");
    assert_eq!(ask("plant", range("09:00", "08:00"), "HOUR").await, "BAD_USER_INPUT");
    assert_eq!(ask("plant", json!({ "period": "LAST_30_DAYS" }), "FIVE_MINUTES").await, "LIMIT_EXCEEDED");
}
