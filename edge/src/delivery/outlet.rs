//! Where a delivery goes: an Andon server, or whatever else takes events and answers for them.

use super::request::Sender;
use super::verdict::Verdict;
use crate::spool::KnownEpoch;

/// Whoever takes batches and answers for them. One batch is under way at a time.
pub trait Outlet: Send {
    /// Brings one batch there, once, and says what became of it.
    ///
    /// `events` are JSON objects with the fields of `EventInput`; without any it is a sign of life, which also brings
    /// what `sender` says of numbers that will never come.
    fn send(&mut self, events: &[String], sender: &Sender) -> impl Future<Output = Verdict> + Send;

    /// What is known there of a device's earlier batches; none where nobody keeps books. The error is the verdict on
    /// the question.
    fn known(&mut self, device_id: &str) -> impl Future<Output = Result<Vec<KnownEpoch>, Verdict>> + Send;

    /// Whether what `sender` says is read there, so that a sign of life means something and receipts arrive.
    fn reads_sender(&self) -> bool;

    /// By how much the other side's clock is ahead of ours, in milliseconds, as far as it told.
    fn clock_offset_ms(&self) -> Option<i64> {
        None
    }
}
