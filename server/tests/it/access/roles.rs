//! What a role hides.

use domain::access::Role;
use serde_json::{Value, json};

use super::{closed, device_of, send};
use crate::harness::{Caller, TestServer, code};

async fn ask(server: &TestServer, caller: &Caller, query: &str) -> Value {
    server.answer_to(caller, query, json!({})).await
}

const FIGURES: &str = "{ factoryMetrics(factoryId: \"plant\") { hidden productiveMinutes idleMinutes absentMinutes
    observedMinutes contestedMinutes correctedMinutes unitsProduced workerUnitsProduced workstationUnitsProduced
    averageUtilization utilization averageProductionRate activeWorkers activeWorkstations } }";

#[tokio::test]
async fn figures_of_fewer_workers_than_a_team_are_hidden_from_who_sees_no_single_worker() {
    let server = closed(&["plant"]).await;
    let device = server.token("plant", Role::Device, "cam-1").await;
    send(&server, &device, "plant", &["W1"]).await;
    let viewer = server.token("plant", Role::Viewer, "board").await;
    let supervisor = server.token("plant", Role::Supervisor, "lead").await;
    let of_one = ask(&server, &viewer, FIGURES).await["data"]["factoryMetrics"].take();
    let expected = json!({ "hidden": "TEAM_TOO_SMALL", "productiveMinutes": null, "idleMinutes": null,
        "absentMinutes": null, "observedMinutes": null, "contestedMinutes": null, "correctedMinutes": null,
        "unitsProduced": null, "workerUnitsProduced": null, "workstationUnitsProduced": 0, "averageUtilization": null,
        "utilization": null, "averageProductionRate": null, "activeWorkers": null, "activeWorkstations": 0 });
    assert_eq!(of_one, expected);
    let seen = ask(&server, &supervisor, FIGURES).await["data"]["factoryMetrics"].take();
    assert_eq!((&seen["hidden"], &seen["unitsProduced"]), (&Value::Null, &json!(7)));
    send(&server, &device, "plant", &["W2"]).await;
    let of_two = ask(&server, &viewer, FIGURES).await["data"]["factoryMetrics"].take();
    assert_eq!((&of_two["hidden"], &of_two["unitsProduced"]), (&Value::Null, &json!(14)));
    assert_eq!(of_two["averageUtilization"], Value::Null, "a plain mean tells of single workers");
    assert_eq!(of_two["utilization"], 100.0);
}

#[tokio::test]
async fn who_sees_no_single_worker_asks_for_whole_hours() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    let viewer = server.token("plant", Role::Viewer, "board").await;
    let supervisor = server.token("plant", Role::Supervisor, "lead").await;
    let metrics = |window: &str| {
        format!("{{ factoryMetrics(factoryId: \"plant\", window: {window}) {{ unitsProduced }} }}")
    };
    let range = |from: &str, to: &str| {
        metrics(&format!("{{range: {{from: \"2026-01-05T{from}:00Z\", to: \"2026-01-05T{to}:00Z\"}}}}"))
    };
    let series = |resolution: &str| {
        format!(
            "{{ metricSeries(factoryId: \"plant\", window: {{day: \"2026-01-05\"}}, resolution: {resolution}) {{ hiddenPoints points
            {{ from }} }} }}"
        )
    };
    for (query, is_allowed) in [
        (range("08:00", "09:00"), true),
        (range("08:00", "08:55"), false),
        (range("08:05", "09:00"), false),
        (metrics("{lastMinutes: 60}"), false),
        (metrics("{day: \"2026-01-05\"}"), true),
        (metrics("{period: TODAY}"), true),
        (series("HOUR"), true),
        (series("DAY"), true),
        (series("FIVE_MINUTES"), false),
        (series("FIFTEEN_MINUTES"), false),
    ] {
        let answer = ask(&server, &viewer, &query).await;
        let refused = answer.get("errors").map(|_| code(&answer));
        assert_eq!(refused.as_deref(), (!is_allowed).then_some("BAD_USER_INPUT"), "{query}: {answer}");
        let answer = ask(&server, &supervisor, &query).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
    }
}

#[tokio::test]
async fn the_steps_of_fewer_workers_than_a_team_are_left_out_and_counted() {
    let server = closed(&["plant"]).await;
    let device = device_of(&server, "plant").await;
    // One worker alone goes on for another hour.
    let query = "mutation { ingestEvents(factoryId: \"plant\", events: [{timestamp: \"2026-01-05T10:00:00Z\", entityType: WORKER,
        entityId: \"W1\", eventType: WORKING, durationMinutes: 60}]) { accepted } }";
    ask(&server, &device, query).await;
    let series =
        "{ metricSeries(factoryId: \"plant\", window: {day: \"2026-01-05\"}, resolution: HOUR) { hiddenPoints
        points { from } } }";
    for (role, hidden, points) in [(Role::Viewer, 1, 1), (Role::Supervisor, 0, 2)] {
        let caller = server.token("plant", role, role.name()).await;
        let answer = ask(&server, &caller, series).await["data"]["metricSeries"].take();
        assert_eq!(answer["hiddenPoints"], hidden, "{role:?}");
        assert_eq!(answer["points"].as_array().expect("points").len(), points, "{role:?}");
    }
}

#[tokio::test]
async fn who_the_workers_are_is_told_to_who_sees_or_names_them() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    let query = "{ factory(id: \"plant\") { workers { workerId } } node(id: \"Worker:plant:W1\") { id } }";
    for (role, is_told) in
        [(Role::Viewer, false), (Role::Engineer, false), (Role::Supervisor, true), (Role::Admin, true)]
    {
        let caller = server.token("plant", role, role.name()).await;
        let answer = ask(&server, &caller, query).await["data"].take();
        let workers = answer["factory"]["workers"].as_array().expect("workers").len();
        assert_eq!((workers, answer["node"].is_object()), (if is_told { 2 } else { 0 }, is_told), "{role:?}");
    }
}

#[tokio::test]
async fn what_a_role_does_not_permit_is_forbidden_with_the_role_that_does() {
    let server = closed(&["plant"]).await;
    let viewer = server.token("plant", Role::Viewer, "board").await;
    let answer = ask(&server, &viewer, "{ workerMetrics(factoryId: \"plant\") { revision } }").await;
    assert_eq!(code(&answer), "FORBIDDEN");
    let message = answer["errors"][0]["message"].as_str().expect("words");
    assert!(message.contains("supervisor") && !message.ends_with('…'), "{message}");
}

#[tokio::test]
async fn an_operator_creates_factories_and_administers_those_alone() {
    let server = closed(&["plant"]).await;
    let operator = server.operator("Root").await;
    let create = "mutation { createFactory(input: {id: \"new\", name: \"New\"}) { factoryId } }";
    let created = ask(&server, &operator, create).await;
    assert_eq!(created["data"]["createFactory"]["factoryId"], "new", "{created}");
    let seen = ask(&server, &operator, "{ factories { factoryId } }").await;
    assert_eq!(seen["data"]["factories"], json!([{ "factoryId": "new" }]));
    let viewer = server.token("plant", Role::Admin, "admin").await;
    let refused = ask(&server, &viewer, &create.replace("new", "another")).await;
    assert_eq!(code(&refused), "FORBIDDEN");
}

#[tokio::test]
async fn an_engineer_decides_about_models_and_a_supervisor_about_what_was_reported() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    let engineer = server.token("plant", Role::Engineer, "ml").await;
    let supervisor = server.token("plant", Role::Supervisor, "lead").await;
    let decide = |request: &str, decision: &str| {
        format!(
            "mutation {{ decide(factoryId: \"plant\", requestId: \"{request}\", note: \"as seen\", decision: {{{decision}}}) {{ number \
             madeBy }} }}"
        )
    };
    let standing = "standing: {standing: SHADOW, sourceId: \"cam-9\"}";
    let correction = "correction: {entityType: WORKER, entityIds: [\"W1\"], state: IDLE, from: \"2026-01-05T08:00:00Z\", to: \
                      \"2026-01-05T08:10:00Z\"}";
    for (caller, request, decision, expected) in [
        (&supervisor, "1", standing, None),
        (&engineer, "2", standing, Some(("ml", 1))),
        (&engineer, "3", correction, None),
        (&supervisor, "4", correction, Some(("lead", 2))),
        (&engineer, "5", "withdrawal: 2", None),
        (&supervisor, "6", "withdrawal: 1", None),
        (&engineer, "7", "withdrawal: 1", Some(("ml", 3))),
    ] {
        let answer = ask(&server, caller, &decide(request, decision)).await;
        match expected {
            None => assert_eq!(code(&answer), "FORBIDDEN", "{request}"),
            Some((made_by, number)) => {
                let expected = json!({ "number": number, "madeBy": made_by });
                assert_eq!(answer["data"]["decide"], expected, "{request}: {answer}");
            }
        }
    }
    let list = "{ decisions(factoryId: \"plant\") { edges { node { number } } } }";
    for (caller, expected) in [(&engineer, vec![3, 1]), (&supervisor, vec![3, 2, 1])] {
        let answer = ask(&server, caller, list).await;
        let edges = answer["data"]["decisions"]["edges"].as_array().expect("decisions").clone();
        let numbers: Vec<i64> =
            edges.iter().map(|edge| edge["node"]["number"].as_i64().expect("a number")).collect();
        assert_eq!(numbers, expected);
    }
}
