//! Ids that hold over all types and factories, as clients that keep objects by them need it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    devices::{self, sender},
    harness::TestServer,
    queries::event,
};

const TYPES: &str = "{ __schema { types { kind name interfaces { name } possibleTypes { name } fields { name args { name } \
    type { ...type ofType { ...type ofType { ...type ofType { ...type } } } } } } } } fragment type on __Type { kind name }";

/// Where an object of each type is found: a query with `*` for all of its fields, and the object's place in the answer.
const FOUND_AT: [(&str, &str, &str); 4] = [
    ("Device", "{ devices(factoryId: \"plant\") { * } }", "/devices/0"),
    ("Factory", "{ factories { * } }", "/factories/0"),
    ("Worker", "{ factories { workers { * } } }", "/factories/0/workers/0"),
    ("Workstation", "{ factories { workstations { * } } }", "/factories/0/workstations/0"),
];

/// The object types of the schema, by their names.
async fn object_types(server: &TestServer) -> BTreeMap<String, Value> {
    let mut schema = server.ask(TYPES, json!({})).await;
    let types = schema["__schema"]["types"].as_array_mut().expect("types");
    let objects = types.drain(..).filter(|found| found["kind"] == "OBJECT");
    objects.map(|object| (object["name"].as_str().expect("a name").to_owned(), object)).collect()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

fn fields(object: &Value) -> &Vec<Value> {
    object["fields"].as_array().expect("fields")
}

/// All fields of a type that need no argument; of the objects below that have ids only those.
fn selection(types: &BTreeMap<String, Value>, name: &str) -> String {
    let of_field = |field: &Value| {
        let mut of_type = &field["type"];
        while of_type["ofType"].is_object() {
            of_type = &of_type["ofType"];
        }
        let field = field["name"].as_str().expect("a name");
        let of_type = of_type["name"].as_str().expect("a name");
        match types.get(of_type) {
            None => field.to_owned(),
            Some(node) if names(&node["interfaces"]).contains(&"Node") => format!("{field} {{ id }}"),
            Some(_) => format!("{field} {{ {} }}", selection(types, of_type)),
        }
    };
    let without_arguments = fields(&types[name]).iter().filter(|field| field["args"] == json!([]));
    without_arguments.map(of_field).collect::<Vec<_>>().join(" ")
}

/// A factory with a worker, a workstation and a device of these ids.
async fn factory(server: &TestServer, factory: &str, [worker, workstation, device]: [&str; 3]) {
    server.create_factory(factory).await;
    let seen = |id: &str, entity_type: &str| {
        let mut event = event("W1", "WORKING", "08:00", 5.0, 1);
        event["entityId"] = json!(id);
        event["entityType"] = json!(entity_type);
        event
    };
    let events = json!([seen(worker, "WORKER"), seen(workstation, "WORKSTATION")]);
    let mut sender = sender(1);
    sender["deviceId"] = json!(device);
    let query = "mutation($factory: ID!, $events: [EventInput!]!, $sender: SenderInput!) \
                 { ingestEvents(factoryId: $factory, events: $events, sender: $sender) { accepted } }";
    let variables = json!({ "factory": factory, "events": events, "sender": sender });
    assert_eq!(server.ask(query, variables).await["ingestEvents"]["accepted"], 2);
}

async fn node(server: &TestServer, id: &str) -> Value {
    server.ask("query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": id })).await["node"]
        .take()
}

#[tokio::test]
async fn every_type_with_an_id_is_a_node_and_is_fetched_again_by_it() {
    let server = TestServer::at(devices::NOW).await;
    factory(&server, "plant", ["W1", "S1", "edge-1"]).await;
    let types = object_types(&server).await;
    let mut nodes = Vec::new();
    for (name, object) in &types {
        let id = fields(object).iter().find(|field| field["name"] == "id" || field["name"] == "_id");
        assert_eq!(id.is_some(), names(&object["interfaces"]).contains(&"Node"), "{name}");
        let Some(id) = id else { continue };
        let expected = json!({ "kind": "NON_NULL", "name": null, "ofType": { "kind": "SCALAR", "name": "ID", "ofType": null } });
        assert_eq!((&id["name"], &id["type"], &id["args"]), (&json!("id"), &expected, &json!([])), "{name}");
        nodes.push(name.as_str());
    }
    assert_eq!(
        nodes,
        FOUND_AT.map(|(name, ..)| name),
        "say in FOUND_AT where a new type's objects are found"
    );

    for (name, query, place) in FOUND_AT {
        let all = selection(&types, name);
        let mut answer = server.ask(&query.replace('*', &all), json!({})).await;
        let object = answer.pointer_mut(place).expect("an object").take();
        let again =
            format!("query($id: ID!) {{ node(id: $id) {{ __typename id ... on {name} {{ {all} }} }} }}");
        let mut answer = server.ask(&again, json!({ "id": object["id"] })).await;
        assert_eq!(answer["node"]["__typename"], name);
        answer["node"].as_object_mut().expect("an object").remove("__typename");
        assert_eq!(answer["node"], object);
    }
}

#[tokio::test]
async fn objects_that_are_called_alike_in_two_factories_have_ids_of_their_own() {
    let server = TestServer::at(devices::NOW).await;
    for name in ["a", "b"] {
        factory(&server, name, ["gateway", "gateway", "gateway"]).await;
    }
    // What a client's cache keeps objects by.
    let query = "{ factories { ...key factoryId workers { ...key workerId } workstations { ...key workstationId } } \
                 a: devices(factoryId: \"a\") { ...key deviceId } b: devices(factoryId: \"b\") { ...key deviceId } } \
                 fragment key on Node { __typename id }";
    let data = server.ask(query, json!({})).await;
    let mut objects = vec![data["a"][0].clone(), data["b"][0].clone()];
    for factory in data["factories"].as_array().expect("factories") {
        objects.extend([factory.clone(), factory["workers"][0].clone(), factory["workstations"][0].clone()]);
    }
    let ids: BTreeSet<&str> = objects.iter().map(|object| object["id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), 8, "{ids:?}");
    for object in &objects {
        let expected = json!({ "__typename": object["__typename"], "id": object["id"] });
        assert_eq!(node(&server, object["id"].as_str().expect("an id")).await, expected);
    }
    let called = |object: &Value| {
        ["deviceId", "workerId", "workstationId"].iter().any(|field| object[*field] == "gateway")
    };
    assert_eq!(objects.iter().filter(|object| called(object)).count(), 6, "{objects:?}");
}

#[tokio::test]
async fn any_name_can_be_in_an_id() {
    let server = TestServer::at(devices::NOW).await;
    let long = "\u{1f477}".repeat(64);
    for (index, name) in [":", "a:b", "Worker:plant:W1", "%3A/?&\"\\", "عامل", &long].into_iter().enumerate()
    {
        let plant = format!("plant-{index}");
        factory(&server, &plant, [name, name, name]).await;
        let query = "query($factory: ID!) { factory(id: $factory) { workers { id } workstations { id } } \
                     devices(factoryId: $factory) { id } }";
        let data = server.ask(query, json!({ "factory": plant })).await;
        for place in ["/factory/workers/0/id", "/factory/workstations/0/id", "/devices/0/id"] {
            let id = data.pointer(place).and_then(Value::as_str).expect("an id");
            assert_eq!(node(&server, id).await["id"], id);
        }
    }
}

#[tokio::test]
async fn an_id_that_names_nothing_is_answered_with_null() {
    let server = TestServer::at(devices::NOW).await;
    factory(&server, "plant", ["W1", "S1", "edge-1"]).await;
    let long = format!("Worker:plant:{}", "W".repeat(100_000));
    let ids = [
        "",
        "plant",
        "W1",
        "Factory:other",
        "Factory:plant:W1",
        "Worker:plant:W2",
        "Worker:plant:S1",
        "Worker:other:W1",
        "Workstation:plant:W1",
        "Device:plant:W1",
        "Event:plant:W1",
        "worker:plant:W1",
        "Worker:plant:w1",
        "Worker:plant:\u{0}",
        "Worker:\u{0}:W1",
        &long,
    ];
    for id in ids {
        assert_eq!(node(&server, id).await, Value::Null, "{id:?}");
    }
}

#[tokio::test]
async fn who_sends_an_id_where_a_factory_id_belongs_is_told_what_to_send() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let id = server.ask("{ factories { id } }", json!({})).await["factories"][0]["id"].take();
    let query = "query($id: ID!) { factoryMetrics(factoryId: $id) { revision } }";
    let answer = server.answer(query, json!({ "id": id })).await;
    let message = answer["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("send its factoryId"), "{message}");
}
