//! The exchange for what can never be stored: the bytes as they came, where they came from, and why.

use lapin::{
    BasicProperties, Channel, Confirmation,
    message::Delivery,
    options::BasicPublishOptions,
    types::{AMQPValue, FieldTable},
};

use super::{FACTORY_HEADER, Settings};
use crate::broker::{
    EVENT_INDEX, REASON, REASON_CODE,
    backoff::{BACKOFF, wait},
    intake::{Delivered as _, Hold, Intake, Refusal},
};

const ORIGIN_EXCHANGE: &str = "andon-origin-exchange";
const ORIGIN_ROUTING_KEY: &str = "andon-origin-routing-key";
const ORIGIN_DELIVERY_TAG: &str = "andon-origin-delivery-tag";
/// A message that survives a restart of the broker.
const PERSISTENT: u8 = 2;
/// The longest reason in a header, in bytes: all headers share one frame with the rest, which has 128 KiB.
const MAX_REASON_BYTES: usize = 4 * 1024;

/// Writes a letter for each refusal, however long that takes: what is refused may be acknowledged only when its letter is
/// safe.
///
/// # Errors
/// When the connection is lost; the messages are then delivered again.
pub(super) async fn write(
    channel: &Channel,
    settings: &Settings,
    messages: &[Delivery],
    refusals: &[Refusal<'_>],
    intake: &Intake,
) -> lapin::Result<()> {
    for refusal in refusals {
        let message = &messages[refusal.message];
        tracing::warn!(
            exchange = message.exchange.as_str(),
            routing_key = message.routing_key.as_str(),
            event = refusal.event,
            code = refusal.reason.code,
            reason = refusal.reason.message,
            "a message of AMQP's cannot be stored and goes to the dead letters"
        );
        let mut backoff = BACKOFF;
        while let Err(why) = publish(channel, settings, message, refusal).await? {
            if backoff.failure_count() == 0 {
                tracing::error!(why, "a dead letter cannot be written; what AMQP delivered is held");
            }
            intake.hold(Hold::Yes);
            wait(&mut backoff).await;
        }
        intake.hold(Hold::No);
    }
    Ok(())
}

/// Publishes one letter and waits until the broker has it for good; otherwise says why it has not.
async fn publish(
    channel: &Channel,
    settings: &Settings,
    message: &Delivery,
    refusal: &Refusal<'_>,
) -> lapin::Result<Result<(), &'static str>> {
    let mut headers = FieldTable::default();
    let mut set = |name: &str, value: &str| {
        headers.insert(name.into(), AMQPValue::LongString(value.into()));
    };
    set(REASON_CODE, &refusal.reason.code);
    set(REASON, cut(&refusal.reason.message));
    set(ORIGIN_EXCHANGE, message.exchange.as_str());
    set(ORIGIN_ROUTING_KEY, message.routing_key.as_str());
    set(ORIGIN_DELIVERY_TAG, &message.delivery_tag.to_string());
    if let Some(index) = refusal.event {
        set(EVENT_INDEX, &index.to_string());
    }
    if let Some(factory) = message.factory().and_then(|factory| str::from_utf8(factory).ok()) {
        set(FACTORY_HEADER, cut(factory));
    }
    let properties = BasicProperties::default().with_delivery_mode(PERSISTENT).with_headers(headers);
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let exchange = settings.dead_letters().into();
    let sent = channel
        .basic_publish(exchange, message.routing_key.clone(), options, refusal.body, properties)
        .await?;
    Ok(match sent.await? {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) => Err("no queue is bound to the exchange of the dead letters"),
        Confirmation::Nack(_) => Err("the broker refused it; is its queue full?"),
        Confirmation::NotRequested => Err("the broker does not confirm what is published"),
    })
}

/// The beginning that a header has room for.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_REASON_BYTES)]
}
