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

pub(super) use self::{
    value::VALUE_BYTES,
    variables::{SentVariables, read_variables},
};
use super::json_object;
use crate::error::ApiError;

/// What a client sends for one operation.
pub(in super::super) struct Sent<'a> {
    pub(in super::super) query: Cow<'a, str>,
    pub(in super::super) operation_name: Option<String>,
    /// A JSON object.
    pub(in super::super) variables: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
    /// Read so that anything but an object is refused; nothing in it is used.
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
        Ok(Self { query, operation_name, variables: variables.map(|json| json.get().into()) })
    }
}
