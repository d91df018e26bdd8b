//! Servers on one PostgreSQL hear of each other's commits.
//!
//! - Whoever committed tells the others the factory and its revision, at most every [`NOTIFY_INTERVAL`], on a connection of
//!   its own and never within the transaction that stored.
//! - Who hears of a later revision than it has announced reads what was committed since, in the order of the revisions,
//!   and announces it. Its own commits go the same way, so that there is one order for all.
//! - What was not heard is found by a look at the revisions every [`POLL_INTERVAL`].

mod payload;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    backoff::Backoff,
    id::{FactoryId, Revision},
};
use tokio::{sync::Notify, task::JoinSet, time::MissedTickBehavior};

use super::announcement::Announcements;
use crate::store::{
    Result, Store, StoreError,
    access::ServerScope,
    commit_log,
    engine::notify::{Address, Listener, Notifier, is_of_access},
    factories,
};

/// The least time between two notifications of one server: each takes a lock that every commit of the database needs.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(100);
/// How long a notification that was lost goes unnoticed.
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// How long commits are kept for servers that were cut off, in milliseconds. Who was cut off for longer can count what was
/// stored meanwhile, and says so, but cannot tell it.
const KEEP_COMMITS_MS: i64 = 10 * domain::MS_PER_MINUTE;
/// How often old commits are forgotten.
const PRUNE_INTERVAL: Duration = Duration::from_mins(1);
/// The waits after a connection broke.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

/// The tie to the other servers on the same database; cut when dropped.
pub(super) struct Peers {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// What the tasks share.
struct Shared {
    store: Store,
    address: Arc<Address>,
    announcements: Arc<Announcements>,
    /// Hears that who may do what has changed.
    access_changed: Arc<Notify>,
    to_notify: Revisions,
    to_read: Revisions,
}

/// The latest revision of each factory that something is still to be done about.
#[derive(Default)]
struct Revisions {
    by_factory: Mutex<BTreeMap<FactoryId, Revision>>,
    added: Notify,
}

impl Revisions {
    fn add(&self, factory_id: FactoryId, revision: Revision) {
        let mut by_factory = self.by_factory.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = by_factory.entry(factory_id).or_default();
        *latest = revision.max(*latest);
        self.added.notify_one();
    }

    fn add_all(&self, revisions: &BTreeMap<FactoryId, Revision>) {
        for (factory_id, revision) in revisions {
            self.add(*factory_id, *revision);
        }
    }

    /// Waits until there are some and takes them.
    async fn take(&self) -> BTreeMap<FactoryId, Revision> {
        loop {
            let taken = std::mem::take(&mut *self.by_factory.lock().unwrap_or_else(PoisonError::into_inner));
            if !taken.is_empty() {
                return taken;
            }
            self.added.notified().await;
        }
    }
}

impl Peers {
    /// Ties this server to the others; none where the database is not shared.
    pub(super) fn start(
        store: &Store,
        announcements: &Arc<Announcements>,
        access_changed: Arc<Notify>,
    ) -> Option<Self> {
        let shared = Arc::new(Shared {
            store: store.clone(),
            address: store.own_connection()?,
            announcements: announcements.clone(),
            access_changed,
            to_notify: Revisions::default(),
            to_read: Revisions::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(shared.clone().notify());
        tasks.spawn(shared.clone().listen());
        tasks.spawn(shared.clone().read());
        tasks.spawn(shared.clone().poll());
        tasks.spawn(shared.clone().prune());
        Some(Self { shared, _tasks: tasks })
    }

    /// Takes note of a commit of this server. Never waits.
    pub(super) fn committed(&self, factory_id: FactoryId, revision: Revision) {
        self.shared.to_notify.add(factory_id, revision);
        self.shared.to_read.add(factory_id, revision);
    }
}

impl Shared {
    /// Tells the others what this server committed.
    async fn notify(self: Arc<Self>) {
        let mut notifier = None;
        let mut backoff = BACKOFF;
        loop {
            let revisions = self.to_notify.take().await;
            match self.notify_once(&mut notifier, &revisions).await {
                Ok(()) => {
                    backoff = BACKOFF;
                    tokio::time::sleep(NOTIFY_INTERVAL).await;
                }
                Err(error) => {
                    notifier = None;
                    self.to_notify.add_all(&revisions);
                    wait_after_failure(&mut backoff, &error, "other servers cannot be told of commits").await;
                }
            }
        }
    }

    async fn notify_once(
        &self,
        notifier: &mut Option<Notifier>,
        revisions: &BTreeMap<FactoryId, Revision>,
    ) -> Result<()> {
        let notifier = match notifier {
            Some(notifier) => notifier,
            None => notifier.insert(Notifier::connect(&self.address).await?),
        };
        for payload in payload::encode(revisions) {
            notifier.notify(&payload).await?;
        }
        Ok(())
    }

    /// Hears what the others committed.
    async fn listen(self: Arc<Self>) {
        let mut backoff = BACKOFF;
        loop {
            if let Err(error) = self.listen_until_disconnected(&mut backoff).await {
                wait_after_failure(&mut backoff, &error, "other servers cannot be heard").await;
            }
        }
    }

    async fn listen_until_disconnected(&self, backoff: &mut Backoff) -> Result<()> {
        let mut listener = Listener::connect(&self.address).await?;
        *backoff = BACKOFF;
        // What was told before we listened is found now.
        self.poll_once().await?;
        while let Some(payload) = listener.receive().await? {
            if is_of_access(&payload) {
                self.access_changed.notify_one();
            }
            self.to_read.add_all(&payload::decode(&payload));
        }
        Ok(())
    }

    /// Looks at the revisions now and then, because a notification may be lost.
    async fn poll(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.poll_once().await {
                tracing::debug!(%error, "the revisions of factories cannot be looked at");
            }
        }
    }

    async fn poll_once(&self) -> Result<()> {
        let factory_ids = self.announcements.factory_ids();
        if factory_ids.is_empty() {
            return Ok(());
        }
        let snapshot = self.store.snapshot_for_live().await?;
        self.to_read.add_all(
            &factories::revisions(&snapshot, &factory_ids.into_iter().map(heard_of).collect::<Vec<_>>())
                .await?,
        );
        Ok(())
    }

    /// Reads and announces what was committed, by whomever.
    async fn read(self: Arc<Self>) {
        let mut backoff = BACKOFF;
        loop {
            let revisions = self.to_read.take().await;
            for (&factory_id, &revision) in &revisions {
                match self.announce(factory_id, revision).await {
                    Ok(()) => backoff = BACKOFF,
                    Err(error) => {
                        self.to_read.add(factory_id, revision);
                        wait_after_failure(
                            &mut backoff,
                            &error,
                            "what other servers committed cannot be read",
                        )
                        .await;
                    }
                }
            }
        }
    }

    async fn announce(&self, factory_id: FactoryId, revision: Revision) -> Result<()> {
        // Where nobody follows the events, nobody needs to read them.
        let Some(after) = self.announcements.announce_revision(factory_id, revision) else { return Ok(()) };
        let snapshot = self.store.snapshot_for_live().await?;
        let factory = heard_of(factory_id);
        let since = commit_log::since(&snapshot, factory, after).await?;
        let now = factories::revisions(&snapshot, &[factory]).await?;
        drop(snapshot);
        let revision = now.get(&factory_id).copied().unwrap_or(revision);
        self.announcements.announce_read(factory_id, revision, since);
        Ok(())
    }

    /// Forgets old commits. Every server does it, so that it does not matter which one lives.
    async fn prune(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(PRUNE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.store.prune_commit_log(KEEP_COMMITS_MS).await {
                tracing::debug!(%error, "old commits cannot be forgotten now");
            }
        }
    }
}

/// A factory that other servers stored into.
#[expect(clippy::disallowed_methods, reason = "what is announced is delivered to those alone who may see it")]
fn heard_of(factory_id: FactoryId) -> ServerScope {
    ServerScope::of(factory_id)
}

/// Waits after one more failure to reach the database; the first of a row is logged.
async fn wait_after_failure(backoff: &mut Backoff, error: &StoreError, what: &str) {
    if backoff.failure_count() == 0 {
        tracing::warn!(%error, "{what}; trying again until they can");
    }
    tokio::time::sleep(backoff.next_delay()).await;
}
