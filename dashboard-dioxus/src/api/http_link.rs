//! The conversation where websockets do not come through: each operation is a request of its own, and answers come in the
//! messages that a websocket would bring.
//!
//! - One subscription is streamed as events. All others are asked again whenever it brings something, and every 5 s.
//!   A browser opens six connections to a server at most, over all its pages, and each stream takes one.
//! - Where no event arrives within 5 s, somebody on the way holds them back: then all are asked every 5 s.

use crate::api::event_source::EventStream;
use crate::api::http_request::post;
use crate::api::protocol::{self, ClientMessage};
use crate::api::session::{OperationType, Request};
use crate::api::websocket::{Close, Message};
use crate::lean::sorted_map::SortedMap;
use crate::words::connection as words;
use futures_channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// How often what is not streamed is asked, in ms.
const POLL_INTERVAL_MS: f64 = 5_000.0;
/// The shortest time between two askings of one subscription, in ms: each answers with the whole.
const MIN_POLL_INTERVAL_MS: f64 = 1_000.0;
/// How long the first event of a stream may take, in ms.
const FIRST_EVENT_MS: f64 = 5_000.0;
/// What is asked to hear from the server at all.
const PROBE: &str = r#"{"query":"{__typename}"}"#;
/// How a connection is said to have ended that was lost, as a websocket does.
const LOST: u16 = 1006;
/// The subscription that can only be streamed: what it brings is not there to be asked for later.
const FEED: &str = "eventsIngested";

/// A conversation by requests.
pub(crate) struct HttpLink {
    url: Rc<str>,
    sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
    subscriptions: SortedMap<u64, Subscription>,
    stream: Option<Stream>,
    are_events_held_back: bool,
}

struct Subscription {
    body: Rc<str>,
    asked_at_ms: f64,
    /// Whether the stream has brought something since it was asked.
    is_outdated: Cell<bool>,
    is_in_flight: Rc<Cell<bool>>,
}

impl Subscription {
    fn new(body: Rc<str>) -> Self {
        let (is_outdated, is_in_flight) = (Cell::default(), Rc::default());
        Self { body, asked_at_ms: f64::NEG_INFINITY, is_outdated, is_in_flight }
    }

    fn is_due(&self, now_ms: f64) -> bool {
        // A clock that was set back must not stretch the wait by as much.
        let waited_ms = now_ms - self.asked_at_ms.min(now_ms);
        let interval_ms = if self.is_outdated.get() { MIN_POLL_INTERVAL_MS } else { POLL_INTERVAL_MS };
        !self.is_in_flight.get() && waited_ms >= interval_ms
    }

    fn is_feed(&self) -> bool {
        self.body.contains(FEED)
    }
}

struct Stream {
    id: u64,
    opened_at_ms: f64,
    events: EventStream,
}

impl HttpLink {
    /// Begins a conversation with the API at this address.
    pub(crate) fn open(url: &str) -> Self {
        let (sender, messages) = mpsc::unbounded();
        let subscriptions = SortedMap::default();
        Self { url: url.into(), sender, messages, subscriptions, stream: None, are_events_held_back: false }
    }

    pub(crate) fn messages(&mut self) -> &mut UnboundedReceiver<Message> {
        &mut self.messages
    }

    /// Does what a message means.
    pub(crate) fn send(&mut self, message: ClientMessage) {
        match message {
            ClientMessage::Init => bring(&self.sender, protocol::CONNECTION_ACK.to_owned()),
            ClientMessage::Ping => self.ask(PROBE.to_owned(), |_| protocol::PONG.to_owned(), None),
            ClientMessage::Pong => {}
            ClientMessage::Subscribe { id, request } => self.start(id, request),
            ClientMessage::Complete { id } => self.end(id),
        }
    }

    /// Does what is due by the clock.
    pub(crate) fn tick(&mut self, now_ms: f64) {
        self.look_at_stream(now_ms);
        self.choose_stream(now_ms);
        let has_news = self.stream.as_ref().is_some_and(|stream| stream.events.take_news());
        let streamed = self.stream.as_ref().map(|stream| stream.id);
        let mut due = Vec::new();
        for (id, subscription) in self.subscriptions.iter() {
            subscription.is_outdated.set(has_news || subscription.is_outdated.get());
            if streamed != Some(*id) && subscription.is_due(now_ms) {
                due.push(*id);
            }
        }
        for id in due {
            self.poll(id, now_ms);
        }
    }

    fn start(&mut self, id: u64, request: Request) {
        if request.operation_type == OperationType::Subscription {
            self.subscriptions.insert(id, Subscription::new(request.body));
        } else {
            self.ask(request.body.to_string(), move |answer| protocol::next(id, answer), None);
        }
    }

    fn end(&mut self, id: u64) {
        self.subscriptions.remove(&id);
        self.stream.take_if(|stream| stream.id == id);
    }

    /// Takes in how the stream went.
    fn look_at_stream(&mut self, now_ms: f64) {
        let Some(stream) = &mut self.stream else { return };
        stream.opened_at_ms = stream.opened_at_ms.min(now_ms);
        let id = stream.id;
        if stream.events.is_complete() {
            self.end(id);
        } else if !stream.events.has_begun()
            && (stream.events.is_broken() || now_ms - stream.opened_at_ms >= FIRST_EVENT_MS)
        {
            self.are_events_held_back = true;
            self.stream = None;
        } else if stream.events.is_broken() {
            lost(&self.sender);
        }
    }

    /// Streams the subscription that needs it most: the feed, else the first one.
    fn choose_stream(&mut self, now_ms: f64) {
        if self.are_events_held_back {
            return;
        }
        let feed = self.subscriptions.iter().find(|(_, subscription)| subscription.is_feed());
        let Some((id, subscription)) = feed.or_else(|| self.subscriptions.iter().next()) else { return };
        let is_feed = subscription.is_feed();
        if self.stream.as_ref().is_some_and(|stream| stream.id == *id || !is_feed) {
            return;
        }
        let (id, sender) = (*id, self.sender.clone());
        let on_next = move |answer: &str| bring(&sender, protocol::next(id, answer));
        let sender = self.sender.clone();
        let on_complete = move || bring(&sender, protocol::complete(id));
        match EventStream::open(&self.url, &subscription.body, on_next, on_complete) {
            Some(events) => self.stream = Some(Stream { id, opened_at_ms: now_ms, events }),
            None => self.are_events_held_back = true,
        }
    }

    fn poll(&mut self, id: u64, now_ms: f64) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        if subscription.is_feed() {
            if self.are_events_held_back {
                self.subscriptions.remove(&id);
                let refusal = format!(r#"{{"errors":[{{"message":"{}"}}]}}"#, words::EVENTS_HELD_BACK);
                bring(&self.sender, protocol::next(id, &refusal));
            }
            return;
        }
        subscription.asked_at_ms = now_ms;
        subscription.is_outdated.set(false);
        subscription.is_in_flight.set(true);
        let (query, in_flight) = (as_query(&subscription.body), Rc::clone(&subscription.is_in_flight));
        self.ask(query, move |answer| protocol::next(id, answer), Some(in_flight));
    }

    /// Sends a request; what is made of its answer arrives as a message.
    fn ask(
        &self,
        body: String,
        message: impl FnOnce(&str) -> String + 'static,
        in_flight: Option<Rc<Cell<bool>>>,
    ) {
        let (url, sender) = (Rc::clone(&self.url), self.sender.clone());
        let message: Box<dyn FnOnce(&str) -> String> = Box::new(message);
        spawn_local(async move {
            match post(&url, &body).await {
                Some(answer) => bring(&sender, message(&answer)),
                None => lost(&sender),
            }
            if let Some(in_flight) = in_flight {
                in_flight.set(false);
            }
        });
    }
}

/// Whether the API answers requests.
pub(crate) async fn answers(url: &str) -> bool {
    post(url, PROBE).await.is_some()
}

/// Nobody may be there any more who waits for it.
fn bring(messages: &UnboundedSender<Message>, frame: String) {
    _ = messages.unbounded_send(Message::Text(frame));
}

fn lost(messages: &UnboundedSender<Message>) {
    _ = messages.unbounded_send(Message::Closed(Close { code: LOST, reason: String::new() }));
}

/// The query that answers as a subscription does first: it has the same fields.
fn as_query(body: &str) -> String {
    body.replacen(r#""query":"subscription "#, r#""query":"query "#, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::client::request;
    use crate::api::operation::{EventsIngested, FactoryMetrics, events_ingested, factory_metrics};
    use serde_json::Value;

    #[test]
    fn a_subscription_is_asked_as_the_query_that_has_its_fields() {
        let variables = factory_metrics::Variables { factory_id: "a".to_owned(), window: None, area: None };
        let body = request::<FactoryMetrics>(variables).unwrap();
        let asked: Value = serde_json::from_str(&as_query(&body)).unwrap();
        assert!(asked["query"].as_str().unwrap().starts_with("query FactoryMetrics("), "{asked}");
        assert_eq!(asked["variables"]["factoryId"], "a");
    }

    #[test]
    fn a_subscription_is_asked_at_once_then_every_five_seconds_and_after_news_within_one() {
        let mut subscription = Subscription::new("{}".into());
        assert!(subscription.is_due(0.0));
        subscription.asked_at_ms = 0.0;
        assert!(!subscription.is_due(4_999.0) && subscription.is_due(5_000.0));
        subscription.is_outdated.set(true);
        assert!(!subscription.is_due(999.0) && subscription.is_due(1_000.0));
        subscription.is_in_flight.set(true);
        assert!(!subscription.is_due(60_000.0), "one request at a time");
    }

    #[test]
    fn the_feed_is_known_by_its_field() {
        let body = request::<EventsIngested>(events_ingested::Variables { factory_id: "a".to_owned() });
        assert!(Subscription::new(body.unwrap()).is_feed());
        assert!(!Subscription::new("{}".into()).is_feed());
    }
}
