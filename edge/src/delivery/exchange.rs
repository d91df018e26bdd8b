//! What a delivery sends, and what it does with the response.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::schedule::{Alarm, Fault, Step};
use super::{Comparison, Delivery, Next, finished, is_last};
use crate::batch::Batch;
use crate::health::ClockState;
use crate::outlet::Outlet;
use crate::outlet::response::{IngestResult, Response};
use crate::spool::{Lane, Outcome, SpoolError, SpoolRange};

impl<O: Outlet> Delivery<O> {
    /// Sends a batch, and reads the next one meanwhile.
    pub(super) async fn deliver(&mut self, lane: Lane, batch: Batch<SpoolRange>) -> Result<Next, SpoolError> {
        let sender = self.sender.of_batch(&batch, self.arrivals.total()).await?;
        let (size, max) = (batch.size(), self.schedule.max_size(lane));
        let is_to_prefetch = !is_last(size, max) && self.prefetched[lane as usize].is_none();
        let acknowledging = self.acknowledging.take();
        let sent_at = Instant::now();
        let (response, prefetched) = tokio::join!(self.outlet.send(&batch.events, Some(&sender)), async {
            finished(acknowledging).await?;
            if is_to_prefetch {
                return self.spool.take(lane, max.events, max.bytes).await;
            }
            Ok(None)
        });
        if let Some(prefetched) = prefetched? {
            self.prefetched[lane as usize] = Some(prefetched);
        }
        self.note_answer(sent_at);
        match self.schedule.on_response(lane, size, response, Instant::now(), fastrand::f64()) {
            Step::Acknowledge(result) => self.acknowledge(batch, result).await,
            Step::Split => {
                self.release().await?;
                Ok(Next::Continue)
            }
            Step::Isolate(fault) => self.try_without(lane, batch, fault).await,
            Step::Wait { wait, reason, alarm } => {
                self.release().await?;
                Ok(self.wait(wait, reason, alarm).await)
            }
        }
    }

    /// Writes down what the server answered, while the next batch is on its way.
    async fn acknowledge(
        &mut self,
        batch: Batch<SpoolRange>,
        result: IngestResult,
    ) -> Result<Next, SpoolError> {
        self.acknowledged().await?;
        self.note_success().await;
        self.health.batches.fetch_add(1, Ordering::Relaxed);
        self.health.stored.fetch_add(result.accepted, Ordering::Relaxed);
        self.health.duplicates.fetch_add(result.duplicates, Ordering::Relaxed);
        let mut outcomes = vec![Outcome::Delivered; batch.events.len()];
        for issue in &result.issues {
            tracing::warn!(
                "event {} of epoch {} was refused and waits among the dead letters: {} ({})",
                batch.origin.first_sequence + issue.index as i64,
                batch.origin.epoch,
                issue.message,
                issue.code
            );
            if let Some(outcome) = outcomes.get_mut(issue.index) {
                *outcome = Outcome::Refused { code: issue.code.clone(), message: issue.message.clone() };
            }
        }
        self.sender.count_answered(outcomes.len() as u64);
        self.receipts_answered().await?;
        if !result.issues.is_empty() {
            self.sender.invalidate();
        }
        let (spool, first) = (self.spool.clone(), batch.origin.first_position);
        self.acknowledging = Some(tokio::spawn(async move { spool.acknowledge(first, outcomes).await }));
        Ok(Next::Continue)
    }

    /// The event of a batch of one. It is given up only if the server takes the same request without it.
    async fn try_without(
        &mut self,
        lane: Lane,
        batch: Batch<SpoolRange>,
        fault: Fault,
    ) -> Result<Next, SpoolError> {
        self.acknowledged().await?;
        match self.send_nothing().await? {
            Response::Stored(_) => {
                self.note_success().await;
                self.schedule.confirmed(lane);
                tracing::error!(
                    "event {} of epoch {} cannot be delivered and waits among the dead letters: {} ({})",
                    batch.origin.first_sequence,
                    batch.origin.epoch,
                    fault.message,
                    fault.code
                );
                self.receipts_answered().await?;
                let position = batch.origin.first_position;
                self.spool.dead_letter(position, fault.code.to_owned(), fault.message).await?;
                self.sender.invalidate();
                Ok(Next::Continue)
            }
            response => {
                self.release().await?;
                Ok(self.wait_after(response).await)
            }
        }
    }

    /// Shows the server that this agent is there.
    pub(super) async fn send_heartbeat(&mut self) -> Result<Next, SpoolError> {
        let sent_at = Instant::now();
        let response = self.send_nothing().await?;
        self.note_answer(sent_at);
        match response {
            Response::Stored(_) => {
                self.note_success().await;
                self.receipts_answered().await?;
                Ok(Next::Continue)
            }
            response => Ok(self.wait_after(response).await),
        }
    }

    /// Asks the server what it has, and lets go of that. What is queued then is the backlog.
    pub(super) async fn reconcile(&mut self) -> Result<Next, SpoolError> {
        self.release().await?;
        let device_id = self.spool.counts().await?.device;
        let known = match self.outlet.known_epochs(&device_id).await {
            Ok(known) => known,
            Err(response) => return Ok(self.wait_after(response).await),
        };
        let found = self.spool.reconcile(known).await?;
        if found.delivered > 0 {
            tracing::info!(
                "the server has {} queued events already; they are not sent again",
                found.delivered
            );
        }
        if found.is_restored {
            tracing::warn!(
                "the spool is older than what the server has seen of it: it was restored or copied; new numbers begin"
            );
        }
        if found.lost > 0 {
            tracing::error!("{} events are neither here nor at the server; there is a receipt", found.lost);
        }
        // A spool that was just opened has begun so, and what came in since is new.
        if std::mem::replace(&mut self.comparison, Comparison::Done) == Comparison::Outdated {
            self.spool.begin_live().await?;
        }
        self.has_backlog = true;
        self.sender.invalidate();
        Ok(Next::Continue)
    }

    async fn send_nothing(&mut self) -> Result<Response, SpoolError> {
        let sender = self.sender.of_heartbeat(self.arrivals.total()).await?;
        Ok(self.outlet.send(&[], Some(&sender)).await)
    }

    /// Forgets the receipts of the last request, if they were read.
    async fn receipts_answered(&mut self) -> Result<(), SpoolError> {
        if self.outlet.reads_sender() {
            self.sender.receipts_answered().await?;
        }
        Ok(())
    }

    /// Notes when the last request was sent, and by how much the clocks differ.
    fn note_answer(&mut self, sent_at: Instant) {
        self.sent_at = Some(sent_at);
        let Some(offset_ms) = self.outlet.clock_offset_ms() else { return };
        match self.health.set_clock_offset(offset_ms) {
            Some(ClockState::Off) => tracing::warn!(
                "this computer's clock and the server's differ by {} s; events keep the time they were stamped with: \
                 check both clocks",
                offset_ms / 1000
            ),
            Some(ClockState::Right) => tracing::info!("this computer's clock and the server's agree again"),
            None => {}
        }
    }

    async fn note_success(&mut self) {
        if self.health.set_failing(None) {
            tracing::info!("the server takes events again");
            say_unwritten(self.spool.clear_failure().await);
        }
    }

    async fn wait_after(&mut self, response: Response) -> Next {
        match self.schedule.wait_after(response, fastrand::f64()) {
            Step::Wait { wait, reason, alarm } => self.wait(wait, reason, alarm).await,
            _ => Next::Continue,
        }
    }

    async fn wait(&mut self, wait: Duration, reason: String, alarm: Alarm) -> Next {
        self.comparison = Comparison::Outdated;
        self.health.retries.fetch_add(1, Ordering::Relaxed);
        let is_news = self.health.set_failing(Some(alarm));
        let seconds = wait.as_secs_f64();
        match alarm {
            Alarm::Forbidden => tracing::error!(
                "THE SERVER FORBIDS THIS AGENT TO SEND: {reason}. Events are kept here; give the agent the right to \
                 send. Trying again in {seconds:.0} s"
            ),
            Alarm::Transient => {
                tracing::warn!("not delivered: {reason}; events are kept, trying again in {seconds:.1} s");
            }
        }
        if is_news {
            say_unwritten(self.spool.set_failure(alarm == Alarm::Forbidden, reason).await);
        }
        Next::Pause(wait)
    }
}

/// Says that the spool does not tell how delivery goes, which keeps nothing from being delivered.
fn say_unwritten(written: Result<(), SpoolError>) {
    if let Err(error) = written {
        tracing::debug!("it cannot be written down how delivery goes: {error}");
    }
}
