//! An exchange of RabbitMQ as the outlet of batches: one persistent message an event, the factory as its routing key.
//!
//! An event is done when the broker confirmed it, and confirmed means: some queue has it for good (`mandatory`).

use std::fmt;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, ErrorKind};

use super::Outlet;
use super::address::AddressError;
use super::request::Sender;
use super::response::{IngestResult, Response};

/// The exchange that an Andon server declares, unless it is told otherwise.
const DEFAULT_EXCHANGE: &str = "andon.events";
/// How long a batch may take to be confirmed, a connection included. A broker goes silent that is short of disk or memory,
/// or that took messages for a queue which had no leader yet; those come again.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A message that survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// An exchange, and the factory whose events go there.
pub struct Amqp {
    url: String,
    exchange: String,
    factory_id: String,
    open: Option<(Connection, Channel)>,
}

impl Amqp {
    /// Reads `amqp://USER:PASSWORD@HOST:PORT/VHOST[?exchange=NAME]`, and `amqps://…` with TLS.
    pub fn new(url: &str, factory_id: &str) -> Result<Self, AddressError> {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let parameters: Vec<&str> = query.split('&').filter(|parameter| !parameter.is_empty()).collect();
        let (ours, theirs): (Vec<&str>, Vec<&str>) =
            parameters.into_iter().partition(|parameter| parameter.starts_with("exchange="));
        let exchange = ours.last().and_then(|parameter| parameter.strip_prefix("exchange="));
        let exchange = exchange.unwrap_or(DEFAULT_EXCHANGE).to_owned();
        if exchange.is_empty() {
            return Err(AddressError::Syntax("the exchange needs a name, such as ?exchange=andon.events"));
        }
        let url =
            if theirs.is_empty() { address.to_owned() } else { format!("{address}?{}", theirs.join("&")) };
        let how = "write amqp://USER:PASSWORD@HOST:PORT/VHOST, where the first virtual host is %2f";
        url.parse::<lapin::uri::AMQPUri>().map_err(|error| AddressError::Malformed(how, error))?;
        Ok(Self { url, exchange, factory_id: factory_id.to_owned(), open: None })
    }

    async fn publish(&mut self, events: &[String]) -> Result<Response, lapin::Error> {
        let (connection, channel) = match self.open.take() {
            Some(open) => open,
            None => connect(&self.url).await?,
        };
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let mut confirms = Vec::with_capacity(events.len());
        for event in events {
            let (exchange, key) = (self.exchange.as_str().into(), self.factory_id.as_str().into());
            confirms.push(
                channel.basic_publish(exchange, key, options, event.as_bytes(), properties.clone()).await?,
            );
        }
        let mut refused = None;
        for confirm in confirms {
            match confirm.await? {
                Confirmation::Ack(None) => {}
                Confirmation::Ack(Some(_)) => refused = Some("no queue is bound to the exchange"),
                Confirmation::Nack(_) => refused = Some("the broker refused it; is its queue full?"),
                Confirmation::NotRequested => refused = Some("the broker does not confirm what is published"),
            }
        }
        self.open = Some((connection, channel));
        Ok(match refused {
            None => Response::Stored(IngestResult::all_accepted(events.len())),
            Some(reason) => Response::Busy { reason: reason.to_owned(), retry_after: None },
        })
    }
}

async fn connect(url: &str) -> lapin::Result<(Connection, Channel)> {
    let properties = ConnectionProperties::default().with_connection_name("andon-edge".into());
    let connection = Connection::connect(url, properties).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok((connection, channel))
}

impl fmt::Display for Amqp {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.url.rsplit_once('@').map_or(self.url.as_str(), |(_, place)| place);
        let place = place.rsplit_once("//").map_or(place, |(_, place)| place);
        write!(formatter, "amqp://{place}, exchange {}", self.exchange)
    }
}

impl fmt::Debug for Amqp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl Outlet for Amqp {
    async fn send(&mut self, events: &[String], _: Option<&Sender>) -> Response {
        // Whatever fails takes the connection with it.
        match tokio::time::timeout(TIMEOUT, self.publish(events)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => of_error(&error),
            Err(_) => {
                let reason = format!("the broker was silent for {} s", TIMEOUT.as_secs());
                Response::Busy { reason, retry_after: None }
            }
        }
    }
}

fn of_error(error: &lapin::Error) -> Response {
    let reason = error.to_string();
    let is_forbidden = match error.kind() {
        ErrorKind::ProtocolError(error) => matches!(
            error.kind(),
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
                | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)
        ),
        _ => false,
    };
    if is_forbidden { Response::Forbidden { reason } } else { Response::Busy { reason, retry_after: None } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_name_an_exchange_and_is_shown_without_its_password() {
        let amqp =
            Amqp::new("amqp://agent:secret@broker:5672/%2f?exchange=events", "plant").expect("an address");
        assert_eq!(amqp.to_string(), "amqp://broker:5672/%2f, exchange events");
        assert_eq!(amqp.url, "amqp://agent:secret@broker:5672/%2f");
        let amqp = Amqp::new("amqp://broker?heartbeat=20", "plant").expect("an address");
        assert_eq!(
            (amqp.url.as_str(), amqp.exchange.as_str()),
            ("amqp://broker?heartbeat=20", "andon.events")
        );
        assert!(Amqp::new("amqp://broker:port", "plant").is_err());
        assert!(Amqp::new("amqp://broker/%2f?exchange=", "plant").is_err());
    }
}
