//! What is written down of closed buckets: cause by cause, also by a rebuild, and for 400 days.

use domain::{
    event::{EntityType, Event, EventType, Extent},
    time::{DurationMs, TimestampMs},
};
use serde_json::{Value, json};
use server::store::{
    audit,
    devices::Sender,
    issues::Issues,
    rebuild_at,
    writer::{Batch, Numbered, Writer},
};

use super::{AS_OF, FINALITY, RESTATEMENTS, day, event, plant_at, restated_plant, send};
use crate::{
    harness::{T0_MS, TestServer, millis, whole},
    subscriptions::Subscriber,
};

/// An event of the writer's: minutes of the day.
fn seen(code: &str, event_type: EventType, from: i64, minutes: i64, source: Option<&str>) -> Event {
    Event {
        entity_type: EntityType::Worker,
        entity_code: code.into(),
        event_type,
        started_at_ms: TimestampMs(T0_MS + from * 60_000),
        extent: Extent::Interval(DurationMs(minutes * 60_000)),
        units: 0,
        confidence: Some(5_000),
        model_version: None,
        event_code: String::new(),
        source: source.map(Into::into),
        workstation: None,
    }
}

/// A state report, of which the station is told.
fn says(code: &str, event_type: EventType, from: i64, source: &str) -> Event {
    let extent = Extent::State { hold_minutes: Some(60) };
    Event { extent, workstation: Some("S1".into()), ..seen(code, event_type, from, 0, Some(source)) }
}

fn batch(device: Option<&str>, events: Vec<Event>) -> Batch {
    let sender = |device: &str| Sender {
        device_code: device.to_owned(),
        epoch: "a".to_owned(),
        first_sequence: 1,
        sent_at_ms: TimestampMs(T0_MS),
        queued_events: 0,
        oldest_queued_at_ms: None,
        lost_events: 0,
        dead_lettered_events: 0,
        closed: Vec::new(),
    };
    let numbered = device.map(|device| Box::new(Numbered { sender: sender(device), rejected: Vec::new() }));
    Batch {
        factory_slug: "plant".into(),
        events,
        received_at_ms: TimestampMs(T0_MS),
        credential_id: None,
        issues: Issues::default(),
        numbered,
    }
}

/// The causes since the 10th: device, source, and by how much working and idle changed.
async fn causes(server: &TestServer, entity_type: &str) -> Vec<Value> {
    let variables = json!({ "window": day(), "since": "2026-01-10T00:00:00Z", "type": entity_type });
    let report = server.ask(RESTATEMENTS, variables).await;
    let causes = report["restatements"]["restatements"].as_array().expect("a list").iter();
    causes
        .map(|cause| {
            let delta = &cause["delta"];
            json!([cause["deviceId"], cause["sourceId"], delta["workingMinutes"], delta["idleMinutes"]])
        })
        .collect()
}

#[tokio::test]
async fn the_causes_of_one_commit_are_told_one_by_one_each_on_top_of_those_before() {
    use EventType::{Idle, Working};
    let server = plant_at("2026-01-05T00:00:00Z").await;
    server.clock.set(millis("2026-01-11T00:00:00Z"));
    let mut writer = Writer::with_clock(server.app.store.clone(), server.clock.clone());
    let unnumbered = batch(
        None,
        vec![
            seen("W1", Idle, 480, 60, Some("cam-2")),
            seen("W1", Idle, 600, 60, None),
            // Today's, which closes nothing.
            seen("W1", Working, 6 * 24 * 60 - 60, 30, Some("cam-2")),
        ],
    );
    // Working wins over idle where both are as sure.
    let numbered = batch(
        Some("edge-1"),
        vec![seen("W1", Working, 480, 30, Some("cam-2")), seen("W2", Working, 480, 10, Some("cam-9"))],
    );
    writer.store(&whole(&[numbered, unnumbered])).await.expect("a commit");
    let expected = [
        json!([null, null, 0.0, 60.0]),
        json!([null, "cam-2", 0.0, 60.0]),
        json!(["edge-1", "cam-2", 30.0, -30.0]),
        json!(["edge-1", "cam-9", 10.0, 0.0]),
    ];
    assert_eq!(causes(&server, "WORKER").await, expected);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn what_several_workers_tell_of_a_workstation_in_one_commit_has_a_cause_each() {
    use EventType::{Absent, Idle, Working};
    let server = plant_at("2026-01-05T00:00:00Z").await;
    server.clock.set(millis("2026-01-11T00:00:00Z"));
    let mut writer = Writer::with_clock(server.app.store.clone(), server.clock.clone());
    let gone =
        |code: &str, from: i64, source: &str| Event { workstation: None, ..says(code, Absent, from, source) };
    let of_one = vec![says("W1", Idle, 480, "cam-1"), gone("W1", 540, "cam-1")];
    let of_other = vec![says("W2", Working, 500, "cam-2"), gone("W2", 520, "cam-2")];
    writer.store(&whole(&[batch(Some("b"), of_other), batch(Some("a"), of_one)])).await.expect("a commit");
    let expected = [json!(["a", "cam-1", 0.0, 60.0]), json!(["b", "cam-2", 20.0, -20.0])];
    assert_eq!(causes(&server, "WORKSTATION").await, expected);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn what_a_new_report_lets_an_old_one_count_is_of_the_new_one() {
    use EventType::{Absent, Idle};
    let server = plant_at("2026-01-05T00:00:00Z").await;
    let mut writer = Writer::with_clock(server.app.store.clone(), server.clock.clone());
    let held = |event: Event| Event { extent: Extent::State { hold_minutes: Some(1_440) }, ..event };
    server.clock.set(millis("2026-01-05T23:00:00Z"));
    writer
        .store(&whole(&[batch(None, vec![held(says("W1", Idle, 22 * 60, "cam-1"))])]))
        .await
        .expect("a commit");
    server.clock.set(millis("2026-01-11T00:00:00Z"));
    server.ask(super::CHANGE, json!({ "input": { "finalityGraceHours": 120 } })).await;
    // It starts in the only hours that are open, and what it ends began before.
    let next = held(says("W1", Absent, 24 * 60 + 21 * 60, "cam-1"));
    assert_eq!(server.ask(AS_OF, json!({ "window": day() })).await["factoryMetrics"]["idleMinutes"], 0.0);
    writer.store(&whole(&[batch(Some("edge-1"), vec![next])])).await.expect("a commit");
    assert_eq!(causes(&server, "WORKER").await, [json!(["edge-1", "cam-1", 0.0, 120.0])]);
    assert_eq!(causes(&server, "WORKSTATION").await, [json!(["edge-1", "cam-1", 0.0, 120.0])]);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_rebuild_says_what_it_changed() {
    let server = restated_plant().await;
    let mut conn = server.database.connect().await;
    // Of the five minutes from 08:00 on, four and a half are gone.
    let bucket = millis("2026-01-05T08:00:00Z").0 / 300_000;
    conn.execute(&format!("UPDATE rollup SET working_ms = 30000 WHERE bucket = {bucket}")).await;
    let day_bucket = (2_i64 << 40) + T0_MS / 86_400_000;
    conn.execute(&format!("UPDATE rollup SET working_ms = working_ms - 270000 WHERE bucket = {day_bucket}"))
        .await;
    conn.close().await;
    let working = async |at: Value| {
        let mut data = server.ask(AS_OF, json!({ "window": day(), "asOf": at })).await;
        data["factoryMetrics"]["productiveMinutes"].take()
    };
    assert_eq!(working(json!(null)).await, 291.0);
    server.clock.set(millis("2026-01-15T00:00:00Z"));
    rebuild_at(&server.app.store, server.clock.now_ms()).await.expect("a rebuild");
    assert_eq!(working(json!(null)).await, 295.5);
    assert_eq!(working(json!("2026-01-14T12:00:00Z")).await, 291.0);
    let variables = json!({ "window": day(), "since": "2026-01-14T00:00:00Z" });
    let report = server.ask(RESTATEMENTS, variables).await["restatements"].take();
    let restatements = report["restatements"].as_array().expect("a list");
    assert_eq!(restatements.len(), 1, "{report}");
    assert_eq!(
        (&restatements[0]["cause"], &restatements[0]["delta"]["workingMinutes"]),
        (&json!("REBUILD"), &json!(4.5))
    );
    // What is right is not written down again.
    rebuild_at(&server.app.store, server.clock.now_ms()).await.expect("a rebuild");
    let again = server.ask(RESTATEMENTS, json!({ "window": day(), "since": "2026-01-14T00:00:00Z" })).await;
    assert_eq!(again["restatements"]["restatements"].as_array().map(Vec::len), Some(1));
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn an_audit_finds_a_ledger_that_cannot_be_right() {
    let server = restated_plant().await;
    for (fault, mended) in [
        ("UPDATE restatement SET at = at + 86400000000", "UPDATE restatement SET at = at - 86400000000"),
        (
            "UPDATE restatement SET last_hour = last_hour - 1",
            "UPDATE restatement SET last_hour = last_hour + 1",
        ),
        ("UPDATE restated_hour SET ordinal = 7", "UPDATE restated_hour SET ordinal = 0"),
        ("UPDATE closing SET grace_hours = 720", "UPDATE closing SET grace_hours = 24"),
    ] {
        let mut conn = server.database.connect().await;
        conn.execute(fault).await;
        let differences = audit(&server.app.store).await.expect("an audit");
        assert!(!differences.is_empty(), "{fault}");
        conn.execute(mended).await;
        conn.close().await;
        server.assert_audit_is_clean().await;
    }
}

#[tokio::test]
async fn the_ledger_is_forgotten_after_400_days_and_a_day() {
    let server = restated_plant().await;
    let count = async || {
        let mut conn = server.database.connect().await;
        let mut counts = Vec::new();
        for table in ["restatement", "restated_hour"] {
            let rows = conn.rows(&format!("SELECT CAST(COUNT(*) AS text) FROM {table}")).await;
            counts.push(rows[0][0].clone().expect("a count"));
        }
        conn.close().await;
        counts
    };
    let all = count().await;
    let prune = async |now: &str| {
        while server.app.store.prune_ledger(millis(now)).await.expect("a commit") {}
    };
    prune("2027-02-17T09:12:00Z").await;
    assert_eq!(count().await, all);
    prune("2027-02-17T09:12:00.001Z").await;
    assert_eq!(count().await, ["1", "1"], "what decision 1 changed");
    server.assert_audit_is_clean().await;
    prune("2027-02-18T08:00:00.001Z").await;
    assert_eq!(count().await, ["0", "0"]);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_live_delivery_says_what_is_final_when_it_is_sent() {
    let server = plant_at("2026-01-05T12:00:00Z").await;
    let query = FINALITY.replace("query", "subscription");
    let mut subscriber = Subscriber::new(&server, &query, json!({ "window": day() })).await;
    assert_eq!(subscriber.next().await["finality"]["reasons"], json!(["NOT_ENDED"]));
    server.clock.set(millis("2026-01-06T08:00:00Z"));
    send(&server, Some(("edge-1", 1)), &[event("W1", "WORKING", "08:00", 10.0, "cam-1")]).await;
    assert_eq!(subscriber.next().await["finality"]["reasons"], json!(["NOT_CLOSED"]));
    server.clock.set(millis("2026-01-07T08:00:00Z"));
    send(&server, Some(("edge-1", 2)), &[event("W1", "WORKING", "09:00", 10.0, "cam-1")]).await;
    assert_eq!(subscriber.next().await["finality"]["state"], "FINAL");
}
