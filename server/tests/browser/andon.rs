//! The real server as a process of its own, on a database file of its own.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::chrome::LIMIT;

const READY_INTERVAL: Duration = Duration::from_millis(20);

pub(crate) struct Andon {
    process: Child,
    folder: TempDir,
    address: SocketAddr,
    other_origin: Option<String>,
}

impl Andon {
    /// A server with an empty database that also answers pages of `other_origin`.
    pub(crate) async fn start(other_origin: Option<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let address = free_address();
        let process = spawn(&folder, address, other_origin.as_deref());
        let andon = Self { process, folder, address, other_origin };
        andon.wait_until_ready().await;
        andon
    }

    /// Ends the server with no chance to say goodbye.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Starts it again on the same address and database.
    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.address, self.other_origin.as_deref());
        self.wait_until_ready().await;
    }

    /// The server's address with this path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Creates a factory.
    pub(crate) async fn create_factory(&self, id: &str, time_zone: &str) {
        let mutation = "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { id } }";
        let input = json!({ "id": id, "name": "A factory", "timeZone": time_zone });
        self.graphql(mutation, json!({ "input": input })).await;
    }

    /// Sends a batch of events that are all accepted.
    pub(crate) async fn ingest(&self, factory_id: &str, events: Value) {
        let mutation = "mutation($factoryId: ID!, $events: [EventInput!]!) {
            ingestEvents(factoryId: $factoryId, events: $events) { accepted issues { message } }
        }";
        let sent = events.as_array().unwrap().len();
        let data = self.graphql(mutation, json!({ "factoryId": factory_id, "events": events })).await;
        assert_eq!(data["ingestEvents"]["accepted"], sent, "{data}");
    }

    async fn graphql(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let answer = reqwest::Client::new().post(self.url("/graphql")).json(&body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    async fn wait_until_ready(&self) {
        let start = Instant::now();
        while !reqwest::get(self.url("/readyz")).await.is_ok_and(|answer| answer.status().is_success()) {
            assert!(start.elapsed() < LIMIT, "the server is ready within {} s", LIMIT.as_secs());
            sleep(READY_INTERVAL).await;
        }
    }
}

fn spawn(folder: &TempDir, address: SocketAddr, other_origin: Option<&str>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_andon"));
    command.args(["serve", "--listen", &address.to_string()]);
    command.arg("--database-url").arg(format!("sqlite://{}/andon.db?mode=rwc", folder.path().display()));
    if let Some(origin) = other_origin {
        command.args(["--allow-origin", origin]);
    }
    command.stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

/// A port that was free a moment ago: the server must come back on the same one.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
