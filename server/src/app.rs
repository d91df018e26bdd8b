//! The one application state that every transport shares.

use std::sync::Arc;

use domain::time::DurationMs;

use tokio::sync::Notify;

use crate::{
    access::{AccessControl, AccessMode},
    clock::Clock,
    ingest::Ingest,
    live::Live,
    store::Store,
};

/// What a running server consists of. Cheap to share behind an [`Arc`].
pub struct App {
    /// The database.
    pub store: Store,
    /// The queue of batches.
    pub ingest: Ingest,
    /// Announcements and what subscribers see.
    pub live: Arc<Live>,
    /// Who is let in.
    pub access: AccessControl,
    /// The time of day.
    pub clock: Clock,
    /// How far an event may end after the server's now.
    pub max_clock_skew_ms: DurationMs,
}

/// How far an event may end after the server's now, unless configured otherwise.
pub const DEFAULT_MAX_CLOCK_SKEW_MINUTES: u16 = 10;

impl App {
    /// Starts the parts. Must be called within a tokio runtime, where the writer of batches runs.
    pub fn start(
        store: Store,
        clock: Clock,
        max_clock_skew_ms: DurationMs,
        access_mode: AccessMode,
    ) -> Arc<Self> {
        let access_changed = Arc::<Notify>::default();
        let live =
            Arc::new(Live::new(store.clone(), clock.clone(), max_clock_skew_ms, access_changed.clone()));
        let access = AccessControl::start(store.clone(), clock.clone(), access_mode, access_changed);
        let ingest = Ingest::start(store.clone(), live.clone(), clock.clone(), max_clock_skew_ms);
        Arc::new(Self { store, ingest, live, access, clock, max_clock_skew_ms })
    }
}
