//! `andon-edge run` in a process of its own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use edge::spool::{Counts, Spool, SpoolOptions};
use serde_json::Value;
use tempfile::TempDir;
use test_harness::reserved_port;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpSocket,
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
};

use crate::harness::{TestDatabase, soon, until};

/// Where an agent keeps its events, and where it listens, over many starts.
pub(crate) struct Place {
    folder: TempDir,
    reserved: TcpSocket,
}

/// A running agent, killed when dropped.
pub(crate) struct Agent {
    pub(crate) child: Child,
    pub(crate) url: String,
    log: JoinHandle<Vec<String>>,
    pub(crate) client: reqwest::Client,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary directory"), reserved: reserved_port() }
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.folder.path().join("edge.spool")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.reserved.local_addr().expect("an address")
    }

    /// A command that runs an agent for the factory `plant` of a server, with its waits short enough for a test.
    pub(crate) fn command(&self, server: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(["run", "--to", server, "--factory", "plant", "--device", "edge-1"])
            .arg("--spool")
            .arg(self.spool())
            .args(arguments)
            .env_clear()
            .env("ANDON_EDGE_LONGEST_WAIT", "1s")
            .env("ANDON_EDGE_LINGER", "50ms")
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Starts an agent that takes events by HTTP, and waits until it does.
    pub(crate) async fn start(&self, server: &str, arguments: &[&str]) -> Agent {
        let mut command = self.command(server, arguments);
        command.args(["--listen", &self.address().to_string()]);
        Agent::start(command).await
    }

    /// What is in the spool when nobody uses it.
    pub(crate) async fn counts(&self) -> Counts {
        let spool = self.open();
        let counts = spool.counts().await.expect("counts");
        spool.close().await;
        counts
    }

    /// The dead letters when nobody uses the spool: sequence number, code and event.
    pub(crate) async fn dead_letters(&self) -> Vec<(i64, String, Value)> {
        let mut spool = TestDatabase::at(format!("sqlite://{}", self.spool().display())).connect().await;
        let query = "SELECT CAST(sequence AS TEXT), code, body FROM dead_letter ORDER BY id";
        let letters = spool.rows(query).await;
        spool.close().await;
        let text = |text: &Option<String>| text.clone().expect("a text");
        let letter = |row: Vec<Option<String>>| {
            let event = serde_json::from_str(&text(&row[2])).expect("JSON");
            (text(&row[0]).parse().expect("a number"), text(&row[1]), event)
        };
        letters.into_iter().map(letter).collect()
    }

    /// What `andon-edge dead-letters list` says, each as JSON.
    pub(crate) async fn dead_letters_listed(&self) -> Vec<Value> {
        let mut command = Command::new(program());
        command.args(["dead-letters", "--spool"]).arg(self.spool()).args(["list", "--json"]);
        let output = soon("the list", command.output()).await.expect("an exit status");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// What `andon-edge status` says, as JSON.
    pub(crate) async fn status(&self) -> Value {
        let mut command = Command::new(program());
        command.args(["status", "--json", "--spool"]).arg(self.spool());
        let output = soon("the status", command.output()).await.expect("an exit status");
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn open(&self) -> Spool {
        Spool::open(&self.spool(), SpoolOptions::default()).expect("a spool that nobody uses")
    }
}

/// `andon-edge` lies beside `andon`.
fn program() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_andon")).with_file_name("andon-edge");
    assert!(program.exists(), "{} is missing; `cargo build -p edge` makes it", program.display());
    program
}

impl Agent {
    /// Starts a command and waits until it listens.
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the agent");
        let (listening, url) = oneshot::channel();
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let log = tokio::spawn(async move {
            let (mut listening, mut log) = (Some(listening), Vec::new());
            while let Some(line) = lines.next_line().await.expect("a log") {
                if let Some((_, url)) = line.split_once("listening on ")
                    && let Some(listening) = listening.take()
                {
                    // The test may have given up waiting.
                    listening.send(url.trim().to_owned()).ok();
                }
                log.push(line);
            }
            log
        });
        let Ok(url) = soon("the agent", url).await else {
            panic!("the agent ended before it listened: {:#?}", log.await.expect("no panic"));
        };
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { child, url, log, client }
    }

    /// Posts a body and answers with the status and what was said; none when there was no answer.
    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Option<(u16, Value)> {
        post(&self.client, &self.url, body).await
    }

    /// Posts events that must be accepted.
    pub(crate) async fn accept(&self, events: &[Value]) {
        let answer = self.post(Value::from(events).to_string()).await.expect("an answer");
        assert_eq!(answer, (200, serde_json::json!({ "accepted": events.len() })));
    }

    /// The value of one metric.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let response = self.client.get(format!("{}/metrics", self.url)).send().await.expect("an answer");
        let text = response.text().await.expect("metrics");
        let line = text.lines().find(|line| {
            line.strip_prefix("andon_edge_")
                .and_then(|line| line.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with(' '))
        });
        let value =
            line.unwrap_or_else(|| panic!("no {name} in {text}")).rsplit(' ').next().expect("a value");
        value.parse().expect("a number")
    }

    /// The value of a metric that counts something.
    pub(crate) async fn count(&self, name: &str) -> i64 {
        self.metric(name).await as i64
    }

    /// Waits until a count is as it should be.
    pub(crate) async fn until(&self, name: &str, is_so: impl Fn(i64) -> bool) {
        until(name, async || is_so(self.count(name).await)).await;
    }

    /// Waits until nothing is queued and everything is said.
    pub(crate) async fn until_drained(&self) {
        self.until("queued_events", |queued| queued == 0).await;
        self.until("receipts", |receipts| receipts == 0).await;
    }

    pub(crate) async fn kill(&mut self) {
        soon("the kill", self.child.kill()).await.expect("a killed process");
    }

    /// Asks it to stop, as a service manager does, and waits for its end. Answers with all that it logged.
    pub(crate) async fn terminate(mut self) -> (ExitStatus, Vec<String>) {
        let id = self.child.id().expect("a running process").to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(killed.success());
        self.end().await
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> (ExitStatus, Vec<String>) {
        let status = soon("the end", self.child.wait()).await.expect("an exit status");
        (status, soon("the end of the log", &mut self.log).await.expect("no panic"))
    }
}

/// Posts a body to an agent that may not be there.
pub(crate) async fn post(
    client: &reqwest::Client,
    url: &str,
    body: impl Into<reqwest::Body>,
) -> Option<(u16, Value)> {
    let response = client
        .post(format!("{url}/events"))
        .header("content-type", "application/x-ndjson")
        .body(body)
        .send()
        .await
        .ok()?;
    let status = response.status().as_u16();
    Some((status, response.json().await.ok()?))
}
