//! Kafka as the place where events go.

use std::collections::BTreeSet;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::Message as _;
use rdkafka::mocking::MockCluster;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use test_harness::soon;

use crate::delivering::{Delivering, events};

const TOPIC: &str = "andon.events";

/// So many messages of the topic, which is one partition: their keys and what they hold.
async fn read(servers: &str, count: usize) -> Vec<(String, String)> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "reader")
        .create()
        .expect("a consumer");
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(TOPIC, 0, Offset::Beginning).expect("an offset");
    consumer.assign(&partitions).expect("a partition");
    let mut messages = Vec::new();
    while messages.len() < count {
        let message = soon("a message", consumer.recv()).await;
        let message = message.expect("a message");
        let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.expect("bytes").to_vec()).expect("UTF-8");
        messages.push((text(message.key()), text(message.payload())));
    }
    messages
}

#[tokio::test]
async fn an_event_leaves_the_spool_when_kafka_has_it_for_good() {
    let cluster = MockCluster::new(3).expect("a cluster");
    cluster.create_topic(TOPIC, 1, 3).expect("a topic");
    // Nobody leads the partition: nothing can be written to it.
    cluster.partition_leader(TOPIC, 0, None).expect("no leader");
    let servers = cluster.bootstrap_servers();
    let agent = Delivering::to(&format!("kafka://{servers}/{TOPIC}?message.timeout.ms=1000"));
    let events = events(300);
    agent.keep(&events[..200]).await;
    agent.until_tried_in_vain().await;
    assert_eq!(agent.queued().await, 200, "nothing left the spool that Kafka does not have");
    cluster.partition_leader(TOPIC, 0, Some(1)).expect("a leader");
    agent.keep(&events[200..]).await;
    agent.until_delivered(300).await;
    // What failed as a batch may have come in part, and comes again: at least once, and each.
    let mut found = BTreeSet::new();
    let mut count = events.len();
    while found.len() < events.len() {
        let messages = read(&servers, count).await;
        assert!(messages.iter().all(|(key, _)| key == "plant"));
        found = messages.into_iter().map(|(_, payload)| payload).collect();
        count += 1;
    }
    assert_eq!(found, events.into_iter().collect());
}
