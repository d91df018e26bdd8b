//! Kafka, as librdkafka's mock cluster plays it: real sockets and the real protocol, in the test's process.

use std::time::Duration;

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _, StreamConsumer},
    message::{Header, Headers as _, OwnedHeaders, OwnedMessage},
    mocking::MockCluster,
    producer::{DefaultProducerContext, FutureProducer, FutureRecord},
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use test_harness::LIMIT;

use crate::{
    harness::{Program, soon, until},
    stored::{assert_stored, create_other, events, many, one, post, postgres, sqlite, stored, until_stored},
};

const TOPIC: &str = "andon.events";
const DEAD_LETTERS: &str = "andon.events.dead-letters";
const GROUP: &str = "andon";
const PARTITIONS: i32 = 4;
const BROKERS: i32 = 3;
/// The shortest that a group waits for a member that was killed; half of it for a sign of life.
const SESSION: &str = "session.timeout.ms=6000,heartbeat.interval.ms=500";

struct Kafka {
    cluster: MockCluster<'static, DefaultProducerContext>,
    servers: String,
    producer: FutureProducer,
}

impl Kafka {
    fn start() -> Self {
        let cluster = MockCluster::new(BROKERS).expect("a cluster");
        cluster.create_topic(TOPIC, PARTITIONS, BROKERS).expect("a topic");
        cluster.create_topic(DEAD_LETTERS, 1, BROKERS).expect("a topic");
        let servers = cluster.bootstrap_servers();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &servers)
            .set("enable.idempotence", "true")
            .create()
            .expect("a producer");
        Self { cluster, servers, producer }
    }

    /// A server that reads from it.
    async fn server(&self, database_url: &str) -> Program {
        let arguments = ["--kafka-brokers", &self.servers, "--kafka-setting", SESSION];
        Program::serve(database_url, &arguments).await
    }

    async fn publish(&self, partition: i32, key: Option<&str>, payload: &[u8]) {
        let mut record: FutureRecord<'_, str, [u8]> =
            FutureRecord::to(TOPIC).payload(payload).partition(partition);
        record.key = key;
        let sent = self.producer.send(record, LIMIT);
        soon("the broker's answer", sent).await.expect("a message sent");
    }

    /// Publishes messages of the factory, a few on each partition.
    async fn publish_all(&self, messages: &[String]) {
        for (number, message) in messages.iter().enumerate() {
            self.publish(number as i32 % PARTITIONS, Some("plant"), message.as_bytes()).await;
        }
    }

    /// How many messages the group has told to be done.
    fn committed(&self) -> i64 {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.servers)
            .set("group.id", GROUP)
            .create()
            .expect("a consumer");
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition(TOPIC, partition);
        }
        let committed = consumer.committed_offsets(partitions, LIMIT).expect("offsets");
        let offsets = committed.elements();
        offsets.iter().filter_map(|element| element.offset().to_raw()).filter(|offset| *offset > 0).sum()
    }

    async fn until_committed(&self, messages: usize) {
        until("the commit", async || self.committed() == messages as i64).await;
    }

    /// As many dead letters, from the first on.
    async fn dead_letters(&self, count: usize) -> Vec<OwnedMessage> {
        let consumer: StreamConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.servers)
            .set("group.id", "reader of dead letters")
            .create()
            .expect("a consumer");
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_offset(DEAD_LETTERS, 0, Offset::Beginning).expect("an offset");
        consumer.assign(&partitions).expect("a partition");
        let mut letters = Vec::new();
        while letters.len() < count {
            let letter = soon("a dead letter", consumer.recv()).await.expect("a dead letter");
            letters.push(letter.detach());
        }
        letters
    }

    /// How many dead letters there are.
    fn count_of_dead_letters(&self) -> i64 {
        let client: BaseConsumer =
            ClientConfig::new().set("bootstrap.servers", &self.servers).create().expect("a client");
        client.fetch_watermarks(DEAD_LETTERS, 0, LIMIT).expect("offsets").1
    }

    /// Lets the next commits of offsets fail, as many as anybody may try.
    fn refuse_commits(&self) {
        let errors = vec![RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE; 10_000];
        self.cluster.request_errors(RDKafkaApiKey::OffsetCommit, &errors);
    }

    fn allow_commits(&self) {
        self.cluster.clear_request_errors(RDKafkaApiKey::OffsetCommit);
    }
}

fn header(letter: &OwnedMessage, name: &str) -> Option<String> {
    let headers = letter.headers().expect("headers");
    let header = headers.iter().find(|header| header.key == name)?;
    Some(String::from_utf8(header.value.expect("a value").to_vec()).expect("UTF-8"))
}

#[tokio::test]
async fn what_was_stored_and_not_yet_committed_when_the_server_was_killed_is_read_again_and_stored_once() {
    const CRASHES: usize = 3;
    const EVENTS_PER_CRASH: usize = 300;
    let kafka = Kafka::start();
    let database = sqlite().await;
    let events = events((CRASHES + 1) * EVENTS_PER_CRASH);
    let mut messages = 0;
    for part in events.chunks(EVENTS_PER_CRASH).take(CRASHES) {
        kafka.refuse_commits();
        let mut server = kafka.server(database.url()).await;
        let before = kafka.committed();
        let sent: Vec<String> = part.iter().map(one).collect();
        kafka.publish_all(&sent).await;
        messages += sent.len();
        until_stored(&database, messages).await;
        // The crash between the two: everything is in the database, and Kafka knows nothing of it.
        soon("the kill", server.child.kill()).await.expect("a killed process");
        assert_eq!(kafka.committed(), before);
    }
    assert_eq!(kafka.committed(), 0);
    kafka.allow_commits();
    let server = kafka.server(database.url()).await;
    let last: Vec<String> = events[CRASHES * EVENTS_PER_CRASH..].iter().map(one).collect();
    kafka.publish_all(&last).await;
    kafka.until_committed(events.len()).await;
    assert_stored(&database, &events).await;
    assert_eq!(kafka.count_of_dead_letters(), 0);
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn servers_that_come_and_go_and_are_killed_share_a_topic_and_store_every_event_once() {
    const EVENTS_PER_STEP: usize = 400;
    let kafka = Kafka::start();
    let (_cluster, database) = postgres().await;
    let events = events(4 * EVENTS_PER_STEP);
    let parts: Vec<Vec<String>> = events
        .chunks(EVENTS_PER_STEP)
        .map(|part| part.chunks(5).enumerate().map(|(number, events)| many(events, number)).collect())
        .collect();

    let first = kafka.server(database.url()).await;
    kafka.publish_all(&parts[0]).await;
    // A second one takes partitions over while messages come.
    let (mut second, ()) = tokio::join!(kafka.server(database.url()), kafka.publish_all(&parts[1]));
    second.logs("Kafka's partitions were shared out anew").await;
    kafka.publish_all(&parts[2]).await;
    soon("the kill", second.child.kill()).await.expect("a killed process");
    // A third one comes as the first one goes.
    let third = kafka.server(database.url()).await;
    kafka.publish_all(&parts[3]).await;
    let (status, log) = first.terminate().await;
    assert!(status.success(), "{log:#?}");

    until_stored(&database, events.len()).await;
    kafka.until_committed(parts.iter().map(Vec::len).sum()).await;
    assert_stored(&database, &events).await;
    assert_eq!(kafka.count_of_dead_letters(), 0);
    assert!(third.terminate().await.0.success());
}

#[tokio::test]
async fn what_can_never_be_stored_goes_to_the_dead_letters_and_spoils_nothing_else() {
    let kafka = Kafka::start();
    let database = sqlite().await;
    let server = kafka.server(database.url()).await;
    let events = events(4);
    let bad = one(&events[3]).replace("\"durationMinutes\":", "\"durationMinutes\":-");
    let partly = format!("[{},{bad},{}]", one(&events[0]), one(&events[1]));
    let long = format!("[{}]", vec!["1"; 10_001].join(","));
    kafka.publish(0, Some("plant"), b"{ half an event").await;
    kafka.publish(0, Some("plant"), partly.as_bytes()).await;
    kafka.publish(0, Some("elsewhere"), one(&events[2]).as_bytes()).await;
    kafka.publish(0, None, one(&events[2]).as_bytes()).await;
    kafka.publish(0, Some("plant"), bad.as_bytes()).await;
    kafka.publish(0, Some("plant"), long.as_bytes()).await;
    kafka.publish(0, Some("plant"), one(&events[2]).as_bytes()).await;

    let letters = kafka.dead_letters(6).await;
    let told: Vec<_> = letters
        .iter()
        .map(|letter| {
            let origin = header(letter, "andon-origin-offset").expect("an offset");
            let code = header(letter, "andon-reason-code").expect("a code");
            (origin, header(letter, "andon-event-index"), code)
        })
        .collect();
    let whole = |offset: &str, code: &str| (offset.to_owned(), None, code.to_owned());
    let expected = [
        whole("0", "UNREADABLE"),
        ("1".to_owned(), Some("1".to_owned()), "DURATION_OUT_OF_RANGE".to_owned()),
        whole("2", "NOT_FOUND"),
        whole("3", "NO_FACTORY"),
        whole("4", "DURATION_OUT_OF_RANGE"),
        whole("5", "LIMIT_EXCEEDED"),
    ];
    assert_eq!(told, expected);
    let bodies: Vec<_> = letters.iter().map(|letter| letter.payload().unwrap_or_default()).collect();
    let elsewhere = one(&events[2]);
    let expected = ["{ half an event", &bad, &elsewhere, &elsewhere, &bad, &long].map(str::as_bytes);
    assert!(bodies == expected, "every letter holds the very bytes that came");
    assert_eq!(letters[2].key(), Some(&b"elsewhere"[..]));
    for letter in &letters {
        assert_eq!(header(letter, "andon-origin-topic").as_deref(), Some(TOPIC));
        assert_eq!(header(letter, "andon-origin-partition").as_deref(), Some("0"));
        assert!(header(letter, "andon-reason").is_some_and(|reason| !reason.is_empty()));
    }

    kafka.until_committed(7).await;
    assert_stored(&database, &events[..3]).await;
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn a_dead_letter_is_safe_before_its_message_is_done() {
    let kafka = Kafka::start();
    let database = sqlite().await;
    // The topic of the dead letters has no leader: nothing can be written to it.
    kafka.cluster.partition_leader(DEAD_LETTERS, 0, None).expect("no leader");
    let server = kafka.server(database.url()).await;
    let events = events(2);
    kafka.publish(0, Some("plant"), b"not an event").await;
    kafka.publish(0, Some("plant"), one(&events[0]).as_bytes()).await;
    until_stored(&database, 1).await;
    assert_eq!(kafka.committed(), 0, "the message that is refused comes first");
    kafka.cluster.partition_leader(DEAD_LETTERS, 0, Some(1)).expect("a leader");
    kafka.until_committed(2).await;
    assert_eq!(kafka.dead_letters(1).await[0].payload(), Some(&b"not an event"[..]));
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn the_same_event_by_http_and_by_kafka_and_by_kafka_again_is_one_event() {
    let kafka = Kafka::start();
    let database = sqlite().await;
    let server = kafka.server(database.url()).await;
    let events = events(40);
    assert_eq!(post(&server, &events[..20]).await["accepted"], 20);
    let messages: Vec<String> = events.iter().chain(&events).map(one).collect();
    kafka.publish_all(&messages).await;
    // The key may name something else where a header names the factory.
    let headers = OwnedHeaders::new().insert(Header { key: "factory", value: Some("plant") });
    let again = one(&events[0]);
    let record = FutureRecord::to(TOPIC).key("camera-7").payload(&again).partition(0).headers(headers);
    soon("the broker's answer", kafka.producer.send(record, LIMIT)).await.expect("a message sent");
    kafka.until_committed(messages.len() + 1).await;
    let again = post(&server, &events).await;
    assert_eq!((&again["duplicates"], &again["conflicts"]), (&40.into(), &0.into()));
    assert_stored(&database, &events).await;
    assert_eq!(kafka.count_of_dead_letters(), 0);
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn while_the_database_is_away_messages_are_held_and_the_group_is_still_attended() {
    let kafka = Kafka::start();
    let (mut cluster, database) = postgres().await;
    let server = kafka.server(database.url()).await;
    let events = events(600);
    let messages: Vec<String> = events.iter().map(one).collect();
    kafka.publish_all(&messages[..200]).await;
    kafka.until_committed(200).await;

    cluster.stop(private_postgres::Shutdown::Immediate).expect("an end");
    kafka.publish_all(&messages[200..400]).await;
    server.logs("is held").await;
    // Another member gets partitions only when the server gives them up, which it does only when it attends its group.
    let other: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.servers)
        .set("group.id", GROUP)
        .set("enable.auto.commit", "false")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "500")
        .create()
        .expect("a consumer");
    other.subscribe(&[TOPIC]).expect("a member");
    let attended = async {
        while other.assignment().expect("an assignment").count() == 0 {
            // What it is given it does not commit: it is read again.
            let _none_or_a_message = tokio::time::timeout(Duration::from_secs(1), other.recv()).await;
        }
    };
    soon("the other member's share", attended).await;
    drop(other);
    kafka.publish_all(&messages[400..]).await;
    assert_eq!(kafka.committed(), 200, "nothing is done that is not stored");

    cluster.start_again().expect("a PostgreSQL");
    kafka.until_committed(600).await;
    assert_stored(&database, &events).await;
    assert_eq!(kafka.count_of_dead_letters(), 0);
    assert_eq!(stored(&database).await.0, 600);
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn brokers_that_go_away_and_come_back_are_read_on() {
    let kafka = Kafka::start();
    let database = sqlite().await;
    let server = kafka.server(database.url()).await;
    let events = events(200);
    let messages: Vec<String> = events.iter().map(one).collect();
    kafka.publish_all(&messages[..100]).await;
    kafka.until_committed(100).await;
    for broker in 1..=BROKERS {
        kafka.cluster.broker_down(broker).expect("one down");
    }
    server.logs("Kafka error=").await;
    for broker in 1..=BROKERS {
        kafka.cluster.broker_up(broker).expect("one up");
    }
    kafka.publish_all(&messages[100..]).await;
    kafka.until_committed(200).await;
    assert_stored(&database, &events).await;
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn a_broker_feeds_only_the_factories_that_it_may() {
    let kafka = Kafka::start();
    let database = sqlite().await;
    let arguments =
        ["--kafka-brokers", &kafka.servers, "--kafka-setting", SESSION, "--kafka-factories", "plant"];
    let server = Program::serve(database.url(), &arguments).await;
    create_other(&server).await;
    let events = events(2);
    for (factory, event) in [("other", &events[1]), ("plant", &events[0])] {
        kafka.publish(0, Some(factory), one(event).as_bytes()).await;
    }
    let letters = kafka.dead_letters(1).await;
    assert_eq!(header(&letters[0], "andon-reason-code").as_deref(), Some("FORBIDDEN"));
    assert_eq!(letters[0].key(), Some(&b"other"[..]));
    kafka.until_committed(2).await;
    assert_stored(&database, &events[..1]).await;
    assert!(server.terminate().await.0.success());
}
