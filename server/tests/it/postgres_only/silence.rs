//! A network that swallows what it is given: connections to PostgreSQL stay open, and nothing comes on them.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use server::{
    clock::Clock,
    store::{Store, Timeouts},
};

use super::outage::{INGEST, assert_is_told_to_ask_again, readiness, revision};
use crate::{
    harness::{Proxy, TestDatabase, TestServer, has_postgres, millis, patient, soon},
    subscriptions::{FACTORY, Subscriber},
    undisturbed::{AFTERWARDS, Watchers, arrivals, events, last_event, numbers, send, undisturbed_numbers},
};

/// How often all connections fall silent for good: more often than the server has connections that write.
const SILENCES: usize = 4;
/// Between two of them: enough that senders are still at work when it happens.
const EVENTS_PER_SILENCE: usize = 1_500;
/// Small, so that there are many transactions to be struck.
const BATCH_EVENTS: usize = 10;
const SEED: u64 = 1;

/// As patient as the server is otherwise, in a fraction of the time.
fn short() -> Timeouts {
    Timeouts {
        statement: Duration::from_secs(2),
        liveness_check: Duration::from_millis(500),
        notification_silence: Duration::from_millis(500),
        idle_transaction: Duration::from_secs(1),
        ..Timeouts::default()
    }
}

/// A server with a factory, and the proxy on its way to PostgreSQL.
async fn server() -> (Proxy, TestServer, TestDatabase) {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(database.url(), SEED).await;
    let by_proxy = TestDatabase::at(proxy.url_of(database.url()));
    let store = Store::open_with(by_proxy.url(), short()).await.expect("a database");
    let clock = Clock::manual(millis(AFTERWARDS));
    let server = TestServer::with_store(store, by_proxy, clock, patient()).await;
    server.create_factory("plant").await;
    (proxy, server, database)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgresql_is_silent_callers_are_told_to_ask_again_and_then_all_goes_on() {
    if !has_postgres() {
        return;
    }
    let (proxy, server, _database) = server().await;
    let watchers = Watchers::of(&server).await;
    let mut events = events(EVENTS_PER_SILENCE);
    let before = revision(&server).await;
    let (url, arrivals) = (server.url(""), arrivals(&events));
    let first = json!({ "events": arrivals[..1] });
    let sending = tokio::spawn(async move { send(&url, &arrivals, BATCH_EVENTS).await });
    soon("a first batch", async { while revision(&server).await == before {} }).await;
    proxy.fall_silent();
    assert!(!sending.is_finished(), "it fell silent too late");
    readiness(&server, StatusCode::SERVICE_UNAVAILABLE).await;
    let other_window = json!({ "window": { "lastMinutes": 60 } });
    let mut newcomer = Subscriber::new(&server, FACTORY, other_window).await;
    tokio::join!(
        assert_is_told_to_ask_again(&server, INGEST, first),
        assert_is_told_to_ask_again(&server, "{ factories { id } }", json!({})),
        async {
            let refused = newcomer.socket.receive().await;
            assert!(refused.to_string().contains("UNAVAILABLE"), "{refused}");
        }
    );
    proxy.speak_again();
    readiness(&server, StatusCode::OK).await;
    let report = soon("the rest", sending).await.expect("no panic");
    assert_eq!(report.exit_code(), 0, "{report:?}");

    events.push(last_event(&events));
    let outcome = server.ingest("plant", json!(events[events.len() - 1..])).await;
    assert_eq!(outcome["accepted"], 1, "{outcome}");
    watchers.assert_saw_all(&server, events.len()).await;
    server.assert_audit_is_clean().await;
    assert_eq!(numbers(&server).await, undisturbed_numbers(&events).await);
}

/// How many connections listen; PostgreSQL does not know that some have been given up.
async fn listening(database: &TestDatabase) -> usize {
    let mut conn = database.connect().await;
    let query =
        "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'";
    let rows = conn.rows(query).await;
    conn.close().await;
    rows.len()
}

async fn one_more_listens(database: &TestDatabase, before: usize) {
    soon("a connection that listens", async { while listening(database).await <= before {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_fall_silent_for_good_are_replaced_by_new_ones() {
    if !has_postgres() {
        return;
    }
    let (proxy, server, database) = server().await;
    let watchers = Watchers::of(&server).await;
    let mut events = events(SILENCES * EVENTS_PER_SILENCE);
    let arrivals = arrivals(&events);
    let mut struck = 0;
    for part in arrivals.chunks(arrivals.len().div_ceil(SILENCES)) {
        let before = revision(&server).await;
        let (url, part) = (server.url(""), part.to_vec());
        let sending = tokio::spawn(async move { send(&url, &part, BATCH_EVENTS).await });
        soon("a first batch", async { while revision(&server).await == before {} }).await;
        let listening = listening(&database).await;
        proxy.forget_connections();
        struck += usize::from(!sending.is_finished());
        one_more_listens(&database, listening).await;
        let report = soon("the rest of the part", sending).await.expect("no panic");
        assert_eq!(report.exit_code(), 0, "{report:?}");
    }
    assert_eq!(struck, SILENCES, "silences with batches on the way");

    events.push(last_event(&events));
    let outcome = server.ingest("plant", json!(events[events.len() - 1..])).await;
    assert_eq!(outcome["accepted"], 1, "{outcome}");
    watchers.assert_saw_all(&server, events.len()).await;
    server.assert_audit_is_clean().await;
    assert_eq!(numbers(&server).await, undisturbed_numbers(&events).await);
}
