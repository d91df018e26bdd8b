//! A server that was cut off for longer than commits are remembered.

use std::time::Duration;

use serde_json::{Value, json};
use server::{
    clock::Clock,
    store::{Store, Timeouts},
};

use crate::{
    harness::{Proxy, TestDatabase, TestServer, has_postgres, millis, patient, soon},
    queries::event,
    subscriptions::{FEED, Subscriber, UPDATE_WORKER, WORKERS},
};

const NOW: &str = "2026-01-05T12:00:00Z";
const SEED: u64 = 1;

/// Stores one event each of some workers; answers with the revision.
async fn store(server: &TestServer, workers: &[&str], time: &str) -> Value {
    let events: Value = workers.iter().map(|worker| event(worker, "WORKING", time, 5.0, 1)).collect();
    let outcome = server.ingest("plant", events).await;
    assert_eq!(outcome["accepted"], workers.len(), "{outcome}");
    outcome["revision"].clone()
}

/// Waits until a server has forgotten every commit, those of this very millisecond too.
async fn forget_commits(server: &TestServer) {
    let mut conn = server.database.connect().await;
    soon("forgetting", async {
        while !conn.rows("SELECT revision::text FROM commit_log").await.is_empty() {
            server.app.store.prune_commit_log(0).await.expect("a commit");
        }
    })
    .await;
    conn.close().await;
}

/// How many events a feed says it left out, and the workers of whom it tells, until it has come to a revision.
async fn told(feed: &mut Subscriber, revision: &Value) -> (u64, Vec<String>) {
    let (mut skipped, mut workers, mut at) = (0, Vec::new(), None);
    while at < revision.as_i64() {
        let delivery = feed.next().await;
        assert!(delivery["revision"].as_i64() > at, "{delivery} after {at:?}");
        at = delivery["revision"].as_i64();
        skipped += delivery["skipped"].as_u64().expect("a number");
        let events = delivery["events"].as_array().expect("events").iter();
        workers.extend(events.map(|event| event["entityId"].as_str().expect("an id").to_owned()));
    }
    (skipped, workers)
}

#[tokio::test]
async fn a_server_that_was_cut_off_while_commits_were_forgotten_says_how_many_events_it_left_out() {
    if !has_postgres() {
        return;
    }
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(database.url(), SEED).await;
    let one = TestServer::on(database, Clock::manual(millis(NOW)), patient()).await;
    one.create_factory("plant").await;
    let by_proxy = TestDatabase::at(proxy.url_of(one.database.url()));
    let timeouts = Timeouts { statement: Duration::from_secs(2), ..Timeouts::default() };
    let its_store = Store::open_with(by_proxy.url(), timeouts).await.expect("a database");
    let cut_off = TestServer::with_store(its_store, by_proxy, Clock::manual(millis(NOW)), patient()).await;

    store(&one, &["W1", "W2"], "08:00").await;
    let mut feed = Subscriber::new(&cut_off, FEED, json!({})).await;
    feed.next().await;
    let mut workers = Subscriber::new(&cut_off, WORKERS, json!({})).await;
    workers.next().await;
    let revision = store(&one, &["W3"], "08:00").await;
    assert_eq!(told(&mut feed, &revision).await, (0, vec!["W3".to_owned()]));

    // Some are forgotten, a later one is not.
    proxy.fall_silent();
    store(&one, &["W4", "W5"], "08:00").await;
    one.ask(UPDATE_WORKER, json!({ "id": "W4", "input": { "name": "Ada" } })).await;
    store(&one, &["W4", "W5", "W6"], "08:05").await;
    forget_commits(&one).await;
    let revision = store(&one, &["W7"], "08:00").await;
    proxy.speak_again();
    assert_eq!(told(&mut feed, &revision).await, (5, vec!["W7".to_owned()]));
    workers.reaches(&revision).await;

    // All of them are.
    proxy.fall_silent();
    let revision = store(&one, &["W8", "W9"], "08:00").await;
    forget_commits(&one).await;
    proxy.speak_again();
    assert_eq!(told(&mut feed, &revision).await, (2, vec![]));

    // Nothing was stored in those.
    proxy.fall_silent();
    one.ask(UPDATE_WORKER, json!({ "id": "W8", "input": { "name": "Bo" } })).await;
    forget_commits(&one).await;
    let revision = store(&one, &["W1"], "09:00").await;
    proxy.speak_again();
    assert_eq!(told(&mut feed, &revision).await, (0, vec!["W1".to_owned()]));
    let (mine, others) = tokio::join!(
        cut_off.ask("{ factoryMetrics(factoryId: \"plant\") { revision unitsProduced } }", json!({})),
        one.ask("{ factoryMetrics(factoryId: \"plant\") { revision unitsProduced } }", json!({}))
    );
    assert_eq!(mine, others);
    one.assert_audit_is_clean().await;
}
