//! Whatever a sender makes up, it does not make the database grow for ever, and it pushes out nobody who is real.

use domain::{
    event::RawEvent,
    metric::UnitsBasis,
    time::{DurationMs, TimestampMs},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::{
    ingest::{IssueCode, Outcome},
    store::{
        access::{Access, Author},
        devices::{FORGET_AFTER_MS, FORGET_BRIEF_AFTER_MS, MAX_DEVICES, Sender},
        factories::{MAX_FACTORIES, NewFactory},
        writer::{MAX_CONFLICTS, MAX_CONFLICTS_OF_EVENT},
    },
};

use crate::harness::{TestServer, at_second, code, millis, permit, soon, work};

const NOW: &str = "2026-01-05T12:00:00Z";
/// As many model versions, and as many sources, as a factory may name.
const MAX_NAMES: usize = 10_000;

async fn plant() -> TestServer {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    server
}

fn raw(worker: &str, second: usize) -> RawEvent {
    work(worker, &at_second(second), 0.01)
}

async fn submit(server: &TestServer, events: Vec<RawEvent>) -> Outcome {
    soon("a commit", server.app.ingest.submit(permit("plant"), events)).await.expect("a commit")
}

#[tokio::test]
async fn there_are_only_so_many_factories() {
    let server = plant().await;
    for number in 1..MAX_FACTORIES {
        let new = NewFactory {
            slug: format!("f{number}").as_str().into(),
            name: "F".to_owned(),
            time_zone: domain::zone::Zone::UTC,
            units_basis: UnitsBasis::Workers,
            state_hold_minutes: 60,
            finality_grace_hours: 24,
            smallest_team: 5,
        };
        server
            .app
            .store
            .create_factory(&Access::OPEN, new, &Author::server(TimestampMs(0)))
            .await
            .expect("a commit")
            .expect("room");
    }
    let create = "mutation($id: ID!) { createFactory(input: { id: $id, name: \"F\" }) { id } }";
    let answer = server.answer(create, json!({ "id": "one-more" })).await;
    assert_eq!(code(&answer), "LIMIT_EXCEEDED");
    assert!(answer["errors"][0]["message"].as_str().expect("words").contains("1000"), "{answer}");
    assert_eq!(server.refused(create, json!({ "id": "f1" })).await, "ALREADY_EXISTS");
    assert_eq!(submit(&server, vec![raw("W1", 1)]).await.accepted, 1, "those that are there go on");
}

#[tokio::test]
async fn names_past_the_limit_are_rejected_one_by_one_and_register_nothing() {
    let server = plant().await;
    let named = |second: usize, model: &str, source: &str| RawEvent {
        model_version: Some(model.to_owned()),
        source_id: Some(source.to_owned()),
        ..raw("W1", second)
    };
    let many = (0..MAX_NAMES - 1).map(|n| named(n, &format!("m{n}"), &format!("camera {n}"))).collect();
    assert_eq!(submit(&server, many).await.accepted, MAX_NAMES - 1);
    // There is room for one more of each, and the first to come has it.
    let last =
        submit(&server, vec![named(20_001, "z", "z"), named(20_002, "a", "z"), named(20_003, "z", "a")])
            .await;
    let issues: Vec<_> = last.issues.iter().map(|issue| (issue.index, issue.code)).collect();
    assert_eq!(issues, [(1, IssueCode::ModelVersionLimitReached), (2, IssueCode::SourceLimitReached)]);
    assert_eq!((last.accepted, last.rejected), (1, 2));
    let unknown = RawEvent { entity_id: "W2".to_owned(), ..named(20_004, "one too many", "z") };
    let outcome = server.ingest("plant", json!([unknown, named(20_005, "m7", "camera 7")])).await;
    assert_eq!((&outcome["accepted"], &outcome["rejected"]), (&json!(1), &json!(1)));
    let issue = &outcome["issues"][0];
    assert_eq!((&issue["index"], &issue["code"]), (&json!(0), &json!("MODEL_VERSION_LIMIT_REACHED")));
    let words = issue["message"].as_str().expect("words");
    assert!(words.contains("10000") && words.contains("\"one too many\""), "{words}");
    let workers = server.ask("{ factory(id: \"plant\") { workers { workerId } } }", json!({})).await;
    assert_eq!(workers["factory"]["workers"], json!([{ "workerId": "W1" }]));
    server.assert_audit_is_clean().await;
}

/// How many contradictions are kept and were dropped.
async fn conflicts(server: &TestServer) -> (i64, i64) {
    let query = "{ factory(id: \"plant\") { keptConflicts droppedConflicts } }";
    let data = server.ask(query, json!({})).await;
    let count = |name: &str| data["factory"][name].as_i64().expect("a count");
    (count("keptConflicts"), count("droppedConflicts"))
}

fn contradictions(worker: &str, units: std::ops::Range<i64>) -> Vec<RawEvent> {
    units.map(|units_produced| RawEvent { units_produced, ..raw(worker, 1) }).collect()
}

async fn kept_units(server: &TestServer) -> Vec<String> {
    let mut conn = server.database.connect().await;
    let rows =
        conn.rows("SELECT CAST(units AS text) FROM event_conflict ORDER BY event_conflict.units").await;
    conn.close().await;
    rows.into_iter().flatten().flatten().collect()
}

#[tokio::test]
async fn of_an_event_the_newest_contradictions_are_kept_and_the_others_counted() {
    let most = MAX_CONFLICTS_OF_EVENT as i64;
    let server = plant().await;
    submit(&server, contradictions("W1", 0..1)).await;
    assert_eq!(submit(&server, contradictions("W1", 1..most + 1)).await.conflicts, most as usize);
    assert_eq!(conflicts(&server).await, (most, 0));
    // What is kept already is not kept twice.
    submit(&server, contradictions("W1", 1..most + 1)).await;
    assert_eq!(conflicts(&server).await, (most, 0));
    server.clock.set(millis("2026-01-05T12:00:01Z"));
    submit(&server, contradictions("W1", 101..104)).await;
    assert_eq!(conflicts(&server).await, (most, 3));
    let kept = kept_units(&server).await;
    assert_eq!((kept.len() as i64, kept[kept.len() - 3..].join(" ")), (most, "101 102 103".to_owned()));
    // More than that at once, for this event and for another.
    submit(&server, contradictions("W2", 0..1)).await;
    let both = contradictions("W1", 200..250).into_iter().chain(contradictions("W2", 1..3)).collect();
    submit(&server, both).await;
    assert_eq!(conflicts(&server).await, (most + 2, 3 + 50));
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn of_a_factory_the_newest_contradictions_are_kept_and_the_others_counted() {
    let server = plant().await;
    submit(&server, contradictions("W1", 0..1)).await;
    // As many as may be, each a second later than the one before.
    let mut conn = server.database.connect().await;
    conn.execute(&format!(
        "INSERT INTO event_conflict (factory_id, bucket, entity_id, started_at, event_type, event_code, series, \
         model_version_id, duration_ms, units, confidence, workstation, received_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n \
         WHERE i < {MAX_CONFLICTS} - 1) SELECT 1, i, 1, CAST(i AS bigint) * 300000, 0, '', 0, 0, 0, 1000 + i, \
         -1, '', i * 1000 FROM n"
    ))
    .await;
    conn.execute(&format!("UPDATE factory SET kept_conflicts = {MAX_CONFLICTS}")).await;
    conn.close().await;
    submit(&server, contradictions("W1", 1..4)).await;
    assert_eq!(conflicts(&server).await, (MAX_CONFLICTS, 3));
    let kept = kept_units(&server).await;
    assert_eq!(kept.len() as i64, MAX_CONFLICTS);
    assert_eq!(kept[..4].join(" "), "1 2 3 1003", "the three oldest made room");
}

/// A sign of life of a device.
async fn hear(server: &TestServer, device: &str) {
    let sender = Sender {
        device_code: device.to_owned(),
        epoch: "a".to_owned(),
        first_sequence: 1,
        sent_at_ms: server.clock.now_ms(),
        queued_events: 0,
        oldest_queued_at_ms: None,
        lost_events: 0,
        dead_lettered_events: 0,
        closed: Vec::new(),
    };
    let empty = server.app.ingest.judge::<String>(Vec::new()).expect("an empty batch");
    server.app.ingest.store_from(Some(sender), permit("plant"), empty).await.expect("a commit");
}

async fn devices(server: &TestServer) -> Vec<String> {
    let data = server.ask("{ devices(factoryId: \"plant\") { deviceId } }", json!({})).await;
    let id = |device: &Value| device["deviceId"].as_str().expect("an id").to_owned();
    data["devices"].as_array().expect("devices").iter().map(id).collect()
}

#[tokio::test]
async fn ids_that_are_made_up_push_out_no_device_that_was_heard_for_longer() {
    let server = plant().await;
    let start_ms = server.clock.now_ms();
    let at = |after_ms: DurationMs| server.clock.set(TimestampMs(start_ms.0 + after_ms.0));
    let invent = async |round: usize| {
        let ids: Vec<String> = (0..MAX_DEVICES).map(|number| format!("invented-{round}-{number}")).collect();
        join_all(ids.iter().map(|id| hear(&server, id))).await;
    };
    let has = |devices: &[String], id: &str| devices.iter().any(|device| device == id);
    // A device that sends for longer than a day, and then ids that nobody has.
    hear(&server, "press").await;
    let second = DurationMs(1_000);
    at(FORGET_BRIEF_AFTER_MS * 2 - second);
    hear(&server, "press").await;
    at(FORGET_BRIEF_AFTER_MS * 2);
    invent(1).await;
    hear(&server, "welder").await;
    let known = devices(&server).await;
    assert_eq!((known.len(), has(&known, "press"), has(&known, "welder")), (MAX_DEVICES, true, false));
    // A day later they make room for one another and for what is new, but not the device that was heard for longer.
    at(FORGET_BRIEF_AFTER_MS * 3 + DurationMs(1));
    hear(&server, "welder").await;
    invent(2).await;
    let known = devices(&server).await;
    assert_eq!((known.len(), has(&known, "press"), has(&known, "welder")), (MAX_DEVICES, true, true));
    // It does so only after a long silence.
    at(FORGET_AFTER_MS + FORGET_BRIEF_AFTER_MS * 2 - second * 2);
    invent(3).await;
    assert!(has(&devices(&server).await, "press"));
    at(FORGET_AFTER_MS + FORGET_BRIEF_AFTER_MS * 4);
    invent(4).await;
    let known = devices(&server).await;
    assert_eq!((known.len(), has(&known, "press")), (MAX_DEVICES, false));
}
