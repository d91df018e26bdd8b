//! The judges that others wrote: the audit of the package graphql-http, the client of the package graphql-ws.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use serde_json::json;
use tokio::{process::Command, sync::OnceCell};

use crate::harness::TestServer;

/// Where the packages are, installed once for all tests, exactly as locked.
async fn packages() -> &'static Path {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    INSTALLED
        .get_or_init(async || {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
            let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("npm");
            std::fs::create_dir_all(&target).expect("a folder");
            for file in ["package.json", "package-lock.json", "audit.mjs", "client.mjs"] {
                std::fs::copy(source.join(file), target.join(file)).expect("a copy");
            }
            let installed =
                run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&target)).await;
            assert!(installed.status.success(), "npm ci failed: {}", text(&installed));
            target
        })
        .await
}

async fn node(script: &str, url: &str) -> Output {
    run(Command::new("node").args([script, url]).current_dir(packages().await)).await
}

async fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    output.expect("node 18 or later and npm are needed for this test: install the packages nodejs and npm")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn the_audit_of_graphql_over_http_finds_nothing() {
    let server = TestServer::start().await;
    let audit = node("audit.mjs", &server.url("/graphql")).await;
    assert!(audit.status.success(), "{}", text(&audit));
    assert!(text(&audit).contains("61 of 61 audits passed"), "{}", text(&audit));
}

#[tokio::test]
async fn the_reference_client_subscribes_and_sees_its_own_write() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.ask("mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { id } }", json!({})).await;
    let client = node("client.mjs", &server.url("/graphql")).await;
    assert!(client.status.success(), "{}", text(&client));
}
