//! Operations as components use them: asked for as long as the component lives, answered as a signal.

use crate::api::client::{Client, Handler, Outcome, Update, read, request, use_client};
use crate::api::operation::Shows;
use crate::api::session::{Command, ConnectionError, Key, OperationType, Request};
use crate::lean::memo::{Memo, use_memo};
use dioxus::prelude::*;
use std::rc::Rc;

/// What a part of the page shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Panel<T> {
    /// Nothing yet.
    Waiting,
    Showing(T),
    /// The server's words on why there is nothing to show.
    Refused(String),
}

impl<T> Panel<T> {
    /// What is shown, if anything is.
    pub(crate) fn shown(&self) -> Option<&T> {
        if let Self::Showing(shown) = self { Some(shown) } else { None }
    }
}

/// The answer to an operation, as a signal that components read.
pub(crate) struct Answer<T: 'static> {
    panel: ReadSignal<Panel<T>>,
    outdated: ReadSignal<Option<String>>,
    /// Behind a pointer, because answers are handed from component to component.
    via: CopyValue<(Client, Key)>,
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Answer<T> {}

impl<T> PartialEq for Answer<T> {
    fn eq(&self, other: &Self) -> bool {
        self.via == other.via
    }
}

impl<T> Answer<T> {
    /// What is to be shown; whoever reads it is drawn again when it changes. An answer to variables that are no longer
    /// asked about is never shown.
    pub(crate) fn read(&self) -> ReadableRef<'static, ReadSignal<Panel<T>>> {
        self.panel.read_unchecked()
    }

    /// What is to be shown, without being drawn again.
    pub(crate) fn peek(&self) -> ReadableRef<'static, ReadSignal<Panel<T>>> {
        self.panel.peek_unchecked()
    }

    /// A part of what is shown, none while nothing is.
    pub(crate) fn with<P>(&self, part: impl FnOnce(&T) -> P) -> Option<P> {
        self.read().shown().map(part)
    }

    /// Why a query's shown answer could not be renewed, in the server's words.
    pub(crate) fn outdated(&self) -> Option<String> {
        self.outdated.cloned()
    }

    /// Asks again at once for what was refused.
    pub(crate) fn retry(&self) {
        let (client, key) = *self.via.peek();
        client.send(Command::Retry(key));
    }

    /// Asks a query again, with the old answer in view meanwhile; several times within 5 s are one.
    pub(crate) fn refresh(&self) {
        let (client, key) = *self.via.peek();
        client.send(Command::Refresh(key));
    }
}

/// Follows a subscription with these variables, nothing as long as they are none. Signals that the closure reads change
/// what is asked.
pub(crate) fn use_subscription<O: Shows>(
    variables: impl FnMut() -> Option<O::Variables> + 'static,
) -> Answer<O::Shown> {
    use_operation::<O>(OperationType::Subscription, variables)
}

/// Asks a query with these variables, nothing as long as they are none. Signals that the closure reads change what is
/// asked; [`Answer::refresh`] asks the same again.
pub(crate) fn use_query<O: Shows>(
    variables: impl FnMut() -> Option<O::Variables> + 'static,
) -> Answer<O::Shown> {
    use_operation::<O>(OperationType::Query, variables)
}

/// As [`use_query`], for what is asked again and again by itself or by the page: where nothing is subscribed to, its
/// answers say how old what is in view is.
pub(crate) fn use_polled_query<O: Shows>(
    variables: impl FnMut() -> Option<O::Variables> + 'static,
) -> Answer<O::Shown> {
    let answer = use_query::<O>(variables);
    use_polling(*answer.via.peek());
    answer
}

/// Asks a query, and asks it again whenever the revision that the closure tells has changed, at most every 5 s.
pub(crate) fn use_query_at<O: Shows>(
    revision: impl FnMut() -> Option<i64> + 'static,
    variables: impl FnMut() -> Option<O::Variables> + 'static,
) -> Answer<O::Shown> {
    let answer = use_query::<O>(variables);
    use_change_of(Box::new(revision), Box::new(move || answer.refresh()));
    answer
}

// What follows is cut so that the least of it is compiled anew for each operation, and nothing for each place that asks:
// a browser has to load all of it.

fn use_polling((client, key): (Client, Key)) {
    use_hook(|| client.poll(key));
    use_drop(move || client.end_poll(key));
}

/// Runs the action whenever a revision that is known has become another one.
fn use_change_of(revision: Box<dyn FnMut() -> Option<i64>>, action: Box<dyn Fn()>) {
    let revision = use_memo(revision);
    let mut known = use_hook(|| CopyValue::new(None));
    use_effect(move || {
        let revision = revision();
        let before = known.replace(revision);
        if before.is_some() && revision.is_some() && before != revision {
            action();
        }
    });
}

/// The request to be sent, none as long as nothing is asked.
type Asked = Option<Result<Rc<str>, ConnectionError>>;

/// What is held of the answer to one request.
struct Held<T> {
    request: Option<Rc<str>>,
    panel: Panel<T>,
    outdated: Option<String>,
}

fn use_operation<O: Shows>(
    operation_type: OperationType,
    mut variables: impl FnMut() -> Option<O::Variables> + 'static,
) -> Answer<O::Shown> {
    let asked = use_asked(Box::new(move || variables().map(request::<O>)));
    use_answer::<O>(operation_type, asked)
}

fn use_asked(ask: Box<dyn FnMut() -> Asked>) -> Memo<Asked> {
    use_memo(ask)
}

/// What is to be done about a request: with the handler of its answers, or with the reason why it cannot be sent.
type Turn = Box<dyn FnMut(Asked) -> Option<Handler>>;

#[inline(never)]
fn use_answer<O: Shows>(operation_type: OperationType, asked: Memo<Asked>) -> Answer<O::Shown> {
    let client = use_client();
    let (mut held, answer, key) = use_hook(|| {
        let held = Signal::new(Held { request: None, panel: Panel::Waiting, outdated: None });
        let key = client.new_key();
        // Between a change of the variables and the effect below, what is held answers another question.
        let panel = held.map(
            move |held: &Held<O::Shown>| {
                if held.request == current(&asked) { &held.panel } else { &Panel::Waiting }
            },
        );
        let outdated = held.map(|held: &Held<O::Shown>| &held.outdated);
        let via = CopyValue::new((client, key));
        (held, Answer { panel: panel.into(), outdated: outdated.into(), via }, key)
    });
    let turn: Turn = Box::new(move |asked| {
        let (request, panel) = match asked {
            Some(Ok(request)) => (Some(request), Panel::Waiting),
            Some(Err(ConnectionError(reason))) => (None, Panel::Refused(reason)),
            None => (None, Panel::Waiting),
        };
        let is_asked = request.is_some();
        let recalled = request.as_deref().and_then(|request| recall::<O>(client, request));
        let panel = recalled.map_or(panel, Panel::Showing);
        let before = std::mem::replace(&mut *held.write(), Held { request, panel, outdated: None });
        remember(client, before);
        is_asked.then(|| handler::<O>(operation_type, held, client, key))
    });
    use_asking(client, key, operation_type, asked, turn);
    use_drop(move || {
        // What is dropped already is not remembered.
        if let Ok(mut held) = held.try_write() {
            let nothing = Held { request: None, panel: Panel::Waiting, outdated: None };
            remember(client, std::mem::replace(&mut *held, nothing));
        }
    });
    answer
}

/// Keeps an answer for when the server is away.
fn remember<T: 'static>(client: Client, held: Held<T>) {
    if let (Some(request), Panel::Showing(shown)) = (held.request, held.panel) {
        client.remember(request, Box::new(shown));
    }
}

/// An answer that was kept. A request names its operation, so it is of the operation's type.
fn recall<O: Shows>(client: Client, request: &str) -> Option<O::Shown> {
    client.recall(request)?.downcast().ok().map(|shown| *shown)
}

/// Asks what is to be asked, for as long as the component is there.
fn use_asking(client: Client, key: Key, operation_type: OperationType, asked: Memo<Asked>, mut turn: Turn) {
    use_effect(move || {
        let asked = asked();
        let request = asked.as_ref().and_then(|request| request.as_ref().ok()).cloned();
        match turn(asked).zip(request) {
            Some((handler, request)) => client.begin(key, Request { operation_type, body: request }, handler),
            None => client.end(key),
        }
    });
    use_drop(move || client.end(key));
}

fn current(asked: &Memo<Asked>) -> Option<Rc<str>> {
    asked.read().as_ref().and_then(|request| request.as_ref().ok()).cloned()
}

fn handler<O: Shows>(
    operation_type: OperationType,
    held: Signal<Held<O::Shown>>,
    client: Client,
    key: Key,
) -> Handler {
    Rc::new(move |outcome| {
        let mut held = held;
        let update: Update = match outcome {
            Outcome::Answered(data, arrival) => {
                let data = read::<O::ResponseData>(data)?;
                Box::new(move || {
                    let mut held = held.write();
                    let before = match std::mem::replace(&mut held.panel, Panel::Waiting) {
                        Panel::Showing(shown) => Some(shown),
                        Panel::Waiting | Panel::Refused(_) => None,
                    };
                    let shown = O::show(before, data, arrival);
                    if let Some(wait_ms) = O::again_in_ms(&shown) {
                        client.send(Command::RefreshIn(key, wait_ms));
                    }
                    held.panel = Panel::Showing(shown);
                    held.outdated = None;
                })
            }
            Outcome::Refused(reason) => Box::new(move || {
                // A query's answer was true when it came and says of which revision it is, so it stays.
                let stays = operation_type == OperationType::Query && held.peek().panel.shown().is_some();
                let mut held = held.write();
                if stays {
                    held.outdated = Some(reason);
                } else {
                    held.panel = Panel::Refused(reason);
                }
            }),
        };
        Ok(update)
    })
}

#[cfg(test)]
mod tests;
