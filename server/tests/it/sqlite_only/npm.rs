//! Judges and clients that others wrote in JavaScript.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::json;
use tokio::{process::Command, sync::OnceCell};

use crate::harness::{TestServer, node};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");

/// Where the packages are, installed once for all tests.
async fn packages() -> &'static Path {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    INSTALLED.get_or_init(async || node::installed("npm").await).await
}

async fn run(script: &str, url: &str) -> Output {
    node::output(Command::new("node").args([script, url, SCHEMA]).current_dir(packages().await)).await
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn the_audit_of_graphql_over_http_finds_nothing() {
    let server = TestServer::start().await;
    let audit = run("audit.mjs", &server.url("/graphql")).await;
    assert!(audit.status.success(), "{}", text(&audit));
    assert!(text(&audit).contains("61 of 61 audits passed"), "{}", text(&audit));
}

/// Runs a script against a server with the factory `plant`.
async fn passes(script: &str) {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server
        .ask("mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { name } }", json!({}))
        .await;
    let ran = run(script, &server.url("/graphql")).await;
    assert!(ran.status.success(), "{script}: {}", text(&ran));
}

#[tokio::test]
async fn the_reference_client_of_graphql_transport_ws_sees_its_own_write() {
    passes("graphql-ws.mjs").await;
}

#[tokio::test]
async fn the_reference_client_of_graphql_ws_sees_its_own_write() {
    passes("subscriptions-transport-ws.mjs").await;
}

#[tokio::test]
async fn the_reference_client_of_graphql_sse_sees_its_own_write() {
    passes("graphql-sse.mjs").await;
}

#[tokio::test]
async fn apollo_client_follows_and_asks_by_hash_and_in_a_list() {
    passes("apollo.mjs").await;
}

#[tokio::test]
async fn urql_follows_by_events_and_asks_by_hash() {
    passes("urql.mjs").await;
}

#[tokio::test]
async fn graphql_codegen_writes_types_from_what_the_server_tells() {
    passes("codegen.mjs").await;
}

#[tokio::test]
async fn the_compiler_of_relay_takes_the_schema() {
    passes("relay.mjs").await;
}
