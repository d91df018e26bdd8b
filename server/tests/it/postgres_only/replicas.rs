//! Two servers on one database.

use futures_util::future::join_all;
use serde_json::json;
use server::clock::Clock;

use crate::{
    harness::{Program, TestDatabase, TestServer, has_postgres, millis, patient, until},
    queries::event,
};

/// How often servers begin at once on an empty database, and how many.
const FIRST_STARTS: usize = 5;
const SERVERS: usize = 3;

#[tokio::test]
async fn servers_that_start_at_once_on_an_empty_database_all_become_ready() {
    if !has_postgres() {
        return;
    }
    for _ in 0..FIRST_STARTS {
        let database = TestDatabase::new().await;
        let servers = join_all((0..SERVERS).map(|_| Program::serve(database.url(), &[]))).await;
        for server in servers {
            let address = format!("{}/readyz", server.url);
            until("readiness", async || reqwest::get(&address).await.expect("a response").status() == 200)
                .await;
        }
    }
}

#[tokio::test]
async fn what_one_server_took_the_other_answers_and_both_number_one_sequence() {
    if !has_postgres() {
        return;
    }
    let one = TestServer::at("2026-01-05T12:00:00Z").await;
    let clock = Clock::manual(millis("2026-01-05T12:00:00Z"));
    let other = TestServer::on(one.database.clone(), clock, patient()).await;
    one.create_factory("plant").await;
    let mut revisions = Vec::new();
    for (number, server) in [&one, &other, &other, &one].into_iter().enumerate() {
        // All of one worker, so that what a server remembers of it grows stale.
        let event = event("W1", "WORKING", &format!("08:{number:02}"), 2.0, 1);
        let outcome = server.ingest("plant", json!([event])).await;
        assert_eq!(outcome["accepted"], 1, "{outcome}");
        revisions.push(outcome["revision"].as_i64().expect("a revision"));
    }
    assert!(revisions.is_sorted_by(|a, b| a < b), "{revisions:?}");
    let query = "{ workerMetrics(factoryId: \"plant\") { revision workers { workingMinutes overlapMinutes unitsProduced } } }";
    let answer = other.ask(query, json!({})).await["workerMetrics"].take();
    assert_eq!(one.ask(query, json!({})).await["workerMetrics"], answer);
    assert_eq!(answer["revision"].as_i64(), revisions.last().copied());
    let row = json!({ "workingMinutes": 5.0, "overlapMinutes": 3.0, "unitsProduced": 4 });
    assert_eq!(answer["workers"], json!([row]));
    for server in [&one, &other] {
        let differences = server::store::audit(&server.app.store).await.expect("an audit");
        assert!(differences.is_empty(), "{differences:?}");
    }
}
