//! What came and was not stored: counted by what was wrong, source and device, and contradictions beside what counts.

use serde_json::{Value, json};
use server::store::issues::{MAX_KINDS, MAX_KINDS_AT_ONCE};

use crate::{
    devices::{NOW, plant, sender},
    harness::{TestServer, code, millis},
    queries::event,
};

const REJECTIONS: &str = "{ rejections(factoryId: \"plant\") { factoryId otherEvents rejections { code sourceId deviceId events \
    firstAt lastAt example } } }";

const CONFLICTS: &str = "query($filter: EventFilter, $first: Int! = 50, $after: String) \
    { conflicts(factoryId: \"plant\", filter: $filter, first: $first, after: $after) { edges { cursor node { \
    said { ...report } stored { ...report } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } \
    fragment report on Event { entityType entityId eventType timestamp unitsProduced confidence modelVersion eventId sourceId \
    workstationId receivedAt }";

fn with(mut object: Value, changes: &Value) -> Value {
    for (field, value) in changes.as_object().expect("fields") {
        object[field] = value.clone();
    }
    object
}

/// Sends a batch, numbered where there is a sender, and answers with what became of it.
async fn send(server: &TestServer, events: Value, sender: Value) -> Value {
    let query = "mutation($events: [EventInput!]!, $sender: SenderInput) { ingestEvents(factoryId: \"plant\", events: $events, \
                 sender: $sender) { accepted duplicates conflicts rejected revision } }";
    server.ask(query, json!({ "events": events, "sender": sender })).await["ingestEvents"].take()
}

async fn rejections(server: &TestServer) -> Value {
    server.ask(REJECTIONS, json!({})).await["rejections"].take()
}

/// Each count in short, in the order of the list.
fn counts(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let short = |count: &Value| {
        let [code, source, device] = ["code", "sourceId", "deviceId"].map(|field| text(&count[field]));
        format!("{code} {source} {device} {}", count["events"])
    };
    report["rejections"].as_array().expect("counts").iter().map(short).collect()
}

fn with_units(event: &Value, units: i64) -> Value {
    with(event.clone(), &json!({ "unitsProduced": units }))
}

#[tokio::test]
async fn a_contradiction_says_its_hold_as_it_was_sent() {
    let server = plant().await;
    let report = |hold: Option<i64>| {
        with(event("W1", "IDLE", "08:00", 0.0, 0), &json!({ "durationMinutes": null, "holdMinutes": hold }))
    };
    for (stored, said) in [(Some(60), None), (None, Some(60))] {
        let id = json!({ "eventId": format!("{stored:?}") });
        let sent = [stored, said].map(|hold| with(report(hold), &id));
        assert_eq!(send(&server, json!(sent), Value::Null).await["conflicts"], 1, "{stored:?}");
        let query = "{ conflicts(factoryId: \"plant\", first: 500) { edges { node { said { ...of } stored { ...of } } } } }
            fragment of on Event { eventId form holdMinutes durationMinutes }";
        let listed = server.ask(query, json!({})).await;
        let edges = listed["conflicts"]["edges"].as_array().expect("a list").iter().map(|edge| &edge["node"]);
        let one = edges.into_iter().find(|node| node["said"]["eventId"] == id["eventId"]).expect("it");
        for (of, hold) in [("said", said), ("stored", stored)] {
            let expected = json!({ "eventId": id["eventId"], "form": "STATE", "holdMinutes": hold, "durationMinutes": null });
            assert_eq!(one[of], expected, "{of}");
        }
    }
}

#[tokio::test]
async fn what_is_not_stored_is_counted_by_code_source_and_device() {
    let server = plant().await;
    assert_eq!(
        rejections(&server).await,
        json!({ "factoryId": "plant", "otherEvents": 0, "rejections": [] })
    );
    let good = with(event("W1", "WORKING", "08:00", 5.0, 1), &json!({ "sourceId": "cam-1" }));
    let bad = with(good.clone(), &json!({ "unitsProduced": -1 }));
    let late = with(good.clone(), &json!({ "timestamp": "2027-01-05T08:00:00Z", "sourceId": "cam-2" }));
    let first = send(&server, json!([good, bad, bad, late]), sender(1)).await;
    assert_eq!((&first["accepted"], &first["rejected"]), (&json!(1), &json!(3)));
    server.clock.set(millis("2026-01-05T12:30:00Z"));
    // The same without a number, a contradiction and an event without a source.
    let unnamed = with(bad.clone(), &json!({ "sourceId": null, "eventId": "" }));
    let second = send(&server, json!([bad, with_units(&good, 2), unnamed]), Value::Null).await;
    assert_eq!((&second["conflicts"], &second["rejected"]), (&json!(1), &json!(2)));

    let report = rejections(&server).await;
    assert_eq!(report["otherEvents"], 0);
    let expected = [
        "CONFLICT cam-1 - 1",
        "UNITS_OUT_OF_RANGE - - 1",
        "UNITS_OUT_OF_RANGE cam-1 - 1",
        "TIMESTAMP_IN_FUTURE cam-2 edge-1 1",
        "UNITS_OUT_OF_RANGE cam-1 edge-1 2",
    ];
    assert_eq!(counts(&report), expected, "{report}");
    let examples: Vec<&str> = report["rejections"]
        .as_array()
        .expect("counts")
        .iter()
        .filter_map(|count| count["example"].as_str())
        .collect();
    assert_eq!(examples[0], "\"W1\" at 2026-01-05T08:00:00.000Z: WORKING, 5 min, units 2");
    assert_eq!(
        examples[4],
        "\"W1\" at 2026-01-05T08:00:00Z: unitsProduced must be a whole number from 0 to 1000000, but is \"-1\""
    );

    // What is sent again counts again, and keeps when it began.
    send(&server, json!([bad]), sender(5)).await;
    let report = rejections(&server).await;
    let again = report["rejections"].as_array().expect("counts").iter().find(|count| count["events"] == 3);
    let again = again.expect("the count that grew");
    let times = (&again["firstAt"], &again["lastAt"]);
    assert_eq!(times, (&json!("2026-01-05T12:00:00.000Z"), &json!("2026-01-05T12:30:00.000Z")));
    assert_eq!(server.refused(&REJECTIONS.replace("plant", "nowhere"), json!({})).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_batch_without_a_valid_event_is_counted_and_raises_no_revision() {
    let server = plant().await;
    let before = send(&server, json!([]), Value::Null).await["revision"].take();
    let bad = with(event("W1", "WORKING", "08:00", 5.0, 1), &json!({ "durationMinutes": 2_000 }));
    let answer = send(&server, json!([bad, bad]), Value::Null).await;
    let expected =
        json!({ "accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": 2, "revision": before });
    assert_eq!(answer, expected);
    assert_eq!(counts(&rejections(&server).await), ["DURATION_OUT_OF_RANGE - - 2"]);
    // Another factory has counts of its own.
    server.create_factory("other").await;
    let other = server.ask(&REJECTIONS.replace("plant", "other"), json!({})).await;
    assert_eq!(other["rejections"]["rejections"], json!([]));
}

#[tokio::test]
async fn what_is_not_valid_in_a_batch_that_is_stored_in_parts_is_counted_once() {
    let server = plant().await;
    let day = |worker: i64| {
        let whole_day = json!({ "timestamp": "2026-01-04T00:00:00Z", "durationMinutes": 1_440, "entityId": format!("W{worker}") });
        with(event("W1", "IDLE", "00:00", 5.0, 0), &whole_day)
    };
    let bad = with(day(0), &json!({ "confidence": 2 }));
    let mut events: Vec<Value> = (0..150).map(day).collect();
    events.extend([bad.clone(), bad]);
    let answer = send(&server, json!(events), sender(1)).await;
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(150), &json!(2)));
    assert_eq!(counts(&rejections(&server).await), ["CONFIDENCE_OUT_OF_RANGE - edge-1 2"]);
}

#[tokio::test]
async fn ids_that_are_made_up_are_counted_within_a_bound() {
    let server = plant().await;
    let bad = event("W1", "WORKING", "08:00", 5.0, 1);
    let of_source = |number: usize| {
        with(bad.clone(), &json!({ "unitsProduced": -1, "sourceId": format!("made-up-{number}") }))
    };
    // More sources in one batch than a transaction counts apart.
    send(&server, (0..MAX_KINDS_AT_ONCE + 7).map(of_source).collect(), Value::Null).await;
    let report = rejections(&server).await;
    assert_eq!((counts(&report).len(), &report["otherEvents"]), (MAX_KINDS_AT_ONCE, &json!(7)));
    // And more in all than a factory counts apart.
    let batches = MAX_KINDS / MAX_KINDS_AT_ONCE + 1;
    for batch in 1..batches {
        server.clock.set(millis(&format!("2026-01-05T12:{batch:02}:00Z")));
        let first = 1_000 * batch;
        send(&server, (first..first + MAX_KINDS_AT_ONCE).map(of_source).collect(), Value::Null).await;
    }
    let report = rejections(&server).await;
    let others = (batches * MAX_KINDS_AT_ONCE) - MAX_KINDS + 7;
    assert_eq!((counts(&report).len(), &report["otherEvents"]), (MAX_KINDS, &json!(others)));
    let sources: Vec<&Value> =
        report["rejections"].as_array().expect("counts").iter().map(|count| &count["sourceId"]).collect();
    assert!(!sources.contains(&&json!("made-up-0")), "those that came last longest ago make room");
    assert!(sources.contains(&&json!(format!("made-up-{}", 1_000 * (batches - 1)))));
}

#[tokio::test]
async fn hostile_texts_are_cut_and_shown_with_what_cannot_be_seen() {
    let server = plant().await;
    let text = format!("a\u{0}\u{202e}{}", "b".repeat(5_000));
    let bad = with(
        event("W1", "WORKING", "08:00", 5.0, 1),
        &json!({ "entityId": text, "sourceId": text, "timestamp": text }),
    );
    send(&server, json!([bad]), Value::Null).await;
    let report = rejections(&server).await;
    let count = &report["rejections"][0];
    for field in ["sourceId", "example"] {
        let shown = count[field].as_str().expect("a text");
        assert!(shown.contains("a\\u{0}\\u{202e}bb") && shown.chars().count() <= 400, "{field}: {shown}");
    }
}

#[tokio::test]
async fn a_contradiction_is_shown_beside_the_event_that_counts() {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    let first = with(
        event("W1", "WORKING", "08:00", 5.0, 1),
        &json!({ "sourceId": "cam-1", "confidence": 0.9, "modelVersion": "v1", "workstationId": "S1", "eventId": "a.b" }),
    );
    let station = event("S1", "IDLE", "08:00", 5.0, 0);
    send(&server, json!([first, station]), Value::Null).await;
    for (minute, said) in
        [(1, with_units(&first, 2)), (2, with_units(&first, 3)), (3, with_units(&station, 4))]
    {
        server.clock.set(millis(&format!("2026-01-05T12:0{minute}:00Z")));
        let said = with(said, &json!({ "sourceId": "cam-2" }));
        assert_eq!(send(&server, json!([said]), Value::Null).await["conflicts"], 1);
    }
    let ask = async |variables: Value| server.ask(CONFLICTS, variables).await["conflicts"].take();
    let units = |page: &Value| {
        let edges = page["edges"].as_array().expect("edges").iter();
        edges.map(|edge| edge["node"]["said"]["unitsProduced"].as_i64().expect("units")).collect::<Vec<_>>()
    };
    // The latest first.
    let all = ask(json!({})).await;
    assert_eq!(units(&all), [4, 3, 2]);
    let node = &all["edges"][2]["node"];
    assert_eq!(
        node["said"],
        json!({ "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "timestamp": "2026-01-05T08:00:00.000Z",
                "unitsProduced": 2, "confidence": 0.9, "modelVersion": "v1", "eventId": "a.b", "sourceId": "cam-2",
                "workstationId": "S1", "receivedAt": "2026-01-05T12:01:00.000Z" })
    );
    let stored = json!({ "unitsProduced": 1, "sourceId": "cam-1", "receivedAt": "2026-01-05T12:00:00.000Z" });
    assert_eq!(node["stored"], with(node["said"].clone(), &stored));
    assert_eq!(all["edges"][0]["node"]["said"]["confidence"], Value::Null);

    // A page at a time.
    let (mut paged, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = ask(json!({ "first": 1, "after": after })).await;
        paged.extend(units(&page));
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(paged, [4, 3, 2]);

    for (filter, expected) in [
        (json!({ "entityType": "WORKER" }), vec![3, 2]),
        (json!({ "entityId": "S1" }), vec![4]),
        (json!({ "entityId": "S1", "entityType": "WORKER" }), vec![]),
        (json!({ "eventType": "IDLE" }), vec![4]),
        (json!({ "sourceId": "cam-2" }), vec![4, 3, 2]),
        (json!({ "sourceId": "cam-1" }), vec![]),
        (json!({ "maxConfidence": 0.9 }), vec![3, 2]),
        (json!({ "maxConfidence": 0.8 }), vec![]),
        (json!({ "modelVersion": "v1" }), vec![3, 2]),
        (json!({ "from": "2026-01-05T08:00:00Z", "to": "2026-01-05T08:00:01Z" }), vec![4, 3, 2]),
        (json!({ "from": "2026-01-05T08:00:01Z" }), vec![]),
    ] {
        assert_eq!(units(&ask(json!({ "filter": filter })).await), expected, "{filter}");
    }
    let answer = server.answer(CONFLICTS, json!({ "after": "nonsense" })).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    assert_eq!(server.refused(CONFLICTS, json!({ "first": 501 })).await, "LIMIT_EXCEEDED");
    assert_eq!(server.refused(&CONFLICTS.replace("plant", "nowhere"), json!({})).await, "NOT_FOUND");
}
