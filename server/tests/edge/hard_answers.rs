//! Servers, and what stands before them, that answer slowly, wrongly, or not at all.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::{
    agent::Place,
    gateway::{Fate, Gateway, complains, says},
    harness::{Program, minute_of_work},
    ledger::{assert_all_stored, assert_balanced, assert_numbers, device, events, plant, stored},
};

#[tokio::test]
async fn whatever_passes_by_itself_is_waited_out() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let gateway = Gateway::before(&server.url, |request| match request.number {
        0 => says(500, "oops"),
        1 => says(200, "<html>Please accept our terms</html>"),
        2 => says(502, ""),
        3 => Fate::Answer(503, vec![("retry-after", "1".to_owned())], String::new()),
        4 => says(200, "{\"data\":{\"ingestEvents\":{\"accepted\":1"),
        5 => complains(200, "too many batches wait", "OVERLOADED"),
        6 => says(404, "no such page"),
        7 => complains(200, "there is no factory plant", "NOT_FOUND"),
        8 => Fate::Answer(302, vec![("location", "http://127.0.0.1:9/".to_owned())], String::new()),
        9 => Fate::LoseAnswer,
        _ => Fate::Pass,
    })
    .await;
    let agent = place.start(&gateway.url, &[]).await;
    let events = events(400);
    agent.accept(&events).await;
    agent.until_drained().await;
    assert!(agent.count("retries_total").await >= 10);
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    assert_all_stored(&place, database, &events).await;
}

#[tokio::test]
async fn a_server_that_takes_no_more_than_a_little_gets_little_at_a_time() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let gateway = Gateway::before(&server.url, |request| {
        if request.events() > 7 { says(413, "Payload Too Large") } else { Fate::Pass }
    })
    .await;
    let agent = place.start(&gateway.url, &[]).await;
    let events = events(300);
    agent.accept(&events).await;
    agent.until_drained().await;
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    assert_all_stored(&place, database, &events).await;
}

#[tokio::test]
async fn a_poisoned_event_in_the_middle_of_a_batch_is_put_aside_alone() {
    for (status, answer, code) in [(400, "BAD_USER_INPUT", "REQUEST_REFUSED"), (413, "", "PAYLOAD_TOO_LARGE")]
    {
        let place = Place::new();
        let database = plant().await;
        let server = Program::serve(database.url(), &[]).await;
        let gateway = Gateway::before(&server.url, move |request| {
            if request.body.contains("poison") {
                complains(status, "I cannot read this", answer)
            } else {
                Fate::Pass
            }
        })
        .await;
        let mut posted: Vec<Value> = (0..500).map(|minute| minute_of_work("W1", minute)).collect();
        posted[333] = minute_of_work("poison", 1);
        let agent = place.start(&gateway.url, &[]).await;
        agent.accept(&posted).await;
        agent.until_drained().await;
        assert!(gateway.requests() < 30, "{} requests to find one of 500", gateway.requests());
        assert_eq!(agent.count("dead_letters").await, 1);
        let device = device(&server).await;
        assert_eq!(device["missingEvents"], 0, "{device}");
        let closed = json!([{ "firstSequence": 334, "lastSequence": 334, "reason": "DEAD_LETTERED", "missingEvents": 1, "detail": code }]);
        assert_eq!(device["closed"], closed);
        assert!(agent.terminate().await.0.success());
        assert!(server.terminate().await.0.success());

        let letters = place.dead_letters().await;
        assert_eq!(letters, [(334, code.to_owned(), posted.remove(333))]);
        let counts = place.counts().await;
        assert_balanced(&counts);
        assert_eq!((counts.delivered, counts.dead_lettered), (499, 1));
        assert_numbers(database, &posted).await;
    }
}

#[tokio::test]
async fn events_the_server_rejects_become_dead_letters_and_all_others_are_delivered() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let agent = place.start(&server.url, &[]).await;
    let good: Vec<Value> = (0..20).map(|minute| minute_of_work("W1", minute)).collect();
    let mut posted = good.clone();
    let mut future = minute_of_work("W1", 30);
    future["timestamp"] = json!("2999-01-01T00:00:00Z");
    posted.insert(3, future);
    let mut contradiction = good[0].clone();
    contradiction["unitsProduced"] = json!(99);
    posted.push(contradiction);
    agent.accept(&posted).await;
    agent.until_drained().await;
    let device = device(&server).await;
    assert_eq!(device["missingEvents"], 0, "{device}");
    assert_eq!(
        device["refused"],
        json!([{ "firstSequence": 4, "lastSequence": 4 }, { "firstSequence": 22, "lastSequence": 22 }])
    );
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    let letters = place.dead_letters().await;
    let codes: Vec<&str> = letters.iter().map(|letter| letter.1.as_str()).collect();
    assert_eq!(codes, ["TIMESTAMP_IN_FUTURE", "CONFLICT"]);
    assert_balanced(&place.counts().await);
    assert_numbers(database, &good).await;
}

#[tokio::test]
async fn an_agent_that_may_not_send_keeps_spooling_and_shouts() {
    for status in [401, 403] {
        let place = Place::new();
        let database = plant().await;
        let server = Program::serve(database.url(), &[]).await;
        let is_allowed = Arc::new(AtomicBool::new(false));
        let gateway = Gateway::before(&server.url, {
            let is_allowed = Arc::clone(&is_allowed);
            move |_| if is_allowed.load(Ordering::SeqCst) { Fate::Pass } else { says(status, "who are you?") }
        })
        .await;
        let agent = place.start(&gateway.url, &[]).await;
        let events = events(100);
        agent.accept(&events[..50]).await;
        agent.until("delivery_forbidden", |forbidden| forbidden == 1).await;
        agent.accept(&events[50..]).await;
        assert_eq!(agent.count("queued_events").await, 100);
        is_allowed.store(true, Ordering::SeqCst);
        agent.until_drained().await;
        assert_eq!(agent.count("delivery_forbidden").await, 0);
        let (ended, log) = agent.terminate().await;
        assert!(ended.success());
        assert!(log.iter().any(|line| line.contains("FORBIDS")), "{log:#?}");
        assert!(server.terminate().await.0.success());
        assert_all_stored(&place, database, &events).await;
    }
}

#[tokio::test]
async fn a_slow_server_gets_one_batch_at_a_time_and_what_comes_meanwhile_is_kept() {
    let place = Place::new();
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;
    let gateway = Gateway::before(&server.url, |_| Fate::PassSlowly).await;
    let agent = place.start(&gateway.url, &["--batch-events", "50"]).await;
    let events = events(1_000);
    for events in events.chunks(20) {
        agent.accept(events).await;
    }
    agent.until_drained().await;
    assert_eq!(gateway.most_requests_at_once(), 1);
    assert!(agent.terminate().await.0.success());
    assert!(server.terminate().await.0.success());
    assert_all_stored(&place, database, &events).await;
}

#[tokio::test]
async fn what_does_not_fit_is_dropped_with_a_receipt_or_refused_as_the_policy_says() {
    let events = events(4_000);
    let database = plant().await;
    let server = Program::serve(database.url(), &[]).await;

    let place = Place::new();
    let dropping = ["--max-bytes", "512KiB", "--when-full", "drop-oldest"];
    let mut agent = place.start("http://127.0.0.1:9", &dropping).await;
    for events in events.chunks(100) {
        agent.accept(events).await;
    }
    agent.kill().await;
    let agent = place.start(&server.url, &dropping).await;
    agent.until_drained().await;
    let device = device(&server).await;
    assert!(agent.terminate().await.0.success());
    let counts = place.counts().await;
    assert_balanced(&counts);
    assert!(counts.lost > 0 && counts.delivered > 0, "{counts:?}");
    assert_eq!(counts.accepted, 4_000);
    assert_eq!(stored(&database).await as i64, counts.delivered);
    assert_eq!((&device["state"], &device["missingEvents"]), (&json!("LOSING"), &json!(0)), "{device}");
    assert_eq!(device["lostEvents"], counts.lost);
    let closed: i64 = device["closed"]
        .as_array()
        .expect("ranges")
        .iter()
        .map(|range| {
            assert_eq!(range["reason"], "LOST");
            range["missingEvents"].as_i64().expect("a count")
        })
        .sum();
    assert_eq!(closed, counts.lost);
    assert!(server.terminate().await.0.success());
    assert_numbers(database, &events[counts.lost as usize..]).await;

    let place = Place::new();
    let mut agent = place.start("http://127.0.0.1:9", &["--max-bytes", "512KiB"]).await;
    let mut accepted = 0;
    let refusal = loop {
        let post = Value::from(&events[accepted..accepted + 100]).to_string();
        match agent.post(post).await.expect("an answer") {
            (200, _) => accepted += 100,
            refusal => break refusal,
        }
    };
    assert_eq!(refusal.0, 503, "{}", refusal.1);
    assert!(refusal.1["error"].as_str().expect("words").contains("the spool is full"), "{}", refusal.1);
    agent.kill().await;
    let counts = place.counts().await;
    assert_eq!((counts.accepted, counts.queued, counts.lost), (accepted as i64, accepted as i64, 0));
}
