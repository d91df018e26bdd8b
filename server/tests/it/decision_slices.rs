//! Decisions that are about too much for one transaction: they are applied slice by slice, and those who look meanwhile are told
//! how far that is.

use domain::{
    MS_PER_MINUTE,
    event::{EventType, RawEvent},
    instant::to_rfc3339,
    time::TimestampMs,
    timeline::Standing,
};
use serde_json::{Value, json};
use server::{
    clock::Clock,
    store::{
        Store,
        access::{Author, SeeFigures},
        audit,
        decisions::{Content, Correction, Decision, NewDecision, Progress, StandingContent},
        rollups,
        writer::Writer,
    },
};

use crate::{
    harness::{TestDatabase, TestServer, empty_store, millis, patient, plant_scope, work},
    subscriptions::Subscriber,
};

pub(crate) const NOW: &str = "2026-01-07T00:00:00Z";

const DECIDE: &str = "mutation($request: ID!, $decision: DecisionInput!) {
    decide(factoryId: \"plant\", requestId: $request, note: \"as seen\", decision: $decision) {
    number revision progress { state appliedBefore events } } }";

const FEED: &str = "subscription { decisions(factoryId: \"plant\") { revision decisions {
    number withdrawnBy progress { state appliedBefore } } } }";

const LIST: &str =
    "{ decisions(factoryId: \"plant\") { edges { node { number withdrawnBy progress { state } } } } }";

const CORRECTED: &str = "query($ids: [ID!]) { workerMetrics(factoryId: \"plant\", workerIds: $ids) {
    workers { workerId correctedMinutes } } }";

/// So many workers were at work on all of 5 January: more than is counted again at once.
fn day_of(workers: usize) -> Value {
    let ids: Vec<String> = (0..workers).map(|worker| format!("W{worker}")).collect();
    json!({ "correction": { "entityType": "WORKER", "entityIds": ids, "state": "WORKING",
        "from": "2026-01-05T00:00:00Z", "to": "2026-01-06T00:00:00Z" } })
}

/// The same of a factory's workers `W1` and `W2` for an hour, to be counted again bucket by bucket.
pub(crate) fn hour() -> NewDecision {
    let from_ms = millis("2026-01-05T08:00:00Z").0;
    NewDecision {
        factory_slug: "plant".into(),
        request_id: "an hour".to_owned(),
        author: Author::called("somebody", None, TimestampMs(0)),
        note: "as seen".to_owned(),
        seen_decision: None,
        content: Content::Correction(Correction {
            entity_type: domain::event::EntityType::Worker,
            entity_codes: vec!["W1".to_owned(), "W2".to_owned()],
            area: None,
            from_ms,
            to_ms: from_ms + 60 * MS_PER_MINUTE,
            state: Some(domain::timeline::CorrectedState::Working),
            units: None,
        }),
    }
}

/// Makes a decision of which only the first bucket is applied.
pub(crate) async fn begin(store: &Store, decision: &NewDecision) -> Decision {
    let mut writer = Writer::new(store.clone()).with_slices(1);
    let made = writer.decide(decision, millis(NOW)).await.expect("a commit").expect("a decision");
    let first_bucket_ends_ms = TimestampMs(millis("2026-01-05T08:05:00Z").0);
    assert_eq!(made.progress, Progress::Applying(first_bucket_ends_ms));
    made
}

async fn corrected_minutes(server: &TestServer) -> Value {
    let mut data = server.ask(CORRECTED, json!({ "ids": ["W1", "W2"] })).await;
    data["workerMetrics"]["workers"].take()
}

/// Waits until a decision is applied, as its followers are told.
pub(crate) async fn until_applied(server: &TestServer, number: i64) {
    let mut subscriber = Subscriber::new(server, FEED, json!({})).await;
    loop {
        subscriber.next().await;
        let list = server.ask(LIST, json!({})).await;
        let edges = list["decisions"]["edges"].as_array().expect("decisions");
        let made = edges.iter().map(|edge| &edge["node"]).find(|made| made["number"] == number).expect("it");
        if made["progress"]["state"] == "APPLIED" {
            return;
        }
    }
}

async fn server_on(database: TestDatabase) -> TestServer {
    TestServer::on(database, Clock::manual(millis(NOW)), patient()).await
}

#[tokio::test]
async fn a_decision_about_much_is_applied_in_parts_and_its_followers_are_told_until_all_is() {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    let mut subscriber = Subscriber::new(&server, FEED, json!({})).await;
    subscriber.next().await;
    let made = server.ask(DECIDE, json!({ "request": "1", "decision": day_of(75) })).await["decide"].take();
    assert_eq!(made["progress"]["state"], "APPLYING", "{made}");
    assert!(made["progress"]["appliedBefore"].as_str() > Some("2026-01-05T00:00:00.000Z"), "{made}");
    let mut delivery = subscriber.next().await;
    while delivery["decisions"][0]["progress"]["state"] != "APPLIED" {
        assert_eq!(delivery["decisions"][0]["progress"]["state"], "APPLYING", "{delivery}");
        delivery = subscriber.next().await;
    }
    let minutes = |minutes: f64| {
        json!([{ "workerId": "W1", "correctedMinutes": minutes },
        { "workerId": "W2", "correctedMinutes": minutes }])
    };
    assert_eq!(corrected_minutes(&server).await, minutes(1440.0));

    let withdrawal = json!({ "withdrawal": 1 });
    let taken_back =
        server.ask(DECIDE, json!({ "request": "2", "decision": withdrawal })).await["decide"].take();
    assert_eq!(taken_back["progress"]["state"], "APPLYING", "{taken_back}");
    until_applied(&server, 2).await;
    assert_eq!(corrected_minutes(&server).await, json!([]));
    server.assert_audit_is_clean().await;
}

/// Everybody works every day, seen by a camera; on one day in twelve another camera sees somebody, too, for half an
/// hour or for a day. Both cameras agree in nothing.
fn sparse(days: usize) -> Vec<RawEvent> {
    let at = |day: usize, minute: i64| {
        to_rfc3339(millis("2025-01-05T00:00:00Z").0 + (day as i64 * 1_440 + minute) * MS_PER_MINUTE)
    };
    let seen = |event: RawEvent, source: &str| RawEvent { source_id: Some(source.to_owned()), ..event };
    (0..days)
        .flat_map(|day| {
            let everybody =
                (1..=3).map(move |worker| seen(work(&format!("W{worker}"), &at(day, 480), 90.0), "cam-1"));
            let other = match day % 24 {
                0 => Some((1_430, 30.0)),
                12 => Some((1_000, 1_440.0)),
                _ => None,
            };
            let other = other.map(|(minute, minutes)| RawEvent {
                event_type: EventType::Idle,
                confidence: Some(0.9),
                ..seen(work("W1", &at(day, minute), minutes), "cam-2")
            });
            everybody.chain(other)
        })
        .collect()
}

#[tokio::test]
async fn a_rule_about_little_in_a_long_past_is_applied_only_where_its_source_reported_anybody() {
    const DAYS: usize = 240;
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    for events in sparse(DAYS).chunks(100) {
        assert_eq!(server.ingest("plant", json!(events)).await["accepted"], events.len());
    }
    let database = server.stop().await;
    let store = Store::open(database.url()).await.expect("a database");
    let sums = async || {
        let snapshot = store.snapshot().await.expect("a snapshot");
        rollups::totals(&snapshot, &plant_scope::<SeeFigures>(&snapshot).await, None, None)
            .await
            .expect("sums")
    };
    let before = sums().await;
    for slice_events in [20_000, 1] {
        let mut writer = Writer::new(store.clone()).with_slices(slice_events);
        let rule = Content::Standing(StandingContent {
            standing: Standing::Shadow,
            source: Some("cam-2".to_owned()),
            model_version: None,
            without_model_version: false,
            from_ms: None,
            to_ms: None,
        });
        let request_id = format!("shadow {slice_events}");
        let made = writer.decide(&NewDecision { request_id, content: rule, ..hour() }, millis(NOW)).await;
        let made = made.expect("a commit").expect("a decision");
        let applied = async |writer: &mut Writer| {
            let mut slices = 1;
            while writer.apply_slice(&"plant".into()).await.expect("a commit").is_some() {
                slices += 1;
            }
            assert_eq!(audit(&store).await.expect("an audit"), []);
            slices
        };
        // One hour at a time of the days around those with the other camera; the others have 480.
        let expected = if slice_events == 1 { 20..400 } else { 1..2 };
        let slices = applied(&mut writer).await;
        assert!(expected.contains(&slices), "{slices} slices of {slice_events} events");
        for of_worker in sums().await.values() {
            let worked_ms = DAYS as i64 * 90 * MS_PER_MINUTE;
            assert_eq!((of_worker.working_ms, of_worker.idle_ms), (worked_ms, 0), "{of_worker:?}");
        }
        let content = Content::Withdrawal(made.number);
        let request_id = format!("serving {slice_events}");
        let taken_back = writer.decide(&NewDecision { request_id, content, ..hour() }, millis(NOW)).await;
        taken_back.expect("a commit").expect("a decision");
        let slices = applied(&mut writer).await;
        assert!(expected.contains(&slices), "{slices} slices of {slice_events} events");
        assert_eq!(sums().await, before);
    }
}

#[tokio::test]
async fn a_decision_that_was_begun_before_a_restart_is_applied_to_its_end_after_it() {
    let (database, store) = empty_store("plant").await;
    let made = begin(&store, &hour()).await;
    drop(store);
    let server = server_on(database).await;
    until_applied(&server, i64::from(made.number)).await;
    server.assert_audit_is_clean().await;
    let minutes = json!([{ "workerId": "W1", "correctedMinutes": 60.0 }, { "workerId": "W2", "correctedMinutes": 60.0 }]);
    assert_eq!(corrected_minutes(&server).await, minutes);
}

#[tokio::test]
async fn what_is_taken_back_while_it_is_being_applied_turns_around_and_what_waits_is_not_begun() {
    let (database, store) = empty_store("plant").await;
    let mut writer = Writer::new(store.clone()).with_slices(1);
    let first = begin(&store, &hour()).await;
    let second = NewDecision { request_id: "the same again".to_owned(), ..hour() };
    let second = writer.decide(&second, millis(NOW)).await.expect("a commit").expect("a decision");
    assert_eq!(second.progress, Progress::Waiting);
    // Of one bucket, so it need not wait.
    let mut small = NewDecision { request_id: "a minute".to_owned(), ..hour() };
    if let Content::Correction(correction) = &mut small.content {
        correction.entity_codes = vec!["W3".to_owned()];
        correction.to_ms = correction.from_ms + MS_PER_MINUTE;
    }
    let small = writer.decide(&small, millis(NOW)).await.expect("a commit").expect("a decision");
    assert_eq!(small.progress, Progress::Applied);
    for of in [second.number, first.number] {
        let withdrawal =
            NewDecision { request_id: format!("withdraw {of}"), content: Content::Withdrawal(of), ..hour() };
        let made = writer.decide(&withdrawal, millis(NOW)).await.expect("a commit").expect("a decision");
        // The one waited, and of the other there was one bucket.
        assert_eq!(made.progress, Progress::Applied);
    }
    assert_eq!(writer.apply_slice(&"plant".into()).await.expect("a commit"), None);
    drop((writer, store));
    let server = server_on(database).await;
    assert_eq!(corrected_minutes(&server).await, json!([]));
    server.assert_audit_is_clean().await;
}
