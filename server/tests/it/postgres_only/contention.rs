//! Transactions that PostgreSQL undoes because another one was in the way: a deadlock, a serialization failure.

use serde_json::json;

use crate::{
    harness::{TestDatabase, TestServer, code, has_postgres, soon},
    queries::event,
    subscriptions::{UPDATE_FACTORY, UPDATE_WORKER},
};

const NOW: &str = "2026-01-05T12:00:00Z";
/// What PostgreSQL says then, in its numbers.
const CODES: [&str; 2] = ["40P01", "40001"];
/// How often in a row a transaction is undone and all goes on as if it were not.
const A_FEW: i64 = 3;
/// More than anybody should try before saying so: it would take minutes.
const TOO_OFTEN: i64 = 50;

const INGEST: &str =
    "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";

/// Undoes the next transactions that change a factory's revision, so many, as if another one were in the way.
async fn obstruct(database: &TestDatabase, code: &str, transactions: i64) {
    let mut conn = database.connect().await;
    // A sequence goes on counting when the transaction that counted is undone.
    conn.execute(&format!(
        "DROP TRIGGER IF EXISTS obstruct ON factory;
         DROP SEQUENCE IF EXISTS met;
         CREATE SEQUENCE met;
         CREATE OR REPLACE FUNCTION obstruct() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('met') <= {transactions} THEN
                 RAISE EXCEPTION 'another transaction is in the way' USING ERRCODE = '{code}';
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER obstruct BEFORE UPDATE ON factory FOR EACH ROW EXECUTE FUNCTION obstruct();"
    ))
    .await;
    conn.close().await;
}

/// How often somebody tried since then.
async fn tries(database: &TestDatabase) -> i64 {
    let mut conn = database.connect().await;
    let rows = conn.rows("SELECT last_value::text FROM met").await;
    conn.close().await;
    rows[0][0].as_deref().expect("a number").parse().expect("a number")
}

async fn plant() -> TestServer {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    server
}

async fn assert_units(server: &TestServer, units: i64) {
    let answer = server.ask("{ factoryMetrics(factoryId: \"plant\") { unitsProduced } }", json!({})).await;
    assert_eq!(answer["factoryMetrics"]["unitsProduced"], units);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn what_was_undone_because_another_was_in_the_way_is_tried_again_and_no_sender_notices() {
    if !has_postgres() {
        return;
    }
    let server = plant().await;
    for (number, code) in CODES.into_iter().enumerate() {
        obstruct(&server.database, code, A_FEW).await;
        let batch = json!([event("W1", "WORKING", &format!("08:0{number}"), 1.0, 1)]);
        let outcome = server.ingest("plant", batch).await;
        assert_eq!((&outcome["accepted"], &outcome["duplicates"]), (&json!(1), &json!(0)), "{code}");
        assert_eq!(tries(&server.database).await, A_FEW + 1, "{code}");

        obstruct(&server.database, code, A_FEW).await;
        server.ask(UPDATE_WORKER, json!({ "id": "W1", "input": { "name": code } })).await;
        assert_eq!(tries(&server.database).await, A_FEW + 1, "{code}");

        obstruct(&server.database, code, A_FEW).await;
        server.ask(UPDATE_FACTORY, json!({ "input": { "name": code } })).await;
        assert_eq!(tries(&server.database).await, A_FEW + 1, "{code}");
    }
    assert_units(&server, CODES.len() as i64).await;
}

#[tokio::test]
async fn what_is_undone_again_and_again_is_given_back_to_the_sender_who_may_ask_later() {
    if !has_postgres() {
        return;
    }
    let server = plant().await;
    for (number, sqlstate) in CODES.into_iter().enumerate() {
        obstruct(&server.database, sqlstate, i64::MAX).await;
        let batch = json!([event("W1", "WORKING", &format!("08:0{number}"), 1.0, 1)]);
        let answer = soon("an answer", server.answer(INGEST, json!({ "events": batch }))).await;
        assert_eq!(code(&answer), "UNAVAILABLE", "{answer}");
        assert!(answer["errors"][0]["extensions"]["retryAfterMs"].as_u64() > Some(0), "{answer}");
        let tries = tries(&server.database).await;
        assert!(tries > A_FEW && tries < TOO_OFTEN, "{tries} tries");
        assert_units(&server, number as i64).await;

        obstruct(&server.database, sqlstate, 0).await;
        assert_eq!(server.ingest("plant", batch).await["accepted"], 1);
        assert_units(&server, number as i64 + 1).await;
    }
}
