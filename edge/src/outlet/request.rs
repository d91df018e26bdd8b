//! The GraphQL requests of a delivery, as text.

use serde::Serialize;

use crate::clock;
use crate::spool::Receipt;

/// What an answer to a batch must hold.
const PAYLOAD: &str = "{ accepted duplicates conflicts rejected issues { index code message } }";

/// What an agent says of itself with every batch: `SenderInput` of `schema.graphql`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The device.
    pub device_id: String,
    /// The epoch of its spool.
    pub epoch: String,
    /// The number of the batch's first event; without events, the next to be given.
    pub first_sequence: i64,
    /// The device's clock.
    #[serde(rename = "sentAt", serialize_with = "clock::rfc3339")]
    pub sent_at_ms: i64,
    /// Still to be delivered, this batch not counted.
    pub queued_events: u64,
    /// When the oldest of them was spooled.
    #[serde(rename = "oldestQueuedAt", serialize_with = "clock::optional_rfc3339")]
    pub oldest_queued_at_ms: Option<i64>,
    /// Lost so far.
    pub lost_events: u64,
    /// Waiting in the device for a person.
    pub dead_lettered_events: u64,
    /// Numbers that will never come.
    pub closed: Vec<Receipt>,
}

/// The request that stores a batch: a body of JSON in which every event is the text it was.
///
/// Without a sender it is one that servers know which are older than senders.
pub fn ingest<'a>(
    factory_id: &str,
    sender: Option<&Sender>,
    events: impl IntoIterator<Item = &'a str>,
) -> serde_json::Result<String> {
    let (parameter, argument) = match sender {
        Some(_) => (", $sender: SenderInput", ", sender: $sender"),
        None => ("", ""),
    };
    let query = serde_json::to_string(&format!(
        "mutation Deliver($factoryId: ID!, $events: [EventInput!]!{parameter}) \
         {{ ingestEvents(factoryId: $factoryId, events: $events{argument}) {PAYLOAD} }}"
    ))?;
    let factory_id = serde_json::to_string(factory_id)?;
    let mut body = format!(r#"{{"query":{query},"variables":{{"factoryId":{factory_id},"#);
    if let Some(sender) = sender {
        body.push_str(r#""sender":"#);
        body.push_str(&serde_json::to_string(sender)?);
        body.push(',');
    }
    body.push_str(r#""events":["#);
    for (index, event) in events.into_iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(event);
    }
    body.push_str("]}}");
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::ClosedReason;
    use serde_json::{Value, json};

    fn sender() -> Sender {
        Sender {
            device_id: "line \"1\"".to_owned(),
            epoch: "e1".to_owned(),
            first_sequence: 41,
            sent_at_ms: 1_767_600_000_123,
            queued_events: 7,
            oldest_queued_at_ms: None,
            lost_events: 1,
            dead_lettered_events: 2,
            closed: vec![Receipt {
                id: 3,
                epoch: "e0".to_owned(),
                first_sequence: 5,
                last_sequence: 9,
                reason: ClosedReason::Lost,
                from_ms: Some(0),
                to_ms: None,
                detail: String::new(),
            }],
        }
    }

    #[test]
    fn a_request_names_its_sender_as_the_contract_does() {
        let event = r#"{"confidence": 0.30}"#;
        let body = ingest("plant \"1\"", Some(&sender()), [event, event]).unwrap();
        assert!(body.contains(r#"[{"confidence": 0.30},{"confidence": 0.30}]"#));
        let request: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(request["variables"]["factoryId"], "plant \"1\"");
        assert_eq!(
            request["variables"]["sender"],
            json!({
                "deviceId": "line \"1\"", "epoch": "e1", "firstSequence": 41, "sentAt": "2026-01-05T08:00:00.123Z",
                "queuedEvents": 7, "oldestQueuedAt": null, "lostEvents": 1, "deadLetteredEvents": 2,
                "closed": [{ "epoch": "e0", "firstSequence": 5, "lastSequence": 9, "reason": "LOST",
                    "from": "1970-01-01T00:00:00.000Z" }],
            })
        );
        assert!(request["query"].as_str().unwrap().contains("sender: $sender"));
    }

    #[test]
    fn without_a_sender_a_request_is_one_that_older_servers_know() {
        let body = ingest("plant", None, []).unwrap();
        assert!(!body.contains("sender") && !body.contains("Sender"), "{body}");
        let request: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(request["variables"], json!({ "factoryId": "plant", "events": [] }));
    }
}
