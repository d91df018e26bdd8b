//! Announcements, cohorts, broadcasts and conflation: what subscribers see, read once for all with the same question and
//! rendered once for all that sent the same operation.
//!
//! - An announcement is a hint; the rows are the truth, and are read again. Nothing waits for a subscriber.
//! - State goes through `watch` channels, which hold one value: a slow subscriber misses deliveries and then gets the
//!   whole, so it costs a constant amount of memory.
//! - A broadcast, a cohort and what is kept of a factory's announcements end with their last subscriber.

mod announcement;
pub mod broadcast;
mod cohort;
pub mod decisions;
pub mod delivery;
mod error;
pub mod feed;
pub mod fingerprint;
mod pacing;
mod peers;
pub mod relay;

use std::sync::Arc;

use announcement::{Announcements, MAX_LATEST_EVENTS};
use broadcast::Broadcasts;
use cohort::Cohorts;
use decisions::DecisionFollower;
use delivery::Follower;
use domain::{
    id::{FactoryId, Revision},
    time::DurationMs,
};
pub use error::LiveError;
use feed::Feed;
use peers::Peers;
use tokio::sync::Notify;

use crate::{
    clock::Clock,
    report::{Question, ReportError, factory_now},
    store::access::{Scope, SeeFigures, SeePeople},
    store::{Store, events::StoredEvent, rollups},
};

/// How often a new feed tries to read a factory before the next commit is announced.
const MAX_FEED_READS: usize = 20;

/// The hub between commits and subscribers.
pub struct Live {
    store: Store,
    clock: Clock,
    max_clock_skew_ms: DurationMs,
    announcements: Arc<Announcements>,
    cohorts: Arc<Cohorts>,
    metrics: Arc<Broadcasts<Follower>>,
    feeds: Arc<Broadcasts<Feed>>,
    decision_feeds: Arc<Broadcasts<DecisionFollower>>,
    /// The connection to the other servers on the same database, if it is shared.
    peers: Option<Peers>,
}

impl Live {
    /// A hub without subscribers, which tells `access_changed` what other servers say of who may do what. Must be called within a tokio runtime.
    pub fn new(
        store: Store,
        clock: Clock,
        max_clock_skew_ms: DurationMs,
        access_changed: Arc<Notify>,
    ) -> Self {
        let announcements = Arc::default();
        let peers = Peers::start(&store, &announcements, access_changed);
        Self {
            store,
            clock,
            max_clock_skew_ms,
            announcements,
            cohorts: Arc::default(),
            metrics: Arc::default(),
            feeds: Arc::default(),
            decision_feeds: Arc::default(),
            peers,
        }
    }

    /// Announces a change of a factory's names or settings, or a decision, after the commit. Never waits.
    pub fn announce(&self, factory_id: FactoryId, revision: Revision) {
        self.announce_stored(factory_id, revision, 0, std::iter::empty());
    }

    /// Announces stored events, after the commit: how many they are, and the events themselves, the latest first. Never
    /// waits.
    pub fn announce_stored(
        &self,
        factory_id: FactoryId,
        revision: Revision,
        stored: usize,
        latest: impl Iterator<Item = StoredEvent>,
    ) {
        if let Some(peers) = &self.peers {
            peers.committed(factory_id, revision);
        } else if self.announcements.has_listener(factory_id) {
            let mut latest: Vec<StoredEvent> = latest.take(MAX_LATEST_EVENTS).collect();
            latest.reverse();
            self.announcements.announce(factory_id, revision, stored as u64, latest);
        }
    }

    /// Subscribes to the answer to a question: joins the cohort of the same question, or starts it.
    ///
    /// # Errors
    /// The window is not possible, or too many different questions are being followed.
    pub fn follow(&self, scope: Scope<SeeFigures>, question: Question) -> Result<Follower, LiveError> {
        let (factory_id, time_zone) = (scope.factory().id, scope.factory().time_zone);
        question.window.resolve(time_zone, self.clock.now_ms()).map_err(ReportError::from)?;
        let listen = || self.announcements.listen(factory_id);
        let clock = (&self.clock, self.max_clock_skew_ms);
        self.cohorts.join(scope, question, &self.store, clock, listen)
    }

    /// The operations that follow metrics, each run once for all that sent it.
    pub fn metrics(&self) -> &Arc<Broadcasts<Follower>> {
        &self.metrics
    }

    /// The operations that follow events, each run once for all that sent it.
    pub fn feeds(&self) -> &Arc<Broadcasts<Feed>> {
        &self.feeds
    }

    /// Subscribes to a factory's newly stored events.
    ///
    /// # Errors
    /// The events cannot be followed now.
    pub async fn feed(&self, scope: &Scope<SeePeople>) -> Result<Feed, LiveError> {
        let factory_id = scope.factory().id;
        // Listen first, then read: what is stored in between is announced to this listener.
        let listener = self.announcements.listen(factory_id);
        for _ in 0..MAX_FEED_READS {
            let snapshot = self.store.snapshot_for_live().await?;
            let revision = factory_now(&snapshot, scope).await?.factory().revision;
            let events = match &self.peers {
                Some(_) => Some(rollups::event_count(&snapshot, scope).await?),
                None => None,
            };
            drop(snapshot);
            if let Some(begin) = listener.begin_feed(revision, events) {
                return Ok(Feed::begin(listener, begin));
            }
        }
        Err(LiveError::FeedUnavailable)
    }

    /// The operations that follow decisions, each run once for all that sent it.
    pub fn decision_feeds(&self) -> &Arc<Broadcasts<DecisionFollower>> {
        &self.decision_feeds
    }

    /// Subscribes to what is decided about a factory from now on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn decisions(&self, scope: &Scope<SeePeople>) -> Result<DecisionFollower, LiveError> {
        // Listen first, then read: what is decided in between is announced to this listener.
        let listener = self.announcements.listen(scope.factory().id);
        let state = decisions::State::read(&self.store, scope).await?;
        Ok(DecisionFollower::begin(listener, self.store.clone(), scope.clone(), state))
    }

    /// How many different questions are being followed.
    pub fn cohort_count(&self) -> usize {
        self.cohorts.count()
    }

    /// How many different operations run for all that sent them.
    pub fn broadcast_count(&self) -> usize {
        self.metrics.count() + self.feeds.count() + self.decision_feeds.count()
    }

    /// How many times a delivery was rendered for all that sent the same operation, since the start.
    pub fn rendering_count(&self) -> u64 {
        self.metrics.rendering_count() + self.feeds.rendering_count() + self.decision_feeds.rendering_count()
    }

    /// How many reads for followers have failed since the start; each is repeated until it succeeds.
    pub fn failed_read_count(&self) -> u64 {
        self.cohorts.failed_read_count()
    }

    /// How many factories have listeners of their announcements.
    pub fn listened_factory_count(&self) -> usize {
        self.announcements.count()
    }
}
