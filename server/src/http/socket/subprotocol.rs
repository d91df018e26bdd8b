//! The two sub-protocols that a socket may speak. They differ in the names of some messages and in little else.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::value::RawValue;

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subprotocol {
    /// `graphql-transport-ws`, of the package graphql-ws.
    GraphqlTransportWs,
    /// `graphql-ws`, its predecessor, of the package subscriptions-transport-ws.
    GraphqlWs,
}

impl Subprotocol {
    /// The newer one first: who offers both gets it.
    pub(super) const ALL: [Self; 2] = [Self::GraphqlTransportWs, Self::GraphqlWs];

    /// The name by which it is asked for.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GraphqlTransportWs => "graphql-transport-ws",
            Self::GraphqlWs => "graphql-ws",
        }
    }

    /// The one that alone has client messages of this type, if there is one.
    pub(super) fn of_message(kind: &str) -> Option<Self> {
        match kind {
            "subscribe" | "complete" | "ping" | "pong" => Some(Self::GraphqlTransportWs),
            "start" | "stop" | "connection_terminate" => Some(Self::GraphqlWs),
            _ => None,
        }
    }

    /// The type of a message with an answer.
    pub(super) const fn answer_type(self) -> &'static str {
        match self {
            Self::GraphqlTransportWs => "next",
            Self::GraphqlWs => "data",
        }
    }

    /// The payload of a message that refuses an operation, given its errors as JSON: the older protocol has room for one.
    pub(super) fn refusal(self, errors: &str) -> Cow<'_, str> {
        match self {
            Self::GraphqlTransportWs => errors.into(),
            Self::GraphqlWs => {
                let errors: Vec<&RawValue> = serde_json::from_str(errors).unwrap_or_default();
                errors.first().map_or("{}", |error| error.get()).into()
            }
        }
    }
}

/// What the client asks for when it opens the socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// Nothing, so that its messages must tell.
    Nothing,
    /// This one, of those that are known.
    Known(Subprotocol),
    /// Only others, which are these.
    Unknown(String),
}

impl Offer {
    /// Reads the headers of a handshake.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let offered: Vec<&[u8]> =
            headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().map(HeaderValue::as_bytes).collect();
        let offered = offered.join(&b","[..]);
        let offered = String::from_utf8_lossy(&offered);
        let is_offered =
            |protocol: &Subprotocol| offered.split(',').any(|name| name.trim() == protocol.name());
        match Subprotocol::ALL.into_iter().find(is_offered) {
            Some(protocol) => Self::Known(protocol),
            None if offered.trim().is_empty() => Self::Nothing,
            None => Self::Unknown(offered.into_owned()),
        }
    }
}

/// What a socket speaks, as far as it is known. Some libraries do not see which sub-protocol the server chose, and speak the
/// older one; so the first message that only one of them has decides.
pub(super) struct Spoken {
    subprotocol: Subprotocol,
    is_decided: bool,
}

impl Spoken {
    /// As the handshake says, until a message decides.
    pub(super) fn new(negotiated: Option<Subprotocol>) -> Self {
        Self { subprotocol: negotiated.unwrap_or(Subprotocol::GraphqlTransportWs), is_decided: false }
    }

    /// Takes in the type of a client's message.
    pub(super) fn hear(&mut self, kind: &str) {
        if !self.is_decided
            && let Some(subprotocol) = Subprotocol::of_message(kind)
        {
            *self = Self { subprotocol, is_decided: true };
        }
    }

    pub(super) fn subprotocol(&self) -> Subprotocol {
        self.subprotocol
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(values: &[&str]) -> Offer {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::SEC_WEBSOCKET_PROTOCOL, value.parse().expect("a header value"));
        }
        Offer::of(&headers)
    }

    #[test]
    fn the_newer_of_the_known_sub_protocols_is_chosen_in_whatever_order_they_are_offered() {
        use Subprotocol::{GraphqlTransportWs, GraphqlWs};
        assert_eq!(offer(&[]), Offer::Nothing);
        assert_eq!(offer(&["graphql-ws"]), Offer::Known(GraphqlWs));
        assert_eq!(offer(&["graphql-ws, graphql-transport-ws"]), Offer::Known(GraphqlTransportWs));
        assert_eq!(offer(&["mqtt", "graphql-transport-ws,graphql-ws"]), Offer::Known(GraphqlTransportWs));
        assert_eq!(offer(&["mqtt", "wamp.2.json"]), Offer::Unknown("mqtt,wamp.2.json".to_owned()));
    }

    #[test]
    fn the_first_message_that_only_one_of_them_has_decides_once() {
        for (negotiated, kind, spoken) in [
            (None, "connection_init", Subprotocol::GraphqlTransportWs),
            (None, "start", Subprotocol::GraphqlWs),
            (Some(Subprotocol::GraphqlTransportWs), "start", Subprotocol::GraphqlWs),
            (Some(Subprotocol::GraphqlWs), "connection_init", Subprotocol::GraphqlWs),
            (Some(Subprotocol::GraphqlWs), "subscribe", Subprotocol::GraphqlTransportWs),
        ] {
            let mut heard = Spoken::new(negotiated);
            heard.hear(kind);
            assert_eq!(heard.subprotocol(), spoken, "{negotiated:?} {kind}");
        }
        let mut heard = Spoken::new(None);
        heard.hear("subscribe");
        heard.hear("start");
        assert_eq!(heard.subprotocol(), Subprotocol::GraphqlTransportWs);
    }

    #[test]
    fn of_several_errors_the_older_protocol_sends_the_first() {
        let errors = r#"[{"message":"one"},{"message":"two"}]"#;
        assert_eq!(Subprotocol::GraphqlTransportWs.refusal(errors), errors);
        assert_eq!(Subprotocol::GraphqlWs.refusal(errors), r#"{"message":"one"}"#);
    }
}
