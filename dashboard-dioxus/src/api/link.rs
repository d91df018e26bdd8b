//! Keeps one connection to the server for as long as the page is open.

use crate::api::client::{Client, Connection, Transport};
use crate::api::endpoint::Endpoint;
use crate::api::http_link;
use crate::api::session::{Command, OperationType, Subscriptions};
use crate::api::socket::{self, Ended};
use crate::words::connection as words;
use dioxus::prelude::*;
use domain::backoff::{Backoff, equal_jitter};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use std::pin::pin;
use std::time::Duration;

/// The first wait before connecting again: short, because most interruptions are.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// The longest one: a wall display is back at most this long after its server is.
const LONGEST_DELAY: Duration = Duration::from_secs(10);
/// The wait after a refusal that only a change of server or dashboard can lift.
const REFUSED_DELAY: Duration = Duration::from_mins(1);

/// How long a request may take that shows whether the server answers, in ms.
const PROBE_TIMEOUT_MS: u32 = 5_000;

/// Connects, talks and connects again. The commands that arrive decide what is asked.
pub(crate) async fn keep_live(mut client: Client, mut commands: UnboundedReceiver<Command>) {
    let mut subscriptions = Subscriptions::default();
    let mut endpoint = None;
    let mut backoff = Backoff::new(FIRST_DELAY, LONGEST_DELAY);
    let mut path = Path::default();
    loop {
        let transport = path.transport();
        if *client.transport.peek() != transport {
            client.transport.set(transport);
        }
        let ended = connect_once(client, &mut endpoint, &mut subscriptions, &mut commands).await;
        client.fail_mutations(words::UNANSWERED);
        if *client.connection.peek() == Connection::Live {
            backoff.reset();
        }
        let is_refused = !ended.was_acknowledged && !ended.is_permanent;
        let answers = match &endpoint {
            Some(endpoint) if is_refused && transport == Transport::Websocket => answers(endpoint).await,
            _ => false,
        };
        path = path.after(answers);
        if answers {
            apply_commands_for(0.0, client, &mut subscriptions, &mut commands).await;
            continue;
        }
        let delay = if ended.is_permanent { REFUSED_DELAY } else { backoff.next_delay() };
        // Spread, so that many displays do not return as one.
        let wait_ms = equal_jitter(delay, js_sys::Math::random()).as_millis() as f64;
        let retry_at_ms = js_sys::Date::now() + wait_ms;
        client.connection.set(Connection::Disconnected { reason: ended.reason, retry_at_ms });
        apply_commands_for(wait_ms, client, &mut subscriptions, &mut commands).await;
    }
}

/// How the server is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Path {
    #[default]
    Websocket,
    /// A websocket did not open, but a request was answered: the server may just have started.
    Doubtful,
    /// That happened twice in a row: websockets do not come through. As long as requests do, no other is tried.
    Http,
}

impl Path {
    fn transport(self) -> Transport {
        if self == Self::Http { Transport::Http } else { Transport::Websocket }
    }

    /// The next one, after a connection ended; whether a request is answered where a websocket did not open.
    fn after(self, is_answered: bool) -> Self {
        match self {
            _ if !is_answered => Self::Websocket,
            Self::Websocket => Self::Doubtful,
            Self::Doubtful | Self::Http => Self::Http,
        }
    }
}

/// Whether the server answers a request, in time.
async fn answers(endpoint: &Endpoint) -> bool {
    let timeout = pin!(TimeoutFuture::new(PROBE_TIMEOUT_MS));
    let asking = pin!(http_link::answers(&endpoint.api_url));
    matches!(select(asking, timeout).await, Either::Left((true, _)))
}

/// Connects to the endpoint, which is looked for until it is found, and talks until the connection ends.
async fn connect_once(
    mut client: Client,
    endpoint: &mut Option<Endpoint>,
    subscriptions: &mut Subscriptions,
    commands: &mut UnboundedReceiver<Command>,
) -> Ended {
    let endpoint = match endpoint {
        Some(endpoint) => endpoint,
        None => match Endpoint::find().await {
            Ok(found) => {
                client.api_url.set(Some(found.api_url.clone()));
                endpoint.insert(found)
            }
            Err(reason) => return Ended { reason, is_permanent: false, was_acknowledged: false },
        },
    };
    let read = |event: crate::api::session::Event<'_>| client.read_event(event, js_sys::Date::now());
    let transport = *client.transport.peek();
    socket::talk(endpoint, transport, subscriptions, commands, read).await
}

/// Waits, and takes note of what is wanted meanwhile. What waits in line goes first, so a mutation that was started
/// before the connection ended is dropped here and never sent to the next one.
async fn apply_commands_for(
    wait_ms: f64,
    client: Client,
    subscriptions: &mut Subscriptions,
    commands: &mut UnboundedReceiver<Command>,
) {
    let mut pause = TimeoutFuture::new(wait_ms as u32);
    while let Either::Left((Some(command), rest)) = select(commands.next(), pause).await {
        subscriptions.apply(&command);
        if matches!(&command, Command::Start(_, request) if request.operation_type == OperationType::Mutation)
        {
            client.fail_mutations(words::NOT_SENT);
        }
        pause = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_answers_is_asked_by_requests_after_the_second_websocket_that_did_not_open() {
        let first = Path::default();
        assert_eq!(first.transport(), Transport::Websocket);
        let second = first.after(true);
        assert_eq!(second.transport(), Transport::Websocket);
        assert_eq!(second.after(true).transport(), Transport::Http);
        assert_eq!(second.after(false), Path::Websocket, "the server was not there");
        assert_eq!(
            second.after(true).after(false),
            Path::Websocket,
            "after requests websockets are tried again"
        );
    }
}
