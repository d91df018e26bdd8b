//! Events from brokers: one consumer for each broker that is configured, all of them around the same three steps.
//!
//! 1. [`message`] reads a message: one event, a list of events, or one event a line. What cannot be read is refused.
//! 2. [`intake`] stores what could be read, through the same queue as HTTP's batches and judged by the same rules, and
//!    answers after the commit. While the database cannot store, it holds the messages and counts that against none.
//! 3. The consumer writes what was refused to its broker's dead letters, and only then tells the broker that the messages
//!    are done: the offset is committed, the delivery is acknowledged.
//!
//! A crash between two steps has the messages delivered again. An event's identity is what it says, so a repeat is a
//! duplicate, whichever way it came before.

#[cfg(feature = "amqp")]
pub mod amqp;
mod backoff;
mod intake;
#[cfg(feature = "kafka")]
pub mod kafka;
mod message;

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::app::App;

/// The most messages that are stored together and then told to be done.
const MAX_BATCH_MESSAGES: usize = 1_000;
/// The most bytes of messages that are stored together, unless a single message has more.
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How long the first message of a batch waits for others: a screen shows an event a blink later, and a commit is worth it.
const LINGER: Duration = Duration::from_millis(50);
/// How long the consumers may take to end what they are at once the server stops. What they did not finish comes again.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);

/// A dead letter's headers: for programs why, the same for people, which of the message's events (from 0; left out where it
/// is the whole message), and how many bytes there were where the letter is too small for them.
const REASON_CODE: &str = "andon-reason-code";
const REASON: &str = "andon-reason";
const EVENT_INDEX: &str = "andon-event-index";
#[cfg(feature = "kafka")]
const BODY_OMITTED: &str = "andon-body-omitted-bytes";

/// The brokers to read from.
#[derive(Clone, Debug, Default)]
pub struct Brokers {
    /// A Kafka.
    #[cfg(feature = "kafka")]
    pub kafka: Option<kafka::Settings>,
    /// A RabbitMQ, or another broker of AMQP 0-9-1 that has quorum queues.
    #[cfg(feature = "amqp")]
    pub amqp: Option<amqp::Settings>,
}

/// The consumers of a running server.
#[derive(Debug)]
pub struct Consumers(TaskTracker);

impl Brokers {
    /// Starts a consumer for each broker. None of them ends before the token is cancelled: whatever is wrong with a broker
    /// is logged and tried again.
    pub fn consume(self, app: &Arc<App>, shutdown: &CancellationToken) -> Consumers {
        let tasks = TaskTracker::new();
        #[cfg(feature = "kafka")]
        if let Some(settings) = self.kafka {
            let intake = intake::Intake::new(app.ingest.clone(), &settings.factories);
            tasks.spawn(kafka::consume(settings, intake, shutdown.clone()));
        }
        #[cfg(feature = "amqp")]
        if let Some(settings) = self.amqp {
            let intake = intake::Intake::new(app.ingest.clone(), &settings.factories);
            tasks.spawn(amqp::consume(settings, intake, shutdown.clone()));
        }
        tasks.close();
        Consumers(tasks)
    }
}

impl Consumers {
    /// Waits until the consumers have ended, once they were told to.
    pub async fn drained(self) {
        if tokio::time::timeout(DRAIN_TIMEOUT, self.0.wait()).await.is_err() {
            tracing::warn!(
                "a broker's consumer did not end in time; what it had not finished is delivered again"
            );
        }
    }
}
