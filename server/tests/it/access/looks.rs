//! Who asks about a worker is written down, and the worker can see it.

use domain::access::Role;
use serde_json::{Value, json};

use super::{closed, device_of};
use crate::harness::{Caller, TestServer, code, millis, soon};

/// A person who is a worker of the plant.
async fn worker(server: &TestServer, name: &str, worker: &str) -> Caller {
    let caller = server.person(name, &[]).await;
    let scope = server.settings_of("plant").await;
    let granted = server.app.store.grant(&scope, name, Role::Viewer, Some(worker), &server.author()).await;
    granted.expect("a commit").expect("a person");
    server.app.access.take_in_changes().await;
    caller
}

async fn ask(server: &TestServer, caller: &Caller, query: &str) -> Value {
    server.answer_to(caller, query, json!({})).await
}

/// Who asked what about a worker, how often.
async fn log(server: &TestServer, caller: &Caller, worker: &str) -> Vec<String> {
    let query = format!(
        "{{ accessLog(factoryId: \"plant\", workerId: \"{worker}\") {{ edges {{ node {{ reader question day times }} }} }} }}"
    );
    let answer = ask(server, caller, &query).await;
    let edges = answer["data"]["accessLog"]["edges"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entry = |edge: &Value| {
        let [reader, question, day] = ["reader", "question", "day"].map(|field| text(&edge["node"][field]));
        format!("{day} {reader} {question} {}", edge["node"]["times"])
    };
    edges.iter().map(entry).collect()
}

#[tokio::test]
async fn who_asks_about_a_worker_is_written_down_before_the_answer_and_the_worker_sees_it() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    let lead = server.person("Lead", &[("plant", Role::Supervisor)]).await;
    let (own, other) = (worker(&server, "Willi", "W1").await, worker(&server, "Wanda", "W2").await);
    for query in [
        "{ workerMetrics(factoryId: \"plant\") { revision } }",
        "{ workerMetrics(factoryId: \"plant\", workerIds: [\"W1\"]) { revision } }",
        "{ entitySeries(factoryId: \"plant\", entityType: WORKER, window: {day: \"2026-01-05\"}, resolution: HOUR) { series { entityId } } }",
        "{ timeline(factoryId: \"plant\", entityType: WORKER, entityId: \"W1\", window: {day: \"2026-01-05\"}) { revision } }",
        "{ events(factoryId: \"plant\", filter: {entityType: WORKER, entityId: \"W1\"}) { edges { cursor } } }",
    ] {
        let answer = ask(&server, &lead, query).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
    }
    let first = [
        "2026-01-05 Lead FIGURES 1",
        "2026-01-05 Lead SERIES 1",
        "2026-01-05 Lead TIMELINE 1",
        "2026-01-05 Lead EVENTS 1",
    ];
    assert_eq!(log(&server, &own, "W1").await, first, "further questions are counted once a minute");
    server.app.access.write_down().await.expect("a commit");
    assert_eq!(log(&server, &own, "W1").await[0], "2026-01-05 Lead FIGURES 2");
    assert_eq!(log(&server, &other, "W2").await, ["2026-01-05 Lead FIGURES 1", "2026-01-05 Lead SERIES 1"]);
    // Others see it only where they administer the factory.
    let admin = server.person("Ada", &[("plant", Role::Admin)]).await;
    assert_eq!(log(&server, &admin, "W2").await.len(), 2);
    let of_other = "{ accessLog(factoryId: \"plant\", workerId: \"W2\") { edges { cursor } } }";
    for caller in [&own, &lead] {
        assert_eq!(code(&ask(&server, caller, of_other).await), "FORBIDDEN");
    }
}

#[tokio::test]
async fn a_worker_sees_their_own_figures_and_nobody_elses() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    let own = worker(&server, "Willi", "W1").await;
    let of = |ids: &str| {
        format!("{{ workerMetrics(factoryId: \"plant\"{ids}) {{ workers {{ workerId unitsProduced }} }} }}")
    };
    let seen = ask(&server, &own, &of(", workerIds: [\"W1\"]")).await;
    assert_eq!(
        seen["data"]["workerMetrics"]["workers"],
        json!([{ "workerId": "W1", "unitsProduced": 7 }]),
        "{seen}"
    );
    for ids in ["", ", workerIds: [\"W2\"]", ", workerIds: [\"W1\", \"W2\"]", ", workerIds: []"] {
        let answer = ask(&server, &own, &of(ids)).await;
        assert_eq!(code(&answer), "FORBIDDEN", "{ids}: {answer}");
    }
    let day = "window: {day: \"2026-01-05\"}";
    for (query, is_allowed) in [
        (
            format!(
                "timeline(factoryId: \"plant\", entityType: WORKER, entityId: \"W1\", {day}) {{ revision }}"
            ),
            true,
        ),
        (
            format!(
                "timeline(factoryId: \"plant\", entityType: WORKER, entityId: \"W2\", {day}) {{ revision }}"
            ),
            false,
        ),
        (
            format!(
                "timeline(factoryId: \"plant\", entityType: WORKSTATION, entityId: \"W1\", {day}) {{ revision }}"
            ),
            false,
        ),
        (
            format!(
                "entitySeries(factoryId: \"plant\", entityType: WORKER, entityIds: [\"W1\"], {day}, resolution: FIVE_MINUTES) {{ revision }}"
            ),
            true,
        ),
        (
            format!(
                "entitySeries(factoryId: \"plant\", entityType: WORKER, {day}, resolution: HOUR) {{ revision }}"
            ),
            false,
        ),
        (
            format!(
                "timelines(factoryId: \"plant\", entityType: WORKER, entityIds: [\"W1\"], {day}, resolutionSeconds: 300) {{ revision }}"
            ),
            true,
        ),
        (
            "events(factoryId: \"plant\", filter: {entityType: WORKER, entityId: \"W1\"}) { edges { cursor } }".to_owned(),
            false,
        ),
    ] {
        let answer = ask(&server, &own, &format!("{{ {query} }}")).await;
        let refused = answer.get("errors").map(|_| code(&answer));
        assert_eq!(refused.as_deref(), (!is_allowed).then_some("FORBIDDEN"), "{query}: {answer}");
    }
    // What somebody asks about themselves is nobody's concern.
    let admin = server.person("Ada", &[("plant", Role::Admin)]).await;
    server.app.access.write_down().await.expect("a commit");
    assert_eq!(log(&server, &admin, "W1").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_subscription_counts_for_each_reader_once_a_day() {
    const WORKERS: &str =
        "subscription { workerMetrics(factoryId: \"plant\", workerIds: [\"W1\"]) { revision } }";
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    // A session that nobody uses for so long would end.
    let admin = server.token("plant", Role::Admin, "admin").await;
    let mut sockets = Vec::new();
    for name in ["Kim", "Lee"] {
        let lead = server.token("plant", Role::Supervisor, name).await;
        let mut socket = server.socket_of(&lead).await;
        socket.subscribe("1", WORKERS, json!({})).await;
        socket.delivery("1").await;
        sockets.push(socket);
    }
    let first = ["2026-01-05 Kim FIGURES 1", "2026-01-05 Lee FIGURES 1"];
    assert_eq!(log(&server, &admin, "W1").await, first);
    server.clock.set(millis("2026-01-06T00:00:01Z"));
    let device = server.token("plant", Role::Device, "cam-2").await;
    super::send(&server, &device, "plant", &["W1", "W4"]).await;
    for socket in &mut sockets {
        soon("a delivery", socket.delivery("1")).await;
    }
    let second = ["2026-01-06 Kim FIGURES 1", "2026-01-06 Lee FIGURES 1"];
    assert_eq!(log(&server, &admin, "W1").await, [second, first].concat());
    // Nobody is told of W2, about whom nobody asked.
    assert_eq!(log(&server, &admin, "W2").await, Vec::<String>::new());
}
