//! The outlets of the agent, chosen by the scheme of the address.

use std::fmt;

use super::Outlet;
use super::address::AddressError;
use super::request::Sender;
use super::response::Response;
use super::server::Server;
use super::token::Token;
use crate::spool::KnownEpoch;

/// Where `--to` leads.
#[derive(Debug)]
pub enum Destination {
    /// A server.
    Server(Box<Server>),
    /// A topic of Kafka.
    #[cfg(feature = "kafka")]
    Kafka(Box<super::kafka::Kafka>),
    /// An exchange of RabbitMQ.
    #[cfg(feature = "amqp")]
    Amqp(Box<super::amqp::Amqp>),
}

impl Destination {
    /// The destination of the factory's events at this address; the token is for a server. No connection is made yet.
    pub fn new(url: &str, factory_id: &str, token: Option<Token>) -> Result<Self, AddressError> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            #[cfg(feature = "kafka")]
            Some("kafka") => Ok(Self::Kafka(Box::new(super::kafka::Kafka::new(url, factory_id)?))),
            #[cfg(feature = "amqp")]
            Some("amqp" | "amqps") => Ok(Self::Amqp(Box::new(super::amqp::Amqp::new(url, factory_id)?))),
            #[cfg(not(all(feature = "kafka", feature = "amqp")))]
            Some(scheme @ ("kafka" | "amqp" | "amqps")) => {
                let feature = if scheme == "kafka" { "kafka" } else { "amqp" };
                Err(AddressError::NotBuilt { scheme: scheme.to_owned(), feature })
            }
            _ => Ok(Self::Server(Box::new(Server::new(url, factory_id)?.with_token(token)))),
        }
    }
}

/// The same call on whichever outlet it is.
macro_rules! on_outlet {
    ($destination:expr, $outlet:ident => $call:expr) => {
        match $destination {
            Self::Server($outlet) => $call,
            #[cfg(feature = "kafka")]
            Self::Kafka($outlet) => $call,
            #[cfg(feature = "amqp")]
            Self::Amqp($outlet) => $call,
        }
    };
}

impl fmt::Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        on_outlet!(self, outlet => outlet.fmt(formatter))
    }
}

impl Outlet for Destination {
    async fn send(&mut self, events: &[String], sender: Option<&Sender>) -> Response {
        on_outlet!(self, outlet => outlet.send(events, sender).await)
    }

    async fn known_epochs(&mut self, device_id: &str) -> Result<Vec<KnownEpoch>, Response> {
        on_outlet!(self, outlet => outlet.known_epochs(device_id).await)
    }

    fn reads_sender(&self) -> bool {
        on_outlet!(self, outlet => outlet.reads_sender())
    }

    fn clock_offset_ms(&self) -> Option<i64> {
        on_outlet!(self, outlet => outlet.clock_offset_ms())
    }
}
