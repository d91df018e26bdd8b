//! Reads what the server answered to one batch, without I/O.

use std::fmt;
use std::time::{Duration, SystemTime};

use domain::limits::MAX_MESSAGE_CHARS;
use serde::Deserialize;

/// The longest time that another side is left alone for because it asked to be. Whoever asks for more is broken or not
/// the server, and events that wait for days are dropped in the end.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(10);

/// The HTTP status by which a server says that it is not to be asked for by this name, whatever it is asked.
const MISDIRECTED: u16 = 421;

/// What became of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// It was answered for, event by event.
    Stored(IngestResult),
    /// Not now: the same batch may be sent again.
    Busy {
        /// Why, in words for the log.
        reason: String,
        /// How long the other side wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It says nothing about the events: the answer of a proxy, of a portal that wants a password, or of a server that does
    /// not know the factory yet. Whoever keeps events waits it out.
    Unexpected {
        /// What was answered.
        reason: String,
        /// How long the other side wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It is larger than the other side takes.
    TooLarge {
        /// What the other side said.
        reason: String,
    },
    /// It was refused as a whole, for something in it.
    Refused {
        /// What the other side said.
        reason: String,
    },
    /// This sender may not send.
    Forbidden {
        /// What the other side said.
        reason: String,
    },
}

/// What became of the events of one batch: `IngestEventsPayload` of `schema.graphql`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct IngestResult {
    /// Events stored now.
    pub accepted: u64,
    /// Events that were stored before and say the same.
    pub duplicates: u64,
    /// Events that contradict a stored one of the same identity.
    pub conflicts: u64,
    /// Events that break a rule.
    pub rejected: u64,
    /// One for each conflict and each rejection, in the order of the batch.
    pub issues: Vec<Issue>,
}

/// Why one event was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Issue {
    /// Its position in the batch, from 0.
    pub index: usize,
    /// The rule it broke, such as `DURATION_OUT_OF_RANGE`, or `CONFLICT`.
    pub code: String,
    /// What is allowed and what was sent.
    pub message: String,
}

/// Reads an HTTP answer to a batch of `events` events. Only an Andon server's own words may refuse a batch.
///
/// `retry_after` is the header of that name, which counts when the body does not say how long to wait.
pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8], events: usize) -> Response {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    let (data, errors) = answer.map(|answer| (answer.data, answer.errors)).unwrap_or_default();
    let result = data.and_then(|data| data.ingest_events).filter(|_| (200..300).contains(&status));
    let has = |code: &str| errors.iter().any(|error| error.extensions.code.as_deref() == Some(code));
    let reason = || match &result {
        _ if !errors.is_empty() => joined(&errors),
        Some(_) => format!("the server's counts do not add up to the {events} events sent"),
        None => format!(
            "the server answered HTTP {status} and no GraphQL result; is this the address of an Andon server? It said: {}",
            printable(&String::from_utf8_lossy(body), MAX_MESSAGE_CHARS)
        ),
    };
    if matches!(status, 401 | 403) || has("UNAUTHENTICATED") || has("FORBIDDEN") {
        return Response::Forbidden { reason: reason() };
    }
    if status == MISDIRECTED {
        return Response::Unexpected { reason: reason(), retry_after };
    }
    if status == 413 || has("LIMIT_EXCEEDED") {
        return Response::TooLarge { reason: reason() };
    }
    let transient = errors.iter().find(|error| error.is_transient());
    if transient.is_some() || is_transient(status) {
        let asked = transient.and_then(|error| error.extensions.retry_after_ms);
        let asked = asked.map(|asked_ms| Duration::from_millis(asked_ms).min(LONGEST_RETRY_AFTER));
        let reason = match transient.or(errors.first()) {
            Some(error) => error.to_string(),
            None => format!("the server answered HTTP {status}"),
        };
        return Response::Busy { reason, retry_after: asked.or(retry_after) };
    }
    if !errors.is_empty() && !has("NOT_FOUND") {
        return Response::Refused { reason: reason() };
    }
    if errors.is_empty() && result.as_ref().is_some_and(|result| result.accounts_for(events)) {
        return result.unwrap_or_default().into_response();
    }
    Response::Unexpected { reason: reason(), retry_after }
}

/// Whether a refusal says that the server does not know one of these names, in lower case: it is older than they are.
pub fn is_unknown_name(body: &[u8], names: &[&str]) -> bool {
    let errors = serde_json::from_slice::<Answer>(body).map(|answer| answer.errors).unwrap_or_default();
    errors.iter().any(|error| {
        let message = error.message.to_ascii_lowercase();
        message.contains("unknown") && names.iter().any(|name| message.contains(name))
    })
}

/// The `Retry-After` header, in seconds or as a date, as a time from `now` of at most [`LONGEST_RETRY_AFTER`].
pub fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    let asked = match header.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(header).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(asked.min(LONGEST_RETRY_AFTER))
}

/// A text from elsewhere made fit for a terminal: cut, and free of control characters.
pub fn printable(text: &str, characters: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(characters)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if text.chars().nth(characters).is_some() {
        shown.push('…');
    }
    shown
}

/// What passes by itself: request timeout, too many requests, and every fault of the server or what is before it.
pub(crate) fn is_transient(status: u16) -> bool {
    status == 408 || status == 429 || (500..600).contains(&status)
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    ingest_events: Option<IngestResult>,
}

#[derive(Deserialize)]
struct GraphqlError {
    message: String,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    code: Option<String>,
    retry_after_ms: Option<u64>,
}

impl GraphqlError {
    fn is_transient(&self) -> bool {
        matches!(self.extensions.code.as_deref(), Some("RATE_LIMITED" | "OVERLOADED" | "UNAVAILABLE"))
    }
}

impl fmt::Display for GraphqlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&printable(&self.message, MAX_MESSAGE_CHARS))?;
        match &self.extensions.code {
            Some(code) => write!(formatter, " ({})", printable(code, MAX_MESSAGE_CHARS)),
            None => Ok(()),
        }
    }
}

impl IngestResult {
    /// Everything was taken, as a broker says it.
    pub fn all_accepted(events: usize) -> Self {
        Self { accepted: events as u64, ..Self::default() }
    }

    fn accounts_for(&self, events: usize) -> bool {
        let counts = [self.accepted, self.duplicates, self.conflicts, self.rejected];
        let sum = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        sum == Some(events as u64) && self.issues.iter().all(|issue| issue.index < events)
    }

    /// One that does not name each event that is not stored cannot be acted upon.
    fn into_response(self) -> Response {
        let is_ascending = self.issues.windows(2).all(|pair| pair[0].index < pair[1].index);
        if self.conflicts + self.rejected == self.issues.len() as u64 && is_ascending {
            return Response::Stored(self);
        }
        let reason = "the server did not say which events it refused".to_owned();
        Response::Unexpected { reason, retry_after: None }
    }
}

fn joined(errors: &[GraphqlError]) -> String {
    const SHOWN_ERRORS: usize = 3;
    let mut sentences: Vec<_> = errors.iter().take(SHOWN_ERRORS).map(GraphqlError::to_string).collect();
    if errors.len() > SHOWN_ERRORS {
        sentences.push(format!("and {} more errors", errors.len() - SHOWN_ERRORS));
    }
    sentences.join("; ")
}

#[cfg(test)]
mod tests;
