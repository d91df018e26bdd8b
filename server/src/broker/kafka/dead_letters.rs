//! The topic for what can never be stored: the bytes as they came, where they came from, and why.

use std::time::Duration;

use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord, Producer as _, future_producer::OwnedDeliveryResult},
};

use super::{Message, settings::Settings};
use crate::broker::{
    BODY_OMITTED, EVENT_INDEX, REASON, REASON_CODE,
    backoff::{BACKOFF, wait},
    intake::{Hold, Intake, Refusal},
};

const ORIGIN_TOPIC: &str = "andon-origin-topic";
const ORIGIN_PARTITION: &str = "andon-origin-partition";
const ORIGIN_OFFSET: &str = "andon-origin-offset";
const ORIGIN_TIMESTAMP: &str = "andon-origin-timestamp-ms";
/// How long to wait for room in the client's own queue, which a letter at a time never fills.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct DeadLetters {
    settings: Settings,
    topic: String,
    producer: FutureProducer,
}

impl DeadLetters {
    pub(super) fn new(settings: &Settings) -> Result<Self, KafkaError> {
        let producer = settings.producer().create()?;
        Ok(Self { topic: settings.dead_letters(), settings: settings.clone(), producer })
    }

    /// Writes a letter for each refusal, however long that takes: what is refused may be told to be done only when its
    /// letter is safe.
    pub(super) async fn write(&mut self, messages: &[Message], refusals: Vec<Refusal<'_>>, intake: &Intake) {
        for refusal in refusals {
            let message = &messages[refusal.message];
            tracing::warn!(
                topic = message.topic,
                partition = message.partition,
                offset = message.offset,
                event = refusal.event,
                code = refusal.reason.code,
                reason = refusal.reason.message,
                "a message of Kafka's cannot be stored and goes to the dead letters"
            );
            self.write_one(message, &refusal, intake).await;
        }
    }

    async fn write_one(&mut self, message: &Message, refusal: &Refusal<'_>, intake: &Intake) {
        let mut backoff = BACKOFF;
        let mut body = Some(refusal.body);
        while let Err((error, _)) = self.send(message, refusal, body).await {
            if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) && body.is_some() {
                // Its origin and its reason are worth more than nothing, and the message is still where it was.
                tracing::error!(
                    topic = self.topic,
                    "a dead letter is too large for its topic and goes without its body"
                );
                body = None;
                continue;
            }
            if backoff.failure_count() == 0 {
                tracing::error!(%error, topic = self.topic, "a dead letter cannot be written; what Kafka delivered is held");
            }
            intake.hold(Hold::Yes);
            wait(&mut backoff).await;
            self.replace_if_broken();
        }
        if backoff.failure_count() > 0 {
            tracing::info!(topic = self.topic, "dead letters are written again");
        }
        intake.hold(Hold::No);
    }

    async fn send(
        &self,
        message: &Message,
        refusal: &Refusal<'_>,
        body: Option<&[u8]>,
    ) -> OwnedDeliveryResult {
        let mut headers = OwnedHeaders::new();
        for (key, value) in headers_of(message, refusal, body.is_none()) {
            headers = headers.insert(Header { key, value: Some(value.as_bytes()) });
        }
        if let Some(factory) = &message.factory {
            headers = headers.insert(Header { key: super::FACTORY_HEADER, value: Some(factory) });
        }
        let mut record: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(&self.topic).headers(headers);
        record.payload = body;
        record.key = message.key.as_deref();
        self.producer.send(record, QUEUE_TIMEOUT).await
    }

    /// A producer that broke for good writes nothing any more.
    fn replace_if_broken(&mut self) {
        if self.producer.client().fatal_error().is_some()
            && let Ok(producer) = self.settings.producer().create()
        {
            self.producer = producer;
        }
    }
}

fn headers_of(
    message: &Message,
    refusal: &Refusal<'_>,
    is_body_omitted: bool,
) -> impl Iterator<Item = (&'static str, String)> {
    let always = [
        (REASON_CODE, refusal.reason.code.clone()),
        (REASON, refusal.reason.message.clone()),
        (ORIGIN_TOPIC, message.topic.clone()),
        (ORIGIN_PARTITION, message.partition.to_string()),
        (ORIGIN_OFFSET, message.offset.to_string()),
    ];
    let sometimes = [
        refusal.event.map(|index| (EVENT_INDEX, index.to_string())),
        message.timestamp_ms.map(|timestamp_ms| (ORIGIN_TIMESTAMP, timestamp_ms.to_string())),
        is_body_omitted.then(|| (BODY_OMITTED, refusal.body.len().to_string())),
    ];
    always.into_iter().chain(sometimes.into_iter().flatten())
}
