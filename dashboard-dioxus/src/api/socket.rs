//! Carries a [`Session`]'s messages to the server and back until the connection ends: over one websocket, or by requests.

use crate::api::client::{Transport, Update};
use crate::api::endpoint::Endpoint;
use crate::api::http_link::HttpLink;
use crate::api::protocol::{ClientMessage, SUBPROTOCOL};
use crate::api::session::{Command, ConnectionError, Event, Session, Subscriptions};
use crate::api::sign_in;
use crate::api::websocket::{Close, Message, State, WebSocket};
use crate::words::connection as words;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;

/// How long, in ms, a message may wait for the websocket to open.
const OPEN_TIMEOUT_MS: u32 = 10_000;
/// How late, in ms, a deadline of the session is noticed at most.
const TICK_MS: u32 = 500;
/// Close codes that say that the two sides do not fit together: trying again soon would end the same way.
const PERMANENT_CODES: [u16; 9] = [4004, 4005, 4400, 4401, 4403, 4406, 4409, 4429, 4500];
/// From this length on a frame is long: the whole state of a hundred workers or more.
const LONG_FRAME_BYTES: usize = 32 * 1024;
/// The server is about to stop.
const GOING_AWAY: u16 = 1001;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// In words for the page.
    pub(crate) reason: String,
    /// Whether another attempt would most likely end the same way.
    pub(crate) is_permanent: bool,
    /// Whether the server agreed to talk before.
    pub(crate) was_acknowledged: bool,
}

impl From<ConnectionError> for Ended {
    fn from(ConnectionError(reason): ConnectionError) -> Self {
        Self { reason, is_permanent: false, was_acknowledged: false }
    }
}

/// What carries the messages.
enum Link {
    Websocket(WebSocket),
    Http(HttpLink),
}

impl Link {
    fn messages(&mut self) -> &mut UnboundedReceiver<Message> {
        match self {
            Self::Websocket(socket) => socket.messages(),
            Self::Http(link) => link.messages(),
        }
    }
}

/// Connects and talks until the connection ends. What arrives is read by `read`, and then shown; a command that arrives on `commands`
/// changes what is talked about, and what of it lasts is kept in `subscriptions` for the next connection.
pub(crate) async fn talk(
    endpoint: &Endpoint,
    transport: Transport,
    subscriptions: &mut Subscriptions,
    commands: &mut UnboundedReceiver<Command>,
    read: impl Fn(Event<'_>) -> Result<Update, ConnectionError>,
) -> Ended {
    let url = &endpoint.websocket_url;
    let mut link = match transport {
        Transport::Http => Link::Http(HttpLink::open(&endpoint.api_url)),
        Transport::Websocket => match WebSocket::open(url, SUBPROTOCOL) {
            Ok(socket) => Link::Websocket(socket),
            Err(error) => return permanent(words::browser_refuses(url, &error)),
        },
    };
    let mut session = Session::open(subscriptions, js_sys::Date::now());
    // One timer for many frames: one that is given up for each frame leaves something in memory each time.
    let mut tick = TimeoutFuture::new(TICK_MS);
    let ended = loop {
        if let Err(ended) = send_all(&mut link, session.take_outgoing()).await {
            break ended;
        }
        let step = match wait(&mut link, commands, &mut tick).await {
            Wakeup::Command(command) => {
                subscriptions.apply(&command);
                session.execute(command, js_sys::Date::now());
                Ok(())
            }
            Wakeup::Frame(frame) => match session.receive(&frame, js_sys::Date::now()) {
                Ok(events) => show(events, frame.len() >= LONG_FRAME_BYTES, &read).await,
                Err(error) => Err(error),
            },
            Wakeup::Tick => {
                tick = TimeoutFuture::new(TICK_MS);
                Ok(())
            }
            Wakeup::Closed(close) => {
                if close.code == sign_in::NOT_LET_IN {
                    sign_in::ask(&endpoint.api_url);
                }
                break closed(&close, session.is_acknowledged());
            }
            Wakeup::Over(ended) => break ended,
        };
        // After every step, because a server with much to say leaves no pause for a tick.
        if let Err(error) = step.and_then(|()| session.tick(js_sys::Date::now())) {
            break error.into();
        }
    };
    Ended { was_acknowledged: session.is_acknowledged(), ..ended }
}

/// Shows what arrived, one after the other. To read a long frame and to draw what it says takes the browser long enough each
/// for people to notice, so these are two tasks, between which it takes in what people do.
async fn show(
    events: Vec<Event<'_>>,
    is_long: bool,
    read: &impl Fn(Event<'_>) -> Result<Update, ConnectionError>,
) -> Result<(), ConnectionError> {
    for event in events {
        let update = read(event)?;
        if is_long && is_in_view() {
            TimeoutFuture::new(0).await;
        }
        update();
    }
    Ok(())
}

/// Whether somebody may see the page. Where nobody does, a browser lets timers wait for up to a minute.
fn is_in_view() -> bool {
    web_sys::window().and_then(|window| window.document()).is_some_and(|document| !document.hidden())
}

enum Wakeup {
    Command(Command),
    Frame(String),
    Tick,
    Closed(Close),
    Over(Ended),
}

/// Waits for the next thing to happen. A command goes before a frame that is also there: the frame may belong to what
/// was wanted before.
async fn wait(
    link: &mut Link,
    commands: &mut UnboundedReceiver<Command>,
    tick: &mut TimeoutFuture,
) -> Wakeup {
    let frame_or_tick = select(link.messages().next(), tick);
    match select(commands.next(), frame_or_tick).await {
        Either::Left((Some(command), _)) => Wakeup::Command(command),
        Either::Left((None, _)) => Wakeup::Over(permanent(words::CLOSING.to_owned())),
        Either::Right((Either::Right(_), _)) => Wakeup::Tick,
        Either::Right((Either::Left((message, _)), _)) => match message {
            Some(Message::Text(frame)) => Wakeup::Frame(frame),
            Some(Message::Bytes) => Wakeup::Over(permanent(words::BYTES.to_owned())),
            Some(Message::Closed(close)) => Wakeup::Closed(close),
            None => Wakeup::Over(lost()),
        },
    }
}

/// Sends these messages, the first one as soon as the websocket is open.
async fn send_all(link: &mut Link, messages: Vec<ClientMessage>) -> Result<(), Ended> {
    let socket = match link {
        Link::Websocket(socket) => socket,
        Link::Http(link) => {
            for message in messages {
                link.send(message);
            }
            link.tick(js_sys::Date::now());
            return Ok(());
        }
    };
    for message in messages {
        if socket.state() == State::Connecting
            && let Either::Right(_) = select(socket.decided(), TimeoutFuture::new(OPEN_TIMEOUT_MS)).await
        {
            return Err(unreachable_server());
        }
        // One that did not open says so in the event that follows.
        if socket.state() == State::Open {
            socket.send(&text(&message)).map_err(|_| lost())?;
        }
    }
    Ok(())
}

/// A message as it is sent. The first one says who a page on another site is of.
fn text(message: &ClientMessage) -> String {
    if *message == ClientMessage::Init
        && let Some(authorization) = sign_in::authorization()
    {
        return format!(r#"{{"type":"connection_init","payload":{{"authorization":"{authorization}"}}}}"#);
    }
    message.to_text()
}

fn closed(close: &Close, was_acknowledged: bool) -> Ended {
    let Close { code, reason } = close;
    if PERMANENT_CODES.contains(code) {
        return permanent(words::refuses_this_page(reason, *code));
    }
    match (*code, was_acknowledged) {
        (GOING_AWAY, _) => ended(words::STOPPING),
        (_, false) => unreachable_server(),
        (_, true) => lost(),
    }
}

fn unreachable_server() -> Ended {
    ended(words::UNREACHABLE)
}

fn lost() -> Ended {
    ended(words::LOST)
}

fn ended(reason: &str) -> Ended {
    Ended { reason: reason.to_owned(), is_permanent: false, was_acknowledged: false }
}

fn permanent(reason: String) -> Ended {
    Ended { reason, is_permanent: true, was_acknowledged: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed_with(code: u16, was_acknowledged: bool) -> Ended {
        closed(&Close { code, reason: "Because".to_owned() }, was_acknowledged)
    }

    #[test]
    fn a_close_that_would_happen_again_is_told_with_its_reason() {
        for code in PERMANENT_CODES {
            let ended = closed_with(code, true);
            assert!(ended.is_permanent);
            assert_eq!(ended.reason, format!("The server refuses this page: Because (code {code})."));
        }
    }

    #[test]
    fn any_other_close_is_worth_another_attempt_soon() {
        for (code, was_acknowledged, reason) in [
            (1001, true, "The server is stopping."),
            (1006, false, "The server cannot be reached."),
            (1006, true, "The connection to the server was lost."),
            (1011, true, "The connection to the server was lost."),
            (4408, true, "The connection to the server was lost."),
        ] {
            assert_eq!(closed_with(code, was_acknowledged), ended(reason));
        }
    }
}
