//! Who may do what, on servers that share a database.

use domain::access::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::{
    access::AccessMode,
    clock::Clock,
    store::{Store, Timeouts},
};

use crate::harness::{
    Caller, Proxy, Socket, TestDatabase, TestServer, has_postgres, millis, patient, soon, until,
};

const NOW: &str = "2026-01-05T12:00:00Z";
const METRICS: &str = "subscription { factoryMetrics(factoryId: \"plant\") { unitsProduced } }";

/// A server that lets in only who proves who they are, on a database that others use, too.
async fn closed(database: &TestDatabase, url: &str) -> TestServer {
    let store = Store::open_with(url, Timeouts::default()).await.expect("a database");
    let options = (patient(), AccessMode::Required);
    TestServer::with_access(store, database.clone(), Clock::manual(millis(NOW)), options).await
}

async fn follow(server: &TestServer, caller: &Caller) -> Socket {
    let mut socket = server.socket_of(caller).await;
    socket.subscribe("1", METRICS, json!({})).await;
    socket.delivery("1").await;
    socket
}

async fn status(server: &TestServer, caller: &Caller) -> StatusCode {
    let query = "{ factories { factoryId } }";
    let request = server.request_of(caller, query, &Value::Null);
    soon("an answer", request.send()).await.expect("a response").status()
}

#[tokio::test]
async fn what_one_server_revokes_the_other_refuses_at_once() {
    if !has_postgres() {
        return;
    }
    let one = TestServer::at(NOW).await;
    one.create_factory("plant").await;
    let other = closed(&one.database, one.database.url()).await;
    let caller = one.token("plant", Role::Viewer, "board").await;
    let mut socket = follow(&other, &caller).await;
    assert_eq!(status(&other, &caller).await, StatusCode::OK);
    one.revoke("plant", &caller).await;
    assert_eq!(socket.closed().await.code, 4403);
    assert_eq!(status(&other, &caller).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_server_that_cannot_look_for_half_a_minute_lets_nobody_in_until_it_can() {
    if !has_postgres() {
        return;
    }
    let one = TestServer::at(NOW).await;
    one.create_factory("plant").await;
    let proxy = Proxy::before(one.database.url(), 1).await;
    let cut_off = closed(&one.database, &proxy.url_of(one.database.url())).await;
    let [revoked, valid] =
        [one.token("plant", Role::Viewer, "one").await, one.token("plant", Role::Viewer, "two").await];
    let mut socket = follow(&cut_off, &revoked).await;
    assert_eq!(status(&cut_off, &valid).await, StatusCode::OK);
    proxy.fall_silent();
    one.revoke("plant", &revoked).await;
    // It cannot hear of that, and closes every connection once it has not looked for too long.
    assert_eq!(socket.closed().await.code, 1013);
    for caller in [&revoked, &valid] {
        assert_eq!(status(&cut_off, caller).await, StatusCode::SERVICE_UNAVAILABLE);
    }
    proxy.speak_again();
    until("the end of blindness", async || status(&cut_off, &valid).await == StatusCode::OK).await;
    assert_eq!(status(&cut_off, &revoked).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn of_two_servers_that_start_at_once_on_an_empty_database_one_makes_the_setup_code() {
    if !has_postgres() {
        return;
    }
    let database = TestDatabase::new().await;
    let one = closed(&database, database.url()).await;
    let other = closed(&database, database.url()).await;
    let made = tokio::join!(one.app.access.new_setup_code(), other.app.access.new_setup_code());
    let codes = [made.0, made.1].map(|code| code.expect("a commit"));
    assert_eq!(codes.iter().flatten().count(), 1, "{:?}", codes.map(|code| code.is_some()));
}

#[tokio::test]
async fn servers_that_change_who_may_do_what_at_once_write_one_log_without_gaps() {
    if !has_postgres() {
        return;
    }
    let one = TestServer::at(NOW).await;
    one.create_factory("plant").await;
    let other = closed(&one.database, one.database.url()).await;
    let create = async |server: &TestServer, part: &str| {
        for number in 0..20 {
            server.token("plant", Role::Device, &format!("{part}-{number}")).await;
        }
    };
    tokio::join!(create(&one, "one"), create(&other, "other"));
    let snapshot = one.app.store.snapshot().await.expect("a snapshot");
    let (findings, rows) = server::store::audit_log::verify(&snapshot, &[]).await.expect("a log");
    assert_eq!((findings, rows), (Vec::new(), 41));
}
