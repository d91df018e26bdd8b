//! A PostgreSQL whose roles may not do everything.

use serde_json::json;
use server::{
    clock::Clock,
    store::{OpenError, Store},
};

use crate::harness::{TestDatabase, TestServer, has_postgres, patient, until};

#[tokio::test]
async fn a_role_that_may_create_nothing_serves_what_is_up_to_date_and_says_what_it_lacks_otherwise() {
    if !has_postgres() {
        return;
    }
    let database = TestDatabase::new().await;
    let (_, name) = database.url().rsplit_once('/').expect("a URL of a database");
    let role = format!("serves_{name}");
    let mut conn = database.connect().await;
    conn.execute(&format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE {role} LOGIN")).await;
    let (scheme_and_user, place) = database.url().split_once('@').expect("a URL with a user");
    let (scheme, _) = scheme_and_user.split_once("//").expect("a scheme");
    let url = format!("{scheme}//{role}@{place}");

    let refused = Store::open(&url).await.err().expect("a refusal");
    assert!(matches!(refused, OpenError::MayNotMigrate { .. }), "{refused}");
    for words in ["changes to its tables", "GRANT", "as a role that may"] {
        assert!(refused.to_string().contains(words), "{refused}");
    }
    drop(Store::open(database.url()).await.expect("the owner makes the tables"));
    conn.execute(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"))
        .await;
    let server = TestServer::on(TestDatabase::at(url), Clock::System, patient()).await;
    server.create_factory("plant").await;
    let event = json!({ "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "durationMinutes": 1,
                        "timestamp": "2026-01-05T08:00:00Z" });
    assert_eq!(server.ingest("plant", json!([event])).await["accepted"], 1);
    server.stop().await;
    // A role cannot be dropped as long as something is granted to it.
    until("its connections' end", async || {
        conn.rows(&format!("SELECT 1 FROM pg_stat_activity WHERE usename = '{role}'")).await.is_empty()
    })
    .await;
    conn.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    conn.close().await;
}
