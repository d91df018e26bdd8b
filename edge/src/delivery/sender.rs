//! What the agent says of itself with each batch: the spool's counts, read anew every second and kept up in between.

use std::time::Duration;

use domain::limits::MAX_CLOSED_RANGES_PER_BATCH;
use tokio::time::Instant;

use crate::batch::Batch;
use crate::clock;
use crate::outlet::request::Sender;
use crate::spool::{Counts, Receipt, Spool, SpoolError, SpoolRange};

/// How old the counts may be: reading them costs a turn of the spool's one thread.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The counts and what happened since they were read.
pub(super) struct SenderState {
    spool: Spool,
    snapshot: Option<Snapshot>,
    /// The receipts of the request under way.
    sent_receipts: Vec<Receipt>,
}

#[derive(Debug)]
struct Snapshot {
    read_at: Instant,
    counts: Counts,
    receipts: Vec<Receipt>,
    /// How many events this process had spooled.
    spooled: u64,
    /// How many events were answered for since.
    answered: u64,
}

impl SenderState {
    pub(super) fn new(spool: Spool) -> Self {
        Self { spool, snapshot: None, sent_receipts: Vec::new() }
    }

    /// The counts are to be read anew.
    pub(super) fn invalidate(&mut self) {
        self.snapshot = None;
    }

    /// So many events were answered for.
    pub(super) fn count_answered(&mut self, events: u64) {
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.answered += events;
        }
    }

    /// Whether there are receipts that the server has not answered for. `spooled` is how many events this process has
    /// spooled.
    pub(super) async fn has_receipts(&mut self, spooled: u64) -> Result<bool, SpoolError> {
        Ok(!self.snapshot(spooled).await?.receipts.is_empty())
    }

    /// What to say with a batch.
    pub(super) async fn of_batch(
        &mut self,
        batch: &Batch<SpoolRange>,
        spooled: u64,
    ) -> Result<Sender, SpoolError> {
        let sender = self.sender(spooled, batch.events.len() as u64).await?;
        let SpoolRange { epoch, first_sequence, .. } = batch.origin.clone();
        Ok(Sender { epoch, first_sequence, ..sender })
    }

    /// What to say without events.
    pub(super) async fn of_heartbeat(&mut self, spooled: u64) -> Result<Sender, SpoolError> {
        self.invalidate();
        self.sender(spooled, 0).await
    }

    async fn sender(&mut self, spooled: u64, under_way: u64) -> Result<Sender, SpoolError> {
        let sender = self.snapshot(spooled).await?.sender(spooled, under_way);
        self.sent_receipts.clone_from(&sender.closed);
        Ok(sender)
    }

    /// The receipts of the last request were answered for.
    pub(super) async fn receipts_answered(&mut self) -> Result<(), SpoolError> {
        let sent = std::mem::take(&mut self.sent_receipts);
        if !sent.is_empty() {
            self.spool.receipts_answered(sent).await?;
            self.invalidate();
        }
        Ok(())
    }

    async fn snapshot(&mut self, spooled: u64) -> Result<&Snapshot, SpoolError> {
        if self.snapshot.as_ref().is_none_or(|snapshot| snapshot.read_at.elapsed() >= MAX_AGE) {
            let counts = self.spool.counts().await?;
            let receipts = self.spool.receipts(MAX_CLOSED_RANGES_PER_BATCH).await?;
            self.snapshot =
                Some(Snapshot { read_at: Instant::now(), counts, receipts, spooled, answered: 0 });
        }
        self.snapshot.as_ref().ok_or(SpoolError::Closed)
    }
}

impl Snapshot {
    fn sender(&self, spooled: u64, under_way: u64) -> Sender {
        let counts = &self.counts;
        let queued = unsigned(counts.queued) + spooled.saturating_sub(self.spooled);
        let queued = queued.saturating_sub(self.answered + under_way);
        Sender {
            device_id: counts.device.clone(),
            epoch: counts.epoch.clone(),
            first_sequence: counts.next_sequence,
            sent_at_ms: clock::now_ms(),
            queued_events: queued,
            oldest_queued_at_ms: counts.oldest_spooled_at_ms.filter(|_| queued > 0),
            lost_events: unsigned(counts.lost_events()),
            dead_lettered_events: unsigned(counts.dead_lettered),
            closed: self.receipts.clone(),
        }
    }
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
