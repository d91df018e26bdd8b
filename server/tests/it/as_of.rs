//! What was answered once can be asked for again: as of an instant, with what moved since, or it is refused.

pub(crate) mod as_of_law;
mod ledger;
mod told;

use chrono::{DateTime, SecondsFormat};
use domain::time::TimestampMs;
use serde_json::{Value, json};

use crate::harness::{TestServer, code, millis, with, work};

const INGEST: &str = "mutation($events: [EventInput!]!, $sender: SenderInput) { ingestEvents(factoryId: \"plant\", \
    events: $events, sender: $sender) { accepted rejected issues { message } } }";
const DECIDE: &str = "mutation($request: ID!, $decision: DecisionInput!) {
    decide(factoryId: \"plant\", requestId: $request, decision: $decision, note: \"a reason\") { number } }";
const CHANGE: &str = "mutation($input: UpdateFactoryInput!) { updateFactory(factoryId: \"plant\", input: $input) { revision } }";

const AS_OF: &str = "query($window: WindowInput, $asOf: DateTime) { factoryMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) {
    productiveMinutes idleMinutes utilization } }";
const CURRENT: &str = "query($window: WindowInput, $asOf: DateTime) { workerMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) {
    workers { workerId workingMinutes current { eventType } lastSeenAt } } }";

const RESTATEMENTS: &str = "query($window: WindowInput!, $since: DateTime, $type: EntityType, $ids: [ID!]) {
    restatements(factoryId: \"plant\", window: $window, since: $since, entityType: $type, entityIds: $ids) {
      since before { ...figures } now { ...figures } earlier { count delta { workingMinutes } after { workingMinutes } }
      restatements { cause at revision deviceId sourceId decision
        delta { workingMinutes idleMinutes absentMinutes observedMinutes overlapMinutes contestedMinutes correctedMinutes
          unitsProduced }
        after { ...figures } } } }
    fragment figures on RestatedFigures { workingMinutes idleMinutes absentMinutes observedMinutes overlapMinutes
      contestedMinutes correctedMinutes unitsProduced utilization averageUtilization }";

const FINALITY: &str = "query($window: WindowInput) { factoryMetrics(factoryId: \"plant\", window: $window) {
    finality { state reasons closesAt lostEvents } } }";

const THE_DAY: &str = "2026-01-05";

fn text(instant_ms: TimestampMs) -> String {
    let instant = DateTime::from_timestamp_millis(instant_ms.0).expect("an instant");
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn day() -> Value {
    json!({ "day": THE_DAY })
}

async fn plant_at(now: &str) -> TestServer {
    let server = TestServer::at(now).await;
    server.create_factory("plant").await;
    server
}

/// Sends events as a device does that numbers them; none is a sender that does not.
async fn send(server: &TestServer, device: Option<(&str, i64)>, events: &[Value]) {
    let sender = device.map(|(device, first_sequence)| {
        json!({ "deviceId": device, "epoch": "a", "firstSequence": first_sequence, "sentAt": text(server.clock.now_ms()),
            "queuedEvents": 0, "lostEvents": 0, "deadLetteredEvents": 0 })
    });
    let answer = server.ask(INGEST, json!({ "events": events, "sender": sender })).await;
    assert_eq!(answer["ingestEvents"]["rejected"], 0, "{answer}");
}

fn event(entity: &str, event_type: &str, time: &str, minutes: f64, source: &str) -> Value {
    let event = json!(work(entity, &format!("{THE_DAY}T{time}:00Z"), minutes));
    with(event, &json!({ "eventType": event_type, "sourceId": source, "unitsProduced": 0 }))
}

/// The example of docs/METRICS.md.
async fn restated_plant() -> TestServer {
    let server = plant_at("2026-01-01T00:00:00Z").await;
    server.clock.set(millis("2026-01-05T14:01:00Z"));
    let punctual =
        [event("W1", "WORKING", "08:00", 253.5, "cam-1"), event("W1", "IDLE", "13:00", 59.5, "cam-1")];
    send(&server, Some(("edge-1", 1)), &punctual).await;
    server.clock.set(millis("2026-01-12T09:12:00Z"));
    send(&server, Some(("edge-2", 1)), &[event("W1", "WORKING", "14:30", 38.0, "cam-7")]).await;
    server.clock.set(millis("2026-01-13T08:00:00Z"));
    let correction = json!({ "correction": { "entityType": "WORKER", "entityIds": ["W1"], "state": "WORKING",
        "from": "2026-01-05T13:00:00Z", "to": "2026-01-05T13:04:00Z" } });
    server.ask(DECIDE, json!({ "request": "r1", "decision": correction })).await;
    server.clock.set(millis("2026-01-14T00:00:00Z"));
    server
}

#[tokio::test]
async fn what_was_answered_then_is_answered_again_and_every_move_has_its_cause() {
    let server = restated_plant().await;
    let as_of = async |at: &str| {
        let data = server.ask(AS_OF, json!({ "window": day(), "asOf": at })).await;
        ["productiveMinutes", "idleMinutes", "utilization"]
            .map(|name| data["factoryMetrics"][name].as_f64().expect("a number"))
    };
    for (at, figures) in [
        ("2026-01-07T00:00:00Z", [253.5, 59.5, 80.990_415_335_463_26]),
        ("2026-01-12T09:11:59.999Z", [253.5, 59.5, 80.990_415_335_463_26]),
        ("2026-01-12T09:12:00Z", [291.5, 59.5, 83.048_433_048_433_05]),
        ("2026-01-13T07:59:59.999Z", [291.5, 59.5, 83.048_433_048_433_05]),
        ("2026-01-13T08:00:00Z", [295.5, 55.5, 84.188_034_188_034_2]),
    ] {
        assert_eq!(as_of(at).await, figures, "as of {at}");
    }
    let variables = json!({ "window": day(), "since": "2026-01-12T07:00:00Z" });
    let report = server.ask(RESTATEMENTS, variables).await["restatements"].take();
    let causes = report["restatements"].as_array().expect("a list");
    let told: Vec<_> = causes
        .iter()
        .map(|cause| {
            let delta = &cause["delta"];
            json!([
                cause["cause"],
                cause["deviceId"],
                cause["sourceId"],
                cause["decision"],
                cause["at"],
                delta["workingMinutes"],
                delta["idleMinutes"],
                cause["after"]["utilization"]
            ])
        })
        .collect();
    let expected = [
        json!([
            "LATE_EVENTS",
            "edge-2",
            "cam-7",
            null,
            "2026-01-12T09:12:00.000Z",
            38.0,
            0.0,
            83.048_433_048_433_05
        ]),
        json!(["DECISION", null, null, 1, "2026-01-13T08:00:00.000Z", 4.0, -4.0, 84.188_034_188_034_2]),
    ];
    assert_eq!(told, expected);
    assert_eq!(report["before"]["utilization"], 80.990_415_335_463_26);
    assert_eq!(report["now"], causes[1]["after"]);
    assert_eq!(report["earlier"], Value::Null);
    let of_other =
        json!({ "window": day(), "since": "2026-01-12T07:00:00Z", "type": "WORKER", "ids": ["W9"] });
    let report = server.ask(RESTATEMENTS, of_other).await["restatements"].take();
    assert_eq!((&report["restatements"], &report["before"]), (&json!([]), &report["now"]));
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_the_instant_from_which_on_it_can() {
    let server = restated_plant().await;
    let refused = async |window: Value, at: &str| {
        let mut answer = server.answer(AS_OF, json!({ "window": window, "asOf": at })).await;
        let message = answer["errors"][0]["message"].take();
        (code(&answer), message.as_str().expect("words").to_owned())
    };
    let (early, words) = refused(day(), "2026-01-06T23:59:59.999Z").await;
    assert_eq!(early, "AS_OF_TOO_EARLY");
    assert!(words.contains("as of 2026-01-07T00:00:00.000Z and later"), "{words}");
    let (all_time, words) = refused(Value::Null, "2026-01-13T00:00:00Z").await;
    assert_eq!(all_time, "AS_OF_TOO_EARLY", "{words}");
    let (future, words) = refused(day(), "2026-01-14T00:00:00.001Z").await;
    assert_eq!(future, "BAD_USER_INPUT", "{words}");
    let (open, words) = refused(json!({ "day": "2026-01-13" }), "2026-01-14T00:00:00Z").await;
    assert_eq!(open, "AS_OF_TOO_EARLY");
    assert!(words.contains("as of 2026-01-15T00:00:00.000Z"), "{words}");
    let answer = server.answer(AS_OF, json!({ "window": day(), "asOf": "yesterday" })).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    let restatements = async |since: &str| {
        code(&server.answer(RESTATEMENTS, json!({ "window": day(), "since": since })).await)
    };
    assert_eq!(restatements("2026-01-06T23:59:59.999Z").await, "AS_OF_TOO_EARLY");
    // Without an instant it is since the window was closed.
    let answer = server.ask(RESTATEMENTS, json!({ "window": day() })).await;
    assert_eq!(answer["restatements"]["since"], "2026-01-07T00:00:00.000Z");
    let open = server.answer(RESTATEMENTS, json!({ "window": { "day": "2026-01-13" } })).await;
    assert_eq!(code(&open), "AS_OF_TOO_EARLY");
    let no_type = json!({ "window": day(), "since": "2026-01-13T00:00:00Z", "ids": ["W1"] });
    assert_eq!(code(&server.answer(RESTATEMENTS, no_type).await), "BAD_USER_INPUT");
    // 400 days later the ledger is forgotten.
    server.clock.set(millis("2027-02-17T09:12:00Z"));
    let (forgotten, words) = refused(day(), "2026-01-13T09:11:59.999Z").await;
    assert_eq!(forgotten, "AS_OF_TOO_EARLY");
    assert!(words.contains("as of 2026-01-13T09:12:00.000Z"), "{words}");
    server.ask(AS_OF, json!({ "window": day(), "asOf": "2026-01-13T09:12:00Z" })).await;
}

#[tokio::test]
async fn what_anybody_was_last_seen_doing_is_not_told_as_of_an_instant() {
    let server = restated_plant().await;
    let now = server.ask(CURRENT, json!({ "window": day() })).await;
    assert_eq!(now["workerMetrics"]["workers"][0]["current"]["eventType"], "WORKING");
    let then = server.ask(CURRENT, json!({ "window": day(), "asOf": "2026-01-12T07:00:00Z" })).await;
    let expected =
        json!([{ "workerId": "W1", "workingMinutes": 253.5, "current": null, "lastSeenAt": null }]);
    assert_eq!(then["workerMetrics"]["workers"], expected);
}

#[tokio::test]
async fn who_is_listed_follows_the_sums_of_the_instant() {
    let server = plant_at("2026-01-05T12:00:00Z").await;
    let codes = async |at: Value| {
        let data = server.ask(CURRENT, json!({ "window": day(), "asOf": at })).await;
        let workers = data["workerMetrics"]["workers"].as_array().expect("a list").iter();
        workers.map(|row| row["workerId"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    send(&server, None, &[event("W1", "WORKING", "08:00", 10.0, "cam-1")]).await;
    server.clock.set(millis("2026-01-08T00:00:00Z"));
    send(&server, None, &[event("W2", "WORKING", "08:00", 10.0, "cam-1")]).await;
    server.clock.set(millis("2026-01-09T00:00:00Z"));
    let retraction = json!({ "retraction": { "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING",
        "timestamp": "2026-01-05T08:00:00Z" } });
    server.ask(DECIDE, json!({ "request": "r1", "decision": retraction })).await;
    assert_eq!(codes(json!("2026-01-07T12:00:00Z")).await, ["W1"]);
    assert_eq!(codes(json!("2026-01-08T12:00:00Z")).await, ["W1", "W2"]);
    assert_eq!(codes(json!(null)).await, ["W2"]);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_window_says_why_it_is_not_final() {
    let server = plant_at("2026-01-05T12:00:00Z").await;
    send(&server, Some(("edge-1", 1)), &[event("W1", "WORKING", "08:00", 10.0, "cam-1")]).await;
    let finality = async |window: Value| {
        server.ask(FINALITY, json!({ "window": window })).await["factoryMetrics"]["finality"].take()
    };
    let provisional = |reasons: Value, closes: Value| json!({ "state": "PROVISIONAL", "reasons": reasons, "closesAt": closes, "lostEvents": 0 });
    let closes = json!("2026-01-07T00:00:00.000Z");
    assert_eq!(finality(day()).await, provisional(json!(["NOT_ENDED"]), closes.clone()));
    assert_eq!(finality(json!(null)).await, provisional(json!(["NOT_ENDED"]), json!(null)));
    server.clock.set(millis("2026-01-06T00:00:00Z"));
    assert_eq!(finality(day()).await, provisional(json!(["NOT_CLOSED", "DEVICE_SILENT"]), closes));
    server.clock.set(millis("2026-01-07T00:00:00Z"));
    assert_eq!(finality(day()).await, provisional(json!(["DEVICE_SILENT"]), json!(null)));
    // Its next number is missing, and one is lost.
    let heard = |first: i64, closed: Value| {
        json!({ "deviceId": "edge-1", "epoch": "a", "firstSequence": first, "sentAt": text(server.clock.now_ms()),
            "queuedEvents": 0, "lostEvents": 0, "deadLetteredEvents": 0, "closed": closed })
    };
    server.ask(INGEST, json!({ "events": [event("W1", "WORKING", "09:00", 10.0, "cam-1")], "sender": heard(4, json!([])) })).await;
    assert_eq!(finality(day()).await, provisional(json!(["DEVICE_HOLES"]), json!(null)));
    let lost = json!([{ "epoch": "a", "firstSequence": 2, "lastSequence": 3, "reason": "LOST" }]);
    server.ask(INGEST, json!({ "events": [], "sender": heard(5, lost) })).await;
    let is_final = json!({ "state": "FINAL", "reasons": [], "closesAt": null, "lostEvents": 2 });
    assert_eq!(finality(day()).await, is_final);
    let late = with(
        heard(5, json!([])),
        &json!({ "queuedEvents": 1, "oldestQueuedAt": "2026-01-06T23:58:59.999Z" }),
    );
    server.ask(INGEST, json!({ "events": [], "sender": late })).await;
    assert_eq!(finality(day()).await["reasons"], json!(["DEVICE_BEHIND"]));
    // The device reported nobody on the 7th, but somebody on the day before the 6th.
    let of = |day: &str| json!({ "day": day });
    assert_eq!(finality(of("2026-01-06")).await["reasons"], json!(["NOT_CLOSED", "DEVICE_BEHIND"]));
    assert_eq!(finality(of("2026-01-04")).await["reasons"], json!([]));
    server.ask(CHANGE, json!({ "input": { "finalityGraceHours": 48 } })).await;
    assert_eq!(finality(of("2026-01-05")).await["closesAt"], json!(null), "what is closed stays closed");
    assert_eq!(finality(of("2026-01-06")).await["closesAt"], "2026-01-09T00:00:00.000Z");
}

#[tokio::test]
async fn the_grace_has_its_limits() {
    let server = plant_at("2026-01-05T12:00:00Z").await;
    let query = "{ factory(id: \"plant\") { finalityGraceHours } }";
    assert_eq!(server.ask(query, json!({})).await["factory"]["finalityGraceHours"], 24);
    for hours in [0, 721] {
        let answer = server.answer(CHANGE, json!({ "input": { "finalityGraceHours": hours } })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        assert!(
            answer["errors"][0]["message"].as_str().expect("words").contains("from 1 to 720"),
            "{answer}"
        );
    }
    server.ask(CHANGE, json!({ "input": { "finalityGraceHours": 720 } })).await;
    assert_eq!(server.ask(query, json!({})).await["factory"]["finalityGraceHours"], 720);
}
