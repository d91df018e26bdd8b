//! Factories and what people call their workers and workstations.

use serde_json::{Value, json};

use crate::{
    harness::{TestServer, code},
    queries::event,
};

const CREATE: &str = "mutation($input: CreateFactoryInput!) \
    { createFactory(input: $input) { factoryId name timeZone unitsBasis stateHoldMinutes revision workers { id } workstations { id } } }";

const UPDATE_FACTORY: &str = "mutation($factory: ID!, $input: UpdateFactoryInput!) \
    { updateFactory(factoryId: $factory, input: $input) { id name timeZone unitsBasis stateHoldMinutes revision workers { workerId } } }";

const UPDATE_WORKER: &str = "mutation($factory: ID! = \"plant\", $id: ID!, $input: UpdateEntityInput!) \
    { updateWorker(factoryId: $factory, workerId: $id, input: $input) { id workerId name area } }";

#[tokio::test]
async fn a_factory_begins_in_utc_with_the_workers_units_and_without_entities() {
    let server = TestServer::start().await;
    let created = server.ask(CREATE, json!({ "input": { "id": "plant-1", "name": " Plant  1 " } })).await["createFactory"].take();
    let revision = created["revision"].clone();
    let expected = json!({ "factoryId": "plant-1", "name": "Plant  1", "timeZone": "UTC", "unitsBasis": "WORKERS", "stateHoldMinutes": 60,
                           "revision": revision, "workers": [], "workstations": [] });
    assert_eq!(created, expected);
    assert!(revision.is_i64());
}

#[tokio::test]
async fn a_factory_that_cannot_be_is_refused_and_says_what_is_allowed() {
    let server = TestServer::start().await;
    let inputs = [
        (json!({ "id": "", "name": "x" }), "a-z"),
        (json!({ "id": "Plant", "name": "x" }), "a-z"),
        (json!({ "id": "p".repeat(65), "name": "x" }), "1 to 64"),
        (json!({ "id": "plant", "name": "  " }), "1 to 64"),
        (json!({ "id": "plant", "name": "x".repeat(65) }), "1 to 64"),
        (json!({ "id": "plant", "name": "a\u{7}b" }), "control"),
        (json!({ "id": "plant", "name": "x", "timeZone": "Mars/Olympus_Mons" }), "IANA"),
        (json!({ "id": "plant", "name": "x", "stateHoldMinutes": 0 }), "from 1 to 1440"),
        (json!({ "id": "plant", "name": "x", "stateHoldMinutes": 1_441 }), "from 1 to 1440"),
    ];
    for (input, allowed) in inputs {
        let answer = server.answer(CREATE, json!({ "input": input })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{input}");
        assert!(answer["errors"][0]["message"].as_str().expect("a message").contains(allowed), "{answer}");
    }
    assert_eq!(server.ask("{ factories { id } }", json!({})).await["factories"], json!([]));
}

#[tokio::test]
async fn a_second_factory_of_the_same_id_is_refused_and_the_first_stays() {
    let server = TestServer::start().await;
    server.ask(CREATE, json!({ "input": { "id": "plant", "name": "First" } })).await;
    let second = json!({ "input": { "id": "plant", "name": "Second" } });
    assert_eq!(server.refused(CREATE, second).await, "ALREADY_EXISTS");
    let factory = server.ask("{ factory(id: \"plant\") { name } }", json!({})).await["factory"].take();
    assert_eq!(factory, json!({ "name": "First" }));
}

#[tokio::test]
async fn factories_are_listed_in_the_order_of_their_ids() {
    let server = TestServer::start().await;
    for id in ["b", "c", "a"] {
        server.create_factory(id).await;
    }
    let factories = server.ask("{ factories { factoryId } }", json!({})).await["factories"].take();
    assert_eq!(factories, json!([{ "factoryId": "a" }, { "factoryId": "b" }, { "factoryId": "c" }]));
}

#[tokio::test]
async fn a_field_left_out_of_a_factorys_update_stays_and_the_revision_rises() {
    let server = TestServer::start().await;
    let created =
        server.ask(CREATE, json!({ "input": { "id": "plant", "name": "Plant" } })).await["createFactory"]
            .take();
    let update = async |input: Value| {
        server.ask(UPDATE_FACTORY, json!({ "factory": "plant", "input": input })).await["updateFactory"]
            .take()
    };
    let moved = update(json!({ "timeZone": "Asia/Kathmandu", "name": null })).await;
    assert_eq!((&moved["name"], &moved["timeZone"]), (&json!("Plant"), &json!("Asia/Kathmandu")));
    assert!(moved["revision"].as_i64() > created["revision"].as_i64());
    let renamed = update(json!({ "name": "Plant 2" })).await;
    assert_eq!((&renamed["name"], &renamed["timeZone"]), (&json!("Plant 2"), &json!("Asia/Kathmandu")));

    assert_eq!(renamed["stateHoldMinutes"], 60);
    assert_eq!(update(json!({ "stateHoldMinutes": 5 })).await["stateHoldMinutes"], 5);
    assert_eq!(update(json!({ "name": "Plant 3" })).await["stateHoldMinutes"], 5);
    let variables = json!({ "factory": "plant", "input": { "stateHoldMinutes": 1_441 } });
    assert_eq!(server.refused(UPDATE_FACTORY, variables).await, "BAD_USER_INPUT");

    let variables = json!({ "factory": "plant", "input": { "timeZone": "Nowhere" } });
    assert_eq!(server.refused(UPDATE_FACTORY, variables).await, "BAD_USER_INPUT");
    let variables = json!({ "factory": "other", "input": {} });
    assert_eq!(server.refused(UPDATE_FACTORY, variables).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_workers_name_stays_when_left_out_and_goes_when_null() {
    let server = TestServer::at("2026-01-05T12:00:00Z").await;
    server.create_factory("plant").await;
    server.ingest("plant", json!([event("W1", "WORKING", "08:00", 5.0, 1)])).await;
    let update = async |input: Value| {
        let worker =
            server.ask(UPDATE_WORKER, json!({ "id": "W1", "input": input })).await["updateWorker"].take();
        (worker["name"].clone(), worker["area"].clone())
    };
    assert_eq!(update(json!({ "name": " Ada ", "area": "Line 1" })).await, (json!("Ada"), json!("Line 1")));
    assert_eq!(update(json!({ "area": "Line 2" })).await, (json!("Ada"), json!("Line 2")));
    assert_eq!(update(json!({ "name": null })).await, (Value::Null, json!("Line 2")));
    for input in [json!({ "name": " " }), json!({ "area": "x".repeat(65) }), json!({ "name": "a\nb" })] {
        assert_eq!(
            server.refused(UPDATE_WORKER, json!({ "id": "W1", "input": input })).await,
            "BAD_USER_INPUT"
        );
    }
}

#[tokio::test]
async fn who_was_never_seen_cannot_be_named() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let answer = server.answer(UPDATE_WORKER, json!({ "id": "W1", "input": { "name": "Ada" } })).await;
    assert_eq!(code(&answer), "NOT_FOUND");
    assert!(
        answer["errors"][0]["message"].as_str().expect("a message").contains("worker \"W1\""),
        "{answer}"
    );
    let variables = json!({ "factory": "other", "id": "W1", "input": {} });
    let answer = server.answer(UPDATE_WORKER, variables).await;
    assert!(
        answer["errors"][0]["message"].as_str().expect("a message").contains("factory \"other\""),
        "{answer}"
    );
}
