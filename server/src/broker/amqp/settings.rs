//! Where the broker is, and what its exchange and queues are called.

use clap::Args;

/// How often a message may end its consumer before the broker puts it to the dead letters: as RabbitMQ 4 has it, where
/// nothing is said.
const DEFAULT_DELIVERY_LIMIT: u16 = 20;

/// Where the broker is, and what to read.
#[derive(Args, Clone, Debug)]
#[group(id = "amqp")]
pub struct Settings {
    /// Read events from this RabbitMQ too, such as amqp://USER:PASSWORD@HOST:5672/%2f, or amqps:// with TLS
    #[arg(
        id = "amqp_url",
        long = "amqp-url",
        env = "ANDON_AMQP_URL",
        default_value = "",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub address: Address,

    /// The exchange that events are published to; a message's routing key is the factory
    #[arg(
        id = "amqp_exchange",
        long = "amqp-exchange",
        env = "ANDON_AMQP_EXCHANGE",
        default_value = "andon.events",
        value_name = "EXCHANGE"
    )]
    pub exchange: String,

    /// The quorum queue to read
    #[arg(
        id = "amqp_queue",
        long = "amqp-queue",
        env = "ANDON_AMQP_QUEUE",
        default_value = "andon.events",
        value_name = "QUEUE"
    )]
    pub queue: String,

    /// The factories that it may feed; separate several by commas [default: all]
    #[arg(
        id = "amqp_factories",
        long = "amqp-factories",
        env = "ANDON_AMQP_FACTORIES",
        value_delimiter = ',',
        value_name = "FACTORY"
    )]
    pub factories: Vec<String>,

    /// The exchange and queue for what can never be stored; left out, the queue's name with .dead-letters behind it
    #[arg(
        id = "amqp_dead_letters",
        long = "amqp-dead-letters",
        env = "ANDON_AMQP_DEAD_LETTERS",
        value_name = "QUEUE"
    )]
    pub dead_letters: Option<String>,

    /// How often a message may end its consumer before the broker puts it to the dead letters
    #[arg(id = "amqp_delivery_limit", long = "amqp-delivery-limit", env = "ANDON_AMQP_DELIVERY_LIMIT", default_value_t = DEFAULT_DELIVERY_LIMIT, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    pub delivery_limit: u16,
}

/// An address that may hold a password, so it is never shown.
#[derive(Clone)]
pub struct Address(String);

impl From<String> for Address {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Address")
    }
}

impl Settings {
    /// Where the broker is; empty is nowhere.
    pub fn url(&self) -> &str {
        &self.address.0
    }

    /// The exchange and queue for what can never be stored.
    pub fn dead_letters(&self) -> String {
        self.dead_letters.clone().unwrap_or_else(|| format!("{}.dead-letters", self.queue))
    }
}
