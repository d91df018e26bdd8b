//! Names that nobody had heard of: what a server keeps of every device, model and source must not grow for ever.

use futures_util::future::{FutureExt as _, join};
use serde_json::{Value, json};

use super::{FACTORY, Prepared, attacker::Attacker};
use crate::{floor, http};

/// Of each kind.
const CONNECTIONS: u64 = 2;
/// How many models and sources a batch names.
const BATCH_EVENTS: usize = 100;
/// When all of it was seen: 2025-01-01.
const AT_MS: i64 = 1_735_689_600_000;
const INGEST: &str = "mutation Ingest($factoryId: ID!, $events: [EventInput!]!, $sender: SenderInput) \
                      { ingestEvents(factoryId: $factoryId, events: $events, sender: $sender) { accepted revision } }";

pub(super) fn prepare(attacker: Attacker) -> Prepared {
    let (device, names) = (device(), names());
    async move {
        join(attacker.flood_numbered(&device, CONNECTIONS), attacker.flood_numbered(&names, CONNECTIONS))
            .await;
    }
    .boxed_local()
}

/// A device that says of itself that it has nothing to send.
fn device() -> Vec<u8> {
    let sender = json!({
        "deviceId": "device-########", "epoch": "a", "firstSequence": 1, "sentAt": floor::instant(AT_MS),
        "queuedEvents": 0, "lostEvents": 0, "deadLetteredEvents": 0,
    });
    request("[]", &sender.to_string())
}

/// Events that differ in nothing but names.
fn names() -> Vec<u8> {
    let event = json!({
        "timestamp": floor::instant(AT_MS), "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING",
        "durationMinutes": 0, "eventId": "########", "modelVersion": "model-########", "sourceId": "source-########",
    });
    request(&Value::from(vec![event; BATCH_EVENTS]).to_string(), "null")
}

/// A batch and its sender, both in JSON.
pub(super) fn request(events: &str, sender: &str) -> Vec<u8> {
    let variables = format!("{{\"factoryId\":\"{FACTORY}\",\"events\":{events},\"sender\":{sender}}}");
    http::post(format!("{{\"query\":\"{INGEST}\",\"variables\":{variables}}}").as_bytes())
}
