//! The DevTools protocol: numbered commands and their replies over a websocket, and what the browser reports unasked.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result, bail};
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{oneshot, watch},
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::{LIMIT, Seen};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
/// Who waits for the reply to which command.
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

pub(crate) struct Connection {
    commands: tokio::sync::Mutex<SplitSink<Socket, Message>>,
    waiting: Waiting,
    seen: watch::Receiver<Seen>,
    next_id: AtomicU64,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let (socket, _) = connect_async(address).await.context("Chromium takes no connection")?;
        let (commands, events) = socket.split();
        let waiting = Waiting::default();
        let (report, seen) = watch::channel(Seen::default());
        tokio::spawn(receive(events, Arc::clone(&waiting), report));
        Ok(Self { commands: tokio::sync::Mutex::new(commands), waiting, seen, next_id: AtomicU64::new(1) })
    }

    /// The result of a command, to a page's session or to the browser.
    pub(crate) async fn command(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (answer, answered) = oneshot::channel();
        lock(&self.waiting).insert(id, answer);
        self.commands.lock().await.send(message.to_string().into()).await?;
        let mut reply = timeout(LIMIT, answered)
            .await
            .with_context(|| format!("Chromium did not answer {method} within {} s", LIMIT.as_secs()))?
            .with_context(|| format!("Chromium ended before it answered {method}"))?;
        if let Some(error) = reply.get("error") {
            bail!("Chromium refused {method}: {error}");
        }
        Ok(reply["result"].take())
    }

    /// What the browser has reported so far.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// What a report says, once there is one that says it.
    pub(crate) async fn once<T>(&self, find: impl Fn(&Seen) -> Option<T>) -> Result<T> {
        let mut seen = self.seen.clone();
        let found = timeout(LIMIT, seen.wait_for(|seen| find(seen).is_some())).await;
        let seen = found
            .with_context(|| format!("Chromium did not report it within {} s", LIMIT.as_secs()))?
            .context("Chromium ended before it reported it")?;
        find(&seen).context("what was reported is gone")
    }
}

async fn receive(mut events: SplitStream<Socket>, waiting: Waiting, report: watch::Sender<Seen>) {
    while let Some(Ok(message)) = events.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
        match message["id"].as_u64() {
            // Who asked may have given up waiting.
            Some(id) => drop(lock(&waiting).remove(&id).map(|reply| reply.send(message))),
            None => drop(report.send_if_modified(|seen| seen.note(&message))),
        }
    }
    lock(&waiting).clear();
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
