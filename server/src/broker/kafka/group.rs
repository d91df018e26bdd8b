//! Which partitions are this member's, and how far each of them is done.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rdkafka::{
    ClientContext, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer},
    error::KafkaError,
};

use super::message::Message;

/// What the client's callbacks and its user both know.
#[derive(Default)]
pub(super) struct Group(Mutex<Assigned>);

#[derive(Default)]
struct Assigned {
    /// How many partitions were ever assigned.
    count: u64,
    partitions: HashMap<(String, i32), Partition>,
}

#[derive(Clone, Copy)]
struct Partition {
    /// Tells this assignment from an earlier one of the same partition.
    assignment: u64,
    /// The offset behind everything that is done; none before the first message.
    next: Option<i64>,
    /// Whether that is to be committed.
    is_news: bool,
}

impl Group {
    /// The number of a partition's assignment; 0 is none.
    pub(super) fn assignment(&self, topic: &str, partition: i32) -> u64 {
        let key = (topic.to_owned(), partition);
        self.assigned().partitions.get(&key).map_or(0, |partition| partition.assignment)
    }

    /// Whether the message's partition is still assigned as it was when the message came.
    pub(super) fn holds(&self, message: &Message) -> bool {
        self.assignment(&message.topic, message.partition) == message.assignment
    }

    /// These messages are done, and with them all before.
    pub(super) fn finish(&self, messages: &[Message]) {
        let mut assigned = self.assigned();
        for message in messages {
            let partition = assigned.partitions.get_mut(&(message.topic.clone(), message.partition));
            if let Some(partition) = partition.filter(|partition| partition.assignment == message.assignment)
            {
                partition.next = Some(message.offset + 1);
                partition.is_news = true;
            }
        }
    }

    /// Commits what was not committed yet, and waits for the answer: the client tells nobody of one that comes later.
    pub(super) fn commit(&self, consumer: &StreamConsumer<Self>) {
        let news = self.take_news();
        if news.count() == 0 {
            return;
        }
        if let Err(error) = consumer.commit(&news, CommitMode::Sync) {
            self.failed(&error, &news);
        }
    }

    /// Whether something is done that was not committed yet.
    pub(super) fn has_news(&self) -> bool {
        self.assigned().partitions.values().any(|partition| partition.is_news)
    }

    fn take_news(&self) -> TopicPartitionList {
        let mut news = TopicPartitionList::new();
        for ((topic, number), partition) in &mut self.assigned().partitions {
            if let Some(next) = partition.next.filter(|_| std::mem::take(&mut partition.is_news)) {
                // An offset of a message is never out of range.
                news.add_partition_offset(topic, *number, Offset::Offset(next)).ok();
            }
        }
        news
    }

    fn failed(&self, error: &KafkaError, offsets: &TopicPartitionList) {
        tracing::warn!(%error, "offsets could not be committed to Kafka yet");
        let mut assigned = self.assigned();
        for element in offsets.elements() {
            let key = (element.topic().to_owned(), element.partition());
            if let Some(partition) = assigned.partitions.get_mut(&key) {
                partition.is_news = true;
            }
        }
    }

    fn assigned(&self) -> MutexGuard<'_, Assigned> {
        // A panic while the lock is held would leave nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "Kafka");
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let mut assigned = self.assigned();
        match rebalance {
            Rebalance::Assign(partitions) => {
                for element in partitions.elements() {
                    assigned.count += 1;
                    let partition = Partition { assignment: assigned.count, next: None, is_news: false };
                    assigned.partitions.insert((element.topic().to_owned(), element.partition()), partition);
                }
            }
            Rebalance::Revoke(partitions) => {
                for element in partitions.elements() {
                    assigned.partitions.remove(&(element.topic().to_owned(), element.partition()));
                }
            }
            Rebalance::Error(error) => tracing::warn!(%error, "Kafka's partitions could not be shared out"),
        }
        tracing::info!(partitions = assigned.partitions.len(), "Kafka's partitions were shared out anew");
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        // The client remembers that a partition was paused when this member had it before. If messages are held now, the
        // first one of it pauses it again.
        if let Rebalance::Assign(partitions) = rebalance
            && let Err(error) = consumer.resume(partitions)
        {
            tracing::warn!(%error, "Kafka's new partitions could not be resumed");
        }
    }
}

/// The client's log among ours.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error => {
            tracing::error!(facility, "Kafka: {message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(facility, "Kafka: {message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
            tracing::debug!(facility, "Kafka: {message}");
        }
    }
}
