//! The demo factory fills itself, goes on with the clock, and starts again where it was.

use domain::simulation::{Cameras, SimulatedFactory};
use domain::zone::Zone;
use serde_json::{Value, json};
use server::{clock::Clock, demo};
use tokio::task::JoinHandle;

use crate::harness::{TestServer, millis, patient, until};

/// A Tuesday morning; in Berlin it is eleven.
const NOW: &str = "2026-01-06T10:00:00Z";
const TEN_MINUTES_LATER: &str = "2026-01-06T10:10:00Z";

const FACTORY: &str = r#"{ factory(id: "demo") { timeZone revision
    workers { id: workerId name area } workstations { id: workstationId name area } } }"#;

const NUMBERS: &str = r#"{
    factoryMetrics(factoryId: "demo") { productiveMinutes idleMinutes absentMinutes workerUnitsProduced
        workstationUnitsProduced averageUtilization averageProductionRate activeWorkers activeWorkstations }
    workerMetrics(factoryId: "demo") { workers { workerId workingMinutes idleMinutes absentMinutes overlapMinutes
        unitsProduced meanConfidence lastSeenAt } }
    workstationMetrics(factoryId: "demo") { workstations { workstationId occupiedMinutes idleMinutes absentMinutes
        overlapMinutes unitsProduced meanConfidence lastSeenAt } } }"#;

fn start_demo(server: &TestServer) -> JoinHandle<()> {
    tokio::spawn(demo::run(server.app.clone(), time_zones::find("Europe/Berlin").expect("a zone")))
}

/// Ends a demo and waits until it has let go of its database.
async fn stop_demo(demo: JoinHandle<()>) {
    demo.abort();
    assert!(demo.await.is_err_and(|end| end.is_cancelled()), "a demo does not end by itself");
}

/// The factory once every worker and workstation has a name, which is the last that the first report does.
async fn complete_factory(server: &TestServer) -> Value {
    let mut factory = Value::Null;
    until("a demo with names", async || {
        factory = server.ask(FACTORY, json!({})).await["factory"].take();
        let entities = entities(&factory);
        entities.len() == 12 && entities.iter().all(|entity| entity["name"].is_string())
    })
    .await;
    factory
}

fn entities(factory: &Value) -> Vec<Value> {
    let of = |kind: &str| factory[kind].as_array().cloned().unwrap_or_default();
    [of("workers"), of("workstations")].concat()
}

async fn name_worker(server: &TestServer, id: &str, name: Value, area: Value) {
    let query = r#"mutation($id: ID!, $input: UpdateEntityInput!) {
        updateWorker(factoryId: "demo", workerId: $id, input: $input) { name } }"#;
    server.ask(query, json!({ "id": id, "input": { "name": name, "area": area } })).await;
}

/// How many hours of a period have anything to show.
async fn hours_seen(server: &TestServer, period: &str) -> usize {
    let query = r#"query($period: Period!) {
        metricSeries(factoryId: "demo", window: { period: $period }, resolution: HOUR) { points { from } } }"#;
    let answer = server.ask(query, json!({ "period": period })).await;
    answer["metricSeries"]["points"].as_array().expect("points").len()
}

#[tokio::test]
async fn a_new_demo_has_twelve_named_entities_and_every_hour_since_yesterday() {
    let server = TestServer::at(NOW).await;
    start_demo(&server);
    let factory = complete_factory(&server).await;
    assert_eq!(factory["timeZone"], "Europe/Berlin");
    let simulated = SimulatedFactory { seed: 0, zone: Zone::UTC, cameras: Cameras::One };
    let expected: Vec<Value> = simulated
        .roster()
        .iter()
        .map(|known| json!({ "id": known.code, "name": known.name, "area": known.area }))
        .collect();
    assert_eq!(entities(&factory), expected);
    assert_eq!((hours_seen(&server, "YESTERDAY").await, hours_seen(&server, "TODAY").await), (24, 11));
}

#[tokio::test]
async fn a_new_demo_has_cameras_that_agree_one_that_is_unsure_one_that_fell_silent_and_a_second_model() {
    let server = TestServer::at(NOW).await;
    start_demo(&server);
    complete_factory(&server).await;
    let query = r#"{ sources(factoryId: "demo", window: { period: TODAY }, resolution: HOUR) { unnamedEvents sources { sourceId
        lastSeenAt lowConfidenceShare lateShare sharedMinutes agreement modelVersions { modelVersion } } } }"#;
    let report = server.ask(query, json!({})).await["sources"].take();
    assert_eq!(report["unnamedEvents"], 0);
    let sources = report["sources"].as_array().expect("sources");
    let of = |id: &str| sources.iter().find(|source| source["sourceId"] == id).expect("a source");
    let number = |id: &str, field: &str| of(id)[field].as_f64().expect("a number");
    assert_eq!(sources.len(), 6);
    // Two cameras see the same people, and agree; one of them tries a newer model.
    assert!(
        number("cam-turning-1", "sharedMinutes") > 60.0 && number("cam-turning-1", "agreement") > 0.8,
        "{report}"
    );
    let versions = json!([{ "modelVersion": "activity-2.3" }, { "modelVersion": "activity-2.2" }]);
    assert_eq!(of("cam-turning-2")["modelVersions"], versions);
    // One is unsure, and contradicted.
    assert!(
        number("cam-milling-2", "lowConfidenceShare") > 0.8 && number("cam-milling-2", "agreement") < 0.8,
        "{report}"
    );
    assert!(number("cam-milling-1", "lowConfidenceShare") < 0.1, "{report}");
    // One fell silent at three o'clock in Berlin.
    let silent_since = millis(of("cam-assembly-2")["lastSeenAt"].as_str().expect("an instant"));
    assert!(
        (millis("2026-01-06T01:45:00Z")..millis("2026-01-06T02:16:00Z")).contains(&silent_since),
        "{report}"
    );
    // Nothing came late, though all of it was made at once.
    assert!(sources.iter().all(|source| source["lateShare"].as_f64() < Some(0.05)), "{report}");
}

#[tokio::test]
async fn a_demo_reports_what_ends_as_time_goes_on() {
    let server = TestServer::at(NOW).await;
    start_demo(&server);
    let before = complete_factory(&server).await["revision"].as_i64().expect("a revision");
    let mut socket = server.socket().await;
    socket
        .subscribe("feed", r#"subscription { eventsIngested(factoryId: "demo") { revision events { timestamp durationMinutes } } }"#, json!({}))
        .await;
    assert_eq!(socket.delivery("feed").await["eventsIngested"]["revision"], before);
    server.clock.set(millis(TEN_MINUTES_LATER));
    let news = socket.delivery("feed").await["eventsIngested"].take();
    assert!(news["revision"].as_i64() > Some(before), "{news}");
    let events = news["events"].as_array().expect("events");
    assert!(!events.is_empty());
    for event in events {
        let started_ms = millis(event["timestamp"].as_str().expect("a timestamp")).0;
        // A state report is there as soon as it begins.
        let lasted_ms = (event["durationMinutes"].as_f64().unwrap_or(0.0) * 60_000.0).round() as i64;
        assert!((millis(NOW).0..millis(TEN_MINUTES_LATER).0).contains(&(started_ms + lasted_ms)), "{event}");
    }
}

#[tokio::test]
async fn a_demo_that_starts_again_adds_nothing_and_keeps_the_names_that_people_gave() {
    let server = TestServer::at(NOW).await;
    let demo = start_demo(&server);
    complete_factory(&server).await;
    let numbers = server.ask(NUMBERS, json!({})).await;
    stop_demo(demo).await;
    name_worker(&server, "W1", json!("Somebody else"), json!(null)).await;
    // One without a name shows when the second demo is done: it gives names last.
    name_worker(&server, "W2", json!(null), json!(null)).await;
    let revision = server.ask(FACTORY, json!({})).await["factory"]["revision"].as_i64().expect("a revision");

    let server = TestServer::on(server.stop().await, Clock::manual(millis(NOW)), patient()).await;
    start_demo(&server);
    let factory = complete_factory(&server).await;
    assert_eq!(factory["revision"], revision + 1, "only the name of W2 was written");
    assert_eq!(factory["workers"][0], json!({ "id": "W1", "name": "Somebody else", "area": null }));
    assert_eq!(server.ask(NUMBERS, json!({})).await, numbers);
}

#[tokio::test]
async fn a_demo_that_was_off_for_a_while_catches_up_with_one_that_never_was() {
    let interrupted = TestServer::at(NOW).await;
    let demo = start_demo(&interrupted);
    complete_factory(&interrupted).await;
    stop_demo(demo).await;
    name_worker(&interrupted, "W2", json!(null), json!(null)).await;
    interrupted.clock.set(millis(TEN_MINUTES_LATER));
    start_demo(&interrupted);
    complete_factory(&interrupted).await;

    let steady = TestServer::at(TEN_MINUTES_LATER).await;
    start_demo(&steady);
    complete_factory(&steady).await;
    assert_eq!(interrupted.ask(NUMBERS, json!({})).await, steady.ask(NUMBERS, json!({})).await);
}

#[tokio::test]
async fn a_client_can_have_the_demo_factory_created_once() {
    let server = TestServer::at(NOW).await;
    let query = r#"mutation { createDemoFactory(timeZone: "Europe/Berlin") { name timeZone } }"#;
    let created = server.ask(query, json!({})).await["createDemoFactory"].take();
    assert_eq!(created, json!({ "name": "Demo factory", "timeZone": "Europe/Berlin" }));
    complete_factory(&server).await;
    assert_eq!(server.refused(query, json!({})).await, "ALREADY_EXISTS");
}
