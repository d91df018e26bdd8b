//! The messages of graphql-transport-ws, as text.

use crate::api::session::Request;
use crate::words::connection as words;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The name by which the protocol is asked for when the websocket opens.
pub(crate) const SUBPROTOCOL: &str = "graphql-transport-ws";
/// What this side can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientMessage {
    /// The first message of every connection.
    Init,
    /// Asks the other side for a sign of life.
    Ping,
    /// The sign of life.
    Pong,
    /// Starts operation `id`.
    Subscribe { id: u64, request: Request },
    /// Ends operation `id` from this side.
    Complete { id: u64 },
}

impl ClientMessage {
    /// As it is sent.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Init => r#"{"type":"connection_init"}"#.to_owned(),
            Self::Ping => r#"{"type":"ping"}"#.to_owned(),
            Self::Pong => PONG.to_owned(),
            Self::Subscribe { id, request } => {
                format!(r#"{{"type":"subscribe","id":"{id}","payload":{}}}"#, request.body)
            }
            Self::Complete { id } => complete(*id),
        }
    }
}

/// The sign of life, from either side.
pub(crate) const PONG: &str = r#"{"type":"pong"}"#;
/// The server's agreement to talk.
pub(crate) const CONNECTION_ACK: &str = r#"{"type":"connection_ack"}"#;

/// The message of either side that ends operation `id`.
pub(crate) fn complete(id: u64) -> String {
    format!(r#"{{"type":"complete","id":"{id}"}}"#)
}

/// The server's message with an answer to operation `id`.
pub(crate) fn next(id: u64, payload: &str) -> String {
    format!(r#"{{"type":"next","id":"{id}","payload":{payload}}}"#)
}

/// What a server can say.
#[derive(Debug)]
pub(crate) enum ServerMessage<'a> {
    ConnectionAck,
    Ping,
    Pong,
    /// A result of operation `id`, still as text because its type depends on the operation.
    Next {
        id: u64,
        payload: &'a RawValue,
    },
    /// Operation `id` was refused and has ended.
    Error {
        id: u64,
        errors: Vec<GraphQLError>,
    },
    /// Operation `id` has ended.
    Complete {
        id: u64,
    },
}

/// Reads one message of the server.
pub(crate) fn read(frame: &str) -> serde_json::Result<ServerMessage<'_>> {
    let envelope: Envelope<'_> = serde_json::from_str(frame)?;
    Ok(match envelope.kind.as_ref() {
        "connection_ack" => ServerMessage::ConnectionAck,
        "ping" => ServerMessage::Ping,
        "pong" => ServerMessage::Pong,
        "next" => ServerMessage::Next { id: envelope.id()?, payload: envelope.payload()? },
        "error" => ServerMessage::Error {
            id: envelope.id()?,
            errors: serde_json::from_str(envelope.payload()?.get())?,
        },
        "complete" => ServerMessage::Complete { id: envelope.id()? },
        other => return Err(serde_json::Error::custom(format!("unknown message type {other:?}"))),
    })
}

/// What the server found wrong with an operation: its words. Where and why else is for programs.
#[derive(Debug, Deserialize)]
pub(crate) struct GraphQLError {
    pub(crate) message: String,
}

/// What came of an operation.
#[derive(Deserialize)]
pub(crate) struct Payload<'a> {
    #[serde(default, borrow)]
    pub(crate) data: Option<&'a RawValue>,
    #[serde(default)]
    pub(crate) errors: Option<Vec<GraphQLError>>,
}

/// The server's words on why an operation has no data.
pub(crate) fn message_of(errors: &[GraphQLError]) -> String {
    if errors.is_empty() {
        return words::NO_REASON.to_owned();
    }
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join(" ")
}

/// The data of an answer that came by itself, or the server's words on why there is none.
pub(crate) fn data_of(answer: &str) -> Result<&RawValue, String> {
    let payload: Payload<'_> = serde_json::from_str(answer).map_err(|error| words::another_shape(&error))?;
    let errors = payload.errors.unwrap_or_default();
    payload.data.filter(|_| errors.is_empty()).ok_or_else(|| message_of(&errors))
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    payload: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    fn id(&self) -> serde_json::Result<u64> {
        let id = self.id.as_deref().unwrap_or_default();
        id.parse().map_err(|_| serde_json::Error::custom(format!("unknown operation id {id:?}")))
    }

    fn payload(&self) -> serde_json::Result<&'a RawValue> {
        self.payload.ok_or_else(|| serde_json::Error::custom("the message has no payload"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::session::OperationType;
    use serde_json::json;

    #[test]
    fn a_subscribe_message_carries_type_id_and_operation() {
        let body = r#"{"query":"{ factories { id } }"}"#.into();
        let request = Request { operation_type: OperationType::Query, body };
        let text = ClientMessage::Subscribe { id: 7, request }.to_text();
        let sent: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            sent,
            json!({ "type": "subscribe", "id": "7", "payload": { "query": "{ factories { id } }" } })
        );
    }

    #[test]
    fn the_other_messages_are_what_the_protocol_names() {
        use ClientMessage::{Complete, Init, Ping, Pong};
        let sent: Vec<serde_json::Value> = [Init, Ping, Pong, Complete { id: 3 }]
            .iter()
            .map(|message| serde_json::from_str(&message.to_text()).unwrap())
            .collect();
        let expected = [
            json!({ "type": "connection_init" }),
            json!({ "type": "ping" }),
            json!({ "type": "pong" }),
            json!({ "type": "complete", "id": "3" }),
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn every_message_of_a_server_is_understood_with_and_without_payload() {
        assert!(matches!(
            read(r#"{"type":"connection_ack","payload":{}}"#),
            Ok(ServerMessage::ConnectionAck)
        ));
        assert!(matches!(read(r#"{"type":"ping","payload":{"n":1}}"#), Ok(ServerMessage::Ping)));
        assert!(matches!(read(r#"{"payload":null,"type":"pong"}"#), Ok(ServerMessage::Pong)));
        assert!(matches!(read(r#"{"id":"2","type":"complete"}"#), Ok(ServerMessage::Complete { id: 2 })));
        let next = read(r#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#).unwrap();
        assert!(
            matches!(next, ServerMessage::Next { id: 1, payload } if payload.get() == r#"{"data":{"a":1}}"#)
        );
        let error = read(r#"{"id":"1","type":"error","payload":[{"message":"No factory \"x\"."}]}"#).unwrap();
        assert!(
            matches!(error, ServerMessage::Error { id: 1, errors } if errors[0].message == "No factory \"x\".")
        );
    }

    #[test]
    fn an_answer_has_data_or_the_servers_words_on_why_not() {
        assert_eq!(data_of(r#"{"data":{"a":1}}"#).map(RawValue::get), Ok(r#"{"a":1}"#));
        let refused = r#"{"data":null,"errors":[{"message":"Too many."},{"message":"Try less."}]}"#;
        assert_eq!(data_of(refused).map(RawValue::get), Err("Too many. Try less.".to_owned()));
        let in_part = r#"{"data":{"a":1},"errors":[{"message":"Too late."}]}"#;
        assert_eq!(data_of(in_part).map(RawValue::get), Err("Too late.".to_owned()));
        assert_eq!(data_of("{}").map(RawValue::get), Err(words::NO_REASON.to_owned()));
        assert!(data_of("<html>").is_err());
    }

    #[test]
    fn what_is_not_the_protocol_is_refused() {
        for frame in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"hello"}"#,
            r#"{"type":"next"}"#,
            r#"{"type":"complete","id":"x"}"#,
        ] {
            assert!(read(frame).is_err(), "{frame}");
        }
    }
}
