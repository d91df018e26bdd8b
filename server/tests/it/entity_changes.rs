//! Names and areas of many workers and workstations at once.

use domain::limits::MAX_ENTITY_CHANGES;
use serde_json::{Value, json};

use crate::{
    harness::{TestServer, code},
    queries::event,
    subscriptions::{Subscriber, WORKERS, plant, work},
};

const UPDATE: &str = "mutation($factory: ID! = \"plant\", $changes: [EntityChangeInput!]!, $new: Boolean! = false) \
    { updateEntities(factoryId: $factory, changes: $changes, registerNew: $new) { revision registered \
    workers { workerId name area } workstations { workstationId name area } } }";

const ENTITIES: &str = "{ factory(id: \"plant\") { revision workers { workerId name area } \
    workstations { workstationId name area } } }";

fn worker(id: &str, more: Value) -> Value {
    named("WORKER", id, more)
}

fn named(entity_type: &str, id: &str, more: Value) -> Value {
    let mut change = json!({ "entityType": entity_type, "entityId": id });
    let Value::Object(more) = more else { panic!("{more} is no object") };
    change.as_object_mut().expect("an object").extend(more);
    change
}

async fn update(server: &TestServer, changes: Value) -> Value {
    server.ask(UPDATE, json!({ "changes": changes })).await["updateEntities"].take()
}

async fn register(server: &TestServer, changes: Value) -> Value {
    server.ask(UPDATE, json!({ "changes": changes, "new": true })).await["updateEntities"].take()
}

async fn entities(server: &TestServer) -> Value {
    server.ask(ENTITIES, json!({})).await["factory"].take()
}

/// A plant in which W1, W2 and S1 were seen.
async fn seen() -> TestServer {
    let server = plant().await;
    let events = [("W1", "WORKING"), ("W2", "IDLE"), ("S1", "WORKING")];
    let events = events.map(|(id, event_type)| event(id, event_type, "08:00", 5.0, 0));
    server.ingest("plant", json!(events)).await;
    server
}

#[tokio::test]
async fn many_are_named_in_one_commit_and_live_subscribers_get_the_new_names() {
    let server = seen().await;
    let before = entities(&server).await["revision"].as_i64().expect("a revision");
    let mut subscriber = Subscriber::new(&server, WORKERS, json!({})).await;
    subscriber.next().await;
    let changes = json!([
        worker("W2", json!({ "name": " Ada ", "area": "Line 1" })),
        named("WORKSTATION", "S1", json!({ "area": "Line 1" })),
        worker("W1", json!({ "name": "Ben" })),
    ]);
    let updated = update(&server, changes).await;
    let expected = json!({
        "revision": before + 1, "registered": 0,
        "workers": [{ "workerId": "W2", "name": "Ada", "area": "Line 1" }, { "workerId": "W1", "name": "Ben", "area": null }],
        "workstations": [{ "workstationId": "S1", "name": null, "area": "Line 1" }],
    });
    assert_eq!(updated, expected);
    let delivery = subscriber.reaches(&updated["revision"]).await;
    let names: Vec<&Value> =
        delivery["workers"].as_array().expect("rows").iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["Ben", "Ada"], "{delivery}");

    update(
        &server,
        json!([worker("W2", json!({ "name": null })), worker("W1", json!({ "area": "Line 2" }))]),
    )
    .await;
    let workers = entities(&server).await["workers"].take();
    let expected = json!([
        { "workerId": "W1", "name": "Ben", "area": "Line 2" }, { "workerId": "W2", "name": null, "area": "Line 1" },
    ]);
    assert_eq!(workers, expected, "a field left out stays, null clears it");
}

#[tokio::test]
async fn of_changes_of_which_some_are_wrong_none_is_made_and_each_problem_is_told() {
    let server = seen().await;
    let before = entities(&server).await;
    let long = "x".repeat(65);
    let changes = json!([
        worker("W1", json!({ "name": "Ada" })),
        worker("W2", json!({ "name": long, "area": "a\u{7}b" })),
        worker("W9", json!({ "name": "Nobody" })),
        worker("W1", json!({ "area": "Line 1" })),
        named("WORKSTATION", "W1", json!({ "area": "  " })),
    ]);
    let answer = server.answer(UPDATE, json!({ "changes": changes })).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    let problems = answer["errors"][0]["extensions"]["problems"].as_array().expect("problems");
    let told: Vec<(u64, &str)> = problems
        .iter()
        .map(|one| (one["index"].as_u64().expect("an index"), one["field"].as_str().expect("a field")))
        .collect();
    let expected = [(1, "name"), (1, "area"), (2, "entityId"), (3, "entityId"), (4, "entityId"), (4, "area")];
    assert_eq!(told, expected, "{answer}");
    assert_eq!(problems[2]["value"], "W9");
    let allowed = |index: usize| problems[index]["allowed"].as_str().expect("what is allowed");
    assert!(allowed(0).contains("1 to 64 characters"), "{answer}");
    assert!(allowed(2).contains("registerNew"), "{answer}");
    assert!(allowed(3).contains("change 0"), "{answer}");
    let message = answer["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("nothing was changed") && message.contains("change 1: name"), "{message}");
    assert_eq!(entities(&server).await, before);

    let nobody = json!({ "factory": "other", "changes": [worker("W1", json!({}))] });
    assert_eq!(server.refused(UPDATE, nobody).await, "NOT_FOUND");
}

#[tokio::test]
async fn who_has_sent_nothing_yet_is_registered_with_a_name_and_keeps_it_when_events_come() {
    let server = plant().await;
    // The writer knows some before and numbers others after.
    work(&server, "W1", "08:00", 1).await;
    let changes = json!([
        worker("W2", json!({ "name": "Ben" })),
        worker("W1", json!({ "name": "Ada" })),
        named("WORKSTATION", "W2", json!({ "area": "Press" })),
    ]);
    let registered = register(&server, changes).await;
    assert_eq!(registered["registered"], 2, "{registered}");
    let now =
        server.ask("{ workerMetrics(factoryId: \"plant\") { workers { workerId name } } }", json!({})).await;
    let listed = &now["workerMetrics"]["workers"];
    assert_eq!(listed, &json!([{ "workerId": "W1", "name": "Ada" }]), "who was not seen has no numbers");

    work(&server, "W3", "08:00", 3).await;
    work(&server, "W2", "08:00", 2).await;
    work(&server, "W2", "07:00", 2).await;
    let now = server
        .ask(
            "{ workerMetrics(factoryId: \"plant\") { workers { workerId name unitsProduced lastSeenAt } } }",
            json!({}),
        )
        .await;
    let expected = json!([
        { "workerId": "W1", "name": "Ada", "unitsProduced": 1, "lastSeenAt": "2026-01-05T08:05:00.000Z" },
        { "workerId": "W2", "name": "Ben", "unitsProduced": 4, "lastSeenAt": "2026-01-05T08:05:00.000Z" },
        { "workerId": "W3", "name": null, "unitsProduced": 3, "lastSeenAt": "2026-01-05T08:05:00.000Z" },
    ]);
    assert_eq!(now["workerMetrics"]["workers"], expected);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn an_id_that_could_not_be_registered_by_an_event_is_not_registered_by_a_name() {
    let server = plant().await;
    let changes = json!([worker(" W1", json!({})), worker("W\u{200b}2", json!({})), worker("W3", json!({}))]);
    let answer = server.answer(UPDATE, json!({ "changes": changes, "new": true })).await;
    let problems = answer["errors"][0]["extensions"]["problems"].as_array().expect("problems");
    let indexes: Vec<&Value> = problems.iter().map(|problem| &problem["index"]).collect();
    assert_eq!(indexes, [0, 1], "{answer}");
    assert_eq!(entities(&server).await["workers"], json!([]));
}

#[tokio::test]
async fn a_request_changes_at_least_one_and_no_more_than_the_limit() {
    let server = plant().await;
    let changes = |count: usize| -> Value {
        (0..count)
            .map(|number| worker(&format!("W{number}"), json!({ "name": "Ada", "area": "Line 1" })))
            .collect()
    };
    for count in [0, MAX_ENTITY_CHANGES + 1] {
        let answer = server.answer(UPDATE, json!({ "changes": changes(count), "new": true })).await;
        assert_eq!(code(&answer), "LIMIT_EXCEEDED", "{count}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("1 to 5000") && message.contains(&count.to_string()), "{message}");
    }
    let registered = register(&server, changes(MAX_ENTITY_CHANGES)).await;
    assert_eq!(registered["registered"], MAX_ENTITY_CHANGES);
    assert_eq!(entities(&server).await["workers"].as_array().map(Vec::len), Some(MAX_ENTITY_CHANGES));
    let again = update(&server, changes(MAX_ENTITY_CHANGES)).await;
    assert_eq!(again["registered"], 0);
}
