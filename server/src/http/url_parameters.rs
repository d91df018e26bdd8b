//! An operation in the parameters of a URL.

use std::borrow::Cow;

use axum::{extract::Query, http::Uri};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{
    error_response::ErrorResponse,
    operation::{Sent, SentDocument, json_object},
};
use crate::error::ApiError;

/// What a URL says of an operation. As JSON it is what a body says.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UrlParameters {
    query: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_it_is")]
    variables: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_it_is")]
    extensions: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn as_it_is<S: Serializer>(json: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let json = json.as_deref().map(serde_json::from_str::<&RawValue>).transpose();
    json.map_err(serde::ser::Error::custom)?.serialize(serializer)
}

impl UrlParameters {
    /// Reads a URL. What is empty counts as not there.
    ///
    /// # Errors
    /// They are not as they are expected, or no document is named.
    pub(super) fn read(uri: &Uri) -> Result<Self, ErrorResponse> {
        let Query(mut url) = Query::<Self>::try_from_uri(uri)
            .map_err(|error| malformed(format!("the URL's parameters are not as expected: {error}")))?;
        url.operation_name = url.operation_name.filter(|name| !name.is_empty());
        for (object, name) in [(&mut url.variables, "variables"), (&mut url.extensions, "extensions")] {
            *object = object.take().filter(|text| !text.is_empty() && text != "null");
            if let Some(text) = object {
                json_object::<&RawValue>(text.as_bytes(), name).map_err(ErrorResponse::malformed)?;
            }
        }
        if url.query.is_none() && url.extensions.is_none() {
            let message = "a GET needs the parameter query; a browser gets a page to write one on";
            return Err(malformed(message.to_owned()));
        }
        Ok(url)
    }

    /// As an operation that was sent.
    ///
    /// # Errors
    /// It cannot be understood how they name a document.
    pub(super) fn into_sent(self) -> Result<Sent<'static>, ErrorResponse> {
        let document = SentDocument::new(self.query.map(Cow::Owned), self.extensions.as_deref(), "the URL");
        Ok(Sent {
            document: document.map_err(ErrorResponse::malformed)?,
            operation_name: self.operation_name,
            variables: self.variables.map(Cow::Owned),
        })
    }
}

fn malformed(message: String) -> ErrorResponse {
    ErrorResponse::malformed(ApiError::bad_user_input(message))
}
