//! Two servers on one database: what one took reaches the subscribers of the other.

use futures_util::future::join_all;
use serde_json::{Value, json};
use server::clock::Clock;

use crate::{
    harness::{TestServer, has_postgres, millis, patient, until},
    queries::event,
    subscriptions::{FACTORY, FEED, STATIONS, Subscriber, UPDATE_FACTORY, UPDATE_WORKER, WORKERS},
};

const NOW: &str = "2026-01-05T12:00:00Z";
/// How many batches each server takes: fewer in all than a feed delivers at once, so that it leaves out none.
const BATCHES: usize = 60;
/// The connections on which servers listen to each other.
const LISTENING: &str = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'";

async fn servers() -> [TestServer; 2] {
    let one = TestServer::at(NOW).await;
    let other = TestServer::on(one.database.clone(), Clock::manual(millis(NOW)), patient()).await;
    one.create_factory("plant").await;
    [one, other]
}

async fn store(server: &TestServer, events: Value) -> Value {
    let outcome = server.ingest("plant", events).await;
    assert!(outcome["accepted"].as_i64() > Some(0), "{outcome}");
    outcome["revision"].clone()
}

/// A worker that nobody has seen before, at work.
fn newcomer(name: &str) -> Value {
    json!([event(&format!("W-{name}"), "WORKING", "08:00", 5.0, 1)])
}

/// The workers of whom a feed tells until it has come to a revision, in its order.
async fn told(feed: &mut Subscriber, revision: i64) -> Vec<String> {
    let (mut workers, mut at) = (Vec::new(), 0);
    while at < revision {
        let delivery = feed.next().await;
        assert!(delivery["revision"].as_i64() > Some(at), "{delivery} after {at}");
        assert_eq!(delivery["skipped"], 0, "{delivery}");
        at = delivery["revision"].as_i64().expect("a revision");
        let events = delivery["events"].as_array().expect("events").iter();
        workers.extend(events.map(|event| event["entityId"].as_str().expect("an id").to_owned()));
    }
    workers
}

async fn assert_all_agree(servers: &[TestServer]) {
    let differences = server::store::audit(&servers[0].app.store).await.expect("an audit");
    assert!(differences.is_empty(), "{differences:?}");
    let query =
        "{ factoryMetrics(factoryId: \"plant\") { revision productiveMinutes unitsProduced activeWorkers } }";
    let answers = join_all(servers.iter().map(|server| server.ask(query, json!({})))).await;
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_batch_taken_by_one_server_reaches_every_kind_of_subscriber_of_the_other() {
    if !has_postgres() {
        return;
    }
    let servers = servers().await;
    for [from, to] in [[0, 1], [1, 0]].map(|pair| pair.map(|index| &servers[index])) {
        let mut workers = Subscriber::new(to, WORKERS, json!({})).await;
        let mut stations = Subscriber::new(to, STATIONS, json!({})).await;
        let mut factory = Subscriber::new(to, FACTORY, json!({})).await;
        let mut feed = Subscriber::new(to, FEED, json!({})).await;
        for subscriber in [&mut workers, &mut stations, &mut factory, &mut feed] {
            subscriber.next().await;
        }
        let name = from.address.port();
        let (worker, station) = (format!("W{name}"), format!("S{name}"));
        let events =
            json!([event(&worker, "WORKING", "08:00", 5.0, 3), event(&station, "WORKING", "08:00", 5.0, 4)]);
        let revision = store(from, events).await;

        let row = &workers.reaches(&revision).await["workers"][0];
        assert_eq!((&row["workerId"], &row["unitsProduced"]), (&json!(worker), &json!(3)));
        let row = &stations.reaches(&revision).await["workstations"][0];
        assert_eq!((&row["workstationId"], &row["unitsProduced"]), (&json!(station), &json!(4)));
        let query = FACTORY.replace("subscription", "query");
        let figures = to.ask(&query, json!({})).await["factoryMetrics"].take();
        assert_eq!(factory.reaches(&revision).await, figures);
        let delivery = feed.reaches(&revision).await;
        let told: Vec<_> = [0, 1].map(|index| delivery["events"][index]["entityId"].clone()).into();
        assert_eq!(told, [json!(worker), json!(station)], "{delivery}");
    }
    assert_all_agree(&servers).await;
}

#[tokio::test]
async fn what_both_servers_store_at_once_arrives_on_both_feeds_once_and_in_the_order_of_the_revisions() {
    if !has_postgres() {
        return;
    }
    let servers = servers().await;
    let mut feeds = join_all(servers.iter().map(|server| Subscriber::new(server, FEED, json!({})))).await;
    for feed in &mut feeds {
        feed.next().await;
    }
    // One batch after another, from one server and the other in turn; then both without waiting for each other.
    let mut stored = Vec::new();
    for number in 0..BATCHES {
        let server = &servers[number % servers.len()];
        let revision = store(server, newcomer(&format!("{number}"))).await;
        stored.push((revision.as_i64().expect("a revision"), format!("W-{number}")));
    }
    assert!(stored.is_sorted(), "{stored:?}");
    let at_once = join_all(servers.iter().map(async |server| {
        let mut stored = Vec::new();
        for number in 0..BATCHES {
            let name = format!("{}-{number}", server.address.port());
            let revision = store(server, newcomer(&name)).await;
            stored.push((revision.as_i64().expect("a revision"), format!("W-{name}")));
        }
        stored
    }))
    .await;
    stored.extend(at_once.concat());
    stored.sort();
    let (revisions, expected): (Vec<i64>, Vec<String>) = stored.into_iter().unzip();
    let last = *revisions.last().expect("a batch");
    for feed in &mut feeds {
        assert_eq!(told(feed, last).await, expected);
    }
    assert_all_agree(&servers).await;
}

#[tokio::test]
async fn names_and_settings_changed_by_one_server_reach_the_subscribers_of_the_other() {
    if !has_postgres() {
        return;
    }
    let servers = servers().await;
    let [one, other] = &servers;
    store(one, newcomer("1")).await;
    let mut workers = Subscriber::new(other, WORKERS, json!({})).await;
    let mut factory = Subscriber::new(other, FACTORY, json!({ "window": { "period": "TODAY" } })).await;
    let mut feed = Subscriber::new(other, FEED, json!({})).await;
    assert_eq!(workers.next().await["workers"][0]["name"], Value::Null);
    assert_eq!(factory.next().await["window"]["from"], "2026-01-05T00:00:00.000Z");
    let began_at = feed.next().await["revision"].as_i64();

    one.ask(UPDATE_WORKER, json!({ "id": "W-1", "input": { "name": "Ada" } })).await;
    assert_eq!(workers.next().await["workers"][0]["name"], "Ada");
    let changed = one.ask(UPDATE_FACTORY, json!({ "input": { "timeZone": "Asia/Kolkata" } })).await;
    let revision = &changed["updateFactory"]["revision"];
    // The name alone may have been told of before.
    while factory.next().await["window"]["from"] != "2026-01-04T18:30:00.000Z" {}
    assert!(revision.as_i64() > began_at);
    assert_eq!(feed.reaches(revision).await["events"], json!([]));
}

/// Ends connections of the database as an administrator does; answers with how many there were.
async fn terminate(server: &TestServer, which: &str) -> usize {
    let mut conn = server.database.connect().await;
    let ended = conn.rows(&format!("SELECT pg_terminate_backend(pid)::text {which}")).await;
    conn.close().await;
    ended.len()
}

/// Waits until every server listens.
async fn all_listen(servers: &[TestServer]) {
    let mut conn = servers[0].database.connect().await;
    let listening = format!("SELECT pid::text {LISTENING}");
    until("listening", async || conn.rows(&listening).await.len() >= servers.len()).await;
    conn.close().await;
}

#[tokio::test]
async fn servers_whose_connections_are_ended_listen_again_and_miss_nothing() {
    if !has_postgres() {
        return;
    }
    let servers = servers().await;
    let [one, other] = &servers;
    let mut workers = Subscriber::new(other, WORKERS, json!({})).await;
    let mut feed = Subscriber::new(other, FEED, json!({})).await;
    let mut revision = feed.next().await["revision"].as_i64().expect("a revision");
    let everything = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for (round, which) in [LISTENING, everything, LISTENING].into_iter().enumerate() {
        all_listen(&servers).await;
        let before = store(one, newcomer(&format!("{round}-before"))).await;
        assert!(terminate(one, which).await >= servers.len(), "{which}");
        let after = store(one, newcomer(&format!("{round}-after"))).await;
        workers.reaches(&after).await;
        assert!(before.as_i64() > Some(revision));
        revision = after.as_i64().expect("a revision");
        let expected = ["before", "after"].map(|name| format!("W-{round}-{name}"));
        assert_eq!(told(&mut feed, revision).await, expected, "{which}");
    }
    all_listen(&servers).await;
    assert_all_agree(&servers).await;
}
