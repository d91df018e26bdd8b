//! Where events come in: each input appends to the spool, and whoever sent an event is answered after it is on the disk.

pub mod body;
mod decode;
pub mod follow;
pub mod http;
pub mod lines;
pub mod mqtt;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::mapping::Mapping;
use crate::spool::{Arrival, Spool, SpoolError};

/// How long an input that can wait does so before it tries a full or broken spool again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How an input came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is no more of it.
    Exhausted,
    /// It was asked to stop.
    Stopped,
}

/// What all inputs append their events to.
#[derive(Clone)]
pub struct Intake {
    spool: Spool,
    health: Arc<Health>,
    spooled: Arc<watch::Sender<u64>>,
    /// How what comes becomes events; without one it is events already.
    mapping: Option<Arc<Mapping>>,
}

/// Which events have arrived, for who delivers them.
#[derive(Clone, Debug)]
pub struct Arrivals {
    spooled: watch::Receiver<u64>,
    seen: u64,
}

impl Intake {
    /// An intake into a spool.
    pub fn new(spool: Spool, health: Arc<Health>) -> Self {
        Self { spool, health, spooled: Arc::new(watch::Sender::new(0)), mapping: None }
    }

    /// The same, for what a mapping makes events of.
    #[must_use]
    pub fn with_mapping(self, mapping: Option<Arc<Mapping>>) -> Self {
        Self { mapping, ..self }
    }

    /// Counts what arrives from now on.
    pub fn arrivals(&self) -> Arrivals {
        Arrivals { spooled: self.spooled.subscribe(), seen: 0 }
    }

    /// The spool that it appends to.
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// The counts that it keeps.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Keeps all of what came or nothing, and answers when it is on the disk.
    pub async fn keep(&self, arrival: Arrival) -> Result<(), SpoolError> {
        let events = arrival.events.len() as u64;
        if !arrival.is_empty() {
            self.spool.keep(arrival).await?;
            self.spooled.send_modify(|spooled| *spooled += events);
        }
        Ok(())
    }

    /// Keeps what came as soon as that can be; false when `stop` came first.
    pub async fn keep_with_retry(&self, arrival: Arrival, stop: &CancellationToken) -> bool {
        let mut complaint = None;
        loop {
            match self.keep(arrival.clone()).await {
                Ok(()) => return true,
                Err(error) => {
                    let said = error.to_string();
                    if complaint.as_ref() != Some(&said) {
                        tracing::warn!("{said}; the input waits");
                    }
                    complaint = Some(said);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(TRY_AGAIN_AFTER) => {}
                () = stop.cancelled() => return false,
            }
        }
    }

    /// The offset of an input; none when it is new.
    pub async fn offset(&self, input: &str) -> Result<Option<String>, SpoolError> {
        self.spool.input_offset(input.to_owned()).await
    }
}

impl Arrivals {
    /// How many events came in since the start.
    pub fn total(&self) -> u64 {
        *self.spooled.borrow()
    }

    /// How many of them came in since [`Arrivals::mark_seen`].
    pub fn unseen(&self) -> u64 {
        self.total().saturating_sub(self.seen)
    }

    /// Whoever delivers has seen so many of all.
    pub fn mark_seen(&mut self, total: u64) {
        self.seen = total;
    }

    /// Waits until more came in. When nothing can come in any more, it waits for ever.
    pub async fn changed(&mut self) {
        if self.spooled.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
