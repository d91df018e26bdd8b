//! A large floor at work: every second as many batches as are wanted, of what was seen in that second.

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use domain::MS_PER_HOUR;
use tokio::time::MissedTickBehavior;

use crate::{
    andon,
    floor::{self, Floor},
    http::{self, Connection},
    load,
};

const FACTORY: &str = "plant";
const BATCH_EVENTS: u64 = 100;
/// What the page shows before: every worker's last 8 hours.
const HISTORY_HOURS: u64 = 8;
/// How long the history may take to store.
const PATIENCE: Duration = Duration::from_mins(1);
/// Reports come so long after what they tell has ended, so that none is of the future.
const LAG_MS: i64 = 2_000;

/// What arrives while one watches, and how much of it came.
pub(super) struct Feed {
    connection: Connection,
    floor: Floor,
    batches_per_s: u64,
    pub(super) batches: u64,
    pub(super) events: u64,
}

impl Feed {
    /// Stores the hours before, so that there is something to show.
    pub(super) async fn begin(address: SocketAddr, workers: u64, batches_per_s: u64) -> Result<Self> {
        andon::create_factory(address, FACTORY).await?;
        let from_ms = DateTime::<Utc>::from(SystemTime::now()).timestamp_millis() - LAG_MS;
        let history = Floor {
            from_ms: from_ms - HISTORY_HOURS as i64 * MS_PER_HOUR,
            workers,
            workstations: 0,
            duration_ms: MS_PER_HOUR,
        };
        let reports = floor::in_time(history, 0..HISTORY_HOURS * workers);
        load::drive(address, &floor::batches(FACTORY, reports, 1_000), 1, PATIENCE).await?;
        // Everybody is seen one after the other, and a round takes as long as each was seen for.
        let events_per_s = batches_per_s * BATCH_EVENTS;
        let duration_ms = (workers * 1_000).div_ceil(events_per_s) as i64;
        Ok(Self {
            connection: Connection::open(address).await?,
            floor: Floor { from_ms, duration_ms, ..history },
            batches_per_s,
            batches: 0,
            events: 0,
        })
    }

    /// Sends a batch whenever one is due; it ends only when the server takes no more.
    pub(super) async fn go_on(&mut self) -> Result<()> {
        let mut due = tokio::time::interval(Duration::from_secs(1) / self.batches_per_s as u32);
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            due.tick().await;
            let numbers = self.batches * BATCH_EVENTS..(self.batches + 1) * BATCH_EVENTS;
            for batch in floor::batches(FACTORY, floor::in_time(self.floor, numbers), BATCH_EVENTS as usize) {
                let (status, body) = self.connection.exchange(&batch.request).await?;
                let accepted = http::number_after(body, b"\"accepted\":").with_context(|| {
                    format!("a batch was answered with {status} {}", String::from_utf8_lossy(body))
                })?;
                self.events += accepted as u64;
            }
            self.batches += 1;
        }
    }
}
