//! A headless Chromium of its own for each test, spoken to over its DevTools protocol. Everything its pages ask for over
//! the network is kept, so that a test can show that no request left this host.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::page::Page;

/// How long the browser may take to start, and to carry out one command.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
/// Names under which the browser is looked for on the PATH, unless CHROME names it.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ARGUMENTS: [&str; 13] = [
    "--headless",
    // Containers and root have no sandbox to offer; the pages are our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
    "--remote-debugging-port=0",
    // What asks for another host is recorded, and does not get there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "about:blank",
];
const ANNOUNCEMENT: &str = "DevTools listening on ";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Replies = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

pub(crate) struct Chrome {
    process: Child,
    _profile: TempDir,
    commands: tokio::sync::Mutex<SplitSink<Socket, Message>>,
    replies: Replies,
    seen: Arc<Mutex<Seen>>,
    next_id: AtomicU64,
}

/// What the browser reported about its pages.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// The address of every request and websocket.
    pub(crate) addresses: Vec<String>,
    /// Exceptions and the console's errors, violations of the content security policy among them.
    pub(crate) complaints: Vec<String>,
}

impl Chrome {
    pub(crate) async fn launch() -> Self {
        let profile = TempDir::new().unwrap();
        let mut process = Command::new(program())
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let address =
            timeout(LIMIT, announced(process.stderr.take().unwrap())).await.expect("Chromium starts");
        let (socket, _) = connect_async(address).await.unwrap();
        let (commands, events) = socket.split();
        let (replies, seen) = (Replies::default(), Arc::default());
        tokio::spawn(receive(events, Arc::clone(&replies), Arc::clone(&seen)));
        let commands = tokio::sync::Mutex::new(commands);
        Self { process, _profile: profile, commands, replies, seen, next_id: AtomicU64::new(1) }
    }

    /// A new tab that shows the address.
    pub(crate) async fn open(&self, address: &str) -> Page<'_> {
        let target = self.command(None, "Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.command(None, "Target.attachToTarget", attach).await;
        let page = Page::new(self, session["sessionId"].as_str().unwrap().to_owned());
        page.show(address).await;
        page
    }

    /// The result of a command of the protocol, to a page's session or to the browser.
    pub(crate) async fn command(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (answer, answered) = oneshot::channel();
        self.replies.lock().unwrap().insert(id, answer);
        self.commands.lock().await.send(message.to_string().into()).await.unwrap();
        let reply = timeout(LIMIT, answered).await.expect("Chromium answers").expect("Chromium still runs");
        assert!(reply.get("error").is_none(), "{method}: {}", reply["error"]);
        reply["result"].clone()
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    /// Ends the browser and checks what it asked for meanwhile: only this host, and nothing its pages' policy forbids.
    pub(crate) async fn close(mut self) {
        let Seen { addresses, complaints } = self.seen();
        let elsewhere: Vec<_> = addresses.iter().filter(|address| !stays_here(address)).collect();
        assert!(elsewhere.is_empty(), "requests left this host: {elsewhere:?}");
        assert!(
            addresses.iter().any(|address| address.starts_with("ws://")),
            "no websocket in {addresses:?}"
        );
        let violations: Vec<_> =
            complaints.iter().filter(|text| text.contains("Content Security Policy")).collect();
        assert!(violations.is_empty(), "{violations:?}");
        self.command(None, "Browser.close", json!({})).await;
        timeout(LIMIT, self.process.wait()).await.expect("Chromium ends").unwrap();
    }
}

fn stays_here(address: &str) -> bool {
    let address = reqwest::Url::parse(address).unwrap();
    match address.scheme() {
        "data" | "blob" | "about" => true,
        "http" | "ws" => address.host_str() == Some("127.0.0.1"),
        _ => false,
    }
}

fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("CHROME") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates =
        std::env::split_paths(&path).flat_map(|folder| PROGRAMS.map(|program| folder.join(program)));
    candidates
        .find(|candidate| candidate.is_file())
        .expect("Chromium is on the PATH; `cargo xtask test` installs it")
}

/// The address that the browser prints when it is ready to be spoken to.
async fn announced(stderr: ChildStderr) -> String {
    let mut lines = BufReader::new(stderr).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("Chromium says where it listens");
        if let Some(address) = line.strip_prefix(ANNOUNCEMENT) {
            let address = address.to_owned();
            // A browser whose output nobody reads would stop at a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return address;
        }
    }
}

async fn receive(mut events: SplitStream<Socket>, replies: Replies, seen: Arc<Mutex<Seen>>) {
    while let Some(Ok(message)) = events.next().await {
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        match message["id"].as_u64() {
            Some(id) => drop(replies.lock().unwrap().remove(&id).map(|reply| reply.send(message))),
            None => note(&message, &mut seen.lock().unwrap()),
        }
    }
    replies.lock().unwrap().clear();
}

fn note(event: &Value, seen: &mut Seen) {
    let params = &event["params"];
    match event["method"].as_str().unwrap_or_default() {
        "Network.requestWillBeSent" => {
            seen.addresses.extend(params["request"]["url"].as_str().map(str::to_owned));
        }
        "Network.webSocketCreated" => seen.addresses.extend(params["url"].as_str().map(str::to_owned)),
        "Runtime.exceptionThrown" => seen.complaints.push(params["exceptionDetails"].to_string()),
        "Log.entryAdded" if params["entry"]["level"] == "error" => {
            seen.complaints.push(params["entry"]["text"].to_string());
        }
        _ => {}
    }
}
