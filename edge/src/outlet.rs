//! Where batches go: an Andon server, or a broker that takes events and confirms them.

pub mod address;
#[cfg(feature = "amqp")]
pub mod amqp;
pub mod destination;
pub mod devices;
pub mod http;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod request;
pub mod response;
pub mod server;
pub mod token;

use self::request::Sender;
use self::response::Response;
use crate::spool::KnownEpoch;

/// Whoever takes batches and answers for them. One batch is under way at a time.
pub trait Outlet: Send {
    /// Sends one batch once, and says what became of it.
    ///
    /// `events` are JSON objects with the fields of `EventInput`; without any it is a heartbeat, which also brings what
    /// `sender` says of numbers that will never come. Without a sender the events have no numbers.
    fn send(&mut self, events: &[String], sender: Option<&Sender>) -> impl Future<Output = Response> + Send;

    /// What is known there of a device's earlier batches; none where nothing is kept of them, as in a broker: what was
    /// published before a crash is published again, and is a duplicate. The error is the response to the question.
    fn known_epochs(
        &mut self,
        _device_id: &str,
    ) -> impl Future<Output = Result<Vec<KnownEpoch>, Response>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Whether what `sender` says is read there, so that a heartbeat means something and receipts arrive.
    fn reads_sender(&self) -> bool {
        false
    }

    /// By how much the other side's clock is ahead of ours, in milliseconds, as far as it is known.
    fn clock_offset_ms(&self) -> Option<i64> {
        None
    }
}
