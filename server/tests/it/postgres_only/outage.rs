//! PostgreSQL goes away and comes back; the server stays.

use private_postgres::{Cluster, Shutdown};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use server::clock::Clock;

use crate::{
    harness::{TestDatabase, TestServer, code, has_postgres, millis, patient, soon, until},
    subscriptions::{FACTORY, Subscriber},
    undisturbed::{AFTERWARDS, Watchers, arrivals, events, last_event, numbers, send, undisturbed_numbers},
};

/// How PostgreSQL goes: it is told to stop, or killed.
const ENDS: [Option<Shutdown>; 2] = [Some(Shutdown::Fast), None];
/// For each of them: enough that senders are still at work when it happens.
const EVENTS_PER_END: usize = 2_000;
/// Small, so that there are many transactions to be struck.
const BATCH_EVENTS: usize = 10;

pub(super) const INGEST: &str = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) \
    { accepted duplicates revision } }";

/// Does something with the cluster that takes its time, while the server goes on.
async fn with(mut cluster: Cluster, act: impl FnOnce(&mut Cluster) + Send + 'static) -> Cluster {
    let acting = tokio::task::spawn_blocking(move || {
        act(&mut cluster);
        cluster
    });
    soon("the cluster's end or start", acting).await.expect("no panic")
}

/// Waits until the server says that it can serve, or that it cannot.
pub(super) async fn readiness(server: &TestServer, expected: StatusCode) {
    let url = server.url("/readyz");
    until(expected.as_str(), async || {
        server.client.get(&url).send().await.expect("a response").status() == expected
    })
    .await;
}

pub(super) async fn revision(server: &TestServer) -> i64 {
    let answer = server.ask("{ factoryMetrics(factoryId: \"plant\") { revision } }", json!({})).await;
    answer["factoryMetrics"]["revision"].as_i64().expect("a revision")
}

/// Asks what cannot be answered now, and checks that this is said so that a sender knows what to do.
pub(super) async fn assert_is_told_to_ask_again(server: &TestServer, query: &str, variables: Value) {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let response: Response = soon("an answer", server.request(body).send()).await.expect("a response");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"), "{:?}", response.headers());
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!(code(&answer), "UNAVAILABLE");
    assert!(answer["errors"][0]["extensions"]["retryAfterMs"].as_u64() > Some(0), "{answer}");
    let words = answer["errors"][0]["message"].as_str().expect("words");
    assert!(words.contains("the database cannot answer now"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_that_stops_or_is_killed_while_batches_come_in_costs_nothing_but_time() {
    if !has_postgres() {
        return;
    }
    let starting = tokio::task::spawn_blocking(|| Cluster::start().expect("a cluster"));
    let mut cluster = starting.await.expect("no panic");
    let database = TestDatabase::at(cluster.url("postgres"));
    let server = TestServer::on(database, Clock::manual(millis(AFTERWARDS)), patient()).await;
    server.create_factory("plant").await;
    let watchers = Watchers::of(&server).await;
    let mut figures = Subscriber::new(&server, FACTORY, json!({})).await;
    figures.next().await;

    let mut events = events(ENDS.len() * EVENTS_PER_END);
    let arrivals = arrivals(&events);
    let mut struck = 0;
    for (end, part) in ENDS.into_iter().zip(arrivals.chunks(arrivals.len().div_ceil(ENDS.len()))) {
        readiness(&server, StatusCode::OK).await;
        let before = revision(&server).await;
        let (url, sent) = (server.url(""), part.to_vec());
        let sending = tokio::spawn(async move { send(&url, &sent, BATCH_EVENTS).await });
        soon("a first batch", async { while revision(&server).await == before {} }).await;
        cluster = with(cluster, move |cluster| match end {
            Some(how) => cluster.stop(how).expect("an end"),
            None => cluster.kill().expect("an end"),
        })
        .await;
        struck += usize::from(!sending.is_finished());
        readiness(&server, StatusCode::SERVICE_UNAVAILABLE).await;
        let batch = json!({ "events": part[..1] });
        // Nobody follows this yet; who asks what others follow gets what they have.
        let other_window = json!({ "window": { "lastMinutes": 60 } });
        let mut newcomer = Subscriber::new(&server, FACTORY, other_window).await;
        tokio::join!(
            assert_is_told_to_ask_again(&server, INGEST, batch),
            assert_is_told_to_ask_again(&server, "{ factories { id } }", json!({})),
            async {
                let refused = newcomer.socket.receive().await;
                assert!(refused.to_string().contains("UNAVAILABLE"), "{refused}");
            }
        );
        cluster = with(cluster, |cluster| cluster.start_again().expect("a new start")).await;
        readiness(&server, StatusCode::OK).await;
        let report = soon("the rest of the part", sending).await.expect("no panic");
        assert_eq!(report.exit_code(), 0, "{report:?}");
    }
    assert_eq!(struck, ENDS.len(), "ends with batches on the way");

    events.push(last_event(&events));
    let outcome = server.ingest("plant", json!(events[events.len() - 1..])).await;
    assert_eq!(outcome["accepted"], 1, "{outcome}");
    watchers.assert_saw_all(&server, events.len()).await;
    let query = FACTORY.replacen("subscription", "query", 1);
    let now = server.ask(&query, json!({})).await["factoryMetrics"].take();
    assert_eq!(figures.reaches(&outcome["revision"]).await, now);
    server.assert_audit_is_clean().await;
    assert_eq!(numbers(&server).await, undisturbed_numbers(&events).await);
}
