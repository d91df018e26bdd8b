//! A topic of Kafka as the outlet of batches: one message an event, the factory as its key.
//!
//! An event is done when every replica that is in step has it (`acks=all`). The producer is idempotent, so its own
//! attempts store nothing twice; a batch that is sent again as a whole does, and is a duplicate where it is stored.

use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};

use super::Outlet;
use super::address::AddressError;
use super::request::Sender;
use super::response::{IngestResult, Response};

/// How long a message may take before the batch counts as not delivered, in milliseconds.
const MESSAGE_TIMEOUT_MS: &str = "30000";
/// How long to wait for room in the client's queue, which holds far more than a batch.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(30);
/// What the promise rests on.
const OURS: [&str; 3] = ["acks", "enable.idempotence", "bootstrap.servers"];

/// A topic, and the factory whose events go there.
pub struct Kafka {
    servers: String,
    topic: String,
    factory_id: String,
    config: ClientConfig,
    producer: FutureProducer,
}

impl Kafka {
    /// Reads `kafka://HOST:PORT[,HOST:PORT…]/TOPIC[?NAME=VALUE&…]`, where the names are librdkafka's settings.
    pub fn new(url: &str, factory_id: &str) -> Result<Self, AddressError> {
        let syntax =
            || AddressError::Syntax("write kafka://HOST:PORT/TOPIC, with further brokers behind commas");
        let rest = url.strip_prefix("kafka://").ok_or_else(syntax)?;
        let (rest, settings) = rest.split_once('?').unwrap_or((rest, ""));
        let (servers, topic) = rest.split_once('/').ok_or_else(syntax)?;
        if servers.is_empty() || topic.is_empty() {
            return Err(syntax());
        }
        let mut config = ClientConfig::new();
        config.set("client.id", "andon-edge").set("message.timeout.ms", MESSAGE_TIMEOUT_MS);
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            let (name, value) =
                setting.split_once('=').ok_or(AddressError::Syntax("write a setting as NAME=VALUE"))?;
            if OURS.contains(&name) {
                return Err(AddressError::FixedSetting(name.to_owned()));
            }
            config.set(name, value);
        }
        config.set("bootstrap.servers", servers).set("acks", "all").set("enable.idempotence", "true");
        let producer = config.create().map_err(|error| {
            AddressError::Malformed("Kafka's client cannot be made; do its settings fit?", error.to_string())
        })?;
        Ok(Self {
            servers: servers.to_owned(),
            topic: topic.to_owned(),
            factory_id: factory_id.to_owned(),
            config,
            producer,
        })
    }

    /// A producer that broke for good sends nothing any more.
    fn replace_if_broken(&mut self) {
        if self.producer.client().fatal_error().is_some()
            && let Ok(producer) = self.config.create()
        {
            self.producer = producer;
        }
    }
}

impl fmt::Display for Kafka {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "kafka://{}/{}", self.servers, self.topic)
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl Outlet for Kafka {
    async fn send(&mut self, events: &[String], _: Option<&Sender>) -> Response {
        self.replace_if_broken();
        let mut deliveries = Vec::with_capacity(events.len());
        for event in events {
            let record = FutureRecord::to(&self.topic).key(&self.factory_id).payload(event);
            deliveries.push(Box::pin(self.producer.send(record, QUEUE_TIMEOUT)));
        }
        // All are handed over at once and in order, and each is waited for.
        let mut failure = None;
        for delivered in futures_util::future::join_all(deliveries).await {
            if let Err((error, _)) = delivered {
                failure = Some(error);
            }
        }
        match failure {
            None => Response::Stored(IngestResult::all_accepted(events.len())),
            Some(error) => of_error(&error),
        }
    }
}

fn of_error(error: &KafkaError) -> Response {
    let reason = error.to_string();
    match error.rdkafka_error_code() {
        Some(Code::MessageSizeTooLarge) => Response::TooLarge { reason },
        Some(
            Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::SaslAuthenticationFailed
            | Code::Authentication,
        ) => Response::Forbidden { reason },
        _ => Response::Busy { reason, retry_after: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_has_brokers_and_a_topic_and_settings() {
        let kafka =
            Kafka::new("kafka://a:9092,b:9092/andon.events?linger.ms=5", "plant").expect("an address");
        assert_eq!(kafka.to_string(), "kafka://a:9092,b:9092/andon.events");
        for wrong in
            ["kafka://", "kafka://a:9092", "kafka://a:9092/", "kafka://a/t?acks=1", "kafka://a/t?no.such=1"]
        {
            assert!(Kafka::new(wrong, "plant").is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_a_person_must_repair_is_forbidden_and_only_a_size_is_too_large() {
        let response = |code| of_error(&KafkaError::MessageProduction(code));
        assert!(matches!(response(Code::MessageSizeTooLarge), Response::TooLarge { .. }));
        assert!(matches!(response(Code::TopicAuthorizationFailed), Response::Forbidden { .. }));
        assert!(matches!(response(Code::MessageTimedOut), Response::Busy { .. }));
    }
}
