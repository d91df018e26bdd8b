//! What was announced of each factory that has listeners: its latest revision and its latest events.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::id::{FactoryId, Revision};
use tokio::sync::watch;

use crate::store::{commit_log::Since, events::StoredEvent};

/// The most events kept of a factory too: another server could not send more.
pub(crate) use crate::store::commit_log::MAX_LATEST_EVENTS;

/// What was announced of one factory since its first listener.
#[derive(Default)]
pub(crate) struct Announced {
    /// The latest revision announced.
    pub(crate) revision: Revision,
    /// How many events were stored.
    pub(crate) stored: u64,
    /// The latest of them in the order in which they were stored, at most [`MAX_LATEST_EVENTS`].
    pub(crate) latest: VecDeque<Arc<StoredEvent>>,
    /// Where the first feed began.
    feeds_from: Option<FeedsFrom>,
}

/// Where the first feed of a factory began.
#[derive(Clone, Copy)]
struct FeedsFrom {
    /// What was stored up to this revision is not new to any feed.
    revision: Revision,
    /// How many of the factory's events are not among those announced; none where that was not asked.
    uncounted: Option<i64>,
}

impl Announced {
    /// Adds a commit and the latest of its stored events, at most [`MAX_LATEST_EVENTS`].
    fn add(&mut self, revision: Revision, stored: u64, latest: Vec<StoredEvent>) {
        self.revision = self.revision.max(revision);
        if self.feeds_from.is_some_and(|from| revision <= from.revision) {
            return;
        }
        self.stored += stored;
        if (latest.len() as u64) < stored {
            self.clear_latest();
        }
        self.latest.extend(latest.into_iter().map(Arc::new));
        let too_many = self.latest.len().saturating_sub(MAX_LATEST_EVENTS);
        self.latest.drain(..too_many);
    }

    /// Counts the events of commits that are no longer in the log, given how many events the factory had with them.
    fn count_up_to(&mut self, events: i64) {
        let Some(uncounted) = self.feeds_from.and_then(|from| from.uncounted) else { return };
        let missing = u64::try_from(events - uncounted - self.stored as i64).unwrap_or_default();
        if missing > 0 {
            self.stored += missing;
            self.clear_latest();
        }
    }

    /// Events that are missing were stored later than those kept, so these are not the latest any more.
    fn clear_latest(&mut self) {
        self.latest.clear();
    }
}

/// The factories that have listeners.
#[derive(Default)]
pub(crate) struct Announcements {
    by_factory: Mutex<HashMap<FactoryId, watch::Sender<Announced>>>,
}

impl Announcements {
    /// Announces a commit, if the factory has a listener.
    pub(crate) fn announce(
        &self,
        factory_id: FactoryId,
        revision: Revision,
        stored: u64,
        latest: Vec<StoredEvent>,
    ) {
        if let Some(announced) = self.lock().get(&factory_id) {
            announced.send_modify(|announced| announced.add(revision, stored, latest));
        }
    }

    /// Announces commits that were read from the log, and the factory's revision at that time, if it has a listener.
    pub(crate) fn announce_read(&self, factory_id: FactoryId, revision: Revision, since: Since) {
        let by_factory = self.lock();
        let Some(announced) = by_factory.get(&factory_id) else { return };
        // All at once: a listener that reads in between would see events without their revision.
        announced.send_modify(|announced| {
            if let Some(events) = since.events_before {
                announced.count_up_to(events);
            }
            for commit in since.commits {
                announced.add(commit.revision, commit.events, commit.latest_events);
            }
            // A change of names or settings is not in the log.
            announced.add(revision, 0, Vec::new());
        });
    }

    /// Announces a factory's revision, unless it has event feeds: then nothing is announced, and the answer is the revision
    /// after which the commits are to be read. None when there is nothing to read.
    pub(crate) fn announce_revision(&self, factory_id: FactoryId, revision: Revision) -> Option<Revision> {
        let by_factory = self.lock();
        let announced = by_factory.get(&factory_id)?;
        let mut read_after = None;
        announced.send_if_modified(|announced| {
            if announced.revision >= revision {
                return false;
            }
            if let Some(from) = announced.feeds_from {
                read_after = Some(announced.revision.max(from.revision));
                return false;
            }
            announced.revision = revision;
            true
        });
        read_after
    }

    /// Whether a factory has a listener.
    pub(crate) fn has_listener(&self, factory_id: FactoryId) -> bool {
        self.lock().contains_key(&factory_id)
    }

    /// The factories that have listeners.
    pub(crate) fn factory_ids(&self) -> Vec<FactoryId> {
        self.lock().keys().copied().collect()
    }

    /// A new listener of a factory's announcements.
    pub(crate) fn listen(self: &Arc<Self>, factory_id: FactoryId) -> Listener {
        let receiver = self.lock().entry(factory_id).or_default().subscribe();
        Listener { factory_id, receiver, announcements: self.clone() }
    }

    /// How many factories have listeners.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FactoryId, watch::Sender<Announced>>> {
        self.by_factory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener of one factory's announcements, which are dropped with its last listener.
pub(crate) struct Listener {
    factory_id: FactoryId,
    receiver: watch::Receiver<Announced>,
    announcements: Arc<Announcements>,
}

impl Listener {
    /// Waits for the next announcement.
    pub(crate) async fn announcement(&mut self) {
        // The sender stays as long as there is a listener, so waiting cannot fail.
        let _announced = self.receiver.changed().await;
    }

    /// What was announced so far, which marks it as seen. Must not be held for long: announcements wait for it.
    pub(crate) fn announced(&mut self) -> watch::Ref<'_, Announced> {
        self.receiver.borrow_and_update()
    }

    /// Where a feed begins, given the factory's revision as read after listening began, and where there are other servers
    /// how many events it had: a revision and the number of events announced up to it. None if more was announced by then,
    /// so that it is to be read again.
    pub(crate) fn begin_feed(&self, revision: Revision, events: Option<i64>) -> Option<(Revision, u64)> {
        let by_factory = self.announcements.lock();
        let mut begin = Some((revision, 0));
        if let Some(announced) = by_factory.get(&self.factory_id) {
            announced.send_if_modified(|announced| {
                if announced.feeds_from.is_none() {
                    if announced.revision > revision {
                        begin = None;
                        return false;
                    }
                    let uncounted = events.map(|events| events - announced.stored as i64);
                    announced.feeds_from = Some(FeedsFrom { revision, uncounted });
                    announced.revision = revision;
                }
                begin = Some((announced.revision, announced.stored));
                false
            });
        }
        begin
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut by_factory = self.announcements.lock();
        // Our own receiver is still there.
        if by_factory.get(&self.factory_id).is_some_and(|announced| announced.receiver_count() <= 1) {
            by_factory.remove(&self.factory_id);
        }
    }
}

#[cfg(test)]
mod tests;
