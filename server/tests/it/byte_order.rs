//! Text that is compared is compared byte for byte on every engine, whatever the language of the database.

use serde_json::{Value, json};

use crate::{harness::TestServer, queries::event};

/// The values of one field, in their order.
fn column<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    rows.as_array().expect("rows").iter().map(|row| row[field].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn factories_are_listed_in_the_order_of_the_bytes_of_their_ids() {
    let server = TestServer::start().await;
    // A language leaves hyphens out of account, or puts them elsewhere.
    let ids = ["line", "line-2", "line-b", "line10", "line2", "linea", "plant"];
    for id in ["linea", "plant", "line2", "line-b", "line", "line10", "line-2"] {
        server.create_factory(id).await;
    }
    let factories = server.ask("{ factories { factoryId } }", json!({})).await["factories"].take();
    assert_eq!(column(&factories, "factoryId"), ids);
}

#[tokio::test]
async fn events_that_differ_only_in_their_ids_are_paged_in_the_order_of_the_ids_bytes() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    let mut ids = ["B", "a", "A", "b", "a-c", "ab", "\u{e4}", "z", "10", "9", "a b", "\u{1f477}"];
    let events = ids.map(|id| {
        let mut event = event("W1", "WORKING", "08:00", 5.0, 1);
        event["eventId"] = json!(id);
        event
    });
    let outcome = server.ingest("plant", json!(events)).await;
    assert_eq!(outcome["accepted"], ids.len());

    let query = "query($after: String) { events(factoryId: \"plant\", first: 1, after: $after) \
                 { edges { cursor node { eventId } } } }";
    let (mut paged, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = server.ask(query, json!({ "after": after })).await["events"].take();
        let Some(edge) = page["edges"].get(0) else { break };
        paged.push(edge["node"]["eventId"].as_str().expect("an id").to_owned());
        after = edge["cursor"].clone();
    }
    // The latest first, and of those of one instant the last.
    ids.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(paged, ids);
}

#[tokio::test]
async fn ids_that_a_language_takes_for_one_are_different_workers() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    // The same letter in two ways, and a letter in two sizes.
    let ids = ["W\u{e4}", "Wa\u{308}", "WA\u{308}", "W\u{c4}"];
    let events = ids.map(|id| event(id, "WORKING", "08:00", 5.0, 1));
    assert_eq!(server.ingest("plant", json!(events)).await["accepted"], ids.len());
    let query = "query($ids: [ID!]) { workerMetrics(factoryId: \"plant\", workerIds: $ids) { workers { workerId } } }";
    for id in ids {
        let answer = server.ask(query, json!({ "ids": [id] })).await["workerMetrics"].take();
        assert_eq!(column(&answer["workers"], "workerId"), [id]);
    }
}
