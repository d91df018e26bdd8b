//! How stored events stand: whether people let them count, and which decision says so.

use domain::timeline::Standing;
use serde_json::{Value, json};
use server::{
    clock::Clock,
    store::{
        Store,
        decisions::{Content, NewDecision, StandingContent},
        events::{self, EventFilter},
        standings::{self, EventStanding},
        writer::Writer,
    },
};

use crate::{
    decision_slices::{NOW, hour},
    decisions::{at, decide, plant},
    harness::{TestServer, millis, patient, plant_scope, with},
    queries::event,
    subscriptions::Subscriber,
};

const EVENTS: &str =
    "{ events(factoryId: \"plant\") { edges { node { entityId timestamp standing standingDecision } } } }";

const CONFLICTS: &str =
    "{ conflicts(factoryId: \"plant\") { edges { node { said { ...of } stored { ...of } } } } }
    fragment of on Event { unitsProduced standing standingDecision }";

const FEED: &str = "subscription { eventsIngested(factoryId: \"plant\") { revision events { ...of } } }
    fragment of on Event { entityId standing standingDecision }";

fn seen_by(entity: &str, time: &str, source: &str, model: Option<&str>) -> Value {
    let names = json!({ "sourceId": source, "modelVersion": model });
    with(event(entity, "WORKING", time, 10.0, 1), &names)
}

fn standing(standing: &str, rest: &Value) -> Value {
    json!({ "standing": with(json!({ "standing": standing }), rest) })
}

fn retraction(entity: &str, time: &str) -> Value {
    json!({ "retraction": { "entityType": if entity.starts_with('W') { "WORKER" } else { "WORKSTATION" },
        "entityId": entity, "eventType": "WORKING", "timestamp": at(time) } })
}

/// Each event by its entity and time, with its standing and the number of the decision.
async fn listed(server: &TestServer) -> Vec<String> {
    let data = server.ask(EVENTS, json!({})).await;
    let edges = data["events"]["edges"].as_array().expect("events").iter();
    let mut listed: Vec<String> = edges.map(|edge| in_short(&edge["node"])).collect();
    listed.sort();
    listed
}

fn in_short(event: &Value) -> String {
    let time = event["timestamp"].as_str().and_then(|at| at.get(11..16)).unwrap_or("-");
    let [entity, standing] = ["entityId", "standing"].map(|field| event[field].as_str().expect("a text"));
    format!("{entity} {time} {standing} {}", event["standingDecision"])
}

#[tokio::test]
async fn an_event_says_how_it_stands_and_by_which_decision() {
    let server = plant().await;
    let events = json!([
        seen_by("W1", "08:00", "cam-1", Some("v1")),
        seen_by("W1", "09:00", "cam-1", Some("v2")),
        seen_by("W2", "08:00", "cam-2", None),
        seen_by("W2", "10:00", "cam-1", Some("v1")),
        // Of both kinds, by the same name.
        with(seen_by("W2", "08:00", "cam-2", None), &json!({ "entityType": "WORKSTATION" })),
    ]);
    server.ingest("plant", events).await;
    let serving = |of: &str| format!("{of} SERVING null");
    let all = ["W1 08:00", "W1 09:00", "W2 08:00", "W2 08:00", "W2 10:00"].map(serving);
    assert_eq!(listed(&server).await, all);

    decide(&server, standing("QUARANTINED", &json!({ "sourceId": "cam-1", "to": at("10:00") }))).await;
    decide(&server, standing("SHADOW", &json!({ "withoutModelVersion": true }))).await;
    decide(&server, standing("SERVING", &json!({ "sourceId": "cam-1", "modelVersion": "v2" }))).await;
    decide(&server, standing("SHADOW", &json!({ "sourceId": "a camera that never sent" }))).await;
    let expected = [
        "W1 08:00 QUARANTINED 1",
        "W1 09:00 SERVING 3",
        "W2 08:00 SHADOW 2",
        "W2 08:00 SHADOW 2",
        "W2 10:00 SERVING null",
    ];
    assert_eq!(listed(&server).await, expected);

    decide(&server, retraction("W2", "08:00")).await;
    decide(&server, json!({ "withdrawal": 1 })).await;
    let expected = [
        "W1 08:00 SERVING null",
        "W1 09:00 SERVING 3",
        "W2 08:00 QUARANTINED 5",
        "W2 08:00 SHADOW 2",
        "W2 10:00 SERVING null",
    ];
    assert_eq!(listed(&server).await, expected, "a worker is not the workstation of that name");
    decide(&server, retraction("W2", "08:00")).await;
    assert_eq!(listed(&server).await[2], "W2 08:00 QUARANTINED 7", "the latest of two");
}

#[tokio::test]
async fn what_contradicts_an_event_says_how_it_would_stand() {
    let server = plant().await;
    let first = seen_by("W1", "08:00", "cam-1", None);
    let other = with(first.clone(), &json!({ "sourceId": "cam-2", "unitsProduced": 2 }));
    server.ingest("plant", json!([first, other])).await;
    decide(&server, standing("SHADOW", &json!({ "sourceId": "cam-1" }))).await;
    decide(&server, standing("QUARANTINED", &json!({ "sourceId": "cam-2" }))).await;
    let data = server.ask(CONFLICTS, json!({})).await;
    let expected = json!({
        "said": { "unitsProduced": 2, "standing": "QUARANTINED", "standingDecision": 2 },
        "stored": { "unitsProduced": 1, "standing": "SHADOW", "standingDecision": 1 },
    });
    assert_eq!(data["conflicts"]["edges"][0]["node"], expected);
}

#[tokio::test]
async fn who_follows_new_events_is_told_how_they_stand() {
    let server = plant().await;
    let mut subscribers =
        [Subscriber::new(&server, FEED, json!({})).await, Subscriber::new(&server, FEED, json!({})).await];
    for subscriber in &mut subscribers {
        subscriber.next().await;
    }
    for (time, is_decided) in [("08:00", false), ("09:00", true)] {
        if is_decided {
            decide(&server, standing("SHADOW", &json!({ "sourceId": "cam-1" }))).await;
        }
        let sent = json!([seen_by("W1", time, "cam-1", None), seen_by("W2", time, "cam-2", None)]);
        let revision = server.ingest("plant", sent).await["revision"].take();
        let of_first = if is_decided { "SHADOW 1" } else { "SERVING null" };
        for subscriber in &mut subscribers {
            let delivery = subscriber.reaches(&revision).await;
            let events = delivery["events"].as_array().expect("events").iter();
            let expected = [format!("W1 - {of_first}"), "W2 - SERVING null".to_owned()];
            assert_eq!(events.map(in_short).collect::<Vec<_>>(), expected);
        }
    }
}

/// How the events of a store stand, by their starts.
async fn stored(store: &Store) -> Vec<EventStanding> {
    let snapshot = store.snapshot().await.expect("a snapshot");
    let scope = plant_scope(&snapshot).await;
    let filter = EventFilter::default();
    let page = events::page(&snapshot, &scope, &filter, 50, None).await.expect("a page");
    let events: Vec<_> = page.events.iter().map(|(_, stored)| &stored.event).rev().collect();
    standings::of(&snapshot, &scope, &events).await.expect("standings")
}

#[tokio::test]
async fn an_event_stands_as_the_figures_of_its_start_follow_the_decisions() {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    let sent = json!([seen_by("W1", "08:00", "cam-1", None), seen_by("W1", "08:30", "cam-1", None)]);
    server.ingest("plant", sent).await;
    let database = server.stop().await;
    let store = Store::open(database.url()).await.expect("a database");
    let mut writer = Writer::new(store.clone()).with_slices(1);
    let content = Content::Standing(StandingContent {
        standing: Standing::Shadow,
        source: Some("cam-1".to_owned()),
        model_version: None,
        without_model_version: false,
        from_ms: None,
        to_ms: None,
    });
    let decision = NewDecision { content, ..hour() };
    let made = writer.decide(&decision, millis(NOW)).await.expect("a commit").expect("a decision");
    let serving = EventStanding::default();
    let shadow = EventStanding { standing: Standing::Shadow, decision: Some(made.number) };
    assert_eq!(stored(&store).await, [shadow, serving], "one bucket is counted by it");
    while writer.apply_slice(&"plant".into()).await.expect("a commit").is_some() {}
    assert_eq!(stored(&store).await, [shadow, shadow]);
    drop((writer, store));
    let server = TestServer::on(database, Clock::manual(millis(NOW)), patient()).await;
    server.assert_audit_is_clean().await;
}
