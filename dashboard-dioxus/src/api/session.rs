//! What is said on one connection, apart from the connection: text, orders and time go in, text and events come out.
//!
//! - The server has 10 s to acknowledge the connection.
//! - Any number of operations, each named by a key and known only as text; what arrives for one that was given up or
//!   changed is dropped, so that an old choice never speaks under a new one.
//! - A subscription or query that was refused is asked for again after 10 s, because what was missing may exist by then.
//! - A query is asked again when its answer may have changed, at most once in 5 s.
//! - A mutation is sent once. It is never repeated, because nobody knows what became of the first attempt.
//! - A silent server is asked after 15 s and given up 5 s later.

use crate::api::keep_alive::{KeepAlive, Pulse};
use crate::api::protocol::{self, Problem, ServerMessage};
use crate::words;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How long the server may take to open and acknowledge the connection, in ms.
const HANDSHAKE_MS: f64 = 10_000.0;
/// When a refused operation is asked for again, in ms.
const REFUSED_AGAIN_MS: f64 = 10_000.0;
/// The shortest time between two askings of one query for news, in ms: what it shows changes slower than events arrive,
/// and costs the server more than a delivery.
const REFRESH_INTERVAL_MS: f64 = 5_000.0;

/// Names an operation for as long as somebody wants it, over all its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u64);

/// How an operation is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Again and again.
    Subscription,
    /// Once; may be asked again.
    Query,
    /// Once; must not be sent again.
    Mutation,
}

/// What is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    /// Operation and variables as JSON.
    pub(crate) request: Rc<str>,
}

/// What the page wants of the connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// Ask this; under a key that is in use, ask this instead.
    Begin(Key, Operation),
    /// The answer of this query may have changed.
    Refresh(Key),
    /// Ask now what was refused.
    Retry(Key),
    /// Ask this query again after so many ms.
    AgainIn(Key, f64),
    End(Key),
}

/// What the page wants to be told of, on this connection and on the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Standing(BTreeMap<Key, Operation>);

impl Standing {
    /// Keeps what an order changes for later connections.
    pub(crate) fn note(&mut self, order: &Order) {
        match order {
            Order::Begin(key, operation) if operation.kind != Kind::Mutation => {
                self.0.insert(*key, operation.clone());
            }
            Order::End(key) => {
                self.0.remove(key);
            }
            Order::Begin(..) | Order::Refresh(_) | Order::Retry(_) | Order::AgainIn(..) => {}
        }
    }
}

/// Where an answer stands among those of its operation on this connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// What came before, if anything, came over another connection or for another question: something may be missing.
    First,
    Later,
}

/// What a connection brought.
#[derive(Clone, Debug)]
pub(crate) enum Event<'frame> {
    /// The data of an answer, still as text because its type depends on the operation.
    Answered { key: Key, data: &'frame RawValue, arrival: Arrival },
    /// The server says in words why it does not answer.
    Refused { key: Key, reason: String },
    /// Everything asked for was answered or refused, and the server was just heard: what is shown is current.
    Current,
}

/// Why a connection is no longer usable, in words for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hangup(pub(crate) String);

/// The state of one conversation. Times are ms since 1970.
#[derive(Debug)]
pub(crate) struct Session {
    opened_at_ms: f64,
    acknowledged: bool,
    keep_alive: KeepAlive,
    next_id: u64,
    inquiries: BTreeMap<Key, Inquiry>,
    outgoing: Vec<String>,
}

/// How far one operation has come.
#[derive(Debug)]
struct Inquiry {
    operation: Operation,
    /// Of the operation in flight.
    id: Option<u64>,
    answered: bool,
    asked_at_ms: f64,
    again_at_ms: Option<f64>,
}

impl Inquiry {
    fn new(operation: Operation) -> Self {
        Self { operation, id: None, answered: false, asked_at_ms: f64::NEG_INFINITY, again_at_ms: None }
    }

    fn is_mutation(&self) -> bool {
        self.operation.kind == Kind::Mutation
    }

    /// A question in flight is waited for: asking again would throw away what the server has done for it.
    fn is_due(&self, now_ms: f64) -> bool {
        self.id.is_none() && self.again_at_ms.is_some_and(|again_at_ms| again_at_ms <= now_ms)
    }

    fn ask_again_at(&mut self, at_ms: f64) {
        self.again_at_ms = Some(self.again_at_ms.map_or(at_ms, |again_at_ms| again_at_ms.min(at_ms)));
    }

    /// Notes that the operation is over and was not answered as it should have been.
    fn fail(&mut self, now_ms: f64) {
        self.id = None;
        self.again_at_ms.get_or_insert(now_ms + REFUSED_AGAIN_MS);
    }
}

impl Session {
    /// A conversation about what is wanted, on a connection that is being opened.
    pub(crate) fn open(standing: &Standing, now_ms: f64) -> Self {
        let inquiries = standing.0.iter().map(|(key, operation)| (*key, Inquiry::new(operation.clone())));
        Self {
            opened_at_ms: now_ms,
            acknowledged: false,
            keep_alive: KeepAlive::new(now_ms),
            next_id: 1,
            inquiries: inquiries.collect(),
            outgoing: vec![protocol::CONNECTION_INIT.to_owned()],
        }
    }

    /// Takes what is to be sent now, in this order.
    pub(crate) fn take_outgoing(&mut self) -> Vec<String> {
        std::mem::take(&mut self.outgoing)
    }

    /// Whether the server agreed to talk.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// Does as it is told.
    pub(crate) fn follow(&mut self, order: Order, now_ms: f64) {
        match order {
            Order::Begin(key, operation) => self.begin(key, operation, now_ms),
            Order::End(key) => self.give_up(key),
            Order::Refresh(key) => {
                if let Some(inquiry) = self.inquiries.get_mut(&key) {
                    // A clock that was set back must not stretch the wait by as much.
                    inquiry.asked_at_ms = inquiry.asked_at_ms.min(now_ms);
                    inquiry.ask_again_at(inquiry.asked_at_ms + REFRESH_INTERVAL_MS);
                }
            }
            Order::Retry(key) => {
                if let Some(inquiry) = self.inquiries.get_mut(&key) {
                    inquiry.ask_again_at(now_ms);
                }
            }
            Order::AgainIn(key, wait_ms) => {
                if let Some(inquiry) = self.inquiries.get_mut(&key) {
                    inquiry.ask_again_at(now_ms + wait_ms);
                }
            }
        }
        self.ask_what_is_due(now_ms);
    }

    /// Takes in one message of the server.
    pub(crate) fn receive<'frame>(
        &mut self,
        frame: &'frame str,
        now_ms: f64,
    ) -> Result<Vec<Event<'frame>>, Hangup> {
        self.keep_alive.heard(now_ms);
        let message =
            protocol::read(frame).map_err(|error| Hangup(words::connection::not_understood(&error)))?;
        let mut events = Vec::new();
        match message {
            ServerMessage::ConnectionAck => self.acknowledge(now_ms),
            ServerMessage::Ping => self.outgoing.push(protocol::PONG.to_owned()),
            ServerMessage::Pong => self.note_current(&mut events),
            ServerMessage::Next { id, payload } => {
                if let Some(key) = self.key_of(id) {
                    events.push(self.answer(key, payload, now_ms)?);
                    self.note_current(&mut events);
                }
            }
            ServerMessage::Error { id, errors } => {
                if let Some(key) = self.key_of(id) {
                    self.refuse(key, now_ms);
                    events.push(Event::Refused { key, reason: in_words(&errors) });
                    self.note_current(&mut events);
                }
            }
            ServerMessage::Complete { id } => {
                if let Some(key) = self.key_of(id) {
                    events.extend(self.complete(key, now_ms));
                }
            }
        }
        Ok(events)
    }

    /// Does what is due by the clock.
    pub(crate) fn tick(&mut self, now_ms: f64) -> Result<(), Hangup> {
        if !self.acknowledged {
            // A clock that was set back must not stretch the wait by as much.
            self.opened_at_ms = self.opened_at_ms.min(now_ms);
            let too_late = now_ms - self.opened_at_ms >= HANDSHAKE_MS;
            return if too_late { Err(Hangup(words::connection::NO_ANSWER.to_owned())) } else { Ok(()) };
        }
        match self.keep_alive.check(now_ms) {
            Pulse::Fine => {}
            Pulse::Ask => self.outgoing.push(protocol::PING.to_owned()),
            Pulse::Dead => return Err(Hangup(words::connection::SILENT.to_owned())),
        }
        self.ask_what_is_due(now_ms);
        Ok(())
    }

    fn acknowledge(&mut self, now_ms: f64) {
        self.acknowledged = true;
        let keys: Vec<Key> = self.inquiries.keys().copied().collect();
        for key in keys {
            self.ask(key, now_ms);
        }
    }

    fn begin(&mut self, key: Key, operation: Operation, now_ms: f64) {
        if self.inquiries.get(&key).is_some_and(|inquiry| inquiry.operation == operation) {
            return;
        }
        self.give_up(key);
        self.inquiries.insert(key, Inquiry::new(operation));
        if self.acknowledged {
            self.ask(key, now_ms);
        }
    }

    fn give_up(&mut self, key: Key) {
        if let Some(id) = self.inquiries.remove(&key).and_then(|inquiry| inquiry.id) {
            self.outgoing.push(protocol::complete(id));
        }
    }

    fn ask_what_is_due(&mut self, now_ms: f64) {
        if !self.acknowledged {
            return;
        }
        let due = self.inquiries.iter().filter(|(_, inquiry)| inquiry.is_due(now_ms));
        let due: Vec<Key> = due.map(|(key, _)| *key).collect();
        for key in due {
            self.ask(key, now_ms);
        }
    }

    fn ask(&mut self, key: Key, now_ms: f64) {
        let Some(inquiry) = self.inquiries.get_mut(&key) else { return };
        let id = self.next_id;
        self.next_id += 1;
        self.outgoing.push(protocol::subscribe(id, &inquiry.operation.request));
        inquiry.id = Some(id);
        inquiry.asked_at_ms = now_ms;
        inquiry.again_at_ms = None;
    }

    fn key_of(&self, id: u64) -> Option<Key> {
        self.inquiries.iter().find(|(_, inquiry)| inquiry.id == Some(id)).map(|(key, _)| *key)
    }

    fn answer<'frame>(
        &mut self,
        key: Key,
        payload: &'frame RawValue,
        now_ms: f64,
    ) -> Result<Event<'frame>, Hangup> {
        let payload: Payload<'frame> = serde_json::from_str(payload.get())
            .map_err(|error| Hangup(words::connection::another_shape(&error)))?;
        let errors = payload.errors.unwrap_or_default();
        let Some(inquiry) = self.inquiries.get_mut(&key) else {
            return Ok(Event::Refused { key, reason: in_words(&errors) });
        };
        let arrival = if inquiry.answered { Arrival::Later } else { Arrival::First };
        inquiry.answered = true;
        if inquiry.operation.kind != Kind::Subscription {
            // One answer is all there is; that it is complete goes without saying.
            inquiry.id = None;
        }
        let event = if let Some(data) = payload.data.filter(|_| errors.is_empty()) {
            Event::Answered { key, data, arrival }
        } else {
            if inquiry.operation.kind == Kind::Query {
                inquiry.fail(now_ms);
            }
            Event::Refused { key, reason: in_words(&errors) }
        };
        self.forget_if_mutation(key);
        Ok(event)
    }

    fn refuse(&mut self, key: Key, now_ms: f64) {
        if let Some(inquiry) = self.inquiries.get_mut(&key) {
            inquiry.answered = true;
            inquiry.fail(now_ms);
        }
        self.forget_if_mutation(key);
    }

    /// Takes in that an operation is over: a subscription that ends leaves what is shown unwatched, and anything else
    /// that is still known has had no answer.
    fn complete(&mut self, key: Key, now_ms: f64) -> Option<Event<'static>> {
        let inquiry = self.inquiries.get_mut(&key)?;
        inquiry.fail(now_ms);
        inquiry.answered = false;
        if inquiry.operation.kind == Kind::Subscription {
            return None;
        }
        inquiry.answered = true;
        self.forget_if_mutation(key);
        Some(Event::Refused { key, reason: in_words(&[]) })
    }

    fn forget_if_mutation(&mut self, key: Key) {
        if self.inquiries.get(&key).is_some_and(Inquiry::is_mutation) {
            self.inquiries.remove(&key);
        }
    }

    fn note_current(&self, events: &mut Vec<Event<'_>>) {
        let is_settled = |inquiry: &Inquiry| inquiry.answered || inquiry.is_mutation();
        if self.acknowledged && self.inquiries.values().all(is_settled) {
            events.push(Event::Current);
        }
    }
}

#[derive(Deserialize)]
struct Payload<'frame> {
    #[serde(default, borrow)]
    data: Option<&'frame RawValue>,
    #[serde(default)]
    errors: Option<Vec<Problem>>,
}

fn in_words(errors: &[Problem]) -> String {
    if errors.is_empty() {
        return words::connection::NO_REASON.to_owned();
    }
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
