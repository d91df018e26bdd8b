//! What is said on one connection, apart from the connection: text and time go in, text and events come out.
//!
//! - The server has 10 s to acknowledge the connection.
//! - Each of the four topics has at most one operation in flight; what arrives for an operation that was given up
//!   is dropped, so that an old choice never speaks under a new one.
//! - A topic that was refused is asked for again after 10 s, because what was missing may exist by then.
//! - A silent server is asked after 15 s and given up 5 s later.

use crate::api::keep_alive::{KeepAlive, Pulse};
use crate::api::operation::{
    Choice, Factories, Factory, FactoryMetrics, FactorySummary, Worker, WorkerMetrics, Workstation,
    WorkstationMetrics, factories,
};
use crate::api::protocol::{self, ServerMessage};
use crate::live::table::Delivery;
use graphql_client::{Error, GraphQLQuery, Response};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// How long the server may take to open and acknowledge the connection, in ms.
const HANDSHAKE_MS: f64 = 10_000.0;
/// When a refused topic is asked for again, in ms.
const REFUSED_AGAIN_MS: f64 = 10_000.0;
/// When an empty list of factories is asked for again, in ms: somebody is about to create the first one.
const NO_FACTORIES_AGAIN_MS: f64 = 5_000.0;
/// When a list of factories is asked for again, in ms: factories are created on few days of a year.
const FACTORIES_AGAIN_MS: f64 = 60_000.0;

/// What the dashboard shows, each the subject of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Factories,
    Summary,
    Workers,
    Workstations,
}

impl Topic {
    /// The topics that belong to a choice of factory and window.
    pub(crate) const OF_CHOICE: [Self; 3] = [Self::Summary, Self::Workers, Self::Workstations];
}

/// What a connection brought.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Factories(Vec<Factory>),
    Summary(FactorySummary),
    Workers(Delivery<Worker>),
    Workstations(Delivery<Workstation>),
    /// The server says in words why it does not answer.
    Refused(Topic, String),
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
    choice: Option<Choice>,
    next_id: u64,
    inquiries: BTreeMap<Topic, Inquiry>,
    outgoing: Vec<String>,
}

/// How far the question about one topic has come.
#[derive(Debug, Default)]
struct Inquiry {
    /// The operation in flight.
    id: Option<u64>,
    answered: bool,
    again_at_ms: Option<f64>,
}

impl Session {
    /// A conversation about `choice` on a connection that is being opened.
    pub(crate) fn open(choice: Option<Choice>, now_ms: f64) -> Self {
        Self {
            opened_at_ms: now_ms,
            acknowledged: false,
            keep_alive: KeepAlive::new(now_ms),
            choice,
            next_id: 1,
            inquiries: BTreeMap::new(),
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

    /// Ends the operations of the last choice and begins those of this one.
    pub(crate) fn choose(&mut self, choice: Choice) -> Result<(), Hangup> {
        if self.choice.as_ref() == Some(&choice) {
            return Ok(());
        }
        self.choice = Some(choice);
        for topic in Topic::OF_CHOICE {
            if let Some(id) = self.inquiries.remove(&topic).and_then(|inquiry| inquiry.id) {
                self.outgoing.push(protocol::complete(id));
            }
        }
        if self.acknowledged { self.ask_about_choice() } else { Ok(()) }
    }

    /// Takes in one message of the server.
    pub(crate) fn receive(&mut self, frame: &str, now_ms: f64) -> Result<Vec<Event>, Hangup> {
        self.keep_alive.heard(now_ms);
        let message = protocol::read(frame).map_err(|error| {
            Hangup(format!("The server sent what this page does not understand ({error})."))
        })?;
        let mut events = Vec::new();
        match message {
            ServerMessage::ConnectionAck => self.begin()?,
            ServerMessage::Ping => self.outgoing.push(protocol::PONG.to_owned()),
            ServerMessage::Pong => self.note_current(&mut events),
            ServerMessage::Next { id, payload } => {
                if let Some(topic) = self.topic_of(id) {
                    events.push(self.answer(topic, payload, now_ms)?);
                    self.note_current(&mut events);
                }
            }
            ServerMessage::Error { id, errors } => {
                if let Some(topic) = self.topic_of(id) {
                    self.end(topic, true, now_ms);
                    events.push(Event::Refused(topic, in_words(&errors)));
                    self.note_current(&mut events);
                }
            }
            ServerMessage::Complete { id } => {
                if let Some(topic) = self.topic_of(id) {
                    // A question ends with its answer; a subscription that ends leaves what is shown unwatched.
                    self.end(topic, topic == Topic::Factories, now_ms);
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
            return if too_late { Err(Hangup("The server does not answer.".to_owned())) } else { Ok(()) };
        }
        match self.keep_alive.check(now_ms) {
            Pulse::Fine => {}
            Pulse::Ask => self.outgoing.push(protocol::PING.to_owned()),
            Pulse::Dead => return Err(Hangup("The server has fallen silent.".to_owned())),
        }
        let is_due = |inquiry: &Inquiry| inquiry.again_at_ms.is_some_and(|again_at_ms| again_at_ms <= now_ms);
        let due: Vec<Topic> =
            self.inquiries.iter().filter(|(_, inquiry)| is_due(inquiry)).map(|(topic, _)| *topic).collect();
        due.into_iter().try_for_each(|topic| self.ask(topic))
    }

    fn begin(&mut self) -> Result<(), Hangup> {
        self.acknowledged = true;
        self.ask(Topic::Factories)?;
        self.ask_about_choice()
    }

    fn ask_about_choice(&mut self) -> Result<(), Hangup> {
        Topic::OF_CHOICE.into_iter().try_for_each(|topic| self.ask(topic))
    }

    fn ask(&mut self, topic: Topic) -> Result<(), Hangup> {
        let id = self.next_id;
        let request = match (topic, &self.choice) {
            (Topic::Factories, _) => protocol::subscribe(id, &Factories::build_query(factories::Variables)),
            (_, None) => return Ok(()),
            (Topic::Summary, Some(choice)) => {
                protocol::subscribe(id, &FactoryMetrics::build_query(choice.into()))
            }
            (Topic::Workers, Some(choice)) => {
                protocol::subscribe(id, &WorkerMetrics::build_query(choice.into()))
            }
            (Topic::Workstations, Some(choice)) => {
                protocol::subscribe(id, &WorkstationMetrics::build_query(choice.into()))
            }
        };
        let request =
            request.map_err(|error| Hangup(format!("This page could not put its question ({error}).")))?;
        self.next_id += 1;
        let inquiry = self.inquiries.entry(topic).or_default();
        inquiry.again_at_ms = None;
        if let Some(old_id) = inquiry.id.replace(id) {
            self.outgoing.push(protocol::complete(old_id));
        }
        self.outgoing.push(request);
        Ok(())
    }

    fn topic_of(&self, id: u64) -> Option<Topic> {
        self.inquiries.iter().find(|(_, inquiry)| inquiry.id == Some(id)).map(|(topic, _)| *topic)
    }

    fn answer(&mut self, topic: Topic, payload: &RawValue, now_ms: f64) -> Result<Event, Hangup> {
        let event = match topic {
            Topic::Factories => {
                data::<factories::ResponseData>(payload)?.map(|data| Event::Factories(data.factories))
            }
            Topic::Summary => data::<<FactoryMetrics as GraphQLQuery>::ResponseData>(payload)?
                .map(|data| Event::Summary(data.factory_metrics)),
            Topic::Workers => data::<<WorkerMetrics as GraphQLQuery>::ResponseData>(payload)?
                .map(|data| Event::Workers(data.worker_metrics.into())),
            Topic::Workstations => data::<<WorkstationMetrics as GraphQLQuery>::ResponseData>(payload)?
                .map(|data| Event::Workstations(data.workstation_metrics.into())),
        };
        let inquiry = self.inquiries.entry(topic).or_default();
        inquiry.answered = true;
        if let Ok(Event::Factories(factories)) = &event {
            let again_ms = if factories.is_empty() { NO_FACTORIES_AGAIN_MS } else { FACTORIES_AGAIN_MS };
            inquiry.again_at_ms = Some(now_ms + again_ms);
        }
        Ok(event.unwrap_or_else(|reason| Event::Refused(topic, reason)))
    }

    /// Notes that the topic's operation is over, and when to ask again unless that is known already.
    fn end(&mut self, topic: Topic, answered: bool, now_ms: f64) {
        let inquiry = self.inquiries.entry(topic).or_default();
        inquiry.id = None;
        inquiry.answered = answered;
        inquiry.again_at_ms.get_or_insert(now_ms + REFUSED_AGAIN_MS);
    }

    fn note_current(&self, events: &mut Vec<Event>) {
        if self.acknowledged && self.inquiries.values().all(|inquiry| inquiry.answered) {
            events.push(Event::Current);
        }
    }
}

/// The data of an answer, or the server's words on why there is none.
fn data<D: DeserializeOwned>(payload: &RawValue) -> Result<Result<D, String>, Hangup> {
    let response: Response<D> = serde_json::from_str(payload.get())
        .map_err(|error| Hangup(format!("The server's answer has another shape than agreed ({error}).")))?;
    let errors = response.errors.unwrap_or_default();
    Ok(response.data.filter(|_| errors.is_empty()).ok_or_else(|| in_words(&errors)))
}

fn in_words(errors: &[Error]) -> String {
    if errors.is_empty() {
        return "The server gave no answer and no reason.".to_owned();
    }
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
