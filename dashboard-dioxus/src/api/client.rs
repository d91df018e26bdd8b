//! The page's side of the connection: who is told of which answer, and what is known of the connection itself.

use crate::api::http_request::post;
use crate::api::protocol;
use crate::api::session::{Arrival, Command, ConnectionError, Event, Key, OperationType, Request};
use crate::lean::decode::from_json;
use crate::lean::sorted_map::SortedMap;
use crate::words::connection as words;
use dioxus::prelude::*;
use futures_channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures_channel::oneshot;
use graphql_client::GraphQLQuery;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

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

/// How the page talks with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Websocket,
    /// By requests, because websockets do not come through.
    Http,
}

/// What became of an operation.
pub(crate) enum Outcome<'frame> {
    Answered(&'frame RawValue, Arrival),
    Refused(String),
}

/// What something that was read changes on the page.
pub(crate) type Update = Box<dyn FnOnce()>;

/// Reads what became of one operation; the error says that the answer cannot be read.
pub(crate) type Handler = Rc<dyn Fn(Outcome<'_>) -> Result<Update, ConnectionError>>;

/// The one way from a component to the server. There is one for the page, given to all components as a context.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) connection: Signal<Connection>,
    pub(crate) transport: Signal<Transport>,
    /// When the numbers in view were last known to be current, in ms since 1970; none while there are none.
    pub(crate) confirmed_at_ms: Signal<Option<f64>>,
    /// Where the API is, for people and their programs.
    pub(crate) api_url: Signal<Option<String>>,
    commands: CopyValue<UnboundedSender<Command>>,
    next_key: CopyValue<u64>,
    handlers: CopyValue<SortedMap<Key, (OperationType, Handler)>>,
    answers: CopyValue<Answers>,
}

/// What came of subscriptions and polled queries.
#[derive(Default)]
struct Answers {
    /// The subscriptions whose answers are in view.
    in_view: SortedMap<Key, ()>,
    /// The polled queries, with when the answer that is in view came, in ms since 1970.
    polled: SortedMap<Key, Option<f64>>,
    /// The latest answers that were in view, by their requests, the oldest first.
    remembered: VecDeque<(Rc<str>, Remembered)>,
}

/// An answer that was in view.
struct Remembered {
    shown: Box<dyn Any>,
    /// When it was last known to be current.
    confirmed_at_ms: Option<f64>,
}

/// How many answers are remembered: those of the last few pages.
const MOST_REMEMBERED: usize = 32;

/// The page's client.
pub(crate) fn use_client() -> Client {
    use_context::<Client>()
}

impl Client {
    /// A client that belongs to the component that makes it, and the commands that it gives.
    pub(crate) fn open() -> (Self, UnboundedReceiver<Command>) {
        let (sender, commands) = mpsc::unbounded();
        let client = Self {
            connection: Signal::new(Connection::Connecting),
            transport: Signal::new(Transport::Websocket),
            confirmed_at_ms: Signal::new(None),
            api_url: Signal::new(None),
            commands: CopyValue::new(sender),
            next_key: CopyValue::new(1),
            handlers: CopyValue::new(SortedMap::default()),
            answers: CopyValue::new(Answers::default()),
        };
        (client, commands)
    }

    /// A key that nobody has.
    pub(crate) fn new_key(mut self) -> Key {
        let key = *self.next_key.peek();
        self.next_key.set(key + 1);
        Key(key)
    }

    /// Asks; what comes of it goes to the handler until [`Self::end`].
    pub(crate) fn begin(mut self, key: Key, request: Request, handler: Handler) {
        self.handlers.write().insert(key, (request.operation_type, handler));
        self.take_out_of_view(key);
        self.send(Command::Start(key, request));
    }

    /// No longer wants to know.
    pub(crate) fn end(mut self, key: Key) {
        self.handlers.write().remove(&key);
        self.take_out_of_view(key);
        self.send(Command::Stop(key));
    }

    /// From now on the answers of this query say how old the page is, because it is asked again and again.
    pub(crate) fn poll(mut self, key: Key) {
        self.answers.write().polled.insert(key, None);
    }

    /// They no longer do.
    pub(crate) fn end_poll(mut self, key: Key) {
        self.take_out_of_view(key);
        self.answers.write().polled.remove(&key);
    }

    /// Gives a command to the connection.
    pub(crate) fn send(self, command: Command) {
        // Commands can no longer be given only when the page is being closed.
        _ = self.commands.peek().unbounded_send(command);
    }

    /// Changes something on the server: the answer, or a sentence on why there is none. It is sent once; when the
    /// connection ends before the answer, nobody knows whether it was done, and the sentence says so.
    pub(crate) async fn mutate<O: GraphQLQuery>(
        mut self,
        variables: O::Variables,
    ) -> Result<O::ResponseData, String>
    where
        O::ResponseData: 'static,
    {
        let body = request::<O>(variables).map_err(|ConnectionError(reason)| reason)?;
        let (sender, answer) = oneshot::channel();
        let sender = RefCell::new(Some(sender));
        let handler = move |outcome: Outcome<'_>| {
            let (answer, step) = match outcome {
                Outcome::Answered(data, _) => match read::<O::ResponseData>(data) {
                    Ok(data) => (Ok(data), Ok(no_update())),
                    Err(error) => (Err(error.0.clone()), Err(error)),
                },
                Outcome::Refused(reason) => (Err(reason), Ok(no_update())),
            };
            if let Some(sender) = sender.take() {
                // Whoever asked may have left.
                _ = sender.send(answer);
            }
            step
        };
        let key = self.new_key();
        self.handlers.write().insert(key, (OperationType::Mutation, Rc::new(handler)));
        self.send(Command::Start(key, Request { operation_type: OperationType::Mutation, body }));
        answer.await.unwrap_or_else(|_| Err(words::UNANSWERED.to_owned()))
    }

    /// As [`Self::mutate`], by a request of its own: a change of thousands is longer than a message of the connection may be.
    pub(crate) async fn mutate_by_request<O: GraphQLQuery>(
        self,
        variables: O::Variables,
    ) -> Result<O::ResponseData, String> {
        let body = request::<O>(variables).map_err(|ConnectionError(reason)| reason)?;
        let url = self.api_url.peek().clone().ok_or(words::NOT_SENT)?;
        let answer = post(&url, &body).await.ok_or(words::UNANSWERED)?;
        read::<O::ResponseData>(protocol::data_of(&answer)?).map_err(|ConnectionError(reason)| reason)
    }

    /// Reads what the connection brought at `now_ms`. What it changes on the page is done by the update, before the next event
    /// is read, but not necessarily at once.
    pub(crate) fn read_event(mut self, event: Event<'_>, now_ms: f64) -> Result<Update, ConnectionError> {
        match event {
            Event::Answered { key, data, arrival } => {
                let Some((operation_type, handler)) = self.handler(key) else { return Ok(no_update()) };
                let update = handler(Outcome::Answered(data, arrival))?;
                Ok(Box::new(move || {
                    // Something else may have been asked since the answer was read.
                    if self.handler(key).is_some_and(|(_, now)| Rc::ptr_eq(&now, &handler)) {
                        update();
                        self.answers.write().put_in_view(key, operation_type, now_ms);
                        self.forget_if_mutation(key);
                    }
                }))
            }
            Event::Refused { key, reason } => {
                let Some((operation_type, handler)) = self.handler(key) else { return Ok(no_update()) };
                let update = handler(Outcome::Refused(reason))?;
                Ok(Box::new(move || {
                    // The last answer of a query stays in view and grows old.
                    if operation_type == OperationType::Subscription {
                        self.take_out_of_view(key);
                    }
                    update();
                    self.forget_if_mutation(key);
                }))
            }
            Event::Current => Ok(Box::new(move || {
                let confirmed_at_ms = self.answers.peek().confirmed_at_ms(now_ms);
                self.confirmed_at_ms.set(confirmed_at_ms);
                if *self.connection.peek() != Connection::Live {
                    self.connection.set(Connection::Live);
                }
            })),
        }
    }

    /// Tells those who wait for a mutation that they wait in vain.
    pub(crate) fn fail_mutations(mut self, reason: &str) {
        let waiting = self.handlers.write().extract(|(kind, _)| *kind == OperationType::Mutation);
        for (_, handler) in waiting {
            // A refusal can always be read.
            if let Ok(update) = handler(Outcome::Refused(reason.to_owned())) {
                update();
            }
        }
    }

    /// What is asked under a key, and by whom its answers are read.
    fn handler(self, key: Key) -> Option<(OperationType, Handler)> {
        self.handlers.peek().get(&key).cloned()
    }

    fn forget_if_mutation(mut self, key: Key) {
        if self.handler(key).is_some_and(|(kind, _)| kind == OperationType::Mutation) {
            self.handlers.write().remove(&key);
        }
    }

    /// Keeps an answer that goes out of view, for when somebody comes back to it while the server is away.
    pub(crate) fn remember(mut self, request: Rc<str>, shown: Box<dyn Any>) {
        let answer = Remembered { shown, confirmed_at_ms: *self.confirmed_at_ms.peek() };
        let mut answers = self.answers.write();
        let remembered = &mut answers.remembered;
        remembered.retain(|(known, _)| *known != request);
        remembered.push_back((request, answer));
        if remembered.len() > MOST_REMEMBERED {
            remembered.pop_front();
        }
    }

    /// The answer to a request as it was when it was last in view, where the server is away and there is one. What is in view
    /// is then as old as the oldest part of it.
    pub(crate) fn recall(mut self, request: &str) -> Option<Box<dyn Any>> {
        if !matches!(&*self.connection.peek(), Connection::Disconnected { .. }) {
            return None;
        }
        let mut answers = self.answers.write();
        let remembered = &mut answers.remembered;
        let position = remembered.iter().position(|(known, _)| **known == *request)?;
        let (_, answer) = remembered.remove(position)?;
        let now = *self.confirmed_at_ms.peek();
        if let Some(older) = answer.confirmed_at_ms.filter(|then| now.is_none_or(|now| *then < now)) {
            self.confirmed_at_ms.set(Some(older));
        }
        Some(answer.shown)
    }

    /// Numbers that are no longer in view have no age, unless the server is away: what is in view then is as old.
    fn take_out_of_view(mut self, key: Key) {
        let was_in_view = self.answers.write().take_out_of_view(key);
        let is_away = matches!(&*self.connection.peek(), Connection::Disconnected { .. });
        if was_in_view && self.answers.peek().is_nothing_in_view() && !is_away {
            self.confirmed_at_ms.set(None);
        }
    }
}

impl Answers {
    fn put_in_view(&mut self, key: Key, operation_type: OperationType, now_ms: f64) {
        if operation_type == OperationType::Subscription {
            self.in_view.insert(key, ());
        } else if let Some(answered_at_ms) = self.polled.get_mut(&key) {
            *answered_at_ms = Some(now_ms);
        }
    }

    /// Whether it was in view.
    fn take_out_of_view(&mut self, key: Key) -> bool {
        let was_polled = self.polled.get_mut(&key).and_then(Option::take).is_some();
        self.in_view.remove(&key).is_some() || was_polled
    }

    fn is_nothing_in_view(&self) -> bool {
        self.in_view.is_empty() && self.polled.values().all(Option::is_none)
    }

    /// When what is in view was known to be current, at a time at which everything is answered: subscriptions are, and
    /// polled queries were when they were answered.
    fn confirmed_at_ms(&self, now_ms: f64) -> Option<f64> {
        if !self.in_view.is_empty() {
            return Some(now_ms);
        }
        self.polled.values().filter_map(|answered_at_ms| *answered_at_ms).reduce(f64::min)
    }
}

/// For what changes nothing on the page by itself.
pub(crate) fn no_update() -> Update {
    Box::new(|| ())
}

/// Operation and variables as they are sent; fails only for variables that JSON cannot say.
pub(crate) fn request<O: GraphQLQuery>(variables: O::Variables) -> Result<Rc<str>, ConnectionError> {
    let request = serde_json::to_string(&O::build_query(variables));
    request.map(Rc::from).map_err(|error| ConnectionError(words::cannot_ask(&error)))
}

/// The data of an answer.
pub(crate) fn read<D: DeserializeOwned>(data: &RawValue) -> Result<D, ConnectionError> {
    from_json(data.get()).map_err(|error| ConnectionError(words::another_shape(&error)))
}
