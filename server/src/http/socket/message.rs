//! The messages of both sub-protocols, as text.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    super::operation::json_object,
    subprotocol::{
        Spoken,
        Subprotocol::{GraphqlTransportWs, GraphqlWs},
    },
};
use crate::error::ApiError;

/// The longest id of an operation, in bytes. Clients choose a number or a UUID.
const MAX_ID_BYTES: usize = 128;

/// A message of a client.
pub(super) enum ClientMessage {
    Init {
        /// As a header of this name would have it.
        authorization: Option<String>,
    },
    Ping(Option<Box<RawValue>>),
    Pong,
    Subscribe {
        id: String,
        payload: Option<Box<RawValue>>,
    },
    Complete {
        id: String,
    },
    /// The client is done.
    Terminate,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    payload: Option<Box<RawValue>>,
}

impl ClientMessage {
    /// Reads a message, which may decide what is spoken.
    ///
    /// # Errors
    /// What is wrong with it, for the reason of a close frame.
    pub(super) fn parse(text: &str, spoken: &mut Spoken) -> Result<Self, ApiError> {
        let Envelope { kind, id, payload } = json_object(text.as_bytes(), "a message")?;
        spoken.hear(&kind);
        match (spoken.subprotocol(), kind.as_str()) {
            (_, "connection_init") => {
                authorization(payload).map(|authorization| Self::Init { authorization })
            }
            (GraphqlTransportWs, "ping") => optional_object(payload).map(Self::Ping),
            (GraphqlTransportWs, "pong") => optional_object(payload).map(|_| Self::Pong),
            (GraphqlTransportWs, "subscribe") | (GraphqlWs, "start") => {
                checked(id).map(|id| Self::Subscribe { id, payload })
            }
            (GraphqlTransportWs, "complete") | (GraphqlWs, "stop") => {
                checked(id).map(|id| Self::Complete { id })
            }
            (GraphqlWs, "connection_terminate") => Ok(Self::Terminate),
            (spoken, _) => {
                let (kind, spoken) = (domain::validate::excerpt(&kind), spoken.name());
                Err(ApiError::bad_user_input(format!(
                    "a client that speaks {spoken} sends no message of type \"{kind}\""
                )))
            }
        }
    }
}

fn checked(id: Option<String>) -> Result<String, ApiError> {
    id.filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()))
        .ok_or_else(|| ApiError::bad_user_input(format!("an id of 1 to {MAX_ID_BYTES} bytes is missing")))
}

/// What the payload of the first message says of who sends it, by the names of the header that clients use.
fn authorization(payload: Option<Box<RawValue>>) -> Result<Option<String>, ApiError> {
    #[derive(Deserialize)]
    struct Init {
        #[serde(alias = "Authorization")]
        authorization: Option<String>,
    }
    let Some(payload) = optional_object(payload)? else { return Ok(None) };
    json_object::<Init>(payload.get().as_bytes(), "the payload of connection_init")
        .map(|init| init.authorization)
}

fn optional_object(payload: Option<Box<RawValue>>) -> Result<Option<Box<RawValue>>, ApiError> {
    if payload.as_ref().is_some_and(|payload| !payload.get().starts_with('{')) {
        return Err(ApiError::bad_user_input("a payload must be a JSON object"));
    }
    Ok(payload)
}

/// A message of the server that answers no operation, or ends one.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    ConnectionAck,
    /// In the older protocol: the server is still there.
    #[serde(rename = "ka")]
    KeepAlive,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Box<RawValue>>,
    },
    Complete {
        id: &'a str,
    },
}

impl ServerMessage<'_> {
    /// As sent.
    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// What follows the payload in a message that answers an operation.
pub(super) const AFTER_PAYLOAD: &str = "}";

/// What comes before the payload in such a message: the part that differs between clients.
pub(super) fn before_payload(kind: &str, id: &str) -> Result<String, serde_json::Error> {
    let id = serde_json::to_string(id)?;
    Ok(format!(r#"{{"type":"{kind}","id":{id},"payload":"#))
}

/// In the older protocol: a message could not be read, for this reason as JSON.
pub(super) fn connection_error(reason: &str) -> String {
    format!(r#"{{"type":"connection_error","payload":{reason}}}"#)
}
