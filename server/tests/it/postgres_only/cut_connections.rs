//! Connections to PostgreSQL that break in the middle of a transaction, and right after its commit was sent.

use domain::event::RawEvent;
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::clock::Clock;

use crate::{
    harness::{CommitFate, Proxy, TestDatabase, TestServer, code, has_postgres, millis, patient, soon},
    queries::event,
    subscriptions::{FEED, Subscriber, WORKERS},
    undisturbed::{AFTERWARDS, Watchers, arrivals, events, last_event, numbers, undisturbed_numbers},
};

const EVENTS: usize = 2_000;
const BATCH_EVENTS: usize = 20;
const SENDERS: usize = 4;
const SEED: u64 = 1;

const INGEST: &str = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) \
    { accepted duplicates conflicts rejected revision } }";

/// A server with a factory, and the proxy on its way to PostgreSQL.
async fn server() -> (Proxy, TestServer, TestDatabase) {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(database.url(), SEED).await;
    let by_proxy = TestDatabase::at(proxy.url_of(database.url()));
    let server = TestServer::on(by_proxy, Clock::manual(millis(AFTERWARDS)), patient()).await;
    server.create_factory("plant").await;
    (proxy, server, database)
}

/// Sends a batch until it is stored. Answers with how many of its events were stored before by an attempt that was
/// answered with an error.
async fn insist(server: &TestServer, batch: &[RawEvent]) -> i64 {
    loop {
        let answer = server.answer(INGEST, json!({ "events": batch })).await;
        if answer.get("errors").is_none() {
            let outcome = &answer["data"]["ingestEvents"];
            let [accepted, duplicates] =
                ["accepted", "duplicates"].map(|name| outcome[name].as_i64().expect("a count"));
            assert_eq!(accepted + duplicates, batch.len() as i64, "{outcome}");
            return duplicates;
        }
        assert_eq!(code(&answer), "UNAVAILABLE", "{answer}");
        assert!(answer["errors"][0]["extensions"]["retryAfterMs"].as_u64() > Some(0), "{answer}");
    }
}

#[tokio::test]
async fn connections_cut_at_random_while_batches_come_in_lose_nothing_and_count_nothing_twice() {
    if !has_postgres() {
        return;
    }
    let (proxy, server, _database) = server().await;
    let watchers = Watchers::of(&server).await;
    let mut events = events(EVENTS);
    let arrivals = arrivals(&events);
    proxy.break_now_and_then();
    let of_sender = arrivals.chunks(arrivals.len().div_ceil(SENDERS)).map(async |part| {
        let mut duplicates = 0;
        for batch in part.chunks(BATCH_EVENTS) {
            duplicates += insist(&server, batch).await;
        }
        duplicates
    });
    let duplicates: i64 = join_all(of_sender).await.into_iter().sum();
    let breaks = proxy.break_no_more();
    println!("{breaks:?}; {} arrivals, {duplicates} duplicates", arrivals.len());
    assert!(
        breaks.in_the_middle > 0 && breaks.commits_lost > 0 && breaks.commits_unanswered > 0,
        "{breaks:?}"
    );
    assert!(
        duplicates > (arrivals.len() - events.len()) as i64,
        "commits without an answer are duplicates later"
    );

    events.push(last_event(&events));
    insist(&server, &events[events.len() - 1..]).await;
    watchers.assert_saw_all(&server, events.len()).await;
    server.assert_audit_is_clean().await;
    assert_eq!(numbers(&server).await, undisturbed_numbers(&events).await);
}

async fn refused(server: &TestServer, batch: &Value) {
    let answer = soon("an answer", server.answer(INGEST, json!({ "events": batch }))).await;
    assert_eq!(code(&answer), "UNAVAILABLE", "{answer}");
}

#[tokio::test]
async fn a_batch_whose_commit_was_not_answered_is_told_to_subscribers_and_a_duplicate_when_it_comes_again() {
    if !has_postgres() {
        return;
    }
    let (proxy, server, _database) = server().await;
    let mut workers = Subscriber::new(&server, WORKERS, json!({})).await;
    let mut feed = Subscriber::new(&server, FEED, json!({})).await;
    workers.next().await;
    feed.next().await;

    let batch = json!([event("W1", "WORKING", "08:00", 5.0, 3)]);
    proxy.decide_next_commit(CommitFate::Unanswered);
    refused(&server, &batch).await;
    assert_eq!(workers.next().await["workers"][0]["unitsProduced"], 3);
    let delivery = feed.next().await;
    assert_eq!(delivery["events"][0]["entityId"], "W1", "{delivery}");
    let again = server.ingest("plant", batch).await;
    assert_eq!((&again["duplicates"], &again["revision"]), (&json!(1), &delivery["revision"]));
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_batch_whose_commit_did_not_arrive_is_not_stored_and_new_when_it_comes_again() {
    if !has_postgres() {
        return;
    }
    let (proxy, server, _database) = server().await;
    let mut feed = Subscriber::new(&server, FEED, json!({})).await;
    let before = feed.next().await["revision"].as_i64();

    let batch = json!([event("W1", "WORKING", "08:00", 5.0, 3)]);
    proxy.decide_next_commit(CommitFate::Lost);
    refused(&server, &batch).await;
    let again = server.ingest("plant", batch).await;
    assert_eq!(
        (&again["accepted"], again["revision"].as_i64()),
        (&json!(1), before.map(|before| before + 1))
    );
    let delivery = feed.next().await;
    assert_eq!((&delivery["revision"], &delivery["skipped"]), (&again["revision"], &json!(0)));
    server.assert_audit_is_clean().await;
}
