//! Where events come in: each input appends to the spool, and whoever sent an event is answered after it is on the disk.

pub mod body;
pub mod follow;
pub mod http;
pub mod lines;
pub mod mqtt;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::line::{self, Line};
use crate::spool::{InputOffset, Spool, SpoolError};

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
        Self { spool, health, spooled: Arc::new(watch::Sender::new(0)) }
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

    /// Appends all of these events or none, and answers when they are on the disk.
    pub async fn append(&self, events: Vec<String>) -> Result<(), SpoolError> {
        let count = events.len() as u64;
        if count > 0 {
            self.spool.append(events).await?;
            self.spooled.send_modify(|spooled| *spooled += count);
        }
        Ok(())
    }

    /// Appends events with the offset of their input, as soon as that can be; false when `stop` came first.
    pub async fn append_with_retry(
        &self,
        events: Vec<String>,
        offset: Option<InputOffset>,
        stop: &CancellationToken,
    ) -> bool {
        let mut complaint = None;
        loop {
            let appended = match &offset {
                Some(offset) => self.spool.append_with_offset(events.clone(), offset.clone()).await,
                None if events.is_empty() => Ok(()),
                None => self.spool.append(events.clone()).await,
            };
            match appended {
                Ok(()) => {
                    self.spooled.send_modify(|spooled| *spooled += events.len() as u64);
                    return true;
                }
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

    /// The event of a line; what is none is counted and logged, because there is no sender to answer.
    fn parse(&self, input: &str, number: u64, line: &[u8]) -> Option<String> {
        match line::parse(number, line) {
            Line::Event(event) => Some(event.json),
            Line::Blank => None,
            Line::Malformed(reason) => {
                self.health.malformed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!("line {number} of {input} is no event and is not taken: {reason}");
                None
            }
        }
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
