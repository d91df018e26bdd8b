//! The program itself, in a process of its own.

use std::{
    net::SocketAddr,
    process::{ExitStatus, Output, Stdio},
};

use domain::access::{Token, TokenKind};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStderr, Command},
    sync::{oneshot, watch},
    task::JoinHandle,
};

use super::soon;

/// A running `andon serve`, killed when dropped.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) url: String,
    log: Log,
    logging: JoinHandle<()>,
}

impl Program {
    /// A command of the program that inherits nothing from the environment.
    pub(crate) fn command(arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_andon"));
        command.args(arguments).env_clear().kill_on_drop(true).stdin(Stdio::null());
        command
    }

    /// Starts `andon serve` on a free port and waits until it listens.
    pub(crate) async fn serve(database_url: &str, arguments: &[&str]) -> Self {
        Self::serve_at("127.0.0.1:0", database_url, arguments).await
    }

    /// Starts `andon serve` at an address and waits until it listens.
    pub(crate) async fn serve_at(listen: &str, database_url: &str, arguments: &[&str]) -> Self {
        let mut command = Self::command(&["serve", "--listen", listen, "--database-url", database_url]);
        command.args(arguments);
        Self::start(command).await
    }

    /// Starts a command that serves and waits until it listens.
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program");
        let (listening, url) = oneshot::channel();
        let (lines, log) = watch::channel(Vec::new());
        let logging = tokio::spawn(read(child.stderr.take().expect("a pipe"), listening, lines));
        let url = soon("listening", url).await.expect("the program ended before it listened");
        Self { child, url, log: Log(log), logging }
    }

    /// Recomputes every sum of a database, beside the server that may be on it.
    pub(crate) async fn audit(database_url: &str) -> Output {
        let mut command = Self::command(&["audit", "--database-url", database_url]);
        soon("the audit", command.stdout(Stdio::piped()).stderr(Stdio::piped()).output())
            .await
            .expect("an exit status")
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().expect("an address")
    }

    /// How many files it has open; none where the system does not show that as Linux does.
    pub(crate) fn open_files(&self) -> Option<usize> {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()?)).ok()?;
        Some(files.count())
    }

    /// The data of an operation that must succeed.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client
            .post(format!("{}/graphql", self.url))
            .header("content-type", "application/json")
            .body(json!({ "query": query, "variables": variables }).to_string());
        let response = soon("an answer", request.send()).await.expect("a response");
        let mut answer: Value = response.json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].take()
    }

    /// Asks the program to stop, as a service manager does, and waits for its end. Answers with all that it logged.
    pub(crate) async fn terminate(mut self) -> (ExitStatus, Vec<String>) {
        let id = self.child.id().expect("a running process").to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(killed.success());
        let status = soon("the end", self.child.wait()).await.expect("an exit status");
        soon("the end of the log", self.logging).await.expect("no panic");
        (status, self.log.0.borrow().clone())
    }

    /// Waits until it has logged a line with these words.
    #[allow(dead_code, reason = "the tests with brokers need it, which share this file")]
    pub(crate) async fn logs(&self, words: &str) {
        let mut log = self.log.0.clone();
        let logged = log.wait_for(|lines| lines.iter().any(|line| line.contains(words)));
        assert!(soon(words, logged).await.is_ok(), "the program ended before it logged {words:?}");
    }
}

/// What a program has logged; a test that fails shows the end of it.
struct Log(watch::Receiver<Vec<String>>);

impl Drop for Log {
    fn drop(&mut self) {
        const SHOWN: usize = 20;
        if std::thread::panicking() {
            let lines = self.0.borrow();
            let end = &lines[lines.len().saturating_sub(SHOWN)..];
            eprintln!("the program logged at last:\n{}", end.join("\n"));
        }
    }
}

/// Reads the log to its end, also while nobody asks for it: a full pipe would stop the program.
async fn read(stderr: ChildStderr, listening: oneshot::Sender<String>, log: watch::Sender<Vec<String>>) {
    let mut listening = Some(listening);
    let mut lines = BufReader::new(stderr).lines();
    while let Some(line) = lines.next_line().await.expect("a log") {
        assert!(!tells_token(&line), "a token is in the log: {line}");
        if let Some((_, url)) = line.split_once("listening on ")
            && let Some(listening) = listening.take()
        {
            // The test may have given up waiting.
            listening.send(url.trim().to_owned()).ok();
        }
        log.send_modify(|lines| lines.push(line));
    }
}

/// Whether a line has a token in it that lets somebody in. A setup code is told there, and nowhere else.
fn tells_token(line: &str) -> bool {
    let is_end = |char: char| !(char.is_ascii_alphanumeric() || char == '_');
    line.split(is_end)
        .filter_map(|word| Token::of_text(word).ok())
        .any(|token| token.kind != TokenKind::Setup)
}
