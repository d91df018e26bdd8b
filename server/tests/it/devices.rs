//! Senders that number their events: what the server says of their numbers is what became of their events.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use test_harness::rounds;

use crate::harness::{Program, TestServer, at_second, code, millis, soon, with, work};

pub(crate) const NOW: &str = "2026-01-05T12:00:00Z";
const INGEST: &str = "mutation($events: [EventInput!]!, $sender: SenderInput) { ingestEvents(factoryId: \"plant\", \
    events: $events, sender: $sender) { accepted duplicates conflicts rejected } }";
const DEVICES: &str = "query($ids: [ID!]) { devices(factoryId: \"plant\", deviceIds: $ids) { id deviceId state lastSeenAt epoch \
    receivedUpTo missingEvents stored { ...range } holes { ...range } refused { ...range } closed { epoch firstSequence \
    lastSequence reason missingEvents from to detail toldAt } clockOffsetMs queuedEvents oldestQueuedAt lostEvents \
    deadLetteredEvents warnings } } fragment range on SequenceRange { epoch firstSequence lastSequence }";

pub(crate) async fn plant() -> TestServer {
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    server
}

/// The event that has this number: each has its own second.
fn event(number: i64) -> Value {
    json!(work("W1", &at_second(usize::try_from(number).expect("a second")), 0.01))
}

pub(crate) fn events(numbers: impl IntoIterator<Item = i64>) -> Value {
    numbers.into_iter().map(event).collect()
}

/// A sender whose clock is right and who holds nothing back.
pub(crate) fn sender(first_sequence: i64) -> Value {
    json!({
        "deviceId": "edge-1", "epoch": "a", "firstSequence": first_sequence, "sentAt": NOW, "queuedEvents": 0,
        "lostEvents": 0, "deadLetteredEvents": 0,
    })
}

/// Sends a batch and answers with accepted, duplicates, conflicts and rejected.
pub(crate) async fn send(server: &TestServer, events: Value, sender: Value) -> [i64; 4] {
    let data = server.ask(INGEST, json!({ "events": events, "sender": sender })).await;
    ["accepted", "duplicates", "conflicts", "rejected"]
        .map(|name| data["ingestEvents"][name].as_i64().expect("a count"))
}

async fn devices(server: &TestServer) -> Vec<Value> {
    let mut data = server.ask(DEVICES, json!({})).await;
    serde_json::from_value(data["devices"].take()).expect("a list")
}

pub(crate) async fn device(server: &TestServer) -> Value {
    let mut devices = devices(server).await;
    assert_eq!(devices.len(), 1, "{devices:?}");
    devices.remove(0)
}

/// The ranges of a list, as text.
pub(crate) fn ranges(list: &Value) -> String {
    let ranges = list.as_array().expect("a list").iter();
    let shown: Vec<String> = ranges
        .map(|range| {
            let (epoch, first, last) = (&range["epoch"], &range["firstSequence"], &range["lastSequence"]);
            format!("{}:{first}-{last}", epoch.as_str().expect("an epoch"))
        })
        .collect();
    shown.join(" ")
}

#[tokio::test]
async fn a_batch_that_is_sent_again_is_answered_for_once() {
    let server = plant().await;
    assert_eq!(send(&server, events(1..=10), sender(1)).await, [10, 0, 0, 0]);
    let first = device(&server).await;
    assert_eq!((ranges(&first["stored"]).as_str(), &first["receivedUpTo"]), ("a:1-10", &json!(10)));
    assert_eq!((&first["state"], &first["missingEvents"]), (&json!("HEALTHY"), &json!(0)));
    assert_eq!(
        (&first["lastSeenAt"], &first["clockOffsetMs"]),
        (&json!("2026-01-05T12:00:00.000Z"), &json!(0))
    );
    for _ in 0..2 {
        assert_eq!(send(&server, events(1..=10), sender(1)).await, [0, 10, 0, 0]);
        assert_eq!(device(&server).await, first);
    }
    assert_eq!(send(&server, events(8..=12), sender(8)).await, [2, 3, 0, 0]);
    assert_eq!(ranges(&device(&server).await["stored"]), "a:1-12");
}

#[tokio::test]
async fn a_batch_without_a_sender_makes_no_device() {
    let server = plant().await;
    assert_eq!(send(&server, events(1..=10), Value::Null).await, [10, 0, 0, 0]);
    assert_eq!(devices(&server).await, Vec::<Value>::new());
}

#[tokio::test]
async fn holes_are_what_has_not_come_below_the_highest() {
    let server = plant().await;
    send(&server, events(101..=110), sender(101)).await;
    send(&server, events(1..=50), sender(1)).await;
    let found = device(&server).await;
    assert_eq!(ranges(&found["holes"]), "a:51-100");
    assert_eq!((&found["missingEvents"], &found["state"]), (&json!(50), &json!("BEHIND")));
    assert_eq!(found["receivedUpTo"], 110);
    send(&server, events(51..=100), sender(51)).await;
    let found = device(&server).await;
    assert_eq!((ranges(&found["holes"]), ranges(&found["stored"])), (String::new(), "a:1-110".into()));
    assert_eq!((&found["missingEvents"], &found["state"]), (&json!(0), &json!("HEALTHY")));
}

#[tokio::test]
async fn what_is_refused_is_answered_for_but_not_stored() {
    let server = plant().await;
    let mut batch = events(1..=8);
    batch[0]["durationMinutes"] = json!(-1);
    batch[4]["entityId"] = json!("");
    batch[7]["timestamp"] = json!("nonsense");
    assert_eq!(send(&server, batch, sender(1)).await, [5, 0, 0, 3]);
    let contradiction = with(event(2), &json!({ "unitsProduced": 7 }));
    assert_eq!(send(&server, json!([event(9), contradiction]), sender(9)).await, [1, 0, 1, 0]);
    let found = device(&server).await;
    assert_eq!(ranges(&found["stored"]), "a:2-4 a:6-7 a:9-9");
    assert_eq!(ranges(&found["refused"]), "a:1-1 a:5-5 a:8-8 a:10-10");
    assert_eq!((ranges(&found["holes"]), &found["state"]), (String::new(), &json!("HEALTHY")));
}

#[tokio::test]
async fn what_was_refused_and_is_stored_later_is_stored() {
    let server = plant().await;
    let ahead = with(event(1), &json!({ "timestamp": "2026-01-05T13:00:00Z" }));
    assert_eq!(send(&server, json!([ahead]), sender(1)).await, [0, 0, 0, 1]);
    assert_eq!(ranges(&device(&server).await["refused"]), "a:1-1");
    server.clock.set(millis("2026-01-05T13:00:00Z"));
    assert_eq!(send(&server, json!([ahead]), sender(1)).await, [1, 0, 0, 0]);
    let found = device(&server).await;
    assert_eq!((ranges(&found["stored"]), ranges(&found["refused"])), ("a:1-1".into(), String::new()));
}

#[tokio::test]
async fn each_epoch_has_numbers_of_its_own() {
    let server = plant().await;
    send(&server, events(1..=10), sender(1)).await;
    let of_b = |first| with(sender(first), &json!({ "epoch": "b" }));
    send(&server, events(21..=23), of_b(3)).await;
    let found = device(&server).await;
    assert_eq!((&found["epoch"], &found["receivedUpTo"]), (&json!("b"), &json!(5)));
    assert_eq!((ranges(&found["stored"]), ranges(&found["holes"])), ("b:3-5 a:1-10".into(), "b:1-2".into()));
    // What the new epoch's device tells of the old one's numbers closes them, and no others.
    let receipt =
        json!({ "closed": [{ "epoch": "a", "firstSequence": 11, "lastSequence": 20, "reason": "LOST" }] });
    send(&server, json!([]), with(of_b(6), &receipt)).await;
    let found = device(&server).await;
    assert_eq!((ranges(&found["closed"]), ranges(&found["holes"])), ("a:11-20".into(), "b:1-2".into()));
    assert_eq!(found["receivedUpTo"], 5);
}

#[tokio::test]
async fn closed_ranges_fill_holes_and_are_shown_with_their_reason() {
    let server = plant().await;
    let closed = json!([
        { "firstSequence": 11, "lastSequence": 15, "reason": "LOST", "from": "2026-01-05T08:00:00Z",
          "to": "2026-01-05T08:05:00Z", "detail": "the disk\nwas full" },
        { "firstSequence": 18, "lastSequence": 18, "reason": "DEAD_LETTERED" },
    ]);
    let receipt = with(sender(21), &json!({ "closed": closed, "lostEvents": 5, "deadLetteredEvents": 1 }));
    send(&server, events(1..=10), sender(1)).await;
    send(&server, events(21..=30), receipt.clone()).await;
    let found = device(&server).await;
    assert_eq!(ranges(&found["holes"]), "a:16-17 a:19-20");
    assert_eq!((&found["missingEvents"], &found["state"]), (&json!(4), &json!("LOSING")));
    assert_eq!((&found["lostEvents"], &found["deadLetteredEvents"]), (&json!(5), &json!(1)));
    let lost = json!({
        "epoch": "a", "firstSequence": 11, "lastSequence": 15, "reason": "LOST", "missingEvents": 5,
        "from": "2026-01-05T08:00:00.000Z", "to": "2026-01-05T08:05:00.000Z", "detail": "the disk was full",
        "toldAt": "2026-01-05T12:00:00.000Z",
    });
    assert_eq!(found["closed"][1], lost);
    assert_eq!(
        (&found["closed"][0]["reason"], &found["closed"][0]["from"]),
        (&json!("DEAD_LETTERED"), &Value::Null)
    );

    // Told again, nothing is new; told of one more, it is one range, from when to when together.
    server.clock.set(millis("2026-01-05T12:01:00Z"));
    send(&server, json!([]), receipt).await;
    assert_eq!(device(&server).await["closed"], found["closed"]);
    let more =
        json!([{ "firstSequence": 16, "lastSequence": 16, "reason": "LOST", "to": "2026-01-05T09:00:00Z" }]);
    send(&server, json!([]), with(sender(31), &json!({ "closed": more, "lostEvents": 6 }))).await;
    let found = device(&server).await;
    assert_eq!(ranges(&found["closed"]), "a:11-16 a:18-18");
    let joined = json!({ "lastSequence": 16, "missingEvents": 6, "to": "2026-01-05T09:00:00.000Z",
                         "toldAt": "2026-01-05T12:01:00.000Z" });
    assert_eq!(found["closed"][0], with(lost, &joined));
}

#[tokio::test]
async fn a_false_report_of_a_device_keeps_no_event_from_being_stored_and_stored_events_stay() {
    let server = plant().await;
    send(&server, events(1..=10), sender(1)).await;
    let closed = json!([{ "firstSequence": 5, "lastSequence": 12, "reason": "LOST" }]);
    let lie = with(sender(3), &json!({ "closed": closed }));
    // Other events under numbers that are taken, and stored ones that are said to be lost.
    assert_eq!(send(&server, events(13..=15), lie).await, [3, 0, 0, 0]);
    let found = device(&server).await;
    assert_eq!((ranges(&found["stored"]), ranges(&found["closed"])), ("a:1-10".into(), "a:5-12".into()));
    assert_eq!(found["closed"][0]["missingEvents"], 2);
    assert_eq!(server.units("plant").await, 13);
}

#[tokio::test]
async fn what_was_said_to_be_lost_and_is_stored_already_is_no_loss() {
    let server = plant().await;
    send(&server, events(1..=10), sender(1)).await;
    let closed = json!([{ "firstSequence": 3, "lastSequence": 4, "reason": "LOST" }]);
    send(&server, json!([]), with(sender(11), &json!({ "closed": closed }))).await;
    let found = device(&server).await;
    assert_eq!((&found["state"], &found["closed"][0]["missingEvents"]), (&json!("HEALTHY"), &json!(0)));
}

#[tokio::test]
async fn a_device_is_healthy_behind_silent_and_losing_in_its_turn() {
    let server = plant().await;
    let state = async || device(&server).await["state"].as_str().expect("a state").to_owned();
    send(&server, json!([]), sender(1)).await;
    assert_eq!(state().await, "HEALTHY");
    // The device's clock is an hour ahead, and its oldest event waits for 61 s by it.
    let waiting = json!({ "sentAt": "2026-01-05T13:00:00Z", "queuedEvents": 7,
                          "oldestQueuedAt": "2026-01-05T12:58:59Z" });
    send(&server, json!([]), with(sender(1), &waiting)).await;
    let found = device(&server).await;
    assert_eq!((&found["state"], &found["queuedEvents"]), (&json!("BEHIND"), &json!(7)));
    assert_eq!(found["oldestQueuedAt"], "2026-01-05T11:58:59.000Z");
    server.clock.set(millis("2026-01-05T12:02:00.001Z"));
    assert_eq!(state().await, "SILENT");
    send(&server, json!([]), with(sender(1), &json!({ "sentAt": "2026-01-05T12:02:00Z", "lostEvents": 3 })))
        .await;
    assert_eq!(state().await, "LOSING");
    // The same losses a day later are old ones.
    server.clock.set(millis("2026-01-06T12:02:00.001Z"));
    send(&server, json!([]), with(sender(1), &json!({ "sentAt": "2026-01-06T12:02:00Z", "lostEvents": 3 })))
        .await;
    assert_eq!(state().await, "HEALTHY");
}

#[tokio::test]
async fn a_clock_that_is_off_is_shown_and_the_events_stay_as_stamped() {
    let server = plant().await;
    for (sent_at, offset_ms, warnings) in [
        ("2026-01-05T12:02:00Z", -120_000, json!([])),
        ("2026-01-05T12:02:00.001Z", -120_001, json!(["CLOCK_OFF"])),
        ("2026-01-04T12:00:00Z", 86_400_000, json!(["CLOCK_OFF"])),
        ("2026-01-06T12:00:00Z", -86_400_000, json!(["CLOCK_OFF"])),
        ("2026-01-05T13:00:00+01:00", 0, json!([])),
    ] {
        send(&server, events(1..=2), with(sender(1), &json!({ "sentAt": sent_at }))).await;
        let found = device(&server).await;
        assert_eq!(
            (&found["clockOffsetMs"], &found["warnings"]),
            (&json!(offset_ms), &warnings),
            "{sent_at}"
        );
    }
    let stored =
        server.ask("{ events(factoryId: \"plant\") { edges { node { timestamp } } } }", json!({})).await;
    assert_eq!(stored["events"]["edges"][1]["node"]["timestamp"], "2026-01-05T00:00:01.000Z");
}

#[tokio::test]
async fn two_senders_with_one_id_are_noticed() {
    let server = plant().await;
    let of = |epoch: &str| with(sender(1), &json!({ "epoch": epoch }));
    send(&server, json!([]), of("a")).await;
    server.clock.set(millis("2026-01-05T12:00:01Z"));
    send(&server, json!([]), of("b")).await;
    assert_eq!(device(&server).await["warnings"], json!([]), "a new spool");
    server.clock.set(millis("2026-01-05T12:00:02Z"));
    send(&server, json!([]), of("a")).await;
    assert_eq!(device(&server).await["warnings"], json!(["ID_USED_TWICE"]));
    server.clock.set(millis("2026-01-05T12:02:03Z"));
    send(&server, json!([]), with(of("a"), &json!({ "sentAt": "2026-01-05T12:02:03Z" }))).await;
    assert_eq!(device(&server).await["warnings"], json!([]), "one of them has ended");
}

#[tokio::test]
async fn devices_are_those_of_their_factory_and_of_the_ids_that_are_asked_for() {
    let server = plant().await;
    server.create_factory("other").await;
    let in_other = INGEST.replace("plant", "other");
    server.ask(&in_other, json!({ "events": events(1..=3), "sender": sender(1) })).await;
    assert_eq!(devices(&server).await, Vec::<Value>::new());
    for id in ["edge-10", "edge-9", "edge-1"] {
        send(&server, events(1..=3), with(sender(1), &json!({ "deviceId": id }))).await;
    }
    let ids = |found: &[Value]| found.iter().map(|device| device["deviceId"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&devices(&server).await), ["edge-1", "edge-9", "edge-10"]);
    let asked = server.ask(DEVICES, json!({ "ids": ["edge-9", "nobody"] })).await;
    assert_eq!(ids(asked["devices"].as_array().expect("a list")), ["edge-9"]);
    let nowhere = server.refused("{ devices(factoryId: \"nowhere\") { id } }", json!({})).await;
    assert_eq!(nowhere, "NOT_FOUND");
    let many: Vec<String> = (0..1_001).map(|number| number.to_string()).collect();
    assert_eq!(server.refused(DEVICES, json!({ "ids": many })).await, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_sender_that_says_nonsense_is_told_what_is_allowed_and_nothing_is_stored() {
    let server = plant().await;
    let range =
        |first: i64, last: i64| json!({ "firstSequence": first, "lastSequence": last, "reason": "LOST" });
    let most = (1_i64 << 53) - 1;
    for (nonsense, code_of_it, word) in [
        (json!({ "deviceId": "" }), "BAD_USER_INPUT", "sender.deviceId"),
        (json!({ "epoch": "x".repeat(65) }), "BAD_USER_INPUT", "sender.epoch"),
        (json!({ "firstSequence": 0 }), "BAD_USER_INPUT", "sender.firstSequence"),
        (json!({ "firstSequence": most }), "BAD_USER_INPUT", "sender.firstSequence"),
        (json!({ "sentAt": "yesterday" }), "BAD_USER_INPUT", "instant"),
        (json!({ "queuedEvents": -1 }), "BAD_USER_INPUT", "sender.queuedEvents"),
        (json!({ "lostEvents": most + 1 }), "BAD_USER_INPUT", "sender.lostEvents"),
        (json!({ "oldestQueuedAt": "" }), "BAD_USER_INPUT", "instant"),
        (json!({ "closed": [range(2, 1)] }), "BAD_USER_INPUT", "lastSequence"),
        (json!({ "closed": [range(0, 1)] }), "BAD_USER_INPUT", "firstSequence"),
        (json!({ "closed": vec![range(1, 1); 101] }), "LIMIT_EXCEEDED", "100 ranges"),
    ] {
        let variables = json!({ "events": events(1..=2), "sender": with(sender(1), &nonsense) });
        let answer = server.answer(INGEST, variables).await;
        assert_eq!(code(&answer), code_of_it, "{nonsense}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains(word), "{message}");
    }
    assert_eq!((server.units("plant").await, devices(&server).await.len()), (0, 0));
    let fine = json!({ "closed": vec![range(1, 1); 100], "firstSequence": most - 10_000 });
    assert_eq!(send(&server, events(1..=2), with(sender(1), &fine)).await, [2, 0, 0, 0]);
}

#[tokio::test]
async fn however_a_batch_is_read_its_sender_is_the_same() {
    let server = plant().await;
    // Literals are read in the ordinary way, variables past the library.
    let literal = "mutation { ingestEvents(factoryId: \"plant\", events: [{ timestamp: \"2026-01-05T00:00:01Z\", \
                   entityType: WORKER, entityId: \"W1\", eventType: WORKING, durationMinutes: 0.01, unitsProduced: 1 }, \
                   { timestamp: \"\", entityType: WORKER, entityId: \"W1\", eventType: IDLE, durationMinutes: 1 }], \
                   sender: { deviceId: \"by-hand\", epoch: \"a\", firstSequence: 1, sentAt: \"2026-01-05T12:00:00Z\", \
                   queuedEvents: 0, lostEvents: 1, deadLetteredEvents: 0, closed: [{ firstSequence: 5, lastSequence: 6, \
                   reason: LOST }] }) { accepted } }";
    server.ask(literal, json!({})).await;
    let nonsense = json!({ "timestamp": "", "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE",
                           "durationMinutes": 1 });
    let closed = json!([{ "firstSequence": 5, "lastSequence": 6, "reason": "LOST" }]);
    let same = with(sender(1), &json!({ "deviceId": "by-program", "lostEvents": 1, "closed": closed }));
    send(&server, json!([event(1), nonsense]), same).await;
    let mut found = devices(&server).await;
    assert_eq!(found.len(), 2);
    for device in &mut found {
        device["id"].take();
        device["deviceId"].take();
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(ranges(&found[0]["refused"]), "a:2-2");
}

#[tokio::test]
async fn many_devices_at_once_each_keep_their_own_numbers() {
    let server = plant().await;
    let sending = (0..40_i64).map(|number| {
        let device = json!({ "deviceId": format!("edge-{}", number % 8) });
        let first = 10 * (number / 8) + 1;
        send(&server, events(first..first + 10), with(sender(first), &device))
    });
    futures_util::future::join_all(sending.collect::<Vec<_>>()).await;
    let found = devices(&server).await;
    assert_eq!(found.len(), 8);
    assert!(found.iter().all(|device| ranges(&device["stored"]) == "a:1-50"), "{found:?}");
    assert_eq!(server.units("plant").await, 50);
}

/// How often the server is killed, and how many batches are sent meanwhile.
const KILLS: usize = 3;
const BATCHES: i64 = 400;
const BATCH_EVENTS: i64 = 7;
const LATEST_KILL_MS: u64 = 150;

#[tokio::test]
async fn a_server_killed_again_and_again_knows_exactly_the_numbers_whose_events_it_stored() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let server = plant().await;
    let database = server.stop().await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut next = 1;
    for _ in 0..rounds(KILLS) {
        let mut program = Program::serve(database.url(), &[]).await;
        let url = format!("{}/graphql", program.url);
        let before = known(&program).await;
        assert_eq!(before.0, before.1, "numbers whose events are stored, and stored events");
        // What has no answer is sent again, as an agent does.
        let (client, first) = (client.clone(), next);
        let sending = tokio::spawn(async move {
            let mut next = first;
            while next < first + BATCHES * BATCH_EVENTS {
                let variables =
                    json!({ "events": events(next..next + BATCH_EVENTS), "sender": sender(next) });
                let body = json!({ "query": INGEST, "variables": variables });
                if client.post(&url).json(&body).send().await.is_err() {
                    break;
                }
                next += BATCH_EVENTS;
            }
            next
        });
        tokio::time::sleep(Duration::from_millis(random.random_range(20..=LATEST_KILL_MS))).await;
        soon("the kill", program.child.kill()).await.expect("a killed process");
        next = soon("the end of the sender", sending).await.expect("no panic");
    }
    let program = Program::serve(database.url(), &[]).await;
    let after = known(&program).await;
    assert_eq!(after.0, after.1);
    assert!(after.0 >= next - 1, "{after:?} of {next}");
}

/// How many numbers are known to be stored, and how many events are.
async fn known(program: &Program) -> (i64, i64) {
    let data = program.ask(DEVICES, json!({})).await;
    let stored = data["devices"][0]["stored"].as_array().into_iter().flatten();
    let number = |value: &Value| value.as_i64().expect("a number");
    let numbers =
        stored.map(|range| number(&range["lastSequence"]) - number(&range["firstSequence"]) + 1).sum();
    let data = program.ask("{ factoryMetrics(factoryId: \"plant\") { unitsProduced } }", json!({})).await;
    (numbers, number(&data["factoryMetrics"]["unitsProduced"]))
}
