//! Batches that are far more work than they are long: the writer gives nobody more than a share of its time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use domain::event::RawEvent;
use futures_util::{future::join_all, poll};
use serde_json::{Value, json};
use server::{
    error::{ApiError, ErrorCode},
    ingest::{IngestError, MAX_QUEUED_BATCHES, Outcome},
};

use crate::harness::{Connection, TestServer, permit, soon, work};

const NOW: &str = "2026-01-05T12:00:00Z";
/// So many events of a day are several slices.
const LONG_EVENTS: usize = 200;

async fn plants(factories: &[&str]) -> TestServer {
    let server = TestServer::at(NOW).await;
    for factory in factories {
        server.create_factory(factory).await;
    }
    server
}

/// Events of a day, each of another worker and each off the grid: every one changes more than 300 sums.
fn of_a_day(workers: usize) -> Vec<RawEvent> {
    (0..workers).map(|worker| work(&format!("W{worker}"), "2026-01-04T06:00:01Z", 1_440.0)).collect()
}

fn of_a_second(worker: usize) -> Vec<RawEvent> {
    vec![work(&format!("W{worker}"), "2026-01-05T08:00:00Z", 1.0 / 60.0)]
}

async fn revision(server: &TestServer, factory: &str) -> i64 {
    let query = "query($id: ID!) { factory(id: $id) { revision } }";
    server.ask(query, json!({ "id": factory })).await["factory"]["revision"].as_i64().expect("a revision")
}

#[tokio::test]
async fn while_a_batch_of_day_long_events_is_stored_other_factories_are_answered() {
    let server = plants(&["hostile", "plant", "other"]).await;
    let lock = server.database.lock().await;
    let answered = Arc::new(AtomicUsize::new(0));
    let submit = |factory: &'static str, events: Vec<RawEvent>| {
        let (ingest, answered) = (server.app.ingest.clone(), answered.clone());
        async move {
            let outcome: Result<Outcome, IngestError> = ingest.submit(permit(factory), events).await;
            (answered.fetch_add(1, Ordering::SeqCst), outcome.expect("a commit"))
        }
    };
    // The attacker comes first, and with more than one batch.
    let attacks: Vec<_> = (0..2).map(|_| submit("hostile", of_a_day(LONG_EVENTS))).collect();
    let mut attacks = Box::pin(join_all(attacks));
    assert!(poll!(&mut attacks).is_pending(), "queued");
    let honest = ["plant", "other", "plant"].into_iter().enumerate();
    let mut honest = Box::pin(join_all(honest.map(|(worker, factory)| submit(factory, of_a_second(worker)))));
    assert!(poll!(&mut honest).is_pending(), "queued");
    lock.close().await;
    let (attacks, honest) = soon("the commits", async { tokio::join!(attacks, honest) }).await;
    let places = |answers: &[(usize, Outcome)]| answers.iter().map(|(place, _)| *place).collect::<Vec<_>>();
    assert_eq!((places(&honest), places(&attacks)), (vec![0, 1, 2], vec![3, 4]));
    // The batch was answered once, with the sums of its slices and the revision of the last of them.
    let [(_, first), (_, second)] = attacks.as_slice() else { panic!("two batches") };
    assert_eq!((first.accepted, second.accepted, second.duplicates), (LONG_EVENTS, 0, LONG_EVENTS));
    assert_eq!(first.revision.0, revision(&server, "hostile").await);
    assert!(first.revision.0 > 3, "several slices, each with a revision of its own");
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_factory_that_fills_the_queue_is_refused_and_others_are_not() {
    let server = plants(&["hostile", "plant"]).await;
    let lock = server.database.lock().await;
    let ingest = &server.app.ingest;
    let mut attacks: Vec<_> = Vec::new();
    let mut refused = 0;
    for worker in 0..MAX_QUEUED_BATCHES + 50 {
        let mut attack = Box::pin(ingest.submit(permit("hostile"), of_a_second(worker)));
        match poll!(&mut attack) {
            std::task::Poll::Pending => attacks.push(attack),
            std::task::Poll::Ready(outcome) => {
                let error = ApiError::from(outcome.expect_err("a refusal"));
                assert_eq!((error.code, error.retry_after_ms.is_some()), (ErrorCode::Overloaded, true));
                refused += 1;
            }
        }
    }
    assert!(refused >= 50, "{refused} refused");
    let mut honest: Vec<_> =
        (0..20).map(|worker| Box::pin(ingest.submit(permit("plant"), of_a_second(worker)))).collect();
    for honest in &mut honest {
        assert!(poll!(honest).is_pending(), "taken in");
    }
    lock.close().await;
    for outcome in soon("the honest commits", join_all(honest)).await {
        assert_eq!(outcome.expect("a commit").accepted, 1);
    }
    // What it had beyond its half of the queue was answered with a refusal, and all else is stored.
    let (mut stored, mut pushed_out) = (0, 0);
    for outcome in soon("the other commits", join_all(attacks)).await {
        match outcome {
            Ok(outcome) => stored += outcome.accepted as i64,
            Err(error) => {
                assert_eq!(ApiError::from(error).code, ErrorCode::Overloaded);
                pushed_out += 1;
            }
        }
    }
    assert_eq!((pushed_out, server.units("hostile").await), (MAX_QUEUED_BATCHES / 2, stored));
}

#[tokio::test]
async fn a_numbered_batch_that_is_stored_in_slices_is_answered_for_number_by_number() {
    let server = plants(&["plant"]).await;
    let mut events: Vec<Value> =
        of_a_day(LONG_EVENTS).iter().map(|event| serde_json::to_value(event).expect("JSON")).collect();
    for invalid in [0, 63, 64, 65, 130, LONG_EVENTS - 1] {
        events[invalid]["durationMinutes"] = json!(-1);
    }
    let sender = json!({ "deviceId": "edge-1", "epoch": "a", "firstSequence": 1_001, "sentAt": NOW, "queuedEvents": 0,
                         "lostEvents": 0, "deadLetteredEvents": 0 });
    let query = "mutation($events: [EventInput!]!, $sender: SenderInput) { ingestEvents(factoryId: \"plant\", \
                 events: $events, sender: $sender) { accepted duplicates conflicts rejected issues { index } revision } }";
    let variables = json!({ "events": events, "sender": sender });
    let outcome = server.ask(query, variables.clone()).await["ingestEvents"].take();
    assert_eq!((&outcome["accepted"], &outcome["rejected"]), (&json!(LONG_EVENTS - 6), &json!(6)));
    let indexes: Vec<&Value> =
        outcome["issues"].as_array().expect("issues").iter().map(|issue| &issue["index"]).collect();
    assert_eq!(indexes, [0, 63, 64, 65, 130, LONG_EVENTS - 1]);
    assert!(outcome["revision"].as_i64().expect("a revision") > 2, "several slices: {outcome}");
    let devices = "{ devices(factoryId: \"plant\") { receivedUpTo missingEvents stored { ...range } refused { ...range } } } \
                   fragment range on SequenceRange { firstSequence lastSequence }";
    let expected = json!([{
        "receivedUpTo": 1_000 + LONG_EVENTS, "missingEvents": 1_000,
        "stored": [{ "firstSequence": 1_002, "lastSequence": 1_063 }, { "firstSequence": 1_067, "lastSequence": 1_130 },
                   { "firstSequence": 1_132, "lastSequence": 999 + LONG_EVENTS }],
        "refused": [{ "firstSequence": 1_001, "lastSequence": 1_001 }, { "firstSequence": 1_064, "lastSequence": 1_066 },
                    { "firstSequence": 1_131, "lastSequence": 1_131 },
                    { "firstSequence": 1_000 + LONG_EVENTS, "lastSequence": 1_000 + LONG_EVENTS }],
    }]);
    assert_eq!(server.ask(devices, json!({})).await["devices"], expected);
    let again = server.ask(query, variables).await["ingestEvents"].take();
    assert_eq!((&again["duplicates"], &again["revision"]), (&json!(LONG_EVENTS - 6), &outcome["revision"]));
    assert_eq!(server.ask(devices, json!({})).await["devices"], expected);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn late_events_that_each_make_a_long_look_back_are_judged_a_few_at_a_time() {
    let server = plants(&["plant"]).await;
    let stored =
        soon("the long ones", server.app.ingest.submit(permit("plant"), of_a_day(LONG_EVENTS))).await;
    let before = stored.expect("a commit").revision.0;
    // Each worker's events may reach back a day, so a single second makes a look at 288 buckets.
    let late = (0..LONG_EVENTS)
        .map(|worker| work(&format!("W{worker}"), "2026-01-04T18:00:00Z", 1.0 / 60.0))
        .collect();
    let outcome =
        soon("the late ones", server.app.ingest.submit(permit("plant"), late)).await.expect("a commit");
    assert_eq!(outcome.accepted, LONG_EVENTS);
    assert!(outcome.revision.0 > before + 1, "{} after {before}", outcome.revision.0);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_failure_of_a_later_slice_is_told_and_what_was_stored_before_it_stays() {
    let server = plants(&["plant"]).await;
    let mut conn = server.database.refuse_poison().await;
    let mut events = of_a_day(LONG_EVENTS);
    events[LONG_EVENTS - 1].event_id = Some("poison".to_owned());
    let failed = soon("a failure", server.app.ingest.submit(permit("plant"), events.clone())).await;
    let error = ApiError::from(failed.expect_err("a failure"));
    assert_eq!(error.code, ErrorCode::Internal);
    let stored = server.units("plant").await;
    assert!((1..LONG_EVENTS as i64).contains(&stored), "{stored} events are stored");
    assert!(error.message.contains(&format!("The first {stored} events")), "{}", error.message);
    server.assert_audit_is_clean().await;
    conn.execute(match &conn {
        Connection::Sqlite(_) => "DROP TRIGGER fault",
        Connection::Postgres(_) => "DROP TRIGGER fault ON event",
    })
    .await;
    conn.close().await;
    let again = soon("a repeat", server.app.ingest.submit(permit("plant"), events)).await.expect("a commit");
    assert_eq!((again.duplicates as i64, again.accepted as i64), (stored, LONG_EVENTS as i64 - stored));
    server.assert_audit_is_clean().await;
}
