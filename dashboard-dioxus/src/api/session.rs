//! The conversation on one connection, apart from the connection: text, commands and time go in, text and events come out.
//!
//! - The server has 10 s to acknowledge the connection.
//! - Any number of operations, each named by a key and known only as text; what arrives for one that was given up or
//!   changed is dropped, so that an old choice never speaks under a new one.
//! - A subscription or query that was refused is asked for again after 10 s, because what was missing may exist by then.
//! - A query is asked again when its answer may have changed, at most once in 5 s.
//! - A mutation is sent once. It is never repeated, because nobody knows what became of the first attempt.
//! - A silent server is asked after 15 s and given up 5 s later.

use crate::api::keep_alive::{KeepAlive, Liveness};
use crate::api::protocol::{self, ClientMessage, Payload, ServerMessage, message_of};
use crate::lean::sorted_map::SortedMap;
use crate::words;
use serde_json::value::RawValue;
use std::rc::Rc;

/// How long the server may take to open and acknowledge the connection, in ms.
const HANDSHAKE_MS: f64 = 10_000.0;
/// When a refused operation is asked for again, in ms.
const RETRY_AFTER_MS: f64 = 10_000.0;
/// The shortest time between two askings of one query for news, in ms: what it shows changes slower than events arrive,
/// and costs the server more than a delivery.
const REFRESH_INTERVAL_MS: f64 = 5_000.0;

/// Names an operation for as long as somebody wants it, over all its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u64);

/// How an operation is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationType {
    /// Again and again.
    Subscription,
    /// Once; may be asked again.
    Query,
    /// Once; must not be sent again.
    Mutation,
}

/// What is sent to start an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) operation_type: OperationType,
    /// Operation and variables as JSON.
    pub(crate) body: Rc<str>,
}

/// What the connection is to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Ask this; under a key that is in use, ask this instead.
    Start(Key, Request),
    /// The answer of this query may have changed.
    Refresh(Key),
    /// Ask now what was refused.
    Retry(Key),
    /// Ask this query again after so many ms.
    RefreshIn(Key, f64),
    Stop(Key),
}

/// The operations that every connection starts again, on this connection and on the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Subscriptions(SortedMap<Key, Request>);

impl Subscriptions {
    /// Keeps what a command changes for later connections.
    pub(crate) fn apply(&mut self, command: &Command) {
        match command {
            Command::Start(key, request) if request.operation_type != OperationType::Mutation => {
                self.0.insert(*key, request.clone());
            }
            Command::Stop(key) => {
                self.0.remove(key);
            }
            Command::Start(..) | Command::Refresh(_) | Command::Retry(_) | Command::RefreshIn(..) => {}
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
pub(crate) struct ConnectionError(pub(crate) String);

/// The state of one conversation. Times are ms since 1970.
#[derive(Debug)]
pub(crate) struct Session {
    opened_at_ms: f64,
    is_acknowledged: bool,
    keep_alive: KeepAlive,
    next_id: u64,
    operations: SortedMap<Key, Operation>,
    outgoing: Vec<ClientMessage>,
}

/// The state of one operation.
#[derive(Debug)]
struct Operation {
    request: Request,
    /// The number under which it is in flight.
    id: Option<u64>,
    is_answered: bool,
    sent_at_ms: f64,
    due_at_ms: Option<f64>,
}

impl Operation {
    fn new(request: Request) -> Self {
        Self { request, id: None, is_answered: false, sent_at_ms: f64::NEG_INFINITY, due_at_ms: None }
    }

    fn is_mutation(&self) -> bool {
        self.request.operation_type == OperationType::Mutation
    }

    /// A question in flight is waited for: asking again would throw away what the server has done for it.
    fn is_due(&self, now_ms: f64) -> bool {
        self.id.is_none() && self.due_at_ms.is_some_and(|due_at_ms| due_at_ms <= now_ms)
    }

    fn schedule(&mut self, at_ms: f64) {
        self.due_at_ms = Some(self.due_at_ms.map_or(at_ms, |due_at_ms| due_at_ms.min(at_ms)));
    }

    /// Notes that the operation is over and was not answered as it should have been.
    fn fail(&mut self, now_ms: f64) {
        self.id = None;
        self.due_at_ms.get_or_insert(now_ms + RETRY_AFTER_MS);
    }
}

impl Session {
    /// A conversation about what is wanted, on a connection that is being opened.
    pub(crate) fn open(subscriptions: &Subscriptions, now_ms: f64) -> Self {
        let mut operations = SortedMap::default();
        for (key, request) in subscriptions.0.iter() {
            operations.insert(*key, Operation::new(request.clone()));
        }
        Self {
            opened_at_ms: now_ms,
            is_acknowledged: false,
            keep_alive: KeepAlive::new(now_ms),
            next_id: 1,
            operations,
            outgoing: vec![ClientMessage::Init],
        }
    }

    /// Takes what is to be sent now, in this order.
    pub(crate) fn take_outgoing(&mut self) -> Vec<ClientMessage> {
        std::mem::take(&mut self.outgoing)
    }

    /// Whether the server agreed to talk.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.is_acknowledged
    }

    /// Carries out a command.
    pub(crate) fn execute(&mut self, command: Command, now_ms: f64) {
        match command {
            Command::Start(key, request) => self.start(key, request, now_ms),
            Command::Stop(key) => self.cancel(key),
            Command::Refresh(key) => {
                if let Some(operation) = self.operations.get_mut(&key) {
                    // A clock that was set back must not stretch the wait by as much.
                    operation.sent_at_ms = operation.sent_at_ms.min(now_ms);
                    operation.schedule(operation.sent_at_ms + REFRESH_INTERVAL_MS);
                }
            }
            Command::Retry(key) => {
                if let Some(operation) = self.operations.get_mut(&key) {
                    operation.schedule(now_ms);
                }
            }
            Command::RefreshIn(key, wait_ms) => {
                if let Some(operation) = self.operations.get_mut(&key) {
                    operation.schedule(now_ms + wait_ms);
                }
            }
        }
        self.send_due(now_ms);
    }

    /// Takes in one message of the server.
    pub(crate) fn receive<'frame>(
        &mut self,
        frame: &'frame str,
        now_ms: f64,
    ) -> Result<Vec<Event<'frame>>, ConnectionError> {
        self.keep_alive.heard(now_ms);
        let message = protocol::read(frame)
            .map_err(|error| ConnectionError(words::connection::not_understood(&error)))?;
        let mut events = Vec::new();
        match message {
            ServerMessage::ConnectionAck => self.acknowledge(now_ms),
            ServerMessage::Ping => self.outgoing.push(ClientMessage::Pong),
            ServerMessage::Pong => self.report_if_current(&mut events),
            ServerMessage::Next { id, payload } => {
                if let Some(key) = self.key_of(id) {
                    events.push(self.answer(key, payload, now_ms)?);
                    self.report_if_current(&mut events);
                }
            }
            ServerMessage::Error { id, errors } => {
                if let Some(key) = self.key_of(id) {
                    self.refuse(key, now_ms);
                    events.push(Event::Refused { key, reason: message_of(&errors) });
                    self.report_if_current(&mut events);
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
    pub(crate) fn tick(&mut self, now_ms: f64) -> Result<(), ConnectionError> {
        if !self.is_acknowledged {
            // A clock that was set back must not stretch the wait by as much.
            self.opened_at_ms = self.opened_at_ms.min(now_ms);
            let too_late = now_ms - self.opened_at_ms >= HANDSHAKE_MS;
            return if too_late {
                Err(ConnectionError(words::connection::NO_ANSWER.to_owned()))
            } else {
                Ok(())
            };
        }
        match self.keep_alive.check(now_ms) {
            Liveness::Alive => {}
            Liveness::SendPing => self.outgoing.push(ClientMessage::Ping),
            Liveness::Dead => return Err(ConnectionError(words::connection::SILENT.to_owned())),
        }
        self.send_due(now_ms);
        Ok(())
    }

    fn acknowledge(&mut self, now_ms: f64) {
        self.is_acknowledged = true;
        let keys: Vec<Key> = self.operations.iter().map(|(key, _)| *key).collect();
        for key in keys {
            self.send(key, now_ms);
        }
    }

    fn start(&mut self, key: Key, request: Request, now_ms: f64) {
        if self.operations.get(&key).is_some_and(|operation| operation.request == request) {
            return;
        }
        self.cancel(key);
        self.operations.insert(key, Operation::new(request));
        if self.is_acknowledged {
            self.send(key, now_ms);
        }
    }

    fn cancel(&mut self, key: Key) {
        if let Some(id) = self.operations.remove(&key).and_then(|operation| operation.id) {
            self.outgoing.push(ClientMessage::Complete { id });
        }
    }

    fn send_due(&mut self, now_ms: f64) {
        if !self.is_acknowledged {
            return;
        }
        let due = self.operations.iter().filter(|(_, operation)| operation.is_due(now_ms));
        let due: Vec<Key> = due.map(|(key, _)| *key).collect();
        for key in due {
            self.send(key, now_ms);
        }
    }

    fn send(&mut self, key: Key, now_ms: f64) {
        let Some(operation) = self.operations.get_mut(&key) else { return };
        let id = self.next_id;
        self.next_id += 1;
        self.outgoing.push(ClientMessage::Subscribe { id, request: operation.request.clone() });
        operation.id = Some(id);
        operation.sent_at_ms = now_ms;
        operation.due_at_ms = None;
    }

    fn key_of(&self, id: u64) -> Option<Key> {
        self.operations.iter().find(|(_, operation)| operation.id == Some(id)).map(|(key, _)| *key)
    }

    fn answer<'frame>(
        &mut self,
        key: Key,
        payload: &'frame RawValue,
        now_ms: f64,
    ) -> Result<Event<'frame>, ConnectionError> {
        let payload: Payload<'frame> = serde_json::from_str(payload.get())
            .map_err(|error| ConnectionError(words::connection::another_shape(&error)))?;
        let errors = payload.errors.unwrap_or_default();
        let Some(operation) = self.operations.get_mut(&key) else {
            return Ok(Event::Refused { key, reason: message_of(&errors) });
        };
        let arrival = if operation.is_answered { Arrival::Later } else { Arrival::First };
        operation.is_answered = true;
        if operation.request.operation_type != OperationType::Subscription {
            // One answer is all there is; that it is complete goes without saying.
            operation.id = None;
        }
        let event = if let Some(data) = payload.data.filter(|_| errors.is_empty()) {
            Event::Answered { key, data, arrival }
        } else {
            if operation.request.operation_type == OperationType::Query {
                operation.fail(now_ms);
            }
            Event::Refused { key, reason: message_of(&errors) }
        };
        self.forget_if_mutation(key);
        Ok(event)
    }

    fn refuse(&mut self, key: Key, now_ms: f64) {
        if let Some(operation) = self.operations.get_mut(&key) {
            operation.is_answered = true;
            operation.fail(now_ms);
        }
        self.forget_if_mutation(key);
    }

    /// Takes in that an operation is over: a subscription that ends leaves what is shown unwatched, and anything else
    /// that is still known has had no answer.
    fn complete(&mut self, key: Key, now_ms: f64) -> Option<Event<'static>> {
        let operation = self.operations.get_mut(&key)?;
        operation.fail(now_ms);
        operation.is_answered = false;
        if operation.request.operation_type == OperationType::Subscription {
            return None;
        }
        operation.is_answered = true;
        self.forget_if_mutation(key);
        Some(Event::Refused { key, reason: message_of(&[]) })
    }

    fn forget_if_mutation(&mut self, key: Key) {
        if self.operations.get(&key).is_some_and(Operation::is_mutation) {
            self.operations.remove(&key);
        }
    }

    fn report_if_current(&self, events: &mut Vec<Event<'_>>) {
        let is_settled = |operation: &Operation| operation.is_answered || operation.is_mutation();
        if self.is_acknowledged && self.operations.values().all(is_settled) {
            events.push(Event::Current);
        }
    }
}

#[cfg(test)]
mod tests;
