//! Where events come in: each way ends in the spool, and whoever brought one hears of it after it is on the disk.

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
use crate::line::{self, Judgement};
use crate::spool::{Mark, Spool, SpoolError};

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

/// The way into the spool that all inputs share.
#[derive(Clone)]
pub struct Intake {
    spool: Spool,
    health: Arc<Health>,
    spooled: Arc<watch::Sender<u64>>,
}

/// What has come in lately, for who delivers it.
#[derive(Clone, Debug)]
pub struct Fresh {
    spooled: watch::Receiver<u64>,
    seen: u64,
}

impl Intake {
    /// The way into a spool.
    pub fn new(spool: Spool, health: Arc<Health>) -> Self {
        Self { spool, health, spooled: Arc::new(watch::Sender::new(0)) }
    }

    /// Tells what comes in from now on.
    pub fn fresh(&self) -> Fresh {
        Fresh { spooled: self.spooled.subscribe(), seen: 0 }
    }

    /// The spool that it leads into.
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// The counts that it keeps.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Keeps all of these events or none, and answers when they are on the disk.
    pub async fn keep(&self, events: Vec<String>) -> Result<(), SpoolError> {
        let count = events.len() as u64;
        if count > 0 {
            self.spool.append(events).await?;
            self.spooled.send_modify(|spooled| *spooled += count);
        }
        Ok(())
    }

    /// Keeps events, and how far their input has come, as soon as that can be; false when `stop` came first.
    pub async fn keep_patiently(
        &self,
        events: Vec<String>,
        mark: Option<Mark>,
        stop: &CancellationToken,
    ) -> bool {
        let mut complaint = None;
        loop {
            let kept = match &mark {
                Some(mark) => self.spool.append_marked(events.clone(), mark.clone()).await,
                None if events.is_empty() => Ok(()),
                None => self.spool.append(events.clone()).await,
            };
            match kept {
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

    /// How far an input has come; none when it is new, or when the spool cannot say.
    pub async fn mark(&self, key: &str) -> Result<Option<String>, SpoolError> {
        self.spool.mark(key.to_owned()).await
    }

    /// The event of a line; what is none is counted and logged, because there is nobody to tell.
    fn judge(&self, input: &str, number: u64, line: &[u8]) -> Option<String> {
        match line::judge(number, line) {
            Judgement::Event(event) => Some(event.json),
            Judgement::Blank => None,
            Judgement::Malformed(reason) => {
                self.health.malformed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!("line {number} of {input} is no event and is not taken: {reason}");
                None
            }
        }
    }
}

impl Fresh {
    /// How many events came in since the start.
    pub fn total(&self) -> u64 {
        *self.spooled.borrow()
    }

    /// How many of them came in since what [`Fresh::saw`] was told last.
    pub fn waiting(&self) -> u64 {
        self.total().saturating_sub(self.seen)
    }

    /// Whoever delivers has seen so many of all.
    pub fn saw(&mut self, total: u64) {
        self.seen = total;
    }

    /// Waits until more came in. When nothing can come in any more, it waits for ever.
    pub async fn changed(&mut self) {
        if self.spooled.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
