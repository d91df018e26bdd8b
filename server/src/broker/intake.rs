//! From messages to stored events: which events are done, and which go to the dead letters and why.
//!
//! Nothing is given up because of the database. While it cannot store, the messages are held, and whoever waits can see
//! that and stop its broker from sending more.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use async_graphql::{InputType as _, Value};
use domain::event::RawEvent;
use tokio::sync::watch;

use super::{
    backoff::{BACKOFF, wait},
    message,
};
use crate::{
    error::{ApiError, ErrorCode},
    graphql::events::EventIssueCode,
    ingest::{Ingest, IssueCode, MAX_BATCH_EVENTS, Outcome},
    store::access::{Permit, SendEvents},
};

/// How often a single event may make the server fail that stores others between, before it is refused.
const MAX_FAULTS_OF_ONE_EVENT: u32 = 3;

/// A message as its broker delivered it.
pub(super) trait Delivered {
    /// What names the factory: a header, otherwise the key.
    fn factory(&self) -> Option<&[u8]>;
    /// The events.
    fn payload(&self) -> &[u8];
}

/// Why something can never be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// For programs: a code of the API's errors or of its issues with events, or one of those below.
    pub(super) code: String,
    /// For people.
    pub(super) message: String,
}

impl Reason {
    /// It is not what a message should be.
    pub(super) fn unreadable(message: String) -> Self {
        Self { code: "UNREADABLE".to_owned(), message }
    }

    /// It does not say which factory it is of.
    pub(super) fn no_factory(message: String) -> Self {
        Self { code: "NO_FACTORY".to_owned(), message }
    }

    /// Its broker may not feed that factory.
    fn forbidden(factory: &str) -> Self {
        let message = format!(
            "this broker may not feed the factory {factory:?}; who runs the server says which ones it may, docs/BROKERS.md how"
        );
        Self { code: ErrorCode::Forbidden.as_str().to_owned(), message }
    }

    /// It is larger than is allowed.
    pub(super) fn limit_exceeded(message: String) -> Self {
        ApiError::limit_exceeded(message).into()
    }
}

impl From<ApiError> for Reason {
    fn from(error: ApiError) -> Self {
        Self { code: error.code.as_str().to_owned(), message: error.message }
    }
}

/// Something for the dead letters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal<'a> {
    /// Which of the messages.
    pub(super) message: usize,
    /// Which of its events, from 0; none is the whole message.
    pub(super) event: Option<usize>,
    /// The very bytes that came: of the message, or of that event.
    pub(super) body: &'a [u8],
    /// Why.
    pub(super) reason: Reason,
}

/// The way into the store.
#[derive(Clone)]
pub(super) struct Intake {
    ingest: Ingest,
    /// The factories that the broker may feed; empty is all of them.
    factories: Arc<BTreeSet<String>>,
    holds: watch::Sender<bool>,
}

/// An event on its way, and where it came from.
struct Pending<'a> {
    message: usize,
    index: usize,
    text: &'a [u8],
    event: RawEvent,
}

/// What was refused so far.
struct Refused<'a, M> {
    messages: &'a [M],
    events: Vec<(usize, usize, &'a [u8], Reason)>,
    whole: BTreeMap<usize, Reason>,
    /// The messages that are one event, which is then sent on as it came.
    single: BTreeSet<usize>,
}

impl Intake {
    /// For a broker that may feed these factories; none of them is all.
    pub(super) fn new(ingest: Ingest, factories: &[String]) -> Self {
        let factories = factories.iter().map(|factory| factory.trim().to_owned());
        let factories = factories.filter(|factory| !factory.is_empty()).collect();
        Self { ingest, factories: Arc::new(factories), holds: watch::Sender::new(false) }
    }

    /// Refuses a message for a factory that its broker may not feed.
    fn check(&self, factory: &str) -> Result<(), Reason> {
        let is_allowed = self.factories.is_empty() || self.factories.contains(factory);
        if is_allowed { Ok(()) } else { Err(Reason::forbidden(factory)) }
    }

    /// Whether messages are held because something that all of them need does not work.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.holds.subscribe()
    }

    /// Says whether messages are held now.
    pub(super) fn hold(&self, holds: Hold) {
        let holds = holds == Hold::Yes;
        self.holds.send_if_modified(|held| std::mem::replace(held, holds) != holds);
    }

    /// Stores what can be stored of these messages and answers with all that cannot, once all that can is durable.
    /// Whoever gives up waiting has stored some of it, and may deliver all of it again.
    pub(super) async fn settle<'a, M: Delivered>(&self, messages: &'a [M]) -> Vec<Refusal<'a>> {
        let mut refused =
            Refused { messages, events: Vec::new(), whole: BTreeMap::new(), single: BTreeSet::new() };
        for (factory, events) in refused.read(|factory| self.check(factory)) {
            for chunk in events.chunks(MAX_BATCH_EVENTS) {
                self.store_in_parts(&factory, chunk, &mut refused).await;
            }
        }
        refused.into_refusals()
    }

    /// Stores the events of a factory, in parts where they are at fault together.
    async fn store_in_parts<'a, M: Delivered>(
        &self,
        factory: &str,
        events: &[Pending<'a>],
        refused: &mut Refused<'a, M>,
    ) {
        let mut parts: Vec<Range<usize>> = std::iter::once(0..events.len()).collect();
        while let Some(part) = parts.pop() {
            let batch = &events[part.clone()];
            match self.store(factory, batch).await {
                Ok(outcome) => {
                    for issue in outcome.issues {
                        let reason = Reason { code: code(issue.code), message: issue.message };
                        refused.event(&batch[issue.index], reason);
                    }
                }
                Err(error) if error.code == ErrorCode::NotFound => {
                    for pending in batch {
                        refused.whole.entry(pending.message).or_insert_with(|| error.clone().into());
                    }
                }
                Err(_) if batch.len() > 1 => {
                    let middle = part.start + batch.len() / 2;
                    // The first half is taken first: of two events that contradict each other the first one is stored.
                    parts.extend([middle..part.end, part.start..middle]);
                }
                Err(error) => refused.event(&batch[0], error.into()),
            }
        }
    }

    /// Stores a batch, however long the database takes to be there.
    ///
    /// # Errors
    /// What waiting does not mend.
    async fn store(&self, factory: &str, batch: &[Pending<'_>]) -> Result<Outcome, ApiError> {
        let judged = self.ingest.judge(batch.iter().map(|pending| pending.event.clone()).collect())?;
        let (mut backoff, mut faults) = (BACKOFF, 0);
        loop {
            let error = match self.ingest.store(permit(factory), judged.clone()).await {
                Ok(outcome) => {
                    if backoff.failure_count() > 0 {
                        tracing::info!("events of brokers are stored again");
                        self.hold(Hold::No);
                    }
                    return Ok(outcome);
                }
                Err(error) => ApiError::from(error),
            };
            match error.code {
                ErrorCode::Overloaded | ErrorCode::Unavailable => {}
                // A batch that makes the server fail may hold one event that does.
                ErrorCode::Internal if batch.len() > 1 => return Err(error),
                ErrorCode::Internal => {
                    if self.stores_others(factory).await {
                        faults += 1;
                    }
                    if faults == MAX_FAULTS_OF_ONE_EVENT {
                        self.hold(Hold::No);
                        return Err(error);
                    }
                }
                _ => {
                    self.hold(Hold::No);
                    return Err(error);
                }
            }
            if backoff.failure_count() == 0 {
                tracing::warn!(
                    reason = error.message,
                    "what brokers delivered cannot be stored now and is held"
                );
            }
            self.hold(Hold::Yes);
            wait(&mut backoff).await;
        }
    }

    /// Whether the store works but for one event.
    async fn stores_others(&self, factory: &str) -> bool {
        self.ingest.submit(permit(factory), Vec::new()).await.is_ok()
    }
}

/// That a broker may feed a factory.
#[expect(clippy::disallowed_methods, reason = "who runs the server says which brokers it reads from")]
fn permit(factory: &str) -> Permit<SendEvents> {
    Permit::of_server(factory)
}

/// Whether messages are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// Nothing moves.
    Yes,
    /// All is well.
    No,
}

impl<'a, M: Delivered> Refused<'a, M> {
    /// Reads the messages: the events of each factory, in order.
    fn read(&mut self, check: impl Fn(&str) -> Result<(), Reason>) -> BTreeMap<String, Vec<Pending<'a>>> {
        let mut by_factory: BTreeMap<String, Vec<Pending<'a>>> = BTreeMap::new();
        for (message, delivered) in self.messages.iter().enumerate() {
            let read = message::factory(delivered.factory()).and_then(|factory| {
                check(&factory)?;
                Ok((factory, message::read(delivered.payload())?))
            });
            let (factory, items) = match read {
                Ok(read) => read,
                Err(reason) => {
                    self.whole.insert(message, reason);
                    continue;
                }
            };
            if items.len() == 1 {
                self.single.insert(message);
            }
            let events = by_factory.entry(factory.into_owned()).or_default();
            for (index, item) in items.into_iter().enumerate() {
                match item.event {
                    Ok(event) => events.push(Pending { message, index, text: item.text, event }),
                    Err(reason) => self.events.push((message, index, item.text, reason)),
                }
            }
        }
        by_factory
    }

    fn event(&mut self, pending: &Pending<'a>, reason: Reason) {
        self.events.push((pending.message, pending.index, pending.text, reason));
    }

    /// In the order of the messages; an event of a message that is refused as a whole is not refused again.
    fn into_refusals(self) -> Vec<Refusal<'a>> {
        let Self { messages, events, whole, single } = self;
        let is_whole = |message: &usize| whole.contains_key(message);
        let events = events.into_iter().filter(|(message, ..)| !is_whole(message)).map(
            |(message, index, text, reason)| {
                if single.contains(&message) {
                    Refusal { message, event: None, body: messages[message].payload(), reason }
                } else {
                    Refusal { message, event: Some(index), body: text, reason }
                }
            },
        );
        let mut refusals: Vec<_> = events.collect();
        refusals.extend(whole.into_iter().map(|(message, reason)| Refusal {
            message,
            event: None,
            body: messages[message].payload(),
            reason,
        }));
        refusals.sort_by_key(|refusal| (refusal.message, refusal.event));
        refusals
    }
}

/// An issue's code as the API names it.
fn code(code: IssueCode) -> String {
    match EventIssueCode::from(code).to_value() {
        Value::Enum(name) => name.to_string(),
        other => other.to_string(),
    }
}
