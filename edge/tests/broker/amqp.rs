//! RabbitMQ as the place where events go.

use std::collections::BTreeSet;

use lapin::message::BasicGetMessage;
use lapin::options::{BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};
use test_harness::until;

use crate::delivering::{Delivering, events};
use crate::rabbitmq::RabbitMq;

const EXCHANGE: &str = "andon.events";
const QUEUE: &str = "events";

async fn channel(broker: &RabbitMq) -> (Connection, Channel) {
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await;
    let connection = connection.expect("a connection");
    let channel = connection.create_channel().await.expect("a channel");
    (connection, channel)
}

async fn declare_exchange(channel: &Channel) {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let declared =
        channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, options, FieldTable::default());
    declared.await.expect("an exchange");
}

async fn declare_queue(channel: &Channel) {
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    channel.queue_declare(QUEUE.into(), options, arguments).await.expect("a queue");
    let (queue, exchange, key) = (QUEUE.into(), EXCHANGE.into(), "plant".into());
    let bound = channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default());
    bound.await.expect("a binding");
}

async fn get(channel: &Channel) -> Option<BasicGetMessage> {
    channel.basic_get(QUEUE.into(), BasicGetOptions { no_ack: true }).await.expect("an answer")
}

#[tokio::test]
async fn an_event_leaves_the_spool_when_a_queue_of_rabbitmq_has_it_for_good() {
    let mut broker = RabbitMq::start().await;
    let (connection, setup) = channel(&broker).await;
    declare_exchange(&setup).await;
    let agent = Delivering::to(&broker.url());
    let events = events(400);
    agent.keep(&events[..100]).await;
    // The exchange is there and leads nowhere: the broker confirms, and keeps nothing.
    agent.until_tried_in_vain().await;
    assert_eq!(agent.queued().await, 100);
    declare_queue(&setup).await;
    agent.until_delivered(100).await;
    broker.until_written_down(QUEUE).await;
    drop((setup, connection));

    agent.keep(&events[100..200]).await;
    broker.kill();
    agent.keep(&events[200..300]).await;
    agent.until_tried_in_vain().await;
    broker.start_again().await;
    agent.keep(&events[300..]).await;
    agent.until_delivered(400).await;

    let (_connection, channel) = channel(&broker).await;
    let mut found = BTreeSet::new();
    until("every event in the queue", async || {
        while let Some(message) = get(&channel).await {
            assert_eq!(message.routing_key.as_str(), "plant");
            found.insert(String::from_utf8(message.delivery.data).expect("UTF-8"));
        }
        found.len() == events.len()
    })
    .await;
    assert_eq!(found, events.into_iter().collect());
}
