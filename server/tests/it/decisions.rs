//! Decisions over the API: what they change, who may make them once more, and how they are listed and followed.

use futures_util::poll;
use serde_json::{Value, json};
use server::{
    ingest::{IngestError, MAX_WAITING_DECISIONS},
    store::{
        access::{Author, Correct},
        decisions::{Content, NewDecision, NotDecided},
    },
};

use crate::{
    harness::{TestServer, code, soon, with},
    queries::event,
    subscriptions::{Subscriber, scope},
};

pub(crate) const DECIDE: &str = "mutation($factory: ID! = \"plant\", $request: ID!, $decision: DecisionInput!, $note: String! = \"as seen\", $seen: Int) {
    decide(factoryId: $factory, requestId: $request, decision: $decision, note: $note, seenDecision: $seen) { ...decision } }
    fragment decision on Decision { number kind madeAt madeBy note requestId withdrawnBy progress { state events } revision
      correction { entityType entityIds area from to state units }
      standing { standing sourceId modelVersion withoutModelVersion from to }
      retraction { entityType entityId eventType timestamp eventId form } withdrawal }";

pub(crate) const FIGURES: &str = "query($window: WindowInput, $ids: [ID!]) { workerMetrics(factoryId: \"plant\", window: $window, workerIds: $ids) {
    revision workers { workerId workingMinutes idleMinutes absentMinutes overlapMinutes contestedMinutes correctedMinutes
    unitsProduced meanConfidence } } }";

pub(crate) const LIST: &str = "query($filter: DecisionFilter, $first: Int! = 50, $after: String) {
    decisions(factoryId: \"plant\", filter: $filter, first: $first, after: $after) {
      edges { cursor node { number kind withdrawnBy } } pageInfo { hasNextPage hasPreviousPage endCursor } } }";

const FEED: &str = "subscription { decisions(factoryId: \"plant\") { revision decisions { number kind note withdrawnBy withdrawal } } }";

const NOON: &str = "2026-01-05T12:00:00Z";

pub(crate) async fn plant() -> TestServer {
    let server = TestServer::at(NOON).await;
    server.create_factory("plant").await;
    server
}

/// An instant of 2026-01-05 as answers have it.
pub(crate) fn at(time: &str) -> String {
    format!("2026-01-05T{time}:00.000Z")
}

pub(crate) fn correction(ids: &[&str], from: &str, to: &str, rest: &Value) -> Value {
    let who = json!({ "entityType": "WORKER", "entityIds": ids, "from": at(from), "to": at(to) });
    json!({ "correction": with(who, rest) })
}

pub(crate) fn state(state: &str) -> Value {
    json!({ "state": state })
}

/// Makes a decision whose request is named as the decision reads, and so is one of its own.
pub(crate) async fn decide(server: &TestServer, decision: Value) -> Value {
    let request = format!(
        "r{}",
        server.ask(LIST, json!({ "first": 1 })).await["decisions"]["edges"][0]["node"]["number"]
    );
    server.ask(DECIDE, json!({ "request": request, "decision": decision })).await["decide"].take()
}

/// The refusal of a decision: its code, and the whole error.
pub(crate) async fn refused(server: &TestServer, variables: Value) -> (String, Value) {
    let mut answer = server.answer(DECIDE, variables).await;
    (code(&answer), answer["errors"][0].take())
}

/// A worker's minutes and units: working, idle, absent, overlap, contested, corrected, units. None when it is not listed.
pub(crate) async fn figures(server: &TestServer, worker: &str, window: Value) -> Option<[f64; 7]> {
    let data = server.ask(FIGURES, json!({ "ids": [worker], "window": window })).await;
    let row = data["workerMetrics"]["workers"].get(0)?;
    let fields = [
        "workingMinutes",
        "idleMinutes",
        "absentMinutes",
        "overlapMinutes",
        "contestedMinutes",
        "correctedMinutes",
        "unitsProduced",
    ];
    Some(fields.map(|field| row[field].as_f64().expect("a number")))
}

pub(crate) fn range(from: &str, to: &str) -> Value {
    json!({ "range": { "from": at(from), "to": at(to) } })
}

/// An hour of work, in which a model takes the worker for idle.
pub(crate) async fn contested_hour(server: &TestServer) {
    let events = json!([
        with(event("W1", "WORKING", "08:00", 60.0, 12), &json!({ "confidence": 0.8 })),
        with(event("W1", "IDLE", "08:20", 20.0, 0), &json!({ "confidence": 0.9 })),
    ]);
    server.ingest("plant", events).await;
}

#[tokio::test]
async fn corrections_and_what_takes_them_back_change_the_figures_as_defined() {
    let server = plant().await;
    contested_hour(&server).await;
    let now = async || figures(&server, "W1", Value::Null).await.expect("W1");
    assert_eq!(now().await, [40.0, 20.0, 0.0, 20.0, 20.0, 0.0, 12.0]);

    let first = decide(&server, correction(&["W1"], "08:30", "08:50", &state("ABSENT"))).await;
    let expected = json!({ "number": 1, "kind": "CORRECTION", "madeAt": at("12:00"), "madeBy": "anonymous",
        "note": "as seen", "withdrawnBy": null, "standing": null, "retraction": null, "withdrawal": null,
        "correction": { "entityType": "WORKER", "entityIds": ["W1"], "area": null, "from": at("08:30"), "to": at("08:50"),
                        "state": "ABSENT", "units": null } });
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(first[field], *value, "{field} of {first}");
    }
    assert_eq!(first["progress"]["state"], "APPLIED");
    assert_eq!(now().await, [30.0, 10.0, 20.0, 20.0, 10.0, 20.0, 12.0]);

    decide(&server, correction(&["W1"], "08:40", "08:55", &json!({ "state": "WORKING", "units": -3 }))).await;
    assert_eq!(now().await, [40.0, 10.0, 10.0, 20.0, 10.0, 25.0, 9.0]);
    let part = figures(&server, "W1", range("08:40", "08:45")).await;
    assert_eq!(part, Some([5.0, 0.0, 0.0, 0.0, 0.0, 5.0, 0.0]));

    let third = decide(&server, json!({ "withdrawal": 2 })).await;
    assert_eq!((&third["kind"], &third["withdrawal"]), (&json!("WITHDRAWAL"), &json!(2)));
    assert_eq!(now().await, [30.0, 10.0, 20.0, 20.0, 10.0, 20.0, 12.0]);

    decide(&server, correction(&["W1"], "08:20", "08:30", &state("NOT_OBSERVED"))).await;
    assert_eq!(now().await, [30.0, 0.0, 20.0, 20.0, 0.0, 30.0, 12.0]);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn what_is_corrected_away_piece_by_piece_is_gone_and_can_be_decided_about_again() {
    let server = plant().await;
    contested_hour(&server).await;
    decide(&server, correction(&["W1"], "08:00", "08:30", &state("NOT_OBSERVED"))).await;
    decide(&server, correction(&["W1"], "08:30", "09:00", &state("NOT_OBSERVED"))).await;
    assert_eq!(figures(&server, "W1", Value::Null).await, Some([0.0, 0.0, 0.0, 20.0, 0.0, 60.0, 12.0]));
    decide(&server, correction(&["W1"], "08:00", "09:00", &json!({ "units": -12 }))).await;
    assert_eq!(figures(&server, "W1", Value::Null).await, None);
    decide(&server, json!({ "withdrawal": 2 })).await;
    assert_eq!(figures(&server, "W1", Value::Null).await, Some([20.0, 10.0, 0.0, 20.0, 10.0, 30.0, 0.0]));
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_factorys_corrected_minutes_have_those_of_whom_nothing_is_left_to_list() {
    let server = plant().await;
    contested_hour(&server).await;
    let query = "query($window: WindowInput) { factoryMetrics(factoryId: \"plant\", window: $window) { revision correctedMinutes observedMinutes } }";
    let mut subscriber =
        Subscriber::new(&server, &query.replacen("query", "subscription", 1), json!({})).await;
    subscriber.next().await;
    let corrected = async |window: Value| {
        server.ask(query, json!({ "window": window })).await["factoryMetrics"]["correctedMinutes"].take()
    };
    decide(&server, correction(&["W1"], "08:00", "08:30", &state("NOT_OBSERVED"))).await;
    assert_eq!(corrected(range("08:00", "08:05")).await, 5.0, "W1 is not listed there");
    assert_eq!(corrected(Value::Null).await, 30.0);
    let made = decide(&server, correction(&["W1"], "08:30", "09:00", &state("NOT_OBSERVED"))).await;
    // Its units are left, and are taken away last.
    let last = decide(&server, correction(&["W1"], "08:00", "09:00", &json!({ "units": -12 }))).await;
    assert_eq!(figures(&server, "W1", Value::Null).await, None);
    assert_eq!(corrected(Value::Null).await, 60.0);
    assert!(last["revision"].as_i64() > made["revision"].as_i64());
    let delivery = subscriber.reaches(&last["revision"]).await;
    assert_eq!((&delivery["correctedMinutes"], &delivery["observedMinutes"]), (&json!(60.0), &json!(0.0)));
}

#[tokio::test]
async fn rules_about_sources_and_models_change_the_figures_as_defined() {
    let server = plant().await;
    let seen = |event_type: &str, confidence: f64, model: &str| {
        let by = json!({ "confidence": confidence, "sourceId": "cam-1", "modelVersion": model });
        with(event("W2", event_type, "08:00", 30.0, 0), &by)
    };
    server.ingest("plant", json!([seen("WORKING", 0.9, "v1"), seen("IDLE", 0.95, "v2")])).await;
    let now = async || figures(&server, "W2", Value::Null).await;
    assert_eq!(now().await, Some([0.0, 30.0, 0.0, 30.0, 30.0, 0.0, 0.0]));

    let working = Some([30.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let rule = |rule: Value| json!({ "standing": rule });
    let made = decide(&server, rule(json!({ "standing": "SHADOW", "modelVersion": "v2" }))).await;
    let content = json!({ "standing": "SHADOW", "sourceId": null, "modelVersion": "v2", "withoutModelVersion": false,
                          "from": null, "to": null });
    assert_eq!((&made["kind"], &made["standing"]), (&json!("STANDING"), &content));
    assert_eq!(now().await, working);
    let later = json!({ "standing": "QUARANTINED", "sourceId": "cam-1", "from": at("08:10") });
    decide(&server, rule(later)).await;
    assert_eq!(now().await, working, "both start before");
    let hour = json!({ "sourceId": "cam-1", "from": at("08:00"), "to": at("09:00") });
    decide(&server, rule(with(hour.clone(), &json!({ "standing": "QUARANTINED" })))).await;
    assert_eq!(now().await, None);
    decide(&server, rule(with(hour, &json!({ "standing": "SERVING", "modelVersion": "v1" })))).await;
    assert_eq!(now().await, working);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_repeated_request_gives_the_decision_that_it_made_and_other_content_is_refused() {
    let server = plant().await;
    contested_hour(&server).await;
    let decision = correction(&["W1"], "08:30", "08:50", &json!({ "state": "ABSENT", "units": 5 }));
    let variables = json!({ "request": "shift 1", "decision": decision });
    let made = server.ask(DECIDE, variables.clone()).await;
    let once = figures(&server, "W1", Value::Null).await;
    assert_eq!(server.ask(DECIDE, variables).await, made);
    assert_eq!(figures(&server, "W1", Value::Null).await, once);
    let list = server.ask(LIST, json!({})).await;
    assert_eq!(list["decisions"]["edges"].as_array().map(Vec::len), Some(1), "{list}");

    let other = correction(&["W1"], "08:30", "08:50", &state("ABSENT"));
    let (code, error) = refused(&server, json!({ "request": "shift 1", "decision": other })).await;
    assert_eq!((code.as_str(), &error["extensions"]["decision"]), ("REQUEST_REUSED", &json!(1)));
    assert!(error["message"].as_str().expect("a message").contains("made decision 1"), "{error}");
    let (code, _) =
        refused(&server, json!({ "request": "shift 1", "decision": decision, "note": "another" })).await;
    assert_eq!(code, "REQUEST_REUSED");
}

#[tokio::test]
async fn who_has_not_seen_what_was_decided_about_the_same_is_told_its_number() {
    let server = plant().await;
    contested_hour(&server).await;
    decide(&server, correction(&["W1"], "08:30", "08:50", &state("ABSENT"))).await;
    let overlapping = correction(&["W1"], "08:45", "09:00", &state("IDLE"));
    let (code, error) = refused(&server, json!({ "request": "a", "decision": overlapping, "seen": 0 })).await;
    assert_eq!((code.as_str(), &error["extensions"]["decision"]), ("CHANGED_MEANWHILE", &json!(1)));
    assert!(error["message"].as_str().expect("a message").contains("seenDecision: 1"), "{error}");

    let elsewhere = correction(&["W2"], "08:45", "09:00", &state("IDLE"));
    server.ask(DECIDE, json!({ "request": "b", "decision": elsewhere, "seen": 0 })).await;
    let later = correction(&["W1"], "08:50", "09:00", &state("IDLE"));
    server.ask(DECIDE, json!({ "request": "c", "decision": later, "seen": 0 })).await;
    let made = server.ask(DECIDE, json!({ "request": "d", "decision": overlapping, "seen": 3 })).await;
    assert_eq!(made["decide"]["number"], 4);
    // A withdrawal counts as what it takes back.
    let withdrawn = decide(&server, json!({ "withdrawal": 2 })).await;
    let again = json!({ "request": "e", "decision": elsewhere, "seen": 4 });
    let (code, error) = refused(&server, again).await;
    assert_eq!(
        (code.as_str(), &error["extensions"]["decision"]),
        ("CHANGED_MEANWHILE", &withdrawn["number"])
    );
}

#[tokio::test]
async fn a_decision_is_taken_back_once_and_a_withdrawal_never() {
    let server = plant().await;
    contested_hour(&server).await;
    decide(&server, correction(&["W1"], "08:30", "08:50", &state("ABSENT"))).await;
    decide(&server, json!({ "withdrawal": 1 })).await;
    let refusal = async |number: i32| {
        let variables = json!({ "request": "again", "decision": { "withdrawal": number } });
        refused(&server, variables).await.0
    };
    assert_eq!(refusal(1).await, "DECISION_INVALID", "a second time");
    assert_eq!(refusal(2).await, "DECISION_INVALID", "a withdrawal");
    assert_eq!(refusal(3).await, "NOT_FOUND");
    let list = server.ask(LIST, json!({})).await["decisions"]["edges"].take();
    assert_eq!(list[1]["node"], json!({ "number": 1, "kind": "CORRECTION", "withdrawnBy": 2 }));
}

#[tokio::test]
async fn an_area_means_those_that_are_in_it_when_the_decision_is_made() {
    let server = plant().await;
    let events = ["W1", "W2", "W3"].map(|worker| event(worker, "IDLE", "10:00", 30.0, 0));
    server.ingest("plant", json!(events)).await;
    let move_to = async |worker: &str, area: &str| {
        let update = "mutation($id: ID!, $area: String!) { updateWorker(factoryId: \"plant\", workerId: $id, input: { area: $area }) { area } }";
        server.ask(update, json!({ "id": worker, "area": area })).await;
    };
    move_to("W1", "Line 2").await;
    move_to("W3", "Line 2").await;
    let of_area = json!({ "correction": { "entityType": "WORKER", "area": "Line 2", "from": at("10:00"), "to": at("10:20"),
                                          "state": "WORKING" } });
    let made = decide(&server, of_area.clone()).await;
    assert_eq!(made["correction"]["entityIds"], json!(["W1", "W3"]));
    assert_eq!(made["correction"]["area"], "Line 2");
    move_to("W2", "Line 2").await;
    let working = async |worker: &str| figures(&server, worker, Value::Null).await.map(|figures| figures[0]);
    assert_eq!(
        [working("W1").await, working("W2").await, working("W3").await],
        [Some(20.0), Some(0.0), Some(20.0)]
    );

    // The same request again is about those that it was about.
    let repeated = json!({ "request": made["requestId"], "decision": of_area });
    assert_eq!(server.ask(DECIDE, repeated).await["decide"]["correction"], made["correction"]);
    let nobody = json!({ "correction": with(of_area["correction"].clone(), &json!({ "area": "Line 9" })) });
    let (code, error) = refused(&server, json!({ "request": "nobody", "decision": nobody })).await;
    assert_eq!(code, "DECISION_INVALID");
    assert!(error["message"].as_str().expect("a message").contains("\"Line 9\""), "{error}");
}

#[tokio::test]
async fn a_retracted_event_and_its_readings_count_no_more() {
    let server = plant().await;
    let reading =
        |model: &str| with(event("W1", "WORKING", "08:00", 30.0, 4), &json!({ "modelVersion": model }));
    server.ingest("plant", json!([reading("v1"), event("W1", "IDLE", "09:00", 10.0, 0)])).await;
    let retraction = |event_type: &str| {
        json!({ "retraction": { "entityType": "WORKER", "entityId": "W1", "eventType": event_type,
                                "timestamp": "2026-01-05T09:00:00+01:00" } })
    };
    let made = decide(&server, retraction("WORKING")).await;
    let content = json!({ "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "timestamp": at("08:00"),
                          "eventId": null, "form": "INTERVAL" });
    assert_eq!(made["retraction"], content);
    let without = Some([0.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(figures(&server, "W1", Value::Null).await, without);
    server.ingest("plant", json!([reading("v2")])).await;
    assert_eq!(figures(&server, "W1", Value::Null).await, without, "a later reading");
    let (code, error) = refused(&server, json!({ "request": "a", "decision": retraction("ABSENT") })).await;
    assert_eq!(code, "NOT_FOUND");
    assert!(error["message"].as_str().expect("a message").contains("\"W1\""), "{error}");
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn what_has_not_the_form_of_a_decision_is_refused() {
    let server = plant().await;
    let span = json!({ "entityType": "WORKER", "from": at("08:00"), "to": at("09:00"), "state": "IDLE" });
    let of = |rest: Value| json!({ "correction": with(span.clone(), &rest) });
    let refused_forms = [
        (of(json!({})), "neither was sent"),
        (of(json!({ "entityIds": ["W1"], "area": "Line 1" })), "both were sent"),
        (of(json!({ "entityIds": ["W1", "W2", "W1"] })), "\"W1\" twice"),
        (of(json!({ "entityIds": ["W1"], "from": "2026-01-05T08:00:00" })), "not an instant"),
        (json!({ "standing": { "standing": "SHADOW", "sourceId": " cam" } }), "sourceId must have"),
        (json!({ "standing": { "standing": "SHADOW", "modelVersion": "" } }), "modelVersion must have"),
        (
            json!({ "standing": { "standing": "SHADOW", "modelVersion": "v1", "withoutModelVersion": true } }),
            "both were sent",
        ),
        (json!({ "standing": { "standing": "SHADOW", "to": "tomorrow" } }), "not an instant"),
    ];
    for (decision, words) in refused_forms {
        let (code, error) = refused(&server, json!({ "request": "r", "decision": decision })).await;
        assert_eq!(code, "BAD_USER_INPUT", "{decision}");
        assert!(error["message"].as_str().expect("a message").contains(words), "{error}");
    }
    let withdrawal = json!({ "withdrawal": 1 });
    for request in [String::new(), "x".repeat(65), "a\u{200b}b".to_owned()] {
        let (code, error) = refused(&server, json!({ "request": request, "decision": withdrawal })).await;
        assert_eq!(code, "BAD_USER_INPUT", "{request:?}");
        assert!(error["message"].as_str().expect("a message").contains("requestId must have"), "{error}");
    }
    for decision in [json!({}), json!({ "withdrawal": 1, "standing": { "standing": "SHADOW" } })] {
        let answer = server.answer(DECIDE, json!({ "request": "r", "decision": decision })).await;
        assert!(answer["errors"][0]["message"].is_string(), "{answer}");
    }
    let elsewhere = json!({ "factory": "nowhere", "request": "r", "decision": withdrawal });
    assert_eq!(refused(&server, elsewhere).await.0, "NOT_FOUND");
}

#[tokio::test]
async fn a_decision_that_is_not_possible_is_refused_and_leaves_nothing_behind() {
    let server = plant().await;
    contested_hour(&server).await;
    let hour = |rest: Value| correction(&["W1"], "08:00", "09:00", &rest);
    let many: Vec<String> = (0..=1_000).map(|number| format!("W{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let impossible = [
        (hour(json!({})), "units"),
        (correction(&[], "08:00", "09:00", &state("IDLE")), "1 to 1000"),
        (correction(&many, "08:00", "09:00", &state("IDLE")), "1001"),
        (correction(&["W1", "W2"], "08:00", "09:00", &json!({ "units": 1 })), "one worker"),
        (hour(json!({ "units": 1_000_001 })), "1000000"),
        (correction(&["W1"], "09:00", "08:00", &state("IDLE")), "swap"),
        (correction(&["W1"], "08:00", "08:00", &state("IDLE")), "no time"),
        (correction(&["W1"], "08:00", "12:01", &state("IDLE")), "no later than now"),
        (hour(json!({ "state": "IDLE", "from": "2025-12-01T00:00:00Z" })), "31 days"),
        (json!({ "standing": { "standing": "SHADOW", "from": at("09:00"), "to": at("09:00") } }), "before"),
        (correction(&["W\u{200b}9"], "08:00", "09:00", &state("IDLE")), "invisible"),
    ];
    for (decision, words) in impossible {
        let (code, error) = refused(&server, json!({ "request": "r", "decision": decision })).await;
        assert_eq!(code, "DECISION_INVALID", "{decision}: {error}");
        assert!(error["message"].as_str().expect("a message").contains(words), "{words} in {error}");
    }
    for note in [String::new(), " ".repeat(3), "x".repeat(501)] {
        let variables = json!({ "request": "r", "decision": hour(state("IDLE")), "note": note });
        assert_eq!(refused(&server, variables).await.0, "DECISION_INVALID", "{note}");
    }
    assert_eq!(server.ask(LIST, json!({})).await["decisions"]["edges"], json!([]));
    let made = server.ask(DECIDE, json!({ "request": "r", "decision": hour(state("IDLE")) })).await;
    assert_eq!(made["decide"]["number"], 1, "no refused request is remembered");
}

#[tokio::test]
async fn decisions_are_listed_by_their_numbers_and_by_what_they_are_about() {
    let server = plant().await;
    server
        .ingest(
            "plant",
            json!([event("W1", "WORKING", "08:00", 30.0, 0), event("S1", "IDLE", "08:00", 30.0, 0)]),
        )
        .await;
    decide(&server, correction(&["W1", "W2"], "08:00", "08:10", &state("IDLE"))).await;
    decide(&server, json!({ "standing": { "standing": "SHADOW", "modelVersion": "v2" } })).await;
    decide(&server, correction(&["W2"], "08:10", "08:20", &state("IDLE"))).await;
    decide(&server, json!({ "withdrawal": 1 })).await;
    let retraction =
        json!({ "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "timestamp": at("08:00") });
    decide(&server, json!({ "retraction": retraction })).await;
    let numbers = |page: &Value| -> Vec<i64> {
        let edges = page["edges"].as_array().expect("edges");
        edges.iter().filter_map(|edge| edge["node"]["number"].as_i64()).collect()
    };
    let list = async |variables: Value| server.ask(LIST, variables).await["decisions"].take();
    let first = list(json!({ "first": 2 })).await;
    assert_eq!(numbers(&first), [5, 4]);
    assert_eq!(
        (&first["pageInfo"]["hasNextPage"], &first["pageInfo"]["hasPreviousPage"]),
        (&json!(true), &json!(false))
    );
    // A decision made meanwhile moves nothing.
    decide(&server, json!({ "withdrawal": 3 })).await;
    let rest = list(json!({ "first": 3, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(numbers(&rest), [3, 2, 1]);
    assert_eq!(
        (&rest["pageInfo"]["hasNextPage"], &rest["pageInfo"]["hasPreviousPage"]),
        (&json!(false), &json!(true))
    );

    let filtered = async |filter: Value| numbers(&list(json!({ "filter": filter })).await);
    assert_eq!(filtered(json!({ "kind": "CORRECTION" })).await, [3, 1]);
    assert_eq!(filtered(json!({ "kind": "CORRECTION", "live": true })).await, [0_i64; 0]);
    assert_eq!(filtered(json!({ "live": false })).await, [3, 1]);
    assert_eq!(filtered(json!({ "entityType": "WORKER", "entityId": "W1" })).await, [5, 1]);
    assert_eq!(filtered(json!({ "number": 4 })).await, [4]);
    assert_eq!(filtered(json!({ "number": 99 })).await, [0_i64; 0]);
    assert_eq!(filtered(json!({ "entityType": "WORKSTATION", "entityId": "W1" })).await, [0_i64; 0]);

    for refused in
        [json!({ "filter": { "entityId": "W1" } }), json!({ "after": "0" }), json!({ "after": "x" })]
    {
        assert_eq!(server.refused(LIST, refused.clone()).await, "BAD_USER_INPUT", "{refused}");
    }
    for first in [0, 201] {
        assert_eq!(server.refused(LIST, json!({ "first": first })).await, "LIMIT_EXCEEDED");
    }
}

#[tokio::test]
async fn a_timeline_says_which_decision_says_so() {
    let server = plant().await;
    server
        .ingest(
            "plant",
            json!([
                with(event("W1", "WORKING", "08:00", 30.0, 0), &json!({ "confidence": 0.5 })),
                event("W1", "IDLE", "08:05", 10.0, 0),
            ]),
        )
        .await;
    decide(&server, correction(&["W1"], "08:10", "08:20", &state("IDLE"))).await;
    decide(&server, correction(&["W1"], "08:25", "08:30", &state("NOT_OBSERVED"))).await;
    let query = "query($window: WindowInput!) { timeline(factoryId: \"plant\", entityType: WORKER, entityId: \"W1\", window: $window) \
                 { segments { from to eventType confidence decision } contested { from to } corrected { from to decision } } }";
    let data = server.ask(query, json!({ "window": range("08:00", "09:00") })).await;
    let segment = |from: &str, to: &str, event_type: &str, confidence: Value, decision: Value| json!({ "from": at(from), "to": at(to), "eventType": event_type, "confidence": confidence, "decision": decision });
    let segments = json!([
        segment("08:00", "08:10", "WORKING", json!(0.5), Value::Null),
        segment("08:10", "08:20", "IDLE", Value::Null, json!(1)),
        segment("08:20", "08:25", "WORKING", json!(0.5), Value::Null),
    ]);
    assert_eq!(data["timeline"]["segments"], segments);
    assert_eq!(data["timeline"]["contested"], json!([{ "from": at("08:05"), "to": at("08:10") }]));
    let corrected =
        |from: &str, to: &str, decision: i32| json!({ "from": at(from), "to": at(to), "decision": decision });
    let expected = json!([corrected("08:10", "08:20", 1), corrected("08:25", "08:30", 2)]);
    assert_eq!(data["timeline"]["corrected"], expected);
}

#[tokio::test]
async fn who_follows_figures_is_sent_what_a_decision_changes() {
    let server = plant().await;
    contested_hour(&server).await;
    let query = FIGURES.replacen("query", "subscription", 1);
    let mut subscriber = Subscriber::new(&server, &query, json!({ "ids": ["W1"] })).await;
    assert_eq!(subscriber.next().await["workers"][0]["correctedMinutes"], 0.0);
    let made = decide(&server, correction(&["W1"], "08:30", "08:50", &state("ABSENT"))).await;
    let delivery = subscriber.reaches(&made["revision"]).await;
    assert_eq!(delivery["workers"][0]["correctedMinutes"], 20.0, "{delivery}");
}

#[tokio::test]
async fn who_follows_decisions_is_sent_what_is_made_and_what_is_taken_back() {
    let server = plant().await;
    contested_hour(&server).await;
    let old = decide(&server, correction(&["W1"], "08:30", "08:50", &state("ABSENT"))).await;
    let mut subscribers =
        [Subscriber::new(&server, FEED, json!({})).await, Subscriber::new(&server, FEED, json!({})).await];
    for subscriber in &mut subscribers {
        assert_eq!(subscriber.next().await, json!({ "revision": old["revision"], "decisions": [] }));
    }
    let made = decide(&server, json!({ "standing": { "standing": "SHADOW", "modelVersion": "v2" } })).await;
    let second = json!({ "number": 2, "kind": "STANDING", "note": "as seen", "withdrawnBy": null, "withdrawal": null });
    for subscriber in &mut subscribers {
        let delivery = subscriber.reaches(&made["revision"]).await;
        assert_eq!(delivery["decisions"], json!([second]));
    }
    let withdrawal = decide(&server, json!({ "withdrawal": 1 })).await;
    let taken_back = json!([
        { "number": 1, "kind": "CORRECTION", "note": "as seen", "withdrawnBy": 3, "withdrawal": null },
        { "number": 3, "kind": "WITHDRAWAL", "note": "as seen", "withdrawnBy": null, "withdrawal": 1 },
    ]);
    for subscriber in &mut subscribers {
        let delivery = subscriber.reaches(&withdrawal["revision"]).await;
        assert_eq!(delivery["decisions"], taken_back);
    }
    assert_eq!(server.app.live.broadcast_count(), 1, "both follow one reading");
}

#[tokio::test]
async fn who_follows_decisions_is_sent_all_of_them_in_their_order() {
    let server = plant().await;
    let mut subscriber = Subscriber::new(&server, FEED, json!({})).await;
    subscriber.next().await;
    let made = async {
        for _ in 0..30 {
            decide(&server, json!({ "standing": { "standing": "SHADOW", "modelVersion": "v2" } })).await;
        }
    };
    let read = async {
        let mut numbers = Vec::new();
        while numbers.len() < 30 {
            let delivery = subscriber.next().await;
            let decisions = delivery["decisions"].as_array().expect("decisions").clone();
            numbers.extend(decisions.iter().filter_map(|decision| decision["number"].as_i64()));
        }
        numbers
    };
    let ((), numbers) = tokio::join!(made, read);
    assert_eq!(numbers, (1..=30).collect::<Vec<i64>>());
}

/// A decision that cannot be made: there is nothing that it could take back.
fn withdrawal(number: usize) -> NewDecision {
    NewDecision {
        factory_slug: "plant".into(),
        request_id: format!("r{number}"),
        author: Author::server(domain::time::TimestampMs(0)),
        note: "as seen".to_owned(),
        seen_decision: None,
        content: Content::Withdrawal(1),
    }
}

#[tokio::test]
async fn of_more_decisions_than_may_wait_the_last_is_refused_and_the_others_are_answered_also_when_the_server_stops()
 {
    let server = plant().await;
    let scope = scope::<Correct>(&server).await;
    let ingest = server.app.ingest.clone();
    // The writer has no turn before the test waits.
    let mut waiting: Vec<_> = (0..MAX_WAITING_DECISIONS)
        .map(|number| Box::pin(ingest.decide(&scope, withdrawal(number))))
        .collect();
    for request in &mut waiting {
        assert!(poll!(request.as_mut()).is_pending());
    }
    let refused = ingest.decide(&scope, withdrawal(99)).await;
    assert!(matches!(refused, Err(IngestError::TooManyDecisions)), "{refused:?}");
    soon("the drain", server.app.ingest.drain()).await;
    for request in waiting {
        let answer = soon("an answer", request).await.expect("a decision that waited is judged");
        assert_eq!(answer, Err(NotDecided::NoSuchDecision(1)));
    }
    let refused = ingest.decide(&scope, withdrawal(100)).await;
    assert!(matches!(refused, Err(IngestError::Stopping)), "{refused:?}");
}
