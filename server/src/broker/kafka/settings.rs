//! Where the Kafka is and how its client is to be.

use clap::Args;
use rdkafka::ClientConfig;

use crate::broker::message::MAX_MESSAGE_BYTES;

/// Settings that no one may change, because what this server promises rests on them.
const OURS: [(&str, &str); 7] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    // What was in the topic before the group's first commit is read too; what is stored already is a duplicate.
    ("auto.offset.reset", "earliest"),
    // A member that comes or goes takes no partition from one that keeps it.
    ("partition.assignment.strategy", "cooperative-sticky"),
    // A dead letter is written when every replica that is in step has it, and once.
    ("acks", "all"),
    ("enable.idempotence", "true"),
    ("enable.partition.eof", "false"),
];
/// How much the client reads ahead, in KiB. Its default of 64 MiB would be most of a small server's memory.
const READ_AHEAD_KIB: usize = 16 * 1024;
/// How long a dead letter may take before it is tried again, in milliseconds.
const DEAD_LETTER_TIMEOUT_MS: u32 = 30_000;
/// What headers and framing may add to a message that was as large as is allowed.
const FRAME_BYTES: usize = 64 * 1024;

/// Where the Kafka is, and what to read.
#[derive(Args, Clone, Debug)]
#[group(id = "kafka")]
pub struct Settings {
    /// Read events from this Kafka too: some of its brokers, as HOST:PORT, separated by commas
    #[arg(
        id = "kafka_brokers",
        long = "kafka-brokers",
        env = "ANDON_KAFKA_BROKERS",
        default_value = "",
        value_name = "HOST:PORT,…"
    )]
    pub servers: String,

    /// The topic with the events; a message's key is the factory
    #[arg(
        id = "kafka_topic",
        long = "kafka-topic",
        env = "ANDON_KAFKA_TOPIC",
        default_value = "andon.events",
        value_name = "TOPIC"
    )]
    pub topic: String,

    /// The consumer group: servers with the same one share the topic's partitions
    #[arg(
        id = "kafka_group",
        long = "kafka-group",
        env = "ANDON_KAFKA_GROUP",
        default_value = "andon",
        value_name = "GROUP"
    )]
    pub group: String,

    /// The factories that it may feed; separate several by commas [default: all]
    #[arg(
        id = "kafka_factories",
        long = "kafka-factories",
        env = "ANDON_KAFKA_FACTORIES",
        value_delimiter = ',',
        value_name = "FACTORY"
    )]
    pub factories: Vec<String>,

    /// The topic for what can never be stored; left out, the topic's name with .dead-letters behind it
    #[arg(
        id = "kafka_dead_letter_topic",
        long = "kafka-dead-letter-topic",
        env = "ANDON_KAFKA_DEAD_LETTER_TOPIC",
        value_name = "TOPIC"
    )]
    pub dead_letter_topic: Option<String>,

    /// A further setting of the client librdkafka, such as session.timeout.ms=10000; separate several by commas
    #[arg(id = "kafka_setting", long = "kafka-setting", env = "ANDON_KAFKA_SETTINGS", value_delimiter = ',', value_name = "NAME=VALUE", value_parser = setting)]
    pub others: Vec<(String, String)>,
}

impl Settings {
    /// The topic for what can never be stored.
    pub fn dead_letters(&self) -> String {
        self.dead_letter_topic.clone().unwrap_or_else(|| format!("{}.dead-letters", self.topic))
    }

    pub(super) fn consumer(&self) -> ClientConfig {
        let mut config = self.client();
        config.set("group.id", &self.group).set("queued.max.messages.kbytes", READ_AHEAD_KIB.to_string());
        for (name, value) in OURS.iter().filter(|(name, _)| !is_of_producer(name)) {
            config.set(*name, *value);
        }
        config
    }

    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        // What is for consumers alone, a producer would warn of.
        for (name, _) in self.others.iter().filter(|(name, _)| is_of_consumer(name)) {
            config.remove(name);
        }
        config
            .set("message.timeout.ms", DEAD_LETTER_TIMEOUT_MS.to_string())
            .set("message.max.bytes", (MAX_MESSAGE_BYTES + FRAME_BYTES).to_string());
        for (name, value) in OURS.iter().filter(|(name, _)| is_of_producer(name)) {
            config.set(*name, *value);
        }
        config
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", "andon");
        for (name, value) in &self.others {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.servers);
        config
    }
}

fn is_of_producer(name: &str) -> bool {
    matches!(name, "acks" | "enable.idempotence")
}

fn is_of_consumer(name: &str) -> bool {
    [
        "session.",
        "heartbeat.",
        "max.poll.",
        "group.",
        "fetch.",
        "queued.",
        "isolation.",
        "check.",
        "client.rack",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "write it as NAME=VALUE, such as session.timeout.ms=10000".to_owned())?;
    let name = name.trim();
    if OURS.iter().any(|(ours, _)| *ours == name) {
        return Err(format!("{name} is not to be changed: no event may be lost"));
    }
    if ["bootstrap.servers", "group.id"].contains(&name) {
        return Err(format!("{name} has an option of its own"));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_promise_rests_on_is_not_to_be_changed() {
        assert!(setting("enable.auto.commit=true").is_err());
        assert!(setting("group.id=other").is_err());
        assert!(setting("session.timeout.ms").is_err());
        assert_eq!(setting("session.timeout.ms = 6000"), Ok(("session.timeout.ms".into(), "6000".into())));
    }

    #[test]
    fn the_client_takes_all_settings() {
        let settings = Settings {
            servers: "127.0.0.1:1".to_owned(),
            topic: "events".to_owned(),
            group: "andon".to_owned(),
            factories: Vec::new(),
            dead_letter_topic: None,
            others: vec![("session.timeout.ms".to_owned(), "6000".to_owned())],
        };
        assert_eq!(settings.dead_letters(), "events.dead-letters");
        settings.consumer().create::<rdkafka::consumer::BaseConsumer>().expect("a consumer");
        settings.producer().create::<rdkafka::producer::BaseProducer>().expect("a producer");
    }
}
