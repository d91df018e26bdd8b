//! Transactions that SQLite ends by itself, as it does when a disk is full or fails: what comes after is stored for good.

use serde_json::json;
use server::clock::Clock;
use tempfile::TempDir;

use crate::{
    harness::{TestDatabase, TestServer, patient},
    queries::event,
};

/// Units of a batch whose transaction SQLite ends.
const ENDED: u32 = 13;
/// Units of a batch that SQLite refuses and leaves the transaction to us.
const REFUSED: u32 = 14;

const INGEST: &str =
    "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";

#[tokio::test]
async fn what_is_accepted_after_sqlite_ended_a_transaction_by_itself_is_there_for_all_and_for_good() {
    let folder = TempDir::new().expect("a temporary directory");
    let database =
        TestDatabase::at(format!("sqlite://{}?mode=rwc", folder.path().join("andon.db").display()));
    let server = TestServer::on(database.clone(), Clock::System, patient()).await;
    server.create_factory("plant").await;
    let mut conn = database.connect().await;
    for (name, units, action) in [("ended", ENDED, "ROLLBACK"), ("refused", REFUSED, "ABORT")] {
        conn.execute(&format!(
            "CREATE TRIGGER {name} BEFORE INSERT ON event WHEN NEW.units = {units} BEGIN SELECT RAISE({action}, 'no'); END"
        ))
        .await;
    }
    let batch =
        |minute: usize, units| json!([event("W1", "WORKING", &format!("08:{minute:02}"), 1.0, units)]);
    let mut stored = 0;
    for (minute, units_sent) in
        [1, ENDED, REFUSED, 2, ENDED, ENDED, REFUSED, REFUSED, 3, 4].into_iter().enumerate()
    {
        let batch = batch(minute, units_sent);
        if [ENDED, REFUSED].contains(&units_sent) {
            assert_eq!(server.refused(INGEST, json!({ "events": batch })).await, "INTERNAL");
        } else {
            assert_eq!(server.ingest("plant", batch).await["accepted"], 1);
            stored += i64::from(units_sent);
        }
        assert_eq!(server.units("plant").await, stored, "after {minute} batches");
    }
    server.assert_audit_is_clean().await;
    server.stop().await;
    let server = TestServer::on(database, Clock::System, patient()).await;
    assert_eq!(server.units("plant").await, stored);
}
