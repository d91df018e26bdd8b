//! The places where a delivery may go, told apart by the address.

use std::fmt;

use super::outlet::Outlet;
use super::request::Sender;
use super::server::Server;
use super::verdict::Verdict;
use crate::spool::KnownEpoch;

/// Where `--to` leads.
#[derive(Debug)]
pub enum Destination {
    /// A server.
    Server {
        /// The server.
        server: Box<Server>,
        /// Its address.
        url: String,
    },
    /// A topic of a Kafka.
    #[cfg(feature = "kafka")]
    Kafka(super::kafka::Kafka),
    /// An exchange of a RabbitMQ.
    #[cfg(feature = "amqp")]
    Amqp(super::amqp::Amqp),
}

impl Destination {
    /// The factory's place at this address. No connection is made yet.
    pub fn new(url: &str, factory_id: &str) -> anyhow::Result<Self> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            #[cfg(feature = "kafka")]
            Some("kafka") => Ok(Self::Kafka(super::kafka::Kafka::new(url, factory_id)?)),
            #[cfg(feature = "amqp")]
            Some("amqp" | "amqps") => Ok(Self::Amqp(super::amqp::Amqp::new(url, factory_id)?)),
            #[cfg(not(all(feature = "kafka", feature = "amqp")))]
            Some(scheme @ ("kafka" | "amqp" | "amqps")) => {
                let feature = if scheme == "kafka" { "kafka" } else { "amqp" };
                anyhow::bail!(
                    "this agent was built without {scheme}; build it with `cargo build --release -p edge --features \
                     {feature}`, or give the http:// address of a server"
                )
            }
            _ => Ok(Self::Server { server: Box::new(Server::new(url, factory_id)?), url: url.to_owned() }),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server { url, .. } => formatter.write_str(url),
            #[cfg(feature = "kafka")]
            Self::Kafka(kafka) => kafka.fmt(formatter),
            #[cfg(feature = "amqp")]
            Self::Amqp(amqp) => amqp.fmt(formatter),
        }
    }
}

impl Outlet for Destination {
    async fn send(&mut self, events: &[String], sender: &Sender) -> Verdict {
        match self {
            Self::Server { server, .. } => server.send(events, sender).await,
            #[cfg(feature = "kafka")]
            Self::Kafka(kafka) => kafka.send(events, sender).await,
            #[cfg(feature = "amqp")]
            Self::Amqp(amqp) => amqp.send(events, sender).await,
        }
    }

    async fn known(&mut self, device_id: &str) -> Result<Vec<KnownEpoch>, Verdict> {
        match self {
            Self::Server { server, .. } => server.known(device_id).await,
            // Brokers keep no books. What was published before a crash is published again, and is a duplicate.
            #[cfg(feature = "kafka")]
            Self::Kafka(_) => Ok(Vec::new()),
            #[cfg(feature = "amqp")]
            Self::Amqp(_) => Ok(Vec::new()),
        }
    }

    fn reads_sender(&self) -> bool {
        match self {
            Self::Server { server, .. } => server.reads_sender(),
            #[cfg(feature = "kafka")]
            Self::Kafka(_) => false,
            #[cfg(feature = "amqp")]
            Self::Amqp(_) => false,
        }
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        match self {
            Self::Server { server, .. } => server.clock_offset_ms(),
            #[cfg(feature = "kafka")]
            Self::Kafka(_) => None,
            #[cfg(feature = "amqp")]
            Self::Amqp(_) => None,
        }
    }
}
