//! What a client sends for one operation, read from its text without a copy.
//!
//! The variables stay text until the document is known: then those that it does not declare are skipped, batches of events
//! are read in one pass, and what the others are made of is counted.

mod value;
mod variables;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::variables::Text;
pub(super) use self::{
    value::{MAX_VALUES, VALUE_BYTES},
    variables::{SentVariables, read_variables},
};
use super::{
    json_object,
    persisted::{Hash, hash_in},
};
use crate::error::ApiError;

/// What a client sends for one operation.
pub(in super::super) struct Sent<'a> {
    pub(in super::super) document: SentDocument<'a>,
    pub(in super::super) operation_name: Option<String>,
    /// A JSON object.
    pub(in super::super) variables: Option<Cow<'a, str>>,
}

/// How a client names the document.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum SentDocument<'a> {
    Text(Cow<'a, str>),
    /// By the hash of a text that it sent before.
    Hash(Hash),
    /// By both, so that the hash alone is enough from now on.
    TextToKeep(Cow<'a, str>, Hash),
}

impl<'a> SentDocument<'a> {
    /// What the query and the extensions of a request name; `what` says what it is.
    ///
    /// # Errors
    /// They name nothing, or it cannot be understood.
    pub(in super::super) fn new(
        query: Option<Cow<'a, str>>,
        extensions: Option<&str>,
        what: &str,
    ) -> Result<Self, ApiError> {
        let hash = extensions.map_or(Ok(None), hash_in)?;
        match (query, hash) {
            (Some(text), None) => Ok(Self::Text(text)),
            (Some(text), Some(hash)) => Ok(Self::TextToKeep(text, hash)),
            (None, Some(hash)) => Ok(Self::Hash(hash)),
            (None, None) => Err(ApiError::bad_user_input(format!(
                "{what} must have query, the text of a document, or extensions.persistedQuery, its hash"
            ))),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow, default)]
    query: Option<Text<'a>>,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
}

impl<'a> Sent<'a> {
    /// Reads a request. `what` says what the JSON object is.
    ///
    /// # Errors
    /// It is not a JSON object of an operation's parameters.
    pub(in super::super) fn read(json: &'a [u8], what: &str) -> Result<Self, ApiError> {
        let Envelope { query, operation_name, variables, extensions } = json_object(json, what)?;
        for (value, name) in [(variables, "variables"), (extensions, "extensions")] {
            if value.is_some_and(|value| !value.get().starts_with('{')) {
                return Err(ApiError::bad_user_input(format!("{name} must be a JSON object")));
            }
        }
        let document = SentDocument::new(query.map(Into::into), extensions.map(RawValue::get), what)?;
        Ok(Self { document, operation_name, variables: variables.map(|json| json.get().into()) })
    }
}
