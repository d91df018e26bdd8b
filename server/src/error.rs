//! The one error type at the API's edge: a code for programs, a sentence for people, and nothing of the inside.

use std::fmt;

use async_graphql::ErrorExtensions as _;

use domain::{event_text::EventFault, window::WindowError};

use crate::{
    access::OverLimit,
    ingest::IngestError,
    live::LiveError,
    report::{ReportError, forbidden},
    store::{Fault, StoreError, access::Refused},
};

/// What kind of failure a client sees in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The request is wrong and will stay wrong.
    BadUserInput,
    /// Nobody proved who they are, or what they proved it with is not valid.
    Unauthenticated,
    /// Whoever asks may not do this; the message says which role may.
    Forbidden,
    /// What it names does not exist, or whoever asks has no grant there.
    NotFound,
    /// What it would create exists.
    AlreadyExists,
    /// It asks for more than is allowed.
    LimitExceeded,
    /// What a decision says is not possible; the message says what is.
    DecisionInvalid,
    /// Something about the same was decided meanwhile; `decision` is its number.
    ChangedMeanwhile,
    /// The same request was sent before with other content; `decision` is the number of what it made.
    RequestReused,
    /// It cannot be told what was answered then; the message says from which instant on it can.
    AsOfTooEarly,
    /// The text of a persisted query is not known; send it with its hash.
    PersistedQueryNotFound,
    /// A persisted query's hash is not that of the text that came with it.
    PersistedQueryHashMismatch,
    /// Whoever asks has asked or sent too much, or too often; ask again after `retryAfterMs`.
    RateLimited,
    /// The server is too busy; ask again after `retryAfterMs`.
    Overloaded,
    /// The server cannot answer now; ask again after `retryAfterMs`.
    Unavailable,
    /// Our fault; the detail is in the log.
    Internal,
}

impl ErrorCode {
    /// The code as clients see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::DecisionInvalid => "DECISION_INVALID",
            Self::ChangedMeanwhile => "CHANGED_MEANWHILE",
            Self::RequestReused => "REQUEST_REUSED",
            Self::AsOfTooEarly => "AS_OF_TOO_EARLY",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryHashMismatch => "PERSISTED_QUERY_HASH_MISMATCH",
            Self::RateLimited => "RATE_LIMITED",
            Self::Overloaded => "OVERLOADED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// A failure as a client may see it. It never holds a SQL text, a path or a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what was wrong, what is allowed, what to do.
    pub message: String,
    /// When to ask again; only with `RATE_LIMITED`, `OVERLOADED` and `UNAVAILABLE`.
    pub retry_after_ms: Option<u64>,
    /// Which event of a batch is at fault, and why; only where the request is refused for one of them.
    pub event: Option<Box<EventRefusal>>,
    /// What is wrong with a list of changes, none of which was made.
    pub problems: Vec<ChangeProblem>,
    /// The decision to look at; only with `CHANGED_MEANWHILE` and `REQUEST_REUSED`.
    pub decision: Option<i32>,
    /// The factory in which something else is permitted; only with `FORBIDDEN`.
    pub factory: Option<String>,
}

/// The extension that names the factory.
pub(crate) const FACTORY_ID: &str = "factoryId";

/// The event that a request is refused for, for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRefusal {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The field at fault; none where the event as a whole is.
    pub field: Option<String>,
    /// What is allowed there, to be read after "must be".
    pub allowed: String,
    /// The JSON that was sent there, cut to what a message shows.
    pub value: Option<String>,
}

/// The most problems of a list of changes that are named one by one: what a person mends at a time.
const MAX_NAMED_PROBLEMS: usize = 100;

/// What is wrong with one of several changes, for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeProblem {
    /// Its place in the list, from 0.
    pub index: usize,
    /// The field at fault.
    pub field: &'static str,
    /// What was sent there, cut to what a message shows.
    pub value: String,
    /// What is allowed there, to be read after "must".
    pub allowed: String,
}

impl fmt::Display for ChangeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, field, value, allowed } = self;
        write!(f, "change {index}: {field} must {allowed}, but \"{value}\" was sent")
    }
}

impl From<&ChangeProblem> for async_graphql::Value {
    fn from(problem: &ChangeProblem) -> Self {
        let ChangeProblem { index, field, value, allowed } = problem;
        let fields: [(&str, Self); 4] = [
            ("index", (*index).into()),
            ("field", (*field).into()),
            ("value", value.as_str().into()),
            ("allowed", allowed.as_str().into()),
        ];
        Self::Object(
            fields.into_iter().map(|(name, value)| (async_graphql::Name::new(name), value)).collect(),
        )
    }
}

/// How long a caller should wait before it asks an overloaded or unavailable server again.
const RETRY_AFTER_MS: u64 = 1_000;

impl ApiError {
    /// An error that a retry does not fix.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
            event: None,
            problems: Vec::new(),
            decision: None,
            factory: None,
        }
    }

    /// The request is wrong.
    pub fn bad_user_input(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadUserInput, message)
    }

    /// More than is allowed.
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::LimitExceeded, message)
    }

    /// One event of a batch cannot be read, and GraphQL refuses the request with it. `path` is where the batch is.
    pub fn unreadable_event(path: &str, index: usize, fault: &EventFault) -> Self {
        let field = fault.field().map(str::to_owned);
        let event =
            EventRefusal { index, field, allowed: fault.allowed(), value: fault.sent().map(str::to_owned) };
        let message = format!("event {index} of {path}: {fault}; nothing of the request is stored");
        Self { event: Some(Box::new(event)), ..Self::bad_user_input(message) }
    }

    /// Some of a list of changes cannot be made, and so none was.
    pub fn changes_refused(mut problems: Vec<ChangeProblem>) -> Self {
        let count = problems.len();
        problems.truncate(MAX_NAMED_PROBLEMS);
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        let message = if count == 1 {
            format!("nothing was changed: {first}")
        } else {
            format!("nothing was changed, there are {count} problems (extensions.problems): {first}")
        };
        Self { problems, ..Self::bad_user_input(message) }
    }

    /// There is no such factory.
    pub fn factory_not_found(slug: &str) -> Self {
        let advice = if slug.contains(':') {
            "send its factoryId, which has no colon, in place of its id"
        } else {
            "createFactory makes one"
        };
        let slug = domain::validate::excerpt(slug);
        Self::new(ErrorCode::NotFound, format!("there is no factory \"{slug}\"; {advice}"))
    }

    /// Somebody may not do something in a factory.
    pub fn refused(refused: Refused, slug: &str) -> Self {
        match refused {
            Refused::NoGrant => Self::factory_not_found(slug),
            Refused::Forbidden(permission) => Self::forbidden(forbidden(permission, slug), slug),
        }
    }

    fn forbidden(message: String, slug: &str) -> Self {
        Self { factory: Some(slug.to_owned()), ..Self::new(ErrorCode::Forbidden, message) }
    }

    /// Too busy now.
    pub fn overloaded(message: impl Into<String>) -> Self {
        Self { retry_after_ms: Some(RETRY_AFTER_MS), ..Self::new(ErrorCode::Overloaded, message) }
    }

    /// Cannot answer now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self { retry_after_ms: Some(RETRY_AFTER_MS), ..Self::new(ErrorCode::Unavailable, message) }
    }

    /// Our fault. The cause goes to the log, never to the client.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(%cause, "an internal error was hidden from a client");
        Self::new(ErrorCode::Internal, "the server failed to answer; its log says why")
    }
}

// There is no `Display`: async-graphql turns whatever has one into an error without a code.
impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        Self::new(error.message).extend_with(|_, extensions| {
            extensions.set("code", error.code.as_str());
            if let Some(retry_after_ms) = error.retry_after_ms {
                extensions.set("retryAfterMs", retry_after_ms);
            }
            if let Some(factory) = &error.factory {
                extensions.set(FACTORY_ID, factory.as_str());
            }
            if let Some(number) = error.decision {
                extensions.set("decision", number);
            }
            if !error.problems.is_empty() {
                let problems = error.problems.iter().map(Into::into).collect();
                extensions.set("problems", async_graphql::Value::List(problems));
            }
            if let Some(event) = &error.event {
                extensions.set("index", event.index);
                extensions.set("allowed", event.allowed.as_str());
                if let Some(field) = &event.field {
                    extensions.set("field", field.as_str());
                }
                if let Some(value) = &event.value {
                    extensions.set("value", value.as_str());
                }
            }
        })
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let words = match error.fault() {
            Fault::Contention | Fault::Unreachable => "the database cannot answer now; ask again",
            Fault::Full => {
                "the database has no room left. Make room on its disk, or raise --max-database-mb where that is set, then ask \
                 again"
            }
            Fault::TookTooLong => {
                "the database took too long over this, and it was ended; ask again, and if it was a question, for less: a shorter \
                 window, a coarser resolution, fewer fields, workers or workstations"
            }
            Fault::Damaged => {
                tracing::error!(%error, "the database file is damaged; see \"A damaged file\" in docs/OPERATIONS.md");
                "the database file is damaged, so this cannot be answered or stored; who operates the server finds in \
                 docs/OPERATIONS.md how to restore it. Ask again after that"
            }
            Fault::FileReplaced => {
                "the database file was deleted or replaced while the server has it open, so nothing is stored; who operates it finds in \
                 docs/OPERATIONS.md what to do before the server is stopped. Ask again after that"
            }
            Fault::Exists | Fault::Other => return Self::internal(&error),
        };
        tracing::warn!(%error, "the database cannot answer now");
        Self::unavailable(words)
    }
}

impl From<OverLimit> for ApiError {
    fn from(over: OverLimit) -> Self {
        // Rounded up: who comes a part of a millisecond early would be refused again.
        let wait_ms = u64::try_from(over.wait().as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        Self { retry_after_ms: Some(wait_ms), ..Self::new(ErrorCode::RateLimited, over.to_string()) }
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        let code = match &error {
            ReportError::Store(error) => return error.clone().into(),
            ReportError::FactoryNotFound(slug) => return Self::factory_not_found(slug),
            ReportError::Forbidden { slug, .. } => return Self::forbidden(error.to_string(), slug),
            ReportError::EntityNotFound { .. } => ErrorCode::NotFound,
            ReportError::TooManyIds(_)
            | ReportError::TooManyPoints { .. }
            | ReportError::TooManyEvents
            | ReportError::TooManyComparisons
            | ReportError::TooManySums(_)
            | ReportError::TooManyCauses(_)
            | ReportError::Window(WindowError::TooManySteps { .. }) => ErrorCode::LimitExceeded,
            ReportError::AsOfTooEarly { .. } => ErrorCode::AsOfTooEarly,
            ReportError::Window(_)
            | ReportError::NotWholeHours
            | ReportError::UnboundedWindow(_)
            | ReportError::Resolution(_)
            | ReportError::AsOfInFuture { .. } => ErrorCode::BadUserInput,
        };
        Self::new(code, error.to_string())
    }
}

impl From<LiveError> for ApiError {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::TooManyQuestions => Self::overloaded(error.to_string()),
            LiveError::FeedUnavailable => Self::unavailable(error.to_string()),
            LiveError::Report(error) => error.into(),
        }
    }
}

impl From<IngestError> for ApiError {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::TooManyEvents(_) | IngestError::TooManyBuckets(_) => {
                Self::limit_exceeded(error.to_string())
            }
            IngestError::FactoryNotFound(slug) => Self::factory_not_found(&slug),
            IngestError::QueueFull | IngestError::TooManyDecisions => Self::overloaded(error.to_string()),
            IngestError::Stopping => Self::unavailable(error.to_string()),
            IngestError::Store(error) => error.into(),
            IngestError::StoredInPart { events, error } => {
                let error = Self::from(error);
                let message = format!(
                    "{}. The first {events} events of this batch were stored before that and stay; send the whole batch again, \
                     those then count as duplicates",
                    error.message
                );
                Self { message, ..error }
            }
        }
    }
}
