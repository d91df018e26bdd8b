//! A topic of an MQTT broker as a source of events, with quality of service 1.
//!
//! - A message is one event, an array of events, or one a line. The broker is acknowledged after its events are on
//!   the disk; until then it keeps it and, after a lost connection, sends it again. A repeat is a duplicate at the server.
//! - The session outlives the connection and the agent, so the broker keeps what comes while the agent is away.
//! - What is no event becomes a dead letter with its topic, because there is no sender to answer.
//! - While the spool is full nothing is taken and nothing is lost: the broker keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::backoff::{Backoff, full_jitter};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Intake;
use crate::clock;
use crate::mapping::Envelope;
use crate::spool::Arrival;

/// The most messages that wait for the disk; further ones stay at the broker.
const MAX_WAITING: usize = 1_000;
/// The most messages that share a commit.
const MAX_GROUP: usize = 256;
/// Room for every acknowledgement of what waits, so that giving one never waits for the connection.
const REQUESTS: usize = 2 * (MAX_WAITING + MAX_GROUP);
/// The largest packet of the protocol. A smaller limit would end the connection at a larger message, which would come
/// again with the next one, for ever.
const MAX_PACKET_BYTES: usize = 268_435_460;
/// How often the connection shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The first and the longest wait between two attempts: a broker is near, and many do not depend on it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How long the end of the connection may take.
const GOODBYE: Duration = Duration::from_secs(1);
const DEFAULT_PORT: u16 = 1883;

/// A topic of a broker. What it prints holds no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Topic {
    host: String,
    port: u16,
    credentials: Option<(String, String)>,
    filter: String,
}

impl Topic {
    /// A topic of the same broker, such as the one that a message came by: without a password.
    fn of(&self, topic: &str) -> String {
        format!("mqtt://{}:{}/{topic}", self.host, self.port)
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.of(&self.filter))
    }
}

impl std::fmt::Debug for Topic {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}

impl std::str::FromStr for Topic {
    type Err = String;

    /// Reads `mqtt://[USER:PASSWORD@]HOST[:PORT]/TOPIC`. A user, a password and a topic are taken as they are written.
    fn from_str(url: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            Err(format!("{what}; write mqtt://HOST:PORT/TOPIC or mqtt://USER:PASSWORD@HOST:PORT/TOPIC"))
        };
        let Some(rest) = url.strip_prefix("mqtt://") else {
            return wrong("the address does not begin with mqtt://");
        };
        let Some((authority, filter)) = rest.split_once('/').filter(|(_, filter)| !filter.is_empty()) else {
            return wrong("there is no topic");
        };
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => {
                let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
                (Some((user.to_owned(), password.to_owned())), place)
            }
            None => (None, authority),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => match port.parse() {
                Ok(port) => (host, port),
                Err(_) => return wrong("the port is not a number up to 65535"),
            },
            _ => (place, DEFAULT_PORT),
        };
        if host.is_empty() {
            return wrong("there is no host");
        }
        Ok(Self { host: host.to_owned(), port, credentials, filter: filter.to_owned() })
    }
}

/// A message and the connection that it came by: only on that one it can be acknowledged.
type Received = (u64, Publish);

/// Spools what the topic brings until `stop` is cancelled.
pub async fn subscribe(topic: &Topic, device: &str, intake: &Intake, stop: &CancellationToken) {
    // The same for every run of this device on this topic: the broker knows the session by it.
    let client_id = format!("andon-edge/{device}/{}", topic.filter);
    let mut options = MqttOptions::new(client_id, &topic.host, topic.port);
    options.set_clean_session(false).set_manual_acks(true).set_keep_alive(KEEP_ALIVE);
    options.set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
    if let Some((user, password)) = &topic.credentials {
        options.set_credentials(user, password);
    }
    let (client, events) = AsyncClient::new(options, REQUESTS);
    let connection = Arc::new(AtomicU64::new(0));
    let (received, waiting) = mpsc::channel(MAX_WAITING);
    let keep = keep(waiting, topic, intake, &client, &connection, stop);
    let listen = listen(events, topic, &client, &connection, received, stop);
    let (mut events, ()) = tokio::join!(listen, keep);
    // What was kept last is acknowledged, and the broker is sent a disconnect.
    let goodbye = async {
        if client.try_disconnect().is_ok() {
            let is_end = |event: &Event| matches!(event, Event::Outgoing(rumqttc::Outgoing::Disconnect));
            while events.poll().await.is_ok_and(|event| !is_end(&event)) {}
        }
    };
    // A broker that is gone has the messages still, and sends them again.
    tokio::time::timeout(GOODBYE, goodbye).await.ok();
}

/// Listens to the broker, over as many connections as that takes.
async fn listen(
    mut events: EventLoop,
    topic: &Topic,
    client: &AsyncClient,
    connection: &AtomicU64,
    received: mpsc::Sender<Received>,
    stop: &CancellationToken,
) -> EventLoop {
    let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
    while let Some(event) = stop.run_until_cancelled(events.poll()).await {
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                backoff.reset();
                connection.fetch_add(1, Ordering::AcqRel);
                // A broker that lost its sessions has forgotten the subscription. There is room for a request at a connection's begin.
                if client.try_subscribe(&topic.filter, QoS::AtLeastOnce).is_err() {
                    tracing::error!("{topic} cannot be subscribed to now");
                }
            }
            Ok(Event::Incoming(Packet::SubAck(answer))) => {
                if answer.return_codes.contains(&rumqttc::SubscribeReasonCode::Failure) {
                    tracing::error!("the broker forbids this agent to read {topic}");
                } else {
                    tracing::info!("reading {topic}");
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                let number = connection.load(Ordering::Acquire);
                let handed_on = stop.run_until_cancelled(received.send((number, message))).await;
                if !matches!(handed_on, Some(Ok(()))) {
                    break;
                }
            }
            Ok(_) => {}
            Err(error) => {
                if backoff.failure_count() == 0 {
                    tracing::warn!("{topic} is away: {error}; trying again until it is back");
                }
                let wait = full_jitter(backoff.next_delay(), fastrand::f64());
                stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            }
        }
    }
    events
}

/// Keeps what comes, several messages a commit, and acknowledges it then.
async fn keep(
    mut waiting: mpsc::Receiver<Received>,
    topic: &Topic,
    intake: &Intake,
    client: &AsyncClient,
    connection: &AtomicU64,
    stop: &CancellationToken,
) {
    loop {
        let mut group = Vec::new();
        if waiting.recv_many(&mut group, MAX_GROUP).await == 0 {
            return;
        }
        let mut arrival = Arrival::default();
        for (_, message) in &group {
            let envelope = Envelope {
                topic: Some(&message.topic),
                arrived_at_ms: Some(clock::now_ms()),
                is_retained: message.retain,
            };
            intake.take_message(&mut arrival, &topic.of(&message.topic), &message.payload, envelope);
        }
        if !intake.keep_with_retry(arrival, stop).await {
            return;
        }
        for (came_by, message) in &group {
            // Another connection may have given its number to another message.
            if *came_by == connection.load(Ordering::Acquire) && client.try_ack(message).is_err() {
                tracing::debug!("an acknowledgement was not sent: the message comes again");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_topic_and_shows_no_password() {
        let topic: Topic = "mqtt://camera:sec:ret@broker:1884/line 1/+/events".parse().expect("an address");
        assert_eq!(topic.to_string(), "mqtt://broker:1884/line 1/+/events");
        assert_eq!(topic.credentials, Some(("camera".to_owned(), "sec:ret".to_owned())));
        assert_eq!("mqtt://broker/events".parse::<Topic>().expect("an address").port, 1883);
        for wrong in
            ["broker/events", "mqtt://broker", "mqtt://broker/", "mqtt:///events", "mqtt://broker:x/events"]
        {
            assert!(wrong.parse::<Topic>().is_err(), "{wrong}");
        }
    }
}
