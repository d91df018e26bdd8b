//! Decisions while something goes wrong: a server is killed, answers get lost, two people decide at once.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    MS_PER_MINUTE,
    event::{EntityType, EventType, RawEvent},
    instant::to_rfc3339,
};
use futures_util::future::join_all;
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::clock::Clock;
use test_harness::{POLL_INTERVAL, reserved_port, rounds};
use tokio::io::AsyncWriteExt as _;

use crate::{
    decisions::{DECIDE, LIST, contested_hour, correction, figures, plant, state},
    harness::{Program, T0_MS, TestDatabase, TestServer, code, patient, soon},
    undisturbed::{AFTERWARDS, LARGEST_BATCH, numbers, send},
};

const KILLS: usize = 4;
const EVENTS_PER_KILL: usize = 300;
const DECISIONS_PER_KILL: usize = 20;
const LATEST_KILL_MS: u64 = 250;
/// Small, so that there are many transactions to be struck.
const BATCH_EVENTS: usize = 10;

fn at(minute: i64) -> String {
    to_rfc3339(T0_MS + minute * MS_PER_MINUTE)
}

/// Intervals and state reports of a few workers and a workstation in one day, from two cameras and of two models.
pub(crate) fn reports(count: usize, random: &mut ChaCha8Rng) -> Vec<RawEvent> {
    let one = |number: usize| {
        let is_worker = random.random_bool(0.8);
        let is_state = random.random_bool(0.5);
        let name = |prefix: &str, random: &mut ChaCha8Rng| {
            random.random_bool(0.7).then(|| format!("{prefix}{}", random.random_range(1..=2)))
        };
        RawEvent {
            timestamp: at(random.random_range(0..1_400)),
            entity_type: if is_worker { EntityType::Worker } else { EntityType::Workstation },
            entity_id: if is_worker { format!("W{}", random.random_range(1..=4)) } else { "S1".to_owned() },
            event_type: *[EventType::Working, EventType::Idle, EventType::Absent]
                .choose(random)
                .expect("a type"),
            duration_minutes: (!is_state).then(|| f64::from(random.random_range(0..90))),
            hold_minutes: None,
            units_produced: random.random_range(0..9),
            confidence: random.random_bool(0.8).then(|| f64::from(random.random_range(0..10)) / 10.0),
            model_version: name("v", random),
            event_id: Some(number.to_string()),
            source_id: name("cam-", random),
            workstation_id: (is_worker && random.random_bool(0.5)).then(|| "S1".to_owned()),
        }
    };
    (0..count).map(one).collect()
}

/// A correction, a rule, a retraction of one of these events, or a withdrawal of a decision that may be withdrawn.
pub(crate) fn decision(events: &[RawEvent], withdrawable: &mut Vec<i64>, random: &mut ChaCha8Rng) -> Value {
    let from = random.random_range(0..1_300);
    match random.random_range(0..10) {
        0..4 => {
            let to = from + random.random_range(1..100);
            json!({ "correction": { "entityType": "WORKER", "entityIds": [format!("W{}", random.random_range(1..=5))],
                "from": at(from), "to": at(to), "state": (["WORKING", "IDLE", "NOT_OBSERVED"].choose(random)),
                "units": random.random_range(-20..20) } })
        }
        4..6 => json!({ "standing": { "standing": (["SHADOW", "SERVING"].choose(random)), "from": at(from),
            "sourceId": (["cam-1", "cam-2"].choose(random)), "modelVersion": ([Some("v1"), None].choose(random)) } }),
        6..8 => {
            let event = events.choose(random).expect("an event");
            let form = if event.duration_minutes.is_some() { "INTERVAL" } else { "STATE" };
            json!({ "retraction": { "entityType": event.entity_type, "entityId": event.entity_id,
                "eventType": event.event_type, "timestamp": event.timestamp, "eventId": event.event_id, "form": form } })
        }
        _ if withdrawable.is_empty() => json!({ "standing": { "standing": "SHADOW", "modelVersion": "v2" } }),
        _ => {
            let index = random.random_range(0..withdrawable.len());
            json!({ "withdrawal": withdrawable.swap_remove(index) })
        }
    }
}

/// Decides as people's programs do: they ask again as long as they have no answer.
pub(crate) async fn decide_until_answered(
    client: &reqwest::Client,
    url: &str,
    variables: &Value,
) -> (Value, usize) {
    let body = json!({ "query": DECIDE, "variables": variables }).to_string();
    for attempt in 1.. {
        let request = client
            .post(format!("{url}/graphql"))
            .header("content-type", "application/json")
            .body(body.clone());
        let answer: Option<Value> = match request.send().await {
            Ok(response) => response.json().await.ok(),
            Err(_) => None,
        };
        // A busy server says that it is, and may have decided all the same.
        let answer = answer.filter(|answer| answer["errors"][0]["extensions"]["code"] != "UNAVAILABLE");
        if let Some(mut answer) = answer {
            assert!(answer.get("errors").is_none(), "{variables}: {answer}");
            return (answer["data"]["decide"].take(), attempt);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    unreachable!("attempts do not end")
}

/// Makes decisions one after the other; answers with what each request made, and how often an answer did not come.
async fn decide_all(
    url: String,
    events: Vec<RawEvent>,
    mut random: ChaCha8Rng,
    part: usize,
) -> (Vec<(Value, Value)>, usize) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let (mut made, mut withdrawable, mut unanswered) = (Vec::new(), Vec::new(), 0);
    for number in 0..DECISIONS_PER_KILL {
        let decision = decision(&events, &mut withdrawable, &mut random);
        let variables = json!({ "request": format!("{part} {number}"), "decision": decision });
        let (answer, attempts) = decide_until_answered(&client, &url, &variables).await;
        unanswered += attempts - 1;
        if answer["kind"] != "WITHDRAWAL" {
            withdrawable.push(answer["number"].as_i64().expect("a number"));
        }
        made.push((variables, answer));
    }
    (made, unanswered)
}

/// What people decided, without what a later decision changes of it.
fn as_made(decision: &Value) -> Value {
    let mut decision = decision.clone();
    decision["withdrawnBy"] = Value::Null;
    decision
}

#[tokio::test]
async fn decisions_survive_a_server_killed_again_and_again_each_once_and_so_do_their_figures() {
    let kills = rounds(KILLS);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let events = reports(kills * EVENTS_PER_KILL, &mut random);
    let server = TestServer::at(AFTERWARDS).await;
    server.create_factory("plant").await;
    // Of these something can be retracted from the first kill on.
    let (first, rest) = events.split_at(EVENTS_PER_KILL / 2);
    server.ingest("plant", json!(first)).await;
    let database = server.stop().await;

    let reserved = reserved_port();
    let listen = reserved.local_addr().expect("an address").to_string();
    let mut program = Program::serve_at(&listen, database.url(), &[]).await;
    let mut made: Vec<(Value, Value)> = Vec::new();
    let (mut struck, mut unanswered) = (0, 0);
    for (number, part) in rest.chunks(rest.len().div_ceil(kills)).enumerate() {
        let (url, part) = (program.url.clone(), part.to_vec());
        let sending = tokio::spawn(async move { send(&url, &part, BATCH_EVENTS).await });
        let own = ChaCha8Rng::seed_from_u64(number as u64);
        let deciding = tokio::spawn(decide_all(program.url.clone(), first.to_vec(), own, number));
        // Not a wait for anything: any moment will do.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_MS))).await;
        struck += usize::from(!deciding.is_finished());
        soon("the kill", program.child.kill()).await.expect("a killed process");
        program = Program::serve_at(&listen, database.url(), &[]).await;
        let report = soon("the rest of the part", sending).await.expect("no panic");
        assert_eq!(report.exit_code(), 0, "{report:?}");
        let (of_part, unanswered_of_part) =
            soon("the rest of the decisions", deciding).await.expect("no panic");
        made.extend(of_part);
        unanswered += unanswered_of_part;
    }
    println!(
        "{kills} kills, {struck} of them with decisions on the way; {} decisions, {unanswered} not answered",
        made.len()
    );
    assert!(program.terminate().await.0.success());
    let audit = Program::audit(database.url()).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));

    let survivor = TestServer::on(database, Clock::System, patient()).await;
    for (variables, answer) in &made {
        let again = survivor.ask(DECIDE, variables.clone()).await["decide"].take();
        assert_eq!(as_made(&again), as_made(answer), "{variables}");
    }
    let mut by_number: BTreeMap<i64, &Value> = BTreeMap::new();
    for (variables, answer) in &made {
        by_number.insert(answer["number"].as_i64().expect("a number"), variables);
    }
    let expected: Vec<i64> = (1..=made.len() as i64).collect();
    assert_eq!(by_number.keys().copied().collect::<Vec<_>>(), expected);
    assert_eq!(latest(&survivor).await, made.len() as i64);

    // A server that nobody kills, and that decides when all events are there.
    let undisturbed = TestServer::at(AFTERWARDS).await;
    undisturbed.create_factory("plant").await;
    for batch in events.chunks(LARGEST_BATCH) {
        assert_eq!(undisturbed.ingest("plant", json!(batch)).await["rejected"], 0);
    }
    for (number, variables) in by_number {
        assert_eq!(undisturbed.ask(DECIDE, variables.clone()).await["decide"]["number"], number);
    }
    assert_eq!(numbers(&survivor).await, numbers(&undisturbed).await);
}

#[tokio::test]
async fn a_request_whose_answer_got_lost_makes_one_decision_however_often_it_is_sent_again() {
    let server = plant().await;
    contested_hour(&server).await;
    let request = json!({ "request": "once", "decision": correction(&["W1"], "08:00", "09:00", &json!({ "units": -5 })) });
    let body = json!({ "query": DECIDE, "variables": request }).to_string();
    // Nobody reads this one's answer.
    let mut lost = tokio::net::TcpStream::connect(server.address).await.expect("a connection");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: andon\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    lost.write_all(format!("{head}{body}").as_bytes()).await.expect("a request");
    drop(lost);
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.extend(join_all((0..10).map(|_| server.ask(DECIDE, request.clone()))).await);
    }
    assert_eq!(answers.len(), 100);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0]["decide"]["number"], 1);
    assert_eq!(figures(&server, "W1", Value::Null).await.expect("W1")[6], 7.0);

    // Nor does a restart make another of it.
    let database: TestDatabase = server.stop().await;
    let server = TestServer::on(database, Clock::manual(crate::harness::millis(AFTERWARDS)), patient()).await;
    assert_eq!(server.ask(DECIDE, request).await, answers[0]);
    let list = server.ask(LIST, json!({})).await;
    assert_eq!(list["decisions"]["edges"].as_array().map(Vec::len), Some(1), "{list}");
    server.assert_audit_is_clean().await;
}

/// The number of the latest decision.
async fn latest(server: &TestServer) -> i64 {
    let list = server.ask(LIST, json!({ "first": 1 })).await;
    list["decisions"]["edges"][0]["node"]["number"].as_i64().unwrap_or_default()
}

/// Of two that decide about the same at once, having seen the same, one is told so. They may ask different servers.
pub(crate) async fn assert_one_of_two_is_told(servers: [&TestServer; 2]) {
    let hour = correction(&["W1", "W2"], "08:00", "09:00", &state("IDLE"));
    let part = correction(&["W2"], "08:30", "08:31", &state("WORKING"));
    let rule = json!({ "standing": { "standing": "SHADOW", "sourceId": "cam-1" } });
    let narrower =
        json!({ "standing": { "standing": "SERVING", "sourceId": "cam-1", "modelVersion": "v1" } });
    let before = latest(servers[0]).await;
    let mut seen = before;
    for (round, pair) in
        [[&hour, &part], [&part, &hour], [&rule, &narrower], [&hour, &hour]].into_iter().enumerate()
    {
        let requests = [0, 1]
            .map(|who| json!({ "request": format!("{before} {round} {who}"), "decision": pair[who], "seen": seen }));
        let [one, other] = [0, 1].map(|who| servers[who].answer(DECIDE, requests[who].clone()));
        let (one, other) = tokio::join!(one, other);
        let answers = [&one, &other];
        let made: Vec<&&Value> = answers.iter().filter(|answer| answer.get("errors").is_none()).collect();
        assert_eq!(made.len(), 1, "{answers:?}");
        let number = &made[0]["data"]["decide"]["number"];
        assert_eq!(*number, seen + 1);
        let refused = answers.iter().find(|answer| answer.get("errors").is_some()).expect("the other one");
        assert_eq!(code(refused), "CHANGED_MEANWHILE");
        assert_eq!(refused["errors"][0]["extensions"]["decision"], *number);
        seen += 1;
    }
    // Who takes back what somebody else takes back finds it done.
    let [one, other] = [0, 1].map(|who| {
        servers[who].answer(
            DECIDE,
            json!({ "request": format!("{before} back {who}"), "decision": { "withdrawal": before + 1 }, "seen": seen }),
        )
    });
    let (one, other) = tokio::join!(one, other);
    let refused: Vec<&Value> =
        [&one, &other].into_iter().filter(|answer| answer.get("errors").is_some()).collect();
    assert_eq!(refused.len(), 1, "{one} {other}");
    assert!(["CHANGED_MEANWHILE", "DECISION_INVALID"].contains(&code(refused[0]).as_str()), "{refused:?}");
}

#[tokio::test]
async fn of_two_who_decide_about_the_same_at_once_exactly_one_is_told_that_it_changed_meanwhile() {
    let server = plant().await;
    contested_hour(&server).await;
    assert_one_of_two_is_told([&server, &server]).await;
    server.assert_audit_is_clean().await;
}
