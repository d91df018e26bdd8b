//! The attacks, each in a thread of its own, so that it delays no honest client.

mod answers;
mod attacker;
mod conflicts;
mod connections;
mod day_long_events;
mod documents;
mod gzip_members;
mod invented_names;
mod pings;
mod readers;
mod request;
mod socket_messages;
mod stalled_bodies;
mod subscriptions;
mod unfinished_messages;
mod variables;

use std::{net::SocketAddr, thread};

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use self::attacker::{Attacker, Met};

/// Whose numbers attackers have to do with.
pub(super) const FACTORY: &str = "attacked";

/// What is ready to be done: it goes on until it is dropped.
type Prepared = LocalBoxFuture<'static, ()>;

/// What is done to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    Documents,
    AbandonedDocuments,
    SmallDocuments,
    UndeclaredVariables,
    DeclaredVariables,
    StalledBodies,
    GzipMembers,
    Readers,
    SocketReaders,
    Answers,
    Pings,
    SocketMessages,
    UnfinishedMessages,
    SubscriptionVariables,
    Subscriptions,
    DayLongEvents,
    Connections,
    InventedNames,
    Conflicts,
}

impl Kind {
    /// As the table says it.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Documents => "documents of 8 MiB in gzip",
            Self::AbandonedDocuments => "the same documents, abandoned after 0.2 s",
            Self::SmallDocuments => "documents of 32 KiB",
            Self::UndeclaredVariables => "undeclared variables of 8 MiB in gzip",
            Self::DeclaredVariables => "declared variables of 8 MiB in gzip",
            Self::StalledBodies => "stalled bodies",
            Self::GzipMembers => "bodies of empty gzip members",
            Self::Readers => "30 series of five years, 8 at a time",
            Self::SocketReaders => "the same series over websockets, 200 at a time",
            Self::Answers => "large answers read at 1 B/s",
            Self::Pings => "pings without reading",
            Self::SocketMessages => "websocket messages at full speed",
            Self::UnfinishedMessages => "300 unfinished websocket messages",
            Self::SubscriptionVariables => "300 subscriptions with 60 kB of variables",
            Self::Subscriptions => "2 000 different subscriptions",
            Self::DayLongEvents => "day-long events, 20 batches at a time",
            Self::Connections => "3 000 idle connections, 300 endless headers",
            Self::InventedNames => "invented devices, models and sources",
            Self::Conflicts => "contradictions of one event",
        }
    }

    async fn prepare(self, attacker: Attacker) -> Result<Prepared> {
        Ok(match self {
            Self::Documents => documents::large(attacker),
            Self::AbandonedDocuments => documents::abandoned(attacker),
            Self::SmallDocuments => documents::small(attacker),
            Self::UndeclaredVariables => variables::undeclared(attacker),
            Self::DeclaredVariables => variables::declared(attacker),
            Self::StalledBodies => stalled_bodies::prepare(attacker),
            Self::GzipMembers => gzip_members::prepare(attacker),
            Self::Readers => readers::prepare(attacker).await?,
            Self::SocketReaders => readers::over_sockets(attacker).await?,
            Self::Answers => answers::prepare(attacker).await?,
            Self::Pings => pings::prepare(attacker),
            Self::SocketMessages => socket_messages::prepare(attacker),
            Self::UnfinishedMessages => unfinished_messages::prepare(attacker),
            Self::SubscriptionVariables => variables::of_subscriptions(attacker),
            Self::Subscriptions => subscriptions::prepare(attacker),
            Self::DayLongEvents => day_long_events::prepare(attacker),
            Self::Connections => connections::prepare(attacker),
            Self::InventedNames => invented_names::prepare(attacker),
            Self::Conflicts => conflicts::prepare(attacker),
        })
    }
}

/// An attack that is prepared or going on; it ends when it is dropped.
pub(super) struct Attack {
    begin: Option<oneshot::Sender<()>>,
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<Result<Met>>,
}

impl Attack {
    /// Prepares what is sent and what has to be in the database, which is not measured.
    pub(super) async fn prepare(kind: Kind, server: SocketAddr) -> Result<Self> {
        let (ready, is_ready) = oneshot::channel();
        let (begin, begun) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("attack".to_owned())
            .spawn(move || carry_out(kind, server, ready, begun, stopped))?;
        let attack = Self { begin: Some(begin), stop, thread };
        match is_ready.await {
            Ok(()) => Ok(attack),
            Err(_) => Err(attack.stop().err().unwrap_or_else(|| anyhow!("the attack ended before it began"))),
        }
    }

    pub(super) fn begin(&mut self) {
        if let Some(begin) = self.begin.take() {
            // A thread that has ended says why when it is joined.
            begin.send(()).ok();
        }
    }

    /// Ends it and answers with what the attackers met.
    pub(super) fn stop(self) -> Result<Met> {
        drop((self.begin, self.stop));
        self.thread.join().map_err(|_| anyhow!("the attack panicked"))?
    }
}

fn carry_out(
    kind: Kind,
    server: SocketAddr,
    ready: oneshot::Sender<()>,
    begun: oneshot::Receiver<()>,
    stopped: oneshot::Receiver<()>,
) -> Result<Met> {
    let attacker = Attacker::of(server);
    let prepared_and_done = async {
        let attack = kind.prepare(attacker.clone()).await?;
        // Whoever does not wait for it any more does not begin it either.
        ready.send(()).ok();
        if begun.await.is_ok() {
            attack.await;
        }
        anyhow::Ok(())
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        tokio::select! {
            done = prepared_and_done => done,
            // Its sender is dropped, no more is said.
            _ = stopped => Ok(()),
        }
    })?;
    Ok(attacker.met())
}
