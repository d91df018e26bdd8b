//! A database that has come to its cap has no room, and everything else goes on.

use domain::event::RawEvent;
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::{
    clock::Clock,
    ingest::MAX_BATCH_EVENTS,
    store::{OpenError, Store},
};
use tempfile::TempDir;

use crate::{
    harness::{Program, TestDatabase, TestServer, code, millis, patient, soon},
    subscriptions::{FACTORY, FEED, Subscriber, WORKERS},
    undisturbed::{AFTERWARDS, events, numbers, undisturbed_numbers},
};

const MIB: u64 = 1024 * 1024;
/// Far more events than fit into a mebibyte.
const EVENTS: usize = 30_000;
const BATCH_EVENTS: usize = 500;

const INGEST: &str = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) \
    { accepted revision } }";

async fn serve(database: &TestDatabase, max_bytes: u64) -> TestServer {
    let store = Store::open_capped(database.url(), Some(max_bytes)).await.expect("a database");
    TestServer::with_store(store, database.clone(), Clock::manual(millis(AFTERWARDS)), patient()).await
}

/// Sends a batch for which there is no room, and checks that this is said.
async fn assert_no_room(server: &TestServer, batch: &[RawEvent]) {
    let body = json!({ "query": INGEST, "variables": { "events": batch } }).to_string();
    let response = soon("an answer", server.request(body).send()).await.expect("a response");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!(code(&answer), "UNAVAILABLE");
    assert!(answer["errors"][0]["extensions"]["retryAfterMs"].as_u64() > Some(0), "{answer}");
    let words = answer["errors"][0]["message"].as_str().expect("words");
    assert!(words.contains("no room left") && words.contains("--max-database-mb"), "{words}");
}

#[tokio::test]
async fn a_database_without_room_refuses_a_batch_whole_and_answers_as_before_until_its_cap_is_raised() {
    let folder = TempDir::new().expect("a temporary directory");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("andon.db").display());
    let database = TestDatabase::at(url);
    let server = serve(&database, MIB).await;
    server.create_factory("plant").await;
    let mut workers = Subscriber::new(&server, WORKERS, json!({})).await;
    let mut feed = Subscriber::new(&server, FEED, json!({})).await;
    feed.next().await;

    let events = events(EVENTS);
    let (mut stored, mut revision) = (0, Value::Null);
    let too_many = loop {
        let batch = &events[stored..][..BATCH_EVENTS];
        let answer = server.answer(INGEST, json!({ "events": batch })).await;
        if answer.get("errors").is_some() {
            break batch;
        }
        stored += batch.len();
        revision = answer["data"]["ingestEvents"]["revision"].clone();
    };
    assert!(stored > 0);
    assert_no_room(&server, too_many).await;
    let file_bytes = std::fs::metadata(folder.path().join("andon.db")).expect("the file").len();
    assert!(file_bytes <= MIB, "{file_bytes} bytes");

    // Those who follow have the last state, those who come get it, and a refused batch left nothing.
    workers.reaches(&revision).await;
    feed.reaches(&revision).await;
    let figures = Subscriber::new(&server, FACTORY, json!({})).await.next().await;
    assert_eq!(figures["revision"], revision);
    server.assert_audit_is_clean().await;
    assert_eq!(numbers(&server).await, undisturbed_numbers(&events[..stored]).await);
    assert_no_room(&server, too_many).await;

    server.stop().await;
    let server = serve(&database, 64 * MIB).await;
    let mut feed = Subscriber::new(&server, FEED, json!({})).await;
    assert_eq!(feed.next().await["revision"], revision);
    let outcome = server.ingest("plant", json!(too_many)).await;
    assert_eq!((&outcome["accepted"], &outcome["duplicates"]), (&json!(too_many.len()), &json!(0)));
    stored += too_many.len();
    feed.reaches(&outcome["revision"]).await;
    server.assert_audit_is_clean().await;
    assert_eq!(numbers(&server).await, undisturbed_numbers(&events[..stored]).await);
}

#[tokio::test]
async fn a_file_beyond_its_cap_is_opened_and_grows_no_further() {
    let folder = TempDir::new().expect("a temporary directory");
    let database =
        TestDatabase::at(format!("sqlite://{}?mode=rwc", folder.path().join("andon.db").display()));
    let server = serve(&database, 64 * MIB).await;
    server.create_factory("plant").await;
    let events = events(EVENTS);
    let (before, more) = events.split_at(EVENTS / 2);
    for batch in before.chunks(10 * BATCH_EVENTS) {
        server.ingest("plant", json!(batch)).await;
    }
    server.stop().await;
    let server = serve(&database, MIB).await;
    let query = FACTORY.replacen("subscription", "query", 1);
    assert!(server.ask(&query, json!({})).await["factoryMetrics"]["unitsProduced"].as_i64() > Some(0));
    assert_no_room(&server, &more[..MAX_BATCH_EVENTS]).await;
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_cap_is_for_a_file_and_given_in_whole_mebibytes() {
    let url = "postgres://andon:secret@127.0.0.1:1/andon";
    let refused = Store::open_capped(url, Some(MIB)).await.err().expect("a refusal");
    assert!(matches!(refused, OpenError::CapOfServer), "{refused}");
    for (arguments, words) in [
        (["--database-url", url, "--max-database-mb", "1"], "SQLite"),
        (["--database-url", url, "--max-database-mb", "0"], "max-database-mb"),
    ] {
        let mut command = Program::command(&["serve", "--listen", "127.0.0.1:0"]);
        let ended = soon("the end", command.args(arguments).output()).await.expect("the program");
        let message = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            !ended.status.success() && message.contains(words) && !message.contains("secret"),
            "{message}"
        );
    }
}
