//! What the agent says of itself with each batch: the spool's books, read anew every second and kept up in between.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::request::{Closed, Sender};
use crate::spool::{Batch, Counts, Receipt, Spool, SpoolError};

/// How old the books may be: reading them costs a turn of the spool's one thread.
const READ_EVERY: Duration = Duration::from_secs(1);
/// The most receipts of one request, which the server takes.
const MAX_RECEIPTS: usize = 100;

/// The books and what happened since they were read.
pub(super) struct Journal {
    spool: Spool,
    read: Option<Books>,
    /// The receipts of the request under way, as they were told.
    told: Vec<Receipt>,
}

#[derive(Debug)]
struct Books {
    at: Instant,
    counts: Counts,
    receipts: Vec<Receipt>,
    /// How many events this process had spooled.
    spooled: u64,
    /// How many events were answered for since.
    answered: u64,
}

impl Journal {
    pub(super) fn new(spool: Spool) -> Self {
        Self { spool, read: None, told: Vec::new() }
    }

    /// The books are to be read anew.
    pub(super) fn forget(&mut self) {
        self.read = None;
    }

    /// So many events were answered for.
    pub(super) fn answered(&mut self, events: u64) {
        if let Some(books) = &mut self.read {
            books.answered += events;
        }
    }

    pub(super) async fn device_id(&mut self) -> Result<String, SpoolError> {
        Ok(self.spool.counts().await?.device)
    }

    /// Whether there are receipts that the server has not answered for. `spooled` is how many events this process has
    /// spooled.
    pub(super) async fn has_news(&mut self, spooled: u64) -> Result<bool, SpoolError> {
        Ok(!self.books(spooled).await?.receipts.is_empty())
    }

    /// What to say with a batch.
    pub(super) async fn sender_of(&mut self, batch: &Batch, spooled: u64) -> Result<Sender, SpoolError> {
        let sender = self.sender(spooled, batch.bodies.len() as u64).await?;
        Ok(Sender { epoch: batch.epoch.clone(), first_sequence: batch.first_sequence, ..sender })
    }

    /// What to say without events.
    pub(super) async fn sender_of_nothing(&mut self, spooled: u64) -> Result<Sender, SpoolError> {
        self.forget();
        self.sender(spooled, 0).await
    }

    async fn sender(&mut self, spooled: u64, under_way: u64) -> Result<Sender, SpoolError> {
        let books = self.books(spooled).await?;
        let (sender, told) = (books.sender(spooled, under_way), books.receipts.clone());
        self.told = told;
        Ok(sender)
    }

    /// The receipts that were told last were answered for.
    pub(super) async fn receipts_arrived(&mut self) -> Result<(), SpoolError> {
        let told = std::mem::take(&mut self.told);
        if !told.is_empty() {
            self.spool.receipts_answered(told).await?;
            self.forget();
        }
        Ok(())
    }

    async fn books(&mut self, spooled: u64) -> Result<&Books, SpoolError> {
        let is_old = self.read.as_ref().is_none_or(|books| books.at.elapsed() >= READ_EVERY);
        if is_old {
            let (counts, receipts) = (self.spool.counts().await?, self.spool.receipts(MAX_RECEIPTS).await?);
            self.read = Some(Books { at: Instant::now(), counts, receipts, spooled, answered: 0 });
        }
        self.read.as_ref().ok_or(SpoolError::Closed)
    }
}

impl Books {
    fn sender(&self, spooled: u64, under_way: u64) -> Sender {
        let counts = &self.counts;
        let queued = unsigned(counts.queued) + spooled.saturating_sub(self.spooled);
        let queued = queued.saturating_sub(self.answered + under_way);
        Sender {
            device_id: counts.device.clone(),
            epoch: counts.epoch.clone(),
            first_sequence: counts.next_sequence,
            sent_at_ms: unix_ms(SystemTime::now()),
            queued_events: queued,
            oldest_queued_at_ms: counts.oldest_spooled_at_ms.filter(|_| queued > 0),
            lost_events: unsigned(counts.lost_events()),
            dead_lettered_events: unsigned(counts.dead_lettered),
            closed: self.receipts.iter().map(Closed::from).collect(),
        }
    }
}

impl From<&Receipt> for Closed {
    fn from(receipt: &Receipt) -> Self {
        Self {
            epoch: receipt.epoch.clone(),
            first_sequence: receipt.first_sequence,
            last_sequence: receipt.last_sequence,
            reason: receipt.reason.name(),
            from_ms: receipt.from_ms,
            to_ms: receipt.to_ms,
            detail: Some(receipt.detail.clone()),
        }
    }
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn unix_ms(instant: SystemTime) -> i64 {
    instant.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
