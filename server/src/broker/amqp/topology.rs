//! The exchanges and queues, declared at each connection: what is there already is left as it is.

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use super::Settings;

/// How long a broker waits for an acknowledgement before it takes the messages back, in milliseconds: longer than any
/// database is away. Brokers before 3.12 know no such argument and go by their configuration.
const CONSUMER_TIMEOUT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Declares an exchange that copies what it gets to the queue of events by any routing key, and behind that queue the same
/// for dead letters.
pub(super) async fn declare(channel: &Channel, settings: &Settings) -> lapin::Result<()> {
    let dead_letters = settings.dead_letters();
    exchange(channel, &dead_letters, ExchangeKind::Fanout).await?;
    queue(channel, &dead_letters, quorum()).await?;
    bind(channel, &dead_letters, &dead_letters, "").await?;
    exchange(channel, &settings.exchange, ExchangeKind::Topic).await?;
    queue(channel, &settings.queue, events(settings)).await?;
    bind(channel, &settings.queue, &settings.exchange, "#").await
}

/// The queue of events: no message of it is ever dropped.
fn events(settings: &Settings) -> FieldTable {
    let mut arguments = quorum();
    let mut set = |name: &str, value: AMQPValue| {
        arguments.insert(name.into(), value);
    };
    set("x-delivery-limit", AMQPValue::LongInt(i32::from(settings.delivery_limit)));
    set("x-dead-letter-exchange", text(&settings.dead_letters()));
    // A message leaves the queue when the queue of dead letters has it, which the broker does only for queues that refuse
    // what they have no room for.
    set("x-dead-letter-strategy", text("at-least-once"));
    set("x-overflow", text("reject-publish"));
    set("x-consumer-timeout", AMQPValue::LongLongInt(CONSUMER_TIMEOUT_MS));
    arguments
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> lapin::Result<()> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(name.into(), kind, options, FieldTable::default()).await
}

async fn queue(channel: &Channel, name: &str, arguments: FieldTable) -> lapin::Result<()> {
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(name.into(), options, arguments).await.map(drop)
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, routing_key: &str) -> lapin::Result<()> {
    let options = QueueBindOptions::default();
    channel
        .queue_bind(queue.into(), exchange.into(), routing_key.into(), options, FieldTable::default())
        .await
}
