//! A real RabbitMQ, killed and started again.

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    message::BasicGetMessage,
    options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use crate::{
    harness::{Program, soon, until},
    rabbitmq::RabbitMq,
    stored::{assert_stored, create_other, events, many, one, post, postgres, sqlite, until_stored},
};

const EXCHANGE: &str = "andon.events";
const QUEUE: &str = "andon.events";
const DEAD_LETTERS: &str = "andon.events.dead-letters";

impl RabbitMq {
    /// A server that reads from it and has declared its queues.
    async fn server(&self, database_url: &str, arguments: &[&str]) -> Program {
        let url = self.url();
        let arguments: Vec<&str> =
            ["--amqp-url", &url].into_iter().chain(arguments.iter().copied()).collect();
        let server = Program::serve(database_url, &arguments).await;
        server.logs("connected to AMQP").await;
        server
    }

    async fn channel(&self) -> Channel {
        let url = self.url();
        let connection = Connection::connect(&url, ConnectionProperties::default());
        let connection = soon("a connection", connection).await.expect("a connection");
        let channel = connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        channel
    }

    /// How many messages wait in a queue that is there.
    async fn waiting(&self, queue: &str) -> u32 {
        let channel = self.channel().await;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue =
            channel.queue_declare(queue.into(), options, FieldTable::default()).await.expect("a queue");
        queue.message_count()
    }

    /// Waits until a queue has no message: it takes one away a moment after it was acknowledged.
    async fn until_empty(&self, queue: &str) {
        until("an empty queue", async || self.waiting(queue).await == 0).await;
    }

    /// As many dead letters, from the first on.
    async fn dead_letters(&self, count: usize) -> Vec<BasicGetMessage> {
        let channel = self.channel().await;
        let mut letters = Vec::new();
        until("the dead letters", async || {
            let got = channel.basic_get(DEAD_LETTERS.into(), BasicGetOptions { no_ack: true }).await;
            letters.extend(got.expect("an answer"));
            letters.len() == count
        })
        .await;
        letters
    }
}

/// Publishes a message and answers whether the broker has it for good.
async fn publish(channel: &Channel, factory: &str, payload: &[u8]) -> bool {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let properties = BasicProperties::default().with_delivery_mode(2);
    let sent = channel.basic_publish(EXCHANGE.into(), factory.into(), options, payload, properties).await;
    let Ok(sent) = sent else { return false };
    matches!(sent.await, Ok(Confirmation::Ack(None)))
}

async fn publish_all(channel: &Channel, messages: &[String]) {
    for message in messages {
        assert!(publish(channel, "plant", message.as_bytes()).await);
    }
}

fn header(letter: &BasicGetMessage, name: &str) -> Option<String> {
    match letter.properties.headers().as_ref()?.inner().get(name)? {
        AMQPValue::LongString(value) => Some(value.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}

#[tokio::test]
async fn a_broker_killed_and_started_again_loses_no_confirmed_message_and_is_read_on() {
    const KILLS: usize = 2;
    let mut broker = RabbitMq::start().await;
    let database = sqlite().await;
    let server = broker.server(database.url(), &[]).await;
    let events = events((KILLS + 1) * 300);
    for (number, part) in events.chunks(300).enumerate() {
        // As publishers do: what is not confirmed is published again.
        let mut channel = broker.channel().await;
        for (number, events) in part.chunks(3).enumerate() {
            let message = many(events, number);
            while !publish(&channel, "plant", message.as_bytes()).await {
                channel = broker.channel().await;
            }
        }
        if number < KILLS {
            broker.until_written_down(QUEUE).await;
            broker.until_written_down(DEAD_LETTERS).await;
            // Some of it is stored by now, some on its way, some still in the queue.
            broker.kill();
            broker.start_again().await;
        }
    }
    until_stored(&database, events.len()).await;
    broker.until_empty(QUEUE).await;
    assert_stored(&database, &events).await;
    assert_eq!(broker.waiting(DEAD_LETTERS).await, 0);
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn a_server_killed_before_it_acknowledges_gets_its_messages_again_and_stores_them_once() {
    let broker = RabbitMq::start().await;
    let (mut cluster, database) = postgres().await;
    let events = events(950);
    let messages: Vec<String> = events.iter().map(one).collect();
    let mut server = broker.server(database.url(), &[]).await;
    let channel = broker.channel().await;
    for part in messages[..900].chunks(300) {
        publish_all(&channel, part).await;
        soon("the kill", server.child.kill()).await.expect("a killed process");
        server = broker.server(database.url(), &[]).await;
    }
    until_stored(&database, 900).await;
    // Held, killed, and delivered to the next.
    cluster.stop(private_postgres::Shutdown::Immediate).expect("an end");
    publish_all(&channel, &messages[900..]).await;
    server.logs("is held").await;
    soon("the kill", server.child.kill()).await.expect("a killed process");
    cluster.start_again().expect("a PostgreSQL");
    let server = broker.server(database.url(), &[]).await;
    until_stored(&database, events.len()).await;
    // It stops only after what it stored is acknowledged.
    assert!(server.terminate().await.0.success());
    broker.until_empty(QUEUE).await;
    assert_stored(&database, &events).await;
    assert_eq!(broker.waiting(DEAD_LETTERS).await, 0);
}

#[tokio::test]
async fn what_can_never_be_stored_goes_to_the_dead_letters_and_the_rest_is_one_event_each() {
    let broker = RabbitMq::start().await;
    let database = sqlite().await;
    let server = broker.server(database.url(), &[]).await;
    let channel = broker.channel().await;
    let events = events(40);
    let bad = one(&events[3]).replace("\"durationMinutes\":", "\"durationMinutes\":-");
    let partly = format!("{}\n{bad}\n{}", one(&events[0]), one(&events[1]));
    let sent =
        [("plant", "{ half an event"), ("plant", &partly), ("elsewhere", &one(&events[2])), ("plant", &bad)];
    for (factory, payload) in sent {
        assert!(publish(&channel, factory, payload.as_bytes()).await);
    }
    let letters = broker.dead_letters(4).await;
    let told: Vec<_> = letters
        .iter()
        .map(|letter| {
            let code = header(letter, "andon-reason-code").expect("a code");
            (
                code,
                header(letter, "andon-event-index"),
                String::from_utf8(letter.data.clone()).expect("UTF-8"),
            )
        })
        .collect();
    let expected = [
        ("UNREADABLE".to_owned(), None, "{ half an event".to_owned()),
        ("DURATION_OUT_OF_RANGE".to_owned(), Some("1".to_owned()), bad.clone()),
        ("NOT_FOUND".to_owned(), None, one(&events[2])),
        ("DURATION_OUT_OF_RANGE".to_owned(), None, bad.clone()),
    ];
    assert_eq!(told, expected);
    assert_eq!(header(&letters[2], "andon-origin-exchange").as_deref(), Some(EXCHANGE));
    assert_eq!(header(&letters[2], "andon-origin-routing-key").as_deref(), Some("elsewhere"));
    assert!(header(&letters[2], "andon-origin-delivery-tag").is_some());

    // By HTTP, by the broker, and by the broker again.
    assert_eq!(post(&server, &events[..20]).await["duplicates"], 2);
    let messages: Vec<String> = events.iter().chain(&events).map(one).collect();
    publish_all(&channel, &messages).await;
    until_stored(&database, events.len()).await;
    // A server that stops has nothing half-done: it acknowledges what it stored.
    assert!(server.terminate().await.0.success());
    let server = broker.server(database.url(), &[]).await;
    broker.until_empty(QUEUE).await;
    assert_stored(&database, &events).await;
    assert_eq!(broker.waiting(DEAD_LETTERS).await, 0);
    assert!(server.terminate().await.0.success());
}

#[tokio::test]
async fn while_the_database_is_away_messages_are_held_and_none_is_counted_as_delivered_again() {
    let broker = RabbitMq::start().await;
    let (mut cluster, database) = postgres().await;
    // A message that is given back twice would be a dead letter.
    let server = broker.server(database.url(), &["--amqp-delivery-limit", "1"]).await;
    let channel = broker.channel().await;
    let events = events(400);
    let messages: Vec<String> = events.iter().map(one).collect();
    publish_all(&channel, &messages[..100]).await;
    until_stored(&database, 100).await;
    cluster.stop(private_postgres::Shutdown::Immediate).expect("an end");
    publish_all(&channel, &messages[100..]).await;
    server.logs("is held").await;
    cluster.start_again().expect("a PostgreSQL");
    until_stored(&database, events.len()).await;
    assert!(server.terminate().await.0.success());
    broker.until_empty(QUEUE).await;
    assert_stored(&database, &events).await;
    assert_eq!(broker.waiting(DEAD_LETTERS).await, 0);
}

#[tokio::test]
async fn a_broker_feeds_only_the_factories_that_it_may() {
    let broker = RabbitMq::start().await;
    let database = sqlite().await;
    let server = broker.server(database.url(), &["--amqp-factories", "elsewhere, plant"]).await;
    create_other(&server).await;
    let channel = broker.channel().await;
    let events = events(2);
    for (factory, event) in [("other", &events[1]), ("plant", &events[0])] {
        assert!(publish(&channel, factory, one(event).as_bytes()).await);
    }
    let letters = broker.dead_letters(1).await;
    assert_eq!(header(&letters[0], "andon-reason-code").as_deref(), Some("FORBIDDEN"));
    until_stored(&database, 1).await;
    assert_stored(&database, &events[..1]).await;
    assert!(server.terminate().await.0.success());
}
