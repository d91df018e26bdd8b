//! The shape of every answer, on both transports: each error has a code, few errors, short ones.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value, parser};
use serde::Serialize;

use crate::error::{ApiError, ErrorCode};

/// The longest answer, in bytes: all workers and workstations of the largest factory with all that there is of them.
pub(super) const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// The most errors in one answer: one broken document can make thousands.
const MAX_ERRORS: usize = 20;
/// The most characters of one error's message: the library repeats what was sent.
const MAX_MESSAGE_CHARS: usize = 200;
/// The most places in the document that one error points at.
const MAX_LOCATIONS: usize = 10;

/// What a client gets for one operation.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// None when the operation was refused before it ran; null when it ran and failed as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<ServerError>,
}

impl Answer {
    /// The answer to an operation that was refused before it ran.
    pub(super) fn refused(error: impl Into<ServerError>) -> Self {
        Self { data: None, errors: vec![shaped(error.into())] }
    }

    /// In the place of an answer that is too long to be sent.
    pub(super) fn too_long() -> Self {
        let message = format!(
            "the answer has more than {} MiB; select fewer fields, ask for fewer rows, or ask in several requests",
            MAX_ANSWER_BYTES / 1024 / 1024
        );
        Self::refused(ApiError::limit_exceeded(message))
    }

    /// Whether nothing of the operation ran.
    pub(super) fn is_refused(&self) -> bool {
        self.data.is_none()
    }

    /// Whether there is no data, because nothing ran or all of it failed.
    pub(super) fn is_without_data(&self) -> bool {
        self.data.as_ref().is_none_or(|data| *data == Value::Null)
    }

    /// The code of its first error.
    pub(super) fn code(&self) -> Option<&str> {
        match self.errors.first()?.extensions.as_ref()?.get("code")? {
            Value::String(code) => Some(code),
            _ => None,
        }
    }

    /// Whether whoever asked has asked or sent too much.
    pub(super) fn is_rate_limited(&self) -> bool {
        let code = Value::from(ErrorCode::RateLimited.as_str());
        self.errors.iter().any(|error| {
            error.extensions.as_ref().and_then(|extensions| extensions.get("code")) == Some(&code)
        })
    }

    /// When to ask again, in milliseconds: the longest wait that an error asks for.
    pub(super) fn retry_after_ms(&self) -> Option<u64> {
        let waits =
            self.errors.iter().filter_map(|error| match error.extensions.as_ref()?.get("retryAfterMs")? {
                Value::Number(wait_ms) => wait_ms.as_u64(),
                _ => None,
            });
        waits.max()
    }
}

/// An answer as JSON, and what is to be known of it.
pub(super) struct WrittenAnswer {
    text: String,
    is_without_data: bool,
    is_rate_limited: bool,
    retry_after_ms: Option<u64>,
}

impl WrittenAnswer {
    /// Writes an answer.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn new(answer: &Answer) -> Result<Self, serde_json::Error> {
        Ok(Self {
            text: serde_json::to_string(answer)?,
            is_without_data: answer.is_without_data(),
            is_rate_limited: answer.is_rate_limited(),
            retry_after_ms: answer.retry_after_ms(),
        })
    }
}

/// The answers to a list of operations, together within the limit of one.
#[derive(Default)]
pub(super) struct Answers {
    texts: Vec<String>,
    bytes: usize,
    has_data: bool,
    is_rate_limited: bool,
    retry_after_ms: Option<u64>,
}

impl Answers {
    /// Adds the answer to the next operation.
    ///
    /// # Errors
    /// What stands in the place of one that is too long cannot be written.
    pub(super) fn push(&mut self, answer: WrittenAnswer) -> Result<(), serde_json::Error> {
        let WrittenAnswer { text, is_without_data, is_rate_limited, retry_after_ms } = answer;
        if self.bytes + text.len() > MAX_ANSWER_BYTES {
            self.texts.push(serde_json::to_string(&Answer::too_long())?);
        } else {
            self.bytes += text.len();
            self.texts.push(text);
        }
        self.has_data |= !is_without_data;
        self.is_rate_limited |= is_rate_limited;
        self.retry_after_ms = self.retry_after_ms.max(retry_after_ms);
        Ok(())
    }

    /// When to ask again, in milliseconds, if there is no data and an answer asks for it.
    pub(super) fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after_ms.filter(|_| !self.has_data)
    }

    /// Whether whoever asked has asked or sent too much.
    pub(super) fn is_rate_limited(&self) -> bool {
        self.is_rate_limited
    }

    /// As JSON.
    pub(super) fn into_text(self) -> String {
        format!("[{}]", self.texts.join(","))
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        // Only what happens while a field is resolved has a path.
        let refused = response.data == Value::Null
            && !response.errors.is_empty()
            && response.errors.iter().all(|error| error.path.is_empty());
        Self {
            data: (!refused).then_some(response.data),
            errors: response.errors.into_iter().take(MAX_ERRORS).map(shaped).collect(),
        }
    }
}

impl From<ApiError> for ServerError {
    fn from(error: ApiError) -> Self {
        // The library insists on a position; an error of the request as a whole has none.
        let mut error = async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default());
        error.locations.clear();
        error
    }
}

/// The parser's error in one line, without its drawing of the place.
pub(super) fn syntax_error(error: &parser::Error) -> ServerError {
    let message = error.to_string();
    let cause = message.rsplit("= ").next().unwrap_or(&message).trim().to_owned();
    let mut shaped = ServerError::new(format!("the document is not GraphQL: {cause}"), None);
    shaped.locations = error.positions().collect();
    shaped
}

fn shaped(mut error: ServerError) -> ServerError {
    if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE_CHARS) {
        error.message.truncate(end);
    }
    error.locations.truncate(MAX_LOCATIONS);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        // Resolvers give every error a code, so what has none comes from parsing, validation or coercion.
        extensions.set("code", ErrorCode::BadUserInput.as_str());
    }
    error
}
