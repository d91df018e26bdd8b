//! Batches through the API: what is judged how, what is refused whole, and what a failure leaves behind.

use std::task::Poll;

use domain::event::RawEvent;
use futures_util::{future::join_all, poll};
use serde_json::{Value, json};
use server::error::{ApiError, ErrorCode};

use crate::harness::{TestServer, at_second, minute_of_work, permit, soon, with, work};

const NOW: &str = "2026-01-05T12:00:00Z";

async fn plant() -> TestServer {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    server
}

/// Half a minute of work.
fn raw(second: usize, worker: &str) -> RawEvent {
    work(worker, &at_second(second), 0.5)
}

fn counts(outcome: &Value) -> [i64; 4] {
    ["accepted", "duplicates", "conflicts", "rejected"].map(|name| outcome[name].as_i64().expect("a count"))
}

#[tokio::test]
async fn an_empty_batch_is_fine_and_all_zeros() {
    let server = plant().await;
    let outcome = server.ingest("plant", json!([])).await;
    assert_eq!(counts(&outcome), [0, 0, 0, 0]);
    let revision = server.ask("{ factory(id: \"plant\") { revision } }", json!({})).await;
    assert_eq!(outcome["revision"], revision["factory"]["revision"]);
}

#[tokio::test]
async fn one_invalid_event_does_not_keep_the_999_others_from_being_stored() {
    let server = plant().await;
    let mut events: Vec<Value> =
        (0..1_000).map(|n| minute_of_work(&format!("W{}", n / 700), n % 700)).collect();
    events[617]["durationMinutes"] = json!(1_440.000_02);
    let outcome = server.ingest("plant", json!(events)).await;
    assert_eq!(counts(&outcome), [999, 0, 0, 1]);
    assert_eq!(outcome["issues"][0]["index"], 617);
    assert_eq!(outcome["issues"][0]["code"], "DURATION_OUT_OF_RANGE");
    assert_eq!(server.units("plant").await, 999);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn each_field_is_judged_on_its_own_code_and_the_message_says_what_is_allowed() {
    let server = plant().await;
    let cases = [
        (json!({ "timestamp": "2026-01-05T08:00:00" }), "TIMESTAMP_INVALID"),
        (json!({ "timestamp": "2026-01-05T08:00:60Z" }), "TIMESTAMP_INVALID"),
        (json!({ "timestamp": "" }), "TIMESTAMP_INVALID"),
        (json!({ "timestamp": "1999-12-31T23:59:59Z" }), "TIMESTAMP_OUT_OF_RANGE"),
        (json!({ "timestamp": "2026-01-05T12:09:30Z" }), "TIMESTAMP_IN_FUTURE"),
        (json!({ "entityId": "" }), "ENTITY_ID_INVALID"),
        (json!({ "entityId": "W\u{7}1" }), "ENTITY_ID_INVALID"),
        (json!({ "entityId": "x".repeat(65) }), "ENTITY_ID_INVALID"),
        (json!({ "durationMinutes": -0.1 }), "DURATION_OUT_OF_RANGE"),
        (json!({ "durationMinutes": 1e300 }), "DURATION_OUT_OF_RANGE"),
        (json!({ "holdMinutes": 60 }), "HOLD_INVALID"),
        (json!({ "durationMinutes": null, "holdMinutes": 0 }), "HOLD_INVALID"),
        (json!({ "durationMinutes": null, "holdMinutes": 1_441 }), "HOLD_INVALID"),
        (json!({ "durationMinutes": -1, "holdMinutes": 60 }), "DURATION_OUT_OF_RANGE"),
        (json!({ "unitsProduced": -1 }), "UNITS_OUT_OF_RANGE"),
        (json!({ "unitsProduced": 1_000_001 }), "UNITS_OUT_OF_RANGE"),
        (json!({ "confidence": 1.01 }), "CONFIDENCE_OUT_OF_RANGE"),
        (json!({ "modelVersion": "" }), "MODEL_VERSION_INVALID"),
        (json!({ "eventId": " 1" }), "EVENT_ID_INVALID"),
        (json!({ "sourceId": "\u{0}" }), "SOURCE_ID_INVALID"),
        (json!({ "workstationId": "S1 " }), "WORKSTATION_ID_INVALID"),
        (json!({ "entityType": "WORKSTATION", "workstationId": "S1" }), "WORKSTATION_ID_INVALID"),
    ];
    let events: Vec<Value> =
        cases.iter().map(|(changes, _)| with(minute_of_work("W1", 480), changes)).collect();
    let outcome = server.ingest("plant", json!(events)).await;
    assert_eq!(counts(&outcome), [0, 0, 0, cases.len() as i64]);
    for (index, (sent, code)) in cases.iter().enumerate() {
        let issue = &outcome["issues"][index];
        assert_eq!((&issue["index"], &issue["code"]), (&json!(index), &json!(code)), "{sent}");
        let message = issue["message"].as_str().expect("a message");
        assert!(message.chars().count() <= 200 && !message.contains(char::is_control), "{message}");
    }
}

#[tokio::test]
async fn a_state_report_is_listed_without_a_length_and_with_its_hold_as_it_was_sent() {
    let server = plant().await;
    let state = |minute: usize, hold: Value| {
        let changes = json!({ "durationMinutes": null, "holdMinutes": hold, "workstationId": "S1" });
        with(minute_of_work("W1", minute), &changes)
    };
    let events = json!([state(480, Value::Null), state(490, json!(15)), minute_of_work("W2", 480)]);
    assert_eq!(counts(&server.ingest("plant", events.clone()).await), [3, 0, 0, 0]);
    assert_eq!(counts(&server.ingest("plant", events).await), [0, 3, 0, 0]);
    assert_eq!(counts(&server.ingest("plant", json!([state(480, json!(60))])).await), [0, 0, 1, 0]);
    let query = r#"{ events(factoryId: "plant", filter: { entityType: WORKER }) { edges { node {
        entityId form durationMinutes holdMinutes workstationId } } } }"#;
    let listed = server.ask(query, json!({})).await["events"]["edges"].take();
    let node = |who: &str, form: &str, duration: Value, hold: Value, place: Value| json!({ "node": { "entityId": who, "form": form, "durationMinutes": duration, "holdMinutes": hold, "workstationId": place } });
    let mut listed = listed.as_array().expect("events").clone();
    listed.sort_by_key(|event| event["node"]["entityId"] == "W2");
    let expected = [
        node("W1", "STATE", Value::Null, json!(15), json!("S1")),
        node("W1", "STATE", Value::Null, Value::Null, json!("S1")),
        node("W2", "INTERVAL", json!(1.0), Value::Null, Value::Null),
    ];
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn what_a_state_report_says_last_has_no_end_until_something_follows() {
    let server = plant().await;
    let state = |minute: usize, what: &str| {
        with(minute_of_work("W1", minute), &json!({ "durationMinutes": null, "eventType": what }))
    };
    let query = r#"{ workerMetrics(factoryId: "plant") { workers { workingMinutes idleMinutes
        current { eventType since until } } } }"#;
    server.ingest("plant", json!([state(480, "WORKING"), state(500, "IDLE")])).await;
    let worker = server.ask(query, json!({})).await["workerMetrics"]["workers"][0].take();
    let current = json!({ "eventType": "IDLE", "since": "2026-01-05T08:20:00.000Z", "until": null });
    assert_eq!(worker, json!({ "workingMinutes": 20.0, "idleMinutes": 0.0, "current": current }));
}

#[tokio::test]
async fn unusual_but_allowed_values_are_stored_as_sent() {
    let server = plant().await;
    let ids =
        ["👷", "عامل ٣", "می\u{200c}خواهم", "Machine 4 - Turning & Milling", "x'; DROP TABLE event; --"];
    let events: Vec<Value> = ids
        .iter()
        .map(|id| with(minute_of_work(id, 480), &json!({ "durationMinutes": -0.0, "confidence": -0.0 })))
        .collect();
    let outcome = server.ingest("plant", json!(events)).await;
    assert_eq!(counts(&outcome), [ids.len() as i64, 0, 0, 0], "{outcome}");
    let data = server
        .ask("{ workerMetrics(factoryId: \"plant\") { workers { workerId meanConfidence } } }", json!({}))
        .await;
    let listed: Vec<&str> = data["workerMetrics"]["workers"]
        .as_array()
        .expect("workers")
        .iter()
        .map(|worker| worker["workerId"].as_str().expect("an id"))
        .collect();
    let mut expected = ids.to_vec();
    expected.sort_by(|a, b| domain::id_order::compare(a, b));
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_batch_of_duplicates_of_itself_stores_one() {
    let server = plant().await;
    let outcome = server.ingest("plant", json!(vec![minute_of_work("W1", 480); 50])).await;
    assert_eq!(counts(&outcome), [1, 49, 0, 0]);
    let again = server.ingest("plant", json!(vec![minute_of_work("W1", 480); 50])).await;
    assert_eq!(counts(&again), [0, 50, 0, 0]);
    assert_eq!(again["revision"], outcome["revision"]);
    assert_eq!(server.units("plant").await, 1);
}

#[tokio::test]
async fn a_contradiction_of_what_is_stored_is_a_conflict_and_the_same_again_a_duplicate() {
    let server = plant().await;
    server.ingest("plant", json!([minute_of_work("W1", 480)])).await;
    let contradiction = with(minute_of_work("W1", 480), &json!({ "unitsProduced": 7 }));
    let outcome = server.ingest("plant", json!([contradiction, minute_of_work("W1", 480)])).await;
    assert_eq!(counts(&outcome), [0, 1, 1, 0]);
    assert_eq!(outcome["issues"][0]["index"], 0);
    assert_eq!(outcome["issues"][0]["code"], "CONFLICT");
    assert_eq!(server.units("plant").await, 1);
}

#[tokio::test]
async fn a_batch_that_covers_too_many_buckets_is_refused_whole() {
    let server = plant().await;
    // A whole day from a minute past a bucket's edge touches 289 buckets.
    let long = |n: usize| {
        with(
            minute_of_work(&format!("W{n}"), 1),
            &json!({ "timestamp": "2026-01-04T00:01:00Z", "durationMinutes": 1_440 }),
        )
    };
    let fits: Vec<Value> = (0..10).map(long).collect();
    let too_many: Vec<Value> = (0..=1_000_000 / 289).map(long).collect();
    let query = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
    assert_eq!(server.refused(query, json!({ "events": too_many })).await, "LIMIT_EXCEEDED");
    assert_eq!(server.units("plant").await, 0, "nothing of it is stored");
    let outcome = server.ingest("plant", json!(fits)).await;
    assert_eq!(counts(&outcome), [10, 0, 0, 0]);
}

#[tokio::test]
async fn an_unknown_factory_is_named() {
    let server = plant().await;
    let query = "mutation { ingestEvents(factoryId: \"atlantis\", events: []) { accepted } }";
    let answer = server.answer(query, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
    assert!(answer["errors"][0]["message"].as_str().expect("a message").contains("atlantis"), "{answer}");
}

#[tokio::test]
async fn entities_past_the_limit_are_rejected_one_by_one() {
    let server = plant().await;
    for part in 0..2 {
        let events = (0..10_000).map(|n| raw(n / 2_000, &format!("W{part}-{n}"))).collect();
        let outcome = server.app.ingest.submit(permit("plant"), events).await.expect("a commit");
        assert_eq!(outcome.accepted, 10_000);
    }
    let outcome =
        server.ingest("plant", json!([minute_of_work("W0-1", 1), minute_of_work("one too many", 1)])).await;
    assert_eq!(counts(&outcome), [1, 0, 0, 1]);
    assert_eq!(outcome["issues"][0]["code"], "ENTITY_LIMIT_REACHED");
}

#[tokio::test]
async fn a_full_queue_answers_at_once_and_loses_nothing_that_was_taken() {
    let server = plant().await;
    let lock = server.database.lock().await;
    let batch = |n: usize| (0..10_000).map(|second| raw(second, &format!("W{n}"))).collect::<Vec<_>>();
    let mut taken = Vec::new();
    let refused = loop {
        let mut submitted = Box::pin(server.app.ingest.submit(permit("plant"), batch(taken.len())));
        match poll!(&mut submitted) {
            Poll::Pending => taken.push(submitted),
            Poll::Ready(refused) => break refused.expect_err("a refusal"),
        }
    };
    assert!(taken.len() >= 10, "{} batches were taken", taken.len());
    let refused = ApiError::from(refused);
    assert_eq!((refused.code, refused.retry_after_ms.is_some()), (ErrorCode::Overloaded, true));
    lock.close().await;
    for outcome in soon("the commits", join_all(taken)).await {
        assert_eq!(outcome.expect("a commit").accepted, 10_000);
    }
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_factory_that_floods_the_queue_has_none_of_another_ones_batches_refused() {
    let server = plant().await;
    server.create_factory("other").await;
    let lock = server.database.lock().await;
    let batch = |n: usize| (0..10_000).map(|second| raw(second, &format!("W{n}"))).collect::<Vec<_>>();
    let mut flood = Vec::new();
    loop {
        let mut submitted = Box::pin(server.app.ingest.submit(permit("plant"), batch(flood.len())));
        if poll!(&mut submitted).is_ready() {
            break;
        }
        flood.push(submitted);
    }
    let others: Vec<_> = (0..flood.len() / 2 - 1)
        .map(|n| Box::pin(server.app.ingest.submit(permit("other"), batch(n))))
        .collect();
    let mut taken = Vec::new();
    for mut submitted in others {
        assert!(poll!(&mut submitted).is_pending(), "there is room for batch {}", taken.len());
        taken.push(submitted);
    }
    lock.close().await;
    for outcome in soon("the commits", join_all(taken)).await {
        assert_eq!(outcome.expect("a commit").accepted, 10_000);
    }
    let (mut stored, mut refused) = (0, 0);
    for outcome in soon("the others", join_all(flood)).await {
        match outcome.map_err(ApiError::from) {
            Ok(outcome) => stored += usize::from(outcome.accepted == 10_000),
            Err(error) => {
                assert_eq!((error.code, error.retry_after_ms.is_some()), (ErrorCode::Overloaded, true));
                refused += 1;
            }
        }
    }
    assert!(
        stored > 0 && refused >= stored - 1,
        "{stored} stored and {refused} refused: half of the queue is its own"
    );
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn only_the_culprit_of_a_failed_group_gets_the_error() {
    let server = plant().await;
    server.database.refuse_poison().await.close().await;
    let lock = server.database.lock().await;
    let poisoned = RawEvent { event_id: Some("poison".into()), ..raw(20, "W2") };
    // The first keeps the writer busy, so that the next three form a group.
    let batches =
        [vec![raw(0, "W1")], vec![raw(10, "W1")], vec![raw(20, "W1"), poisoned], vec![raw(30, "W1")]];
    let mut submitted: Vec<_> = batches
        .into_iter()
        .map(|events| Box::pin(server.app.ingest.submit(permit("plant"), events)))
        .collect();
    for submitted in &mut submitted {
        assert!(poll!(submitted).is_pending(), "queued");
    }
    lock.close().await;
    let outcomes = soon("the commits", join_all(submitted)).await;
    let accepted: Vec<Option<usize>> =
        outcomes.iter().map(|outcome| outcome.as_ref().ok().map(|outcome| outcome.accepted)).collect();
    assert_eq!(accepted, [Some(1), Some(1), None, Some(1)]);
    let error = ApiError::from(outcomes[2].clone().expect_err("the culprit's error"));
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(!error.message.contains("injected") && !error.message.contains("event"), "{}", error.message);
    assert_eq!(server.units("plant").await, 3, "nothing of the culprit's batch is stored");
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_batch_whose_caller_went_away_is_stored_all_the_same() {
    let server = plant().await;
    let lock = server.database.lock().await;
    let mut submitted = Box::pin(server.app.ingest.submit(permit("plant"), vec![raw(0, "W1")]));
    assert!(poll!(&mut submitted).is_pending(), "queued");
    drop(submitted);
    lock.close().await;
    soon("the drain", server.app.ingest.drain()).await;
    assert_eq!(server.units("plant").await, 1);
    let refused = server.app.ingest.submit(permit("plant"), vec![raw(1, "W1")]).await.expect_err("a refusal");
    assert_eq!(ApiError::from(refused).code, ErrorCode::Unavailable);
}
