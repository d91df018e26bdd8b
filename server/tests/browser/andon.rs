//! The real server as a process of its own, on a database file of its own.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use browser_driver::LIMIT;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use test_harness::reserved_port;
use tokio::net::TcpSocket;
use tokio::process::{Child, Command};
use tokio::time::sleep;

const READY_INTERVAL: Duration = Duration::from_millis(20);

pub(crate) struct Andon {
    process: Child,
    folder: TempDir,
    reserved: TcpSocket,
    arguments: Vec<String>,
    client: Client,
}

impl Andon {
    /// A server with an empty database that also answers pages of `other_origin`.
    pub(crate) async fn start(other_origin: Option<String>) -> Result<Self> {
        let arguments = other_origin.map(|origin| vec!["--allow-origin".to_owned(), origin]);
        Self::start_with(arguments.unwrap_or_default()).await
    }

    /// A server with an empty database that is told more.
    pub(crate) async fn start_with(arguments: Vec<String>) -> Result<Self> {
        let folder = TempDir::new()?;
        let reserved = reserved_port();
        let process = spawn(&folder, reserved.local_addr()?, &arguments)?;
        let andon = Self { process, folder, reserved, arguments, client: Client::new() };
        andon.wait_until_ready().await?;
        Ok(andon)
    }

    /// Ends the server with no chance to say goodbye.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Starts it again on the same address and database.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        self.process = spawn(&self.folder, self.reserved.local_addr()?, &self.arguments)?;
        self.wait_until_ready().await
    }

    /// The server's address with this path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.reserved.local_addr().unwrap())
    }

    /// Creates a factory.
    pub(crate) async fn create_factory(&self, id: &str, time_zone: &str) -> Result<()> {
        let mutation = "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { id } }";
        let input = json!({ "id": id, "name": "A factory", "timeZone": time_zone });
        self.graphql(mutation, json!({ "input": input })).await.map(drop)
    }

    /// Sends a batch of events that are all accepted.
    pub(crate) async fn ingest(&self, factory_id: &str, events: Value) -> Result<()> {
        let mutation = "mutation($factoryId: ID!, $events: [EventInput!]!) {
            ingestEvents(factoryId: $factoryId, events: $events) { accepted issues { message } }
        }";
        let sent = events.as_array().map_or(0, Vec::len);
        let data = self.graphql(mutation, json!({ "factoryId": factory_id, "events": events })).await?;
        ensure!(data["ingestEvents"]["accepted"] == sent, "of {sent} events: {data}");
        Ok(())
    }

    /// Sends a batch, with or without events, as a device that numbers them.
    pub(crate) async fn send(&self, factory_id: &str, events: Value, sender: &Value) -> Result<()> {
        let mutation = "mutation($factoryId: ID!, $events: [EventInput!]!, $sender: SenderInput) {
            ingestEvents(factoryId: $factoryId, events: $events, sender: $sender) { accepted }
        }";
        let variables = json!({ "factoryId": factory_id, "events": events, "sender": sender });
        self.graphql(mutation, variables).await.map(drop)
    }

    /// Lets a device have been heard earlier than it was.
    pub(crate) async fn silence(&self, device: &str, for_ms: i64) -> Result<()> {
        let mut conn = self.database().await?;
        sqlx::query("UPDATE device SET last_seen_at = last_seen_at - ? WHERE code = ?")
            .bind(for_ms)
            .bind(device)
            .execute(&mut conn)
            .await?;
        Ok(conn.close().await?)
    }

    /// Lets what moved closed figures so far have come earlier than it did, and the figures have been closed earlier.
    pub(crate) async fn move_restatements_back(&self, by_ms: i64) -> Result<()> {
        let mut conn = self.database().await?;
        for update in ["UPDATE closing SET at = at - ?", "UPDATE restatement SET at = at - ?"] {
            sqlx::query(update).bind(by_ms).execute(&mut conn).await?;
        }
        Ok(conn.close().await?)
    }

    /// How many factories it has.
    pub(crate) async fn factories(&self) -> Result<i64> {
        let mut conn = self.database().await?;
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM factory").fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok(count)
    }

    /// Where its database is.
    pub(crate) fn database_url(&self) -> String {
        format!("sqlite://{}/andon.db", self.folder.path().display())
    }

    async fn database(&self) -> Result<SqliteConnection> {
        Ok(SqliteConnection::connect(&self.database_url()).await?)
    }

    /// The data of an answer that has no errors.
    pub(crate) async fn graphql(&self, document: &str, variables: Value) -> Result<Value> {
        let body = json!({ "query": document, "variables": variables });
        let answer = self.client.post(self.url("/graphql")).json(&body).send().await?;
        let mut answer: Value = answer.json().await?;
        ensure!(answer.get("errors").is_none(), "{answer}");
        Ok(answer["data"].take())
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let start = Instant::now();
        let is_ready = async || {
            let answer = self.client.get(self.url("/readyz")).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        while !is_ready().await {
            ensure!(start.elapsed() < LIMIT, "the server was not ready within {} s", LIMIT.as_secs());
            sleep(READY_INTERVAL).await;
        }
        Ok(())
    }
}

fn spawn(folder: &TempDir, address: SocketAddr, arguments: &[String]) -> Result<Child> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_andon"));
    command.args(["serve", "--listen", &address.to_string()]);
    command.arg("--database-url").arg(format!("sqlite://{}/andon.db?mode=rwc", folder.path().display()));
    command.args(arguments);
    Ok(command.stdout(Stdio::null()).kill_on_drop(true).spawn()?)
}
