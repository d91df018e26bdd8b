//! A spool and what delivers from it, in the test's process.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use edge::delivery::Delivery;
use edge::delivery::schedule::{DeliveryOptions, FIRST_WAIT};
use edge::health::Health;
use edge::input::Intake;
use edge::outlet::destination::Destination;
use edge::spool::{Arrival, Spool, SpoolOptions};
use tempfile::TempDir;
use test_harness::until;
use tokio_util::sync::CancellationToken;

/// Small, so that several batches are under way.
const BATCH_EVENTS: usize = 50;
const LINGER: Duration = Duration::from_millis(10);

/// The events of a delivery, no two alike.
pub(crate) fn events(count: usize) -> Vec<String> {
    let event = |number: usize| {
        format!(
            r#"{{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W{number}","eventType":"WORKING","durationMinutes":5}}"#
        )
    };
    (0..count).map(event).collect()
}

/// An agent without a process around it.
pub(crate) struct Delivering {
    spool: Spool,
    intake: Intake,
    health: Arc<Health>,
    _folder: TempDir,
}

impl Delivering {
    /// Delivers to this address, for the factory "plant".
    pub(crate) fn to(url: &str) -> Self {
        // What the agent says is part of what a failure shows. Another test of this process may have begun it.
        tracing_subscriber::fmt().with_test_writer().try_init().ok();
        let folder = TempDir::new().expect("a folder");
        let spool = Spool::open(&folder.path().join("spool.db"), SpoolOptions::default()).expect("a spool");
        let health = Arc::new(Health::default());
        let intake = Intake::new(spool.clone(), health.clone());
        let destination = Destination::new(url, "plant", None).expect("an address");
        let options =
            DeliveryOptions { batch_events: BATCH_EVENTS, backlog_rate: None, longest_wait: FIRST_WAIT };
        let delivery =
            Delivery::new(spool.clone(), destination, options, LINGER, health.clone(), intake.arrivals());
        tokio::spawn(async move { delivery.run(&CancellationToken::new()).await });
        Self { spool, intake, health, _folder: folder }
    }

    pub(crate) async fn keep(&self, events: &[String]) {
        self.intake
            .keep(Arrival { events: events.to_vec(), ..Arrival::default() })
            .await
            .expect("events on the disk");
    }

    pub(crate) async fn queued(&self) -> i64 {
        self.spool.counts().await.expect("counts").queued
    }

    /// Waits until an attempt failed.
    pub(crate) async fn until_tried_in_vain(&self) {
        let before = self.health.retries.load(Ordering::Relaxed);
        until("an attempt in vain", async || self.health.retries.load(Ordering::Relaxed) > before).await;
    }

    /// Waits until nothing is left, and checks that everything went the right way.
    pub(crate) async fn until_delivered(&self, events: usize) {
        until("an empty spool", async || self.queued().await == 0).await;
        let counts = self.spool.counts().await.expect("counts");
        assert_eq!((counts.delivered, counts.dead_lettered), (events as i64, 0));
    }
}
