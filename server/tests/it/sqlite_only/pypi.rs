//! Clients that others wrote in Python.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use serde_json::json;
use tokio::{process::Command, sync::OnceCell};

use crate::harness::TestServer;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pypi");
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");

/// Where the packages are, installed once for all tests, each in the version that is written down.
async fn packages() -> &'static Path {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    INSTALLED
        .get_or_init(async || {
            let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pypi");
            // What an earlier run left may be of other versions.
            std::fs::remove_dir_all(&target).ok();
            let options =
                ["--quiet", "--no-deps", "--no-input", "--disable-pip-version-check", "--only-binary=:all:"];
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install"]).args(options).arg("--target").arg(&target);
            let installed = run(pip.args(["-r", "requirements.txt"]).current_dir(SCRIPTS)).await;
            assert!(installed.status.success(), "pip install failed: {}", text(&installed));
            target
        })
        .await
}

async fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    output.expect("python3 with pip is needed for this test: install the package python3-pip")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a script against a server with the factory `plant`.
async fn passes(script: &str) {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server
        .ask("mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { name } }", json!({}))
        .await;
    let packages = packages().await;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut python = Command::new("python3");
    python
        .args([script, &server.url("/graphql"), SCHEMA])
        .current_dir(SCRIPTS)
        .env("PYTHONPATH", packages)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PATH", format!("{}:{path}", packages.join("bin").display()));
    let ran = run(&mut python).await;
    assert!(ran.status.success(), "{script}: {}", text(&ran));
}

#[tokio::test]
async fn gql_follows_a_subscription_over_both_of_its_websocket_transports() {
    passes("gql_sockets.py").await;
}

#[tokio::test]
async fn gql_asks_in_its_own_language_and_in_a_list() {
    passes("gql_http.py").await;
}

#[tokio::test]
async fn sgqlc_asks_by_types_that_it_generated() {
    passes("sgqlc_types.py").await;
}

#[tokio::test]
async fn a_client_that_ariadne_codegen_generated_asks_and_follows() {
    passes("ariadne_client.py").await;
}
