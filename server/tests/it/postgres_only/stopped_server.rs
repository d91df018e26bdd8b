//! Of two servers on one database one is stopped, with a part of a decision begun and neither committed nor undone. PostgreSQL ends
//! its transaction, the other one goes on, and when the stopped one goes on, too, it finds that out.

use futures_util::poll;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};
use server::{clock::Clock, store::Store};
use test_harness::{POLL_INTERVAL, until};
use tokio::process::Command;

use crate::{
    decision_slices::{NOW, begin, hour},
    harness::{Program, TestDatabase, TestServer, has_postgres, millis, patient, soon},
    queries::event,
};

/// The lock of a test's own that whoever writes down what changed waits for.
const LOCK: &str = "14";

const PROGRESS: &str = "{ decisions(factoryId: \"plant\") { edges { node { number progress { state } } } } }";
const FIGURES: &str =
    "{ factoryMetrics(factoryId: \"plant\") { revision } workerMetrics(factoryId: \"plant\") { workers {
    workerId workingMinutes correctedMinutes unitsProduced } } }";

async fn signal(program: &Program, name: &str) {
    let id = program.child.id().expect("a running process").to_string();
    assert!(Command::new("kill").args([name, &id]).status().await.expect("kill").success());
}

/// How many transactions of the database wait for the test's lock.
const WAITING: &str =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
/// Those that wait for nothing but their server, which has written in them.
const LEFT_ALONE: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
    AND state = 'idle in transaction' AND backend_xid IS NOT NULL";

async fn until_one(database: &TestDatabase, sql: &str) {
    let mut conn = database.connect().await;
    until(sql, async || conn.rows(sql).await.len() == 1).await;
    conn.close().await;
}

async fn is_applied(program: &Program) -> bool {
    let data = program.ask(PROGRESS, json!({})).await;
    let edges = data["decisions"]["edges"].as_array().expect("decisions").clone();
    edges.iter().all(|edge| edge["node"]["progress"]["state"] == "APPLIED")
}

#[tokio::test]
async fn a_server_that_is_stopped_in_a_part_of_a_decision_keeps_the_other_one_only_until_its_transaction_is_ended()
 {
    if !has_postgres() {
        return;
    }
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    let before = json!([event("W1", "IDLE", "08:00", 60.0, 3), event("W2", "IDLE", "08:20", 60.0, 4)]);
    server.ingest("plant", before).await;
    let database = server.stop().await;
    let store = Store::open(database.url()).await.expect("a database");
    begin(&store, &hour()).await;
    store.close().await;

    let mut conn = database.connect().await;
    conn.execute(&format!(
        "CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM set_config('lock_timeout', '0', true); \
         PERFORM pg_advisory_lock_shared({LOCK}); PERFORM pg_advisory_unlock_shared({LOCK}); RETURN NULL; END $$; \
         CREATE TRIGGER meet AFTER INSERT ON restated_hour FOR EACH STATEMENT EXECUTE FUNCTION meet(); \
         SELECT pg_advisory_lock({LOCK})"
    ))
    .await;
    let stopped = Program::serve(database.url(), &[]).await;
    until_one(&database, WAITING).await;
    signal(&stopped, "-STOP").await;
    conn.execute(&format!("SELECT pg_advisory_unlock({LOCK})")).await;
    conn.close().await;
    until_one(&database, LEFT_ALONE).await;

    // The same factory: the other one wants to go on with the decision, and to store late events of those whom it is about.
    let other = Program::serve(database.url(), &[]).await;
    let late = json!([event("W1", "WORKING", "08:30", 90.0, 5), event("W3", "WORKING", "08:00", 30.0, 6)]);
    let ingest = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted duplicates } }";
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let body = json!({ "query": ingest, "variables": { "events": late } }).to_string();
    let stored = soon("the events", async {
        loop {
            let request =
                client.post(format!("{}/graphql", other.url)).header("content-type", "application/json");
            let answer: Value =
                request.body(body.clone()).send().await.expect("a response").json().await.expect("JSON");
            if answer.get("errors").is_none() {
                return answer["data"]["ingestEvents"].clone();
            }
            assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        }
    })
    .await;
    assert_eq!(stored, json!({ "accepted": 2, "duplicates": 0 }));
    until("the end of the decision", async || is_applied(&other).await).await;
    let audit = Program::audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    let figures = other.ask(FIGURES, json!({})).await;
    let expected = json!([
        { "workerId": "W1", "workingMinutes": 120.0, "correctedMinutes": 60.0, "unitsProduced": 8 },
        { "workerId": "W2", "workingMinutes": 60.0, "correctedMinutes": 60.0, "unitsProduced": 4 },
        { "workerId": "W3", "workingMinutes": 30.0, "correctedMinutes": 0.0, "unitsProduced": 6 },
    ]);
    assert_eq!(figures["workerMetrics"]["workers"], expected);

    signal(&stopped, "-CONT").await;
    // It says so when it has found out: what it had begun is undone, and there is nothing left to do.
    stopped.logs("a part of a decision could not be applied").await;
    assert_eq!(stopped.ask(FIGURES, json!({})).await, figures);
    let more = json!([event("W2", "WORKING", "07:00", 30.0, 1)]);
    stopped.ask(ingest, json!({ "events": more })).await;
    assert!(is_applied(&stopped).await);
    assert!(stopped.terminate().await.0.success());
    assert!(other.terminate().await.0.success());
    let audit = Program::audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    let server = TestServer::on(database, Clock::manual(millis(NOW)), patient()).await;
    assert_eq!(server.units("plant").await, 19);
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up_and_its_transaction_with_it() {
    const SENDING: &str =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientWrite'";
    if !has_postgres() {
        return;
    }
    let database = TestDatabase::new().await;
    let store = Store::open(database.url()).await.expect("a database");
    let snapshot = store.snapshot().await.expect("a snapshot");
    // Only that nobody takes it ends this one, which is longer than what lies on the way of it and what is taken until then.
    snapshot.execute_unprepared("SET LOCAL statement_timeout = 0").await.expect("a setting");
    let long = "SELECT repeat('x', 100000) FROM generate_series(1, 1000000)";
    let mut asking =
        std::pin::pin!(snapshot.query_all_raw(Statement::from_string(DbBackend::Postgres, long)));
    let mut conn = database.connect().await;
    until("an answer that is on its way", async || {
        assert!(poll!(&mut asking).is_pending());
        for _ in 0..10 {
            if !conn.rows(SENDING).await.is_empty() {
                return true;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        false
    })
    .await;
    // From here on it stands still, as everything of a stopped server does.
    until("the end of the transaction", async || conn.rows(SENDING).await.is_empty()).await;
    conn.close().await;
    assert!(asking.await.is_err());
}
