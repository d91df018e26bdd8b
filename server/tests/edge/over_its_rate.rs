//! An agent whose device sends more than it may.

use std::{num::NonZeroU32, time::Duration};

use domain::access::Role;
use server::{
    access::{AccessLimits, AccessMode, Rate},
    clock::Clock,
    http::Options,
    store::Store,
};

use crate::{
    agent::Place,
    harness::{TestDatabase, TestServer, patient, until},
    ledger::{assert_all_stored, assert_balanced, events, plant, stored},
};

async fn closed(database: TestDatabase, events: Rate) -> TestServer {
    let mut opened = None;
    // What a server before it leaves behind lets go of the file a moment after it has stopped.
    until("the database", async || {
        opened = Box::pin(Store::open(database.url())).await.ok();
        opened.is_some()
    })
    .await;
    let store = opened.expect("a database");
    let limits = AccessLimits { events, ..AccessLimits::default() };
    let options = (Options { limits, ..patient() }, AccessMode::Required);
    TestServer::with_access(store, database, Clock::System, options).await
}

#[tokio::test]
async fn an_agent_over_its_rate_keeps_what_is_refused_and_loses_nothing() {
    // Forty events, and then none before the test ends.
    let rate = Rate { burst: NonZeroU32::new(40).expect("not zero"), interval: Duration::from_hours(1) };
    let server = Box::pin(closed(plant().await, rate)).await;
    let token = server.token("plant", Role::Device, "edge-1").await;
    let place = Place::new();
    let file = place.file("token");
    std::fs::write(&file, &token.token).expect("a file");
    let arguments = ["--token-file", file.to_str().expect("a path"), "--batch-events", "20"];
    let mut agent = place.start(&server.url(""), &arguments).await;
    let events = events(100);
    agent.accept(&events).await;
    agent.until("retries_total", |retries| retries > 0).await;
    assert_eq!(agent.count("queued_events").await, 60);
    assert_eq!(agent.count("delivery_forbidden").await, 0);
    assert_eq!(stored(&server.database).await, 40);
    agent.kill().await;
    assert_balanced(&place.counts().await);

    let server = Box::pin(closed(server.stop().await, AccessLimits::default().events)).await;
    let agent = place.start(&server.url(""), &arguments).await;
    agent.until_drained().await;
    assert!(agent.terminate().await.0.success());
    assert_all_stored(&place, server.stop().await, &events).await;
}
