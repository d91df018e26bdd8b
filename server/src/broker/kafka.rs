//! Events from a Kafka: a consumer group, whose offsets are committed after the database.
//!
//! Kafka is told nothing by itself: neither does its client commit by a clock, nor does it count a message as done when
//! it hands it out. Whoever gets a partition after a crash or a rebalance begins at the last commit and reads some
//! messages again, which changes nothing, because their events are stored already. For the same reason a late commit that
//! moves a group back is harmless, and the offsets need not be kept in the database.
//!
//! While messages are held, the partitions are paused and the group is still attended, so that no other server gets the
//! same messages for nothing.

mod dead_letters;
mod group;
mod settings;

use std::{pin::pin, sync::Arc, thread, time::Duration};

use rdkafka::{
    Message as _,
    consumer::{Consumer as _, StreamConsumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};
use tokio::{sync::oneshot, time::Instant};
use tokio_util::sync::CancellationToken;

pub use self::settings::Settings;
use self::{dead_letters::DeadLetters, group::Group};
use super::{
    LINGER, MAX_BATCH_BYTES, MAX_BATCH_MESSAGES,
    backoff::{BACKOFF, wait},
    intake::{Delivered, Intake},
};

/// The header that names the factory where the key does not.
const FACTORY_HEADER: &str = "factory";
/// How often a commit that failed is tried again while no messages come.
const RECOMMIT_INTERVAL: Duration = Duration::from_secs(2);

/// A message, apart from the client's own memory.
struct Message {
    topic: String,
    partition: i32,
    offset: i64,
    /// Which assignment of the partition it came with.
    assignment: u64,
    timestamp_ms: Option<i64>,
    key: Option<Vec<u8>>,
    factory: Option<Vec<u8>>,
    payload: Vec<u8>,
}

impl Delivered for Message {
    fn factory(&self) -> Option<&[u8]> {
        self.factory.as_deref().or(self.key.as_deref())
    }

    fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// A member of the group.
struct Member {
    consumer: Arc<StreamConsumer<Group>>,
    dead_letters: DeadLetters,
    /// The commit of offsets that is under way, or was the last.
    commit: Option<thread::JoinHandle<()>>,
    /// Messages that came while others were held.
    early: Vec<Message>,
}

/// Consumes until the token is cancelled. A client that is broken for good is replaced.
pub(super) async fn consume(settings: Settings, intake: Intake, shutdown: CancellationToken) {
    tracing::info!(
        servers = settings.servers,
        topic = settings.topic,
        group = settings.group,
        "reading from Kafka"
    );
    let mut backoff = BACKOFF;
    while !shutdown.is_cancelled() {
        match Member::join(&settings) {
            Ok(mut member) => {
                let ended = member.work(&intake, &shutdown).await;
                member.leave().await;
                if let Err(error) = ended {
                    tracing::error!(%error, "Kafka's client is broken and is replaced");
                }
            }
            Err(error) => tracing::error!(%error, "Kafka's client cannot be made; do its settings fit?"),
        }
        shutdown.run_until_cancelled(wait(&mut backoff)).await;
    }
}

impl Member {
    fn join(settings: &Settings) -> Result<Self, KafkaError> {
        let consumer: StreamConsumer<Group> = settings.consumer().create_with_context(Group::default())?;
        consumer.subscribe(&[&settings.topic])?;
        let dead_letters = DeadLetters::new(settings)?;
        Ok(Self { consumer: Arc::new(consumer), dead_letters, commit: None, early: Vec::new() })
    }

    /// Until the token is cancelled, or the client is broken for good.
    async fn work(&mut self, intake: &Intake, shutdown: &CancellationToken) -> Result<(), KafkaError> {
        loop {
            let batch = self.collect(shutdown).await?;
            if batch.is_empty() && shutdown.is_cancelled() {
                return Ok(());
            }
            if !batch.is_empty() && !self.settle(&batch, intake, shutdown).await {
                return Ok(());
            }
            self.consumer.context().finish(&batch);
            self.commit();
        }
    }

    /// The next messages; none when there is nothing to do but to look after a commit, or to stop.
    async fn collect(&mut self, shutdown: &CancellationToken) -> Result<Vec<Message>, KafkaError> {
        let mut batch = std::mem::take(&mut self.early);
        let mut bytes: usize = batch.iter().map(|message| message.payload.len()).sum();
        let mut until =
            if batch.is_empty() { Instant::now() + RECOMMIT_INTERVAL } else { Instant::now() + LINGER };
        while batch.len() < MAX_BATCH_MESSAGES && bytes < MAX_BATCH_BYTES {
            let received = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                received = tokio::time::timeout_at(until, self.consumer.recv()) => received,
            };
            let Ok(received) = received else { break };
            let Some(message) = self.received(received)? else { continue };
            if batch.is_empty() {
                until = Instant::now() + LINGER;
            }
            bytes += message.payload.len();
            batch.push(message);
        }
        // What was taken away meanwhile is another's to store and to commit.
        batch.retain(|message| self.consumer.context().holds(message));
        Ok(batch)
    }

    /// Stores a batch and writes its dead letters. Answers whether that was done; it is given up only when the server stops
    /// while messages are held.
    async fn settle(&mut self, batch: &[Message], intake: &Intake, shutdown: &CancellationToken) -> bool {
        let mut holds = intake.watch();
        let Self { consumer, dead_letters, early, .. } = self;
        let mut work = pin!(async {
            let refusals = intake.settle(batch).await;
            dead_letters.write(batch, refusals, intake).await;
        });
        let mut paused = false;
        let done = loop {
            let held = *holds.borrow_and_update();
            if held {
                paused = true;
                pause(consumer);
            }
            tokio::select! {
                biased;
                () = &mut work => break true,
                _ = holds.changed() => {}
                () = shutdown.cancelled(), if held => break false,
                // The group is attended meanwhile, and may give this member a partition that is not paused yet.
                received = consumer.recv(), if held => match received {
                    Ok(message) => early.push(detach(&message, consumer.context())),
                    Err(error) => tracing::warn!(%error, "Kafka"),
                },
            }
        };
        if paused && done {
            resume(consumer);
        }
        done
    }

    /// A message, or none after an error that the client gets over by itself.
    fn received(
        &self,
        received: Result<BorrowedMessage<'_>, KafkaError>,
    ) -> Result<Option<Message>, KafkaError> {
        match received {
            Ok(message) => Ok(Some(detach(&message, self.consumer.context()))),
            Err(error) if self.consumer.client().fatal_error().is_some() => Err(error),
            Err(error) => {
                tracing::warn!(%error, "Kafka");
                Ok(None)
            }
        }
    }

    /// Tells how far everything is stored, one commit at a time. The client waits for its broker then, so it is done aside;
    /// what fails is tried again with what is done until then.
    fn commit(&mut self) {
        let is_free = self.commit.as_ref().is_none_or(thread::JoinHandle::is_finished);
        if is_free && self.consumer.context().has_news() {
            let consumer = self.consumer.clone();
            self.commit = Some(thread::spawn(move || consumer.context().commit(&consumer)));
        }
    }

    /// Leaves the group, after a last commit. That is done aside too: a server whose brokers are away must not wait for them.
    async fn leave(self) {
        let Self { consumer, commit, .. } = self;
        let (left, has_left) = oneshot::channel();
        thread::spawn(move || {
            // One that panicked was not done, and its messages come again.
            commit.map(thread::JoinHandle::join);
            consumer.context().commit(&consumer);
            drop(consumer);
            left.send(()).ok();
        });
        // A thread that panicked has left too.
        has_left.await.ok();
    }
}

fn pause(consumer: &StreamConsumer<Group>) {
    let paused = consumer.assignment().and_then(|assigned| consumer.pause(&assigned));
    if let Err(error) = paused {
        tracing::warn!(%error, "Kafka's partitions could not be paused");
    }
}

fn resume(consumer: &StreamConsumer<Group>) {
    let resumed = consumer.assignment().and_then(|assigned| consumer.resume(&assigned));
    if let Err(error) = resumed {
        tracing::warn!(%error, "Kafka's partitions could not be resumed");
    }
}

fn detach(message: &BorrowedMessage<'_>, group: &Group) -> Message {
    let headers = message.headers();
    let factory =
        headers.and_then(|headers| headers.iter().find(|header| header.key == FACTORY_HEADER)?.value);
    Message {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        assignment: group.assignment(message.topic(), message.partition()),
        timestamp_ms: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        factory: factory.map(<[u8]>::to_vec),
        payload: message.payload().unwrap_or_default().to_vec(),
    }
}
