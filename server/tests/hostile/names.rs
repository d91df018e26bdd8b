//! Ids and names that look like others, or that turn the text around them: refused where they are new, and kept where they
//! are not.

use serde_json::{Value, json};

use crate::harness::{TestServer, code, minute_of_work, with};

/// `W1`, drawn backwards by an override that nobody sees.
const TURNED: &str = "\u{202e}1W";
/// `W1` with a space of no width.
const TWIN: &str = "W\u{200b}1";

const NAMES: &str = "{ workerMetrics(factoryId: \"plant\") { workers { workerId unitsProduced } } }";

async fn plant() -> TestServer {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    server
}

#[tokio::test]
async fn a_new_id_with_an_invisible_character_is_refused_and_the_character_named() {
    let server = plant().await;
    let fields = [
        ("entityId", "ENTITY_ID_INVALID"),
        ("modelVersion", "MODEL_VERSION_INVALID"),
        ("sourceId", "SOURCE_ID_INVALID"),
        ("eventId", "EVENT_ID_INVALID"),
        ("workstationId", "WORKSTATION_ID_INVALID"),
    ];
    let names = [
        (TURNED, "U+202E"),
        (TWIN, "U+200B"),
        ("a\u{fe0f}", "U+FE0F"),
        ("\u{3164}", "U+3164"),
        ("W\u{200d}", "U+200D"),
    ];
    for (name, character) in names {
        let events: Vec<Value> =
            fields.iter().map(|(field, _)| with(minute_of_work("W1", 0), &json!({ *field: name }))).collect();
        let outcome = server.ingest("plant", json!(events)).await;
        assert_eq!(
            (&outcome["rejected"], &outcome["revision"]),
            (&json!(fields.len()), &json!(1)),
            "{outcome}"
        );
        for (index, (field, code)) in fields.iter().enumerate() {
            let issue = &outcome["issues"][index];
            assert_eq!((&issue["index"], &issue["code"]), (&json!(index), &json!(code)), "{field}");
            let message = issue["message"].as_str().expect("words");
            assert!(
                message.contains(character) && message.contains(field) && !message.contains(name),
                "{message}"
            );
        }
    }
    // What was refused with a name left nothing of itself, and what may be written is.
    let persian = "می\u{200c}خواهم";
    let outcome = server
        .ingest("plant", json!([with(minute_of_work(persian, 0), &json!({ "sourceId": persian }))]))
        .await;
    assert_eq!(outcome["accepted"], 1, "{outcome}");
    let listed = server.ask(NAMES, json!({})).await;
    assert_eq!(listed["workerMetrics"]["workers"], json!([{ "workerId": persian, "unitsProduced": 1 }]));
}

#[tokio::test]
async fn the_first_rule_broken_is_named_where_several_ids_of_an_event_are_new() {
    let server = plant().await;
    let broken = with(minute_of_work(TURNED, 0), &json!({ "modelVersion": TURNED, "sourceId": TURNED }));
    let models = with(minute_of_work("W1", 0), &json!({ "modelVersion": TURNED, "sourceId": TURNED }));
    let outcome = server.ingest("plant", json!([broken, models])).await;
    assert_eq!(outcome["issues"][0]["code"], "ENTITY_ID_INVALID");
    assert_eq!(outcome["issues"][1]["code"], "MODEL_VERSION_INVALID");
    let known =
        server.ask("{ workerMetrics(factoryId: \"plant\") { workers { workerId } } }", json!({})).await;
    assert_eq!(known["workerMetrics"]["workers"], json!([]));
}

#[tokio::test]
async fn ids_that_are_registered_already_stay_valid() {
    let server = plant().await;
    let sent = with(minute_of_work("W1", 0), &json!({ "modelVersion": "m1", "sourceId": "cam-1" }));
    server.ingest("plant", json!([sent])).await;
    let database = server.stop().await;
    // As an older version stored them.
    let mut conn = database.connect().await;
    conn.execute(&format!("UPDATE tracked_entity SET code = '{TURNED}'")).await;
    conn.execute(&format!("UPDATE model_version SET name = '{TURNED}'")).await;
    conn.execute(&format!("UPDATE source SET name = '{TURNED}'")).await;
    conn.close().await;
    let server = TestServer::on(database, server::clock::Clock::System, crate::harness::patient()).await;
    let again = with(minute_of_work(TURNED, 0), &json!({ "modelVersion": TURNED, "sourceId": TURNED }));
    let more = with(minute_of_work(TURNED, 1), &json!({ "modelVersion": TURNED, "sourceId": TURNED }));
    let outcome = server.ingest("plant", json!([again, more])).await;
    assert_eq!((&outcome["duplicates"], &outcome["accepted"]), (&json!(1), &json!(1)), "{outcome}");
    let listed = server.ask(NAMES, json!({})).await;
    assert_eq!(listed["workerMetrics"]["workers"], json!([{ "workerId": TURNED, "unitsProduced": 2 }]));
}

#[tokio::test]
async fn new_names_areas_and_devices_have_no_invisible_character_either() {
    let server = plant().await;
    server.ingest("plant", json!([minute_of_work("W1", 0)])).await;
    let refused = async |query: &str, variables: Value| {
        let answer = server.answer(query, variables).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
        let message = answer["errors"][0]["message"].as_str().expect("words");
        assert!(message.contains("U+202E") && !message.contains('\u{202e}'), "{message}");
    };
    let create = "mutation($name: String!) { createFactory(input: { id: \"other\", name: $name, timeZone: \"UTC\" }) { id } }";
    refused(create, json!({ "name": TURNED })).await;
    for field in ["name", "area"] {
        let update = format!(
            "mutation($name: String!) {{ updateWorker(factoryId: \"plant\", workerId: \"W1\", input: {{ {field}: $name }}) {{ workerId }} }}"
        );
        refused(&update, json!({ "name": TURNED })).await;
    }
    let ingest = "mutation($sender: SenderInput!) { ingestEvents(factoryId: \"plant\", events: [], sender: $sender) { accepted } }";
    let sender = json!({ "deviceId": TURNED, "epoch": "a", "firstSequence": 1, "sentAt": "2026-01-05T08:00:00Z", "queuedEvents": 0, "lostEvents": 0, "deadLetteredEvents": 0 });
    refused(ingest, json!({ "sender": sender })).await;
}

#[tokio::test]
async fn a_sentence_with_an_id_that_is_written_from_right_to_left_keeps_its_order() {
    let server = plant().await;
    let query = "query($id: ID!) { timeline(factoryId: \"plant\", entityType: WORKER, entityId: $id, \
        window: { day: \"2026-01-05\" }) { truncated } }";
    let answer = server.answer(query, json!({ "id": "عامل" })).await;
    let message = answer["errors"][0]["message"].as_str().expect("words");
    assert!(message.contains("\"\u{2068}عامل\u{2069}\""), "{message}");
}
