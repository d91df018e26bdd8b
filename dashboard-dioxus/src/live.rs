//! The live state of the page: what the one connection brings, as signals that the views read.

pub(crate) mod table;

use crate::api::backoff::Backoff;
use crate::api::endpoint::Endpoint;
use crate::api::operation::{Choice, Factory, FactorySummary, Worker, Workstation};
use crate::api::session::{Event, Topic};
use crate::api::socket::{self, Ended};
use dioxus::prelude::*;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use table::{Delivery, Row, Table};

/// What a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Panel<T> {
    /// Nothing yet.
    Waiting,
    Showing(T),
    /// The server's words on why there is nothing to show.
    Refused(String),
}

impl<T> Panel<T> {
    fn is_showing(&self) -> bool {
        matches!(self, Self::Showing(_))
    }
}

/// How the page stands with the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Connection {
    /// Until the first connection has answered everything or failed.
    Connecting,
    Live,
    /// The next attempt begins at `retry_at_ms` (since 1970).
    Disconnected {
        reason: String,
        retry_at_ms: f64,
    },
}

/// The signals that [`keep_live`] writes and the views read.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) connection: Signal<Connection>,
    /// When what is shown was last known to be current, in ms since 1970; none while nothing is shown.
    pub(crate) confirmed_at_ms: Signal<Option<f64>>,
    pub(crate) explorer_url: Signal<Option<String>>,
    pub(crate) factories: Signal<Panel<Vec<Factory>>>,
    /// What the three signals below are about.
    pub(crate) choice: Signal<Option<Choice>>,
    pub(crate) summary: Signal<Panel<FactorySummary>>,
    pub(crate) workers: Signal<Panel<Table<Worker>>>,
    pub(crate) workstations: Signal<Panel<Table<Workstation>>>,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            connection: Signal::new(Connection::Connecting),
            confirmed_at_ms: Signal::new(None),
            explorer_url: Signal::new(None),
            factories: Signal::new(Panel::Waiting),
            choice: Signal::new(None),
            summary: Signal::new(Panel::Waiting),
            workers: Signal::new(Panel::Waiting),
            workstations: Signal::new(Panel::Waiting),
        }
    }

    /// Turns to another choice: everything about the last one goes at once.
    pub(crate) fn turn_to(mut self, choice: Choice) {
        self.choice.set(Some(choice));
        self.confirmed_at_ms.set(None);
        self.summary.set(Panel::Waiting);
        self.workers.set(Panel::Waiting);
        self.workstations.set(Panel::Waiting);
    }

    /// Takes in what the connection brought at `now_ms`.
    pub(crate) fn apply(mut self, event: Event, now_ms: f64) {
        match event {
            Event::Factories(factories) => self.factories.set(Panel::Showing(factories)),
            Event::Summary(summary) => self.summary.set(Panel::Showing(summary)),
            Event::Workers(delivery) => merge(self.workers, delivery),
            Event::Workstations(delivery) => merge(self.workstations, delivery),
            // A list once shown stays: it is asked for again, and the board does not depend on the answer.
            Event::Refused(Topic::Factories, _) if self.factories.peek().is_showing() => {}
            Event::Refused(Topic::Factories, reason) => self.factories.set(Panel::Refused(reason)),
            Event::Refused(Topic::Summary, reason) => self.summary.set(Panel::Refused(reason)),
            Event::Refused(Topic::Workers, reason) => self.workers.set(Panel::Refused(reason)),
            Event::Refused(Topic::Workstations, reason) => self.workstations.set(Panel::Refused(reason)),
            Event::Current => {
                self.confirmed_at_ms.set(self.shows_metrics().then_some(now_ms));
                if *self.connection.peek() != Connection::Live {
                    self.connection.set(Connection::Live);
                }
            }
        }
    }

    fn shows_metrics(self) -> bool {
        self.summary.peek().is_showing()
            || self.workers.peek().is_showing()
            || self.workstations.peek().is_showing()
    }
}

fn merge<R: Row + 'static>(mut panel: Signal<Panel<Table<R>>>, delivery: Delivery<R>) {
    let mut panel = panel.write();
    if let Panel::Showing(table) = &mut *panel {
        table.apply(delivery);
    } else {
        let mut table = Table::default();
        table.apply(delivery);
        *panel = Panel::Showing(table);
    }
}

/// Keeps one connection to the server for as long as the page is open. The choices that arrive decide what is
/// subscribed to.
pub(crate) async fn keep_live(mut live: Live, mut choices: UnboundedReceiver<Choice>) {
    let mut choice = None;
    let mut endpoint = None;
    let mut backoff = Backoff::default();
    loop {
        let ended = connect_once(live, &mut endpoint, &mut choice, &mut choices).await;
        if *live.connection.peek() == Connection::Live {
            backoff.reset();
        }
        let random = js_sys::Math::random();
        let wait_ms =
            if ended.is_misfit { Backoff::after_refusal(random) } else { backoff.after_failure(random) };
        let retry_at_ms = js_sys::Date::now() + wait_ms;
        live.connection.set(Connection::Disconnected { reason: ended.reason, retry_at_ms });
        note_choices_for(wait_ms, &mut choice, &mut choices).await;
    }
}

/// Connects to the endpoint, which is looked for until it is found, and talks until the connection ends.
async fn connect_once(
    mut live: Live,
    endpoint: &mut Option<Endpoint>,
    choice: &mut Option<Choice>,
    choices: &mut UnboundedReceiver<Choice>,
) -> Ended {
    let endpoint = match endpoint {
        Some(endpoint) => endpoint,
        None => match Endpoint::find().await {
            Ok(found) => {
                live.explorer_url.set(Some(found.explorer_url.clone()));
                endpoint.insert(found)
            }
            Err(reason) => return Ended { reason, is_misfit: false },
        },
    };
    socket::talk(&endpoint.websocket_url, choice, choices, |event| live.apply(event, js_sys::Date::now()))
        .await
}

/// Waits, and takes note of what is chosen meanwhile.
async fn note_choices_for(
    wait_ms: f64,
    choice: &mut Option<Choice>,
    choices: &mut UnboundedReceiver<Choice>,
) {
    let mut pause = TimeoutFuture::new(wait_ms as u32);
    while let Either::Left((Some(chosen), rest)) = select(choices.next(), pause).await {
        *choice = Some(chosen);
        pause = rest;
    }
}
