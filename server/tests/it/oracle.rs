//! A second implementation of docs/METRICS.md judges the server: `server/tests/oracle`, in Python, made from the page alone.
//! Random events and decisions are sent over the API, and the checker computes from what is listed there all that the API
//! answers.
//! `ANDON_ORACLE_SEED` names the first seed, to try one again that failed in a soak.

mod decisions;
mod devices;

use std::{env, path::Path, process::Stdio};

use domain::time::TimestampMs;
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_harness::{rounds, until};
use tokio::process::Command;

use self::devices::Devices;
use crate::harness::{T0_MS, TestServer, code};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/METRICS.md");

const FACTORY: &str = "plant";
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// All events have ended by then.
const LAST_END_MS: i64 = T0_MS + 66 * HOUR;
/// Some are put there before anything is reported.
const AREA: &str = "Line 1";
/// The longest that the clock moves between two requests, in milliseconds.
const LONGEST_STEP_MS: i64 = 10 * MINUTE;

/// `A1` is one of each.
const WORKERS: [&str; 4] = ["W2", "W10", "W02", "A1"];
/// The last one has no events of its own, and is known by what workers say.
const WORKSTATIONS: [&str; 3] = ["S1", "A1", "S told of"];
const MODELS: [Option<&str>; 3] = [None, Some("v9"), Some("v10")];
const SOURCES: [Option<&str>; 3] = [None, Some("cam-1"), Some("cam-2")];
const EVENT_IDS: [Option<&str>; 4] = [None, None, Some("a"), Some("b")];
const TYPES: [&str; 3] = ["WORKING", "IDLE", "ABSENT"];
const CONFIDENCES: [Option<f64>; 9] =
    [None, None, Some(0.0), Some(0.5), Some(0.9), Some(0.9), Some(0.33335), Some(0.80004), Some(1.0)];
const ZONES: [&str; 4] = ["UTC", "Asia/Kolkata", "America/Havana", "Australia/Lord_Howe"];

/// Runs one of the scripts, and answers with what it says if something differs.
async fn differences(script: &str, arguments: &[&str], about: &str) -> Option<String> {
    let mut python = Command::new("python3");
    python.arg(script).args(arguments).current_dir(SCRIPTS).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = python.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.expect("python3 is needed for this test: install the package python3");
    let (said, failure) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let said = format!("{about}: {said}{failure}");
    print!("{said}");
    (!output.status.success()).then_some(said)
}

/// What one factory is sent, and what it makes of it.
struct Plant {
    random: ChaCha8Rng,
    /// Instants that many events share, so that there are ties.
    instants: Vec<i64>,
    events: Vec<Value>,
    /// Of the corrections so far.
    spans: Vec<(i64, i64)>,
    rules: Vec<Value>,
}

impl Plant {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let hours = *[1, 3, 12, 36].choose(&mut random).expect("a choice");
        let mut instants: Vec<i64> =
            (0..12).map(|_| T0_MS + random.random_range(0..hours * 60) * MINUTE).collect();
        instants.extend((0..6).map(|_| T0_MS + random.random_range(0..hours * HOUR)));
        let mut plant = Self { random, instants, events: Vec::new(), spans: Vec::new(), rules: Vec::new() };
        plant.fill();
        plant
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        *choices.choose(&mut self.random).expect("a choice")
    }

    fn chance(&mut self, share: f64) -> bool {
        self.random.random_bool(share)
    }

    fn instant(&mut self) -> i64 {
        let instants = self.instants.clone();
        self.one_of(&instants) + self.one_of(&[0, 0, 0, 0, 1, -1, 5 * MINUTE])
    }

    /// Events of all kinds, and copies of some that agree or differ in a part of what they say.
    fn fill(&mut self) {
        for _ in 0..self.random.random_range(5..40) {
            let event = self.interval();
            self.events.push(event);
        }
        for _ in 0..self.random.random_range(2..10) {
            self.chain();
        }
        for _ in 0..self.random.random_range(5..40) {
            let events = self.events.clone();
            let mut copy = events.choose(&mut self.random).expect("an event").clone();
            if self.chance(0.3) {
                self.repeat_as_another(&mut copy);
            } else {
                self.change(&mut copy);
            }
            self.events.push(copy);
        }
        self.events.shuffle(&mut self.random);
    }

    fn entity(&mut self, share_of_workers: f64) -> (&'static str, &'static str) {
        if self.chance(share_of_workers) {
            ("WORKER", self.one_of(&WORKERS))
        } else {
            ("WORKSTATION", self.one_of(&WORKSTATIONS[..2]))
        }
    }

    fn event(&mut self, share_of_workers: f64, at: i64) -> Value {
        let (entity_type, entity_id) = self.entity(share_of_workers);
        let is_worker = entity_type == "WORKER";
        json!({
            "timestamp": self.written(at),
            "entityType": entity_type,
            "entityId": entity_id,
            "eventType": self.one_of(&TYPES),
            "unitsProduced": self.one_of(&[0, 0, 1, 7, 1_000]),
            "confidence": self.one_of(&CONFIDENCES),
            "modelVersion": self.one_of(&MODELS),
            "eventId": self.one_of(&EVENT_IDS),
            "sourceId": self.one_of(&SOURCES),
            "workstationId": if is_worker && self.chance(0.7) { Some(self.one_of(&WORKSTATIONS)) } else { None },
        })
    }

    /// An instant with any offset and more digits than count.
    fn written(&mut self, at: i64) -> String {
        let utc = chrono::DateTime::from_timestamp_millis(at).expect("an instant");
        match self.random.random_range(0..3) {
            0 => utc.format("%Y-%m-%dT%H:%M:%S%.3f999Z").to_string(),
            1 => {
                let east = chrono::FixedOffset::east_opt(5 * 3_600 + 1_800).expect("an offset");
                utc.with_timezone(&east).to_rfc3339()
            }
            _ => utc.to_rfc3339(),
        }
    }

    fn interval(&mut self) -> Value {
        let at = self.instant();
        let mut event = self.event(0.6, at);
        event["durationMinutes"] = json!(
            self.one_of(&[0.0, 0.0, 5.0, 7.5, 12.345_678, 30.0, 60.0, 95.0, 240.0, 0.000_125, 1_440.0])
        );
        event
    }

    /// State reports of one series, each followed within its hold, at its very end, a millisecond later or never.
    fn chain(&mut self) {
        let mut at = self.instant();
        let first = self.event(0.75, at);
        // The workstation may say the same as the worker at it, by another model.
        let twin = self.chance(0.3).then(|| self.one_of(&MODELS));
        for _ in 0..self.random.random_range(1..9) {
            let hold =
                self.one_of(&[None, None, Some(1), Some(7), Some(15), Some(60), Some(120), Some(1_440)]);
            let mut report = self.event(0.75, at);
            for field in ["entityType", "entityId", "modelVersion", "sourceId"] {
                report[field] = first[field].clone();
            }
            if report["entityType"] == "WORKSTATION" {
                report["workstationId"] = Value::Null;
            }
            report["holdMinutes"] = json!(hold);
            if let Some(model) = twin
                && report["entityType"] == "WORKER"
            {
                report["workstationId"] = json!(WORKSTATIONS[0]);
                let mut own = report.clone();
                own["entityType"] = json!("WORKSTATION");
                own["entityId"] = json!(WORKSTATIONS[0]);
                own["workstationId"] = Value::Null;
                own["modelVersion"] = json!(model);
                self.events.push(own);
            }
            self.events.push(report);
            let promised = hold.unwrap_or(60) * MINUTE;
            at += match self.random.random_range(0..7) {
                0 | 1 => promised,
                2 => promised + 1,
                // To the instants of others.
                3 => (self.instant() - at).clamp(1, promised.min(2 * HOUR)),
                4 => promised * 3 / 2,
                _ => self.random.random_range(1..=promised.min(HOUR)),
            };
            at = at.min(T0_MS + 60 * HOUR);
        }
    }

    /// Makes of an event one that nothing but the last rules tell from it: of the other form, of the workstation that a
    /// worker's report names, of another source or with another id.
    fn repeat_as_another(&mut self, event: &mut Value) {
        let is_state = event["durationMinutes"].is_null();
        match self.random.random_range(0..4) {
            0 if is_state => {
                event["holdMinutes"] = Value::Null;
                event["durationMinutes"] = json!(60.0);
            }
            0 => {
                event["durationMinutes"] = Value::Null;
                event["holdMinutes"] = json!(1_440);
            }
            1 if event["workstationId"].is_string() => {
                event["entityType"] = json!("WORKSTATION");
                event["entityId"] =
                    json!(WORKSTATIONS[usize::from(event["workstationId"] != WORKSTATIONS[0])]);
                event["workstationId"] = Value::Null;
            }
            2 => event["eventId"] = json!(self.one_of(&EVENT_IDS)),
            _ => event["sourceId"] = json!(self.one_of(&SOURCES)),
        }
        if self.chance(0.7) {
            event["modelVersion"] = json!(self.one_of(&MODELS));
        }
    }

    /// Makes of an event itself, another reading, another identity, a contradiction, or the same in other words.
    fn change(&mut self, event: &mut Value) {
        let is_worker = event["entityType"] == "WORKER";
        for _ in 0..self.random.random_range(0..3) {
            match self.random.random_range(0..8) {
                0 | 1 => event["modelVersion"] = json!(self.one_of(&MODELS)),
                2 => event["confidence"] = json!(self.one_of(&CONFIDENCES)),
                3 => event["unitsProduced"] = json!(self.one_of(&[0, 2, 5])),
                4 => event["sourceId"] = json!(self.one_of(&SOURCES)),
                5 => event["eventType"] = json!(self.one_of(&TYPES)),
                6 if is_worker => event["workstationId"] = json!(self.one_of(&WORKSTATIONS)),
                6 => event["eventId"] = json!(self.one_of(&EVENT_IDS)),
                _ if event["durationMinutes"].is_null() => {
                    event["holdMinutes"] = json!(self.one_of(&[None, Some(30), Some(60)]));
                }
                _ => event["durationMinutes"] = json!(self.one_of(&[0.0, 10.0, 45.0])),
            }
        }
    }
}

fn rfc3339(at: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at).expect("an instant").to_rfc3339()
}

/// One factory on a server, and what was sent to it.
struct Live {
    server: TestServer,
    seed: u64,
    plant: Plant,
    now: i64,
    areas: Value,
    steps: Vec<Value>,
    requests: Vec<Value>,
    devices: Devices,
    /// Every grace that was set: when, and how many hours.
    graces: Vec<(i64, i64)>,
    /// Whether the clock stood while any decision was applied, so that it is known when every bucket followed it.
    is_settled: bool,
}

impl Live {
    async fn new(seed: u64) -> Self {
        let server = TestServer::at("2026-01-05T00:00:00Z").await;
        let mut plant = Plant::new(seed);
        server.create_factory_in(FACTORY, plant.one_of(&ZONES)).await;
        let basis = plant.one_of(&["WORKERS", "WORKSTATIONS"]);
        let mut live = Self {
            server,
            seed,
            plant,
            now: LAST_END_MS,
            areas: json!({}),
            steps: Vec::new(),
            requests: Vec::new(),
            devices: Devices::default(),
            graces: vec![(T0_MS, 24)],
            is_settled: true,
        };
        live.change_factory(json!({ "unitsBasis": basis })).await;
        if live.plant.chance(0.5) {
            live.put_somebody_in_the_area().await;
        }
        live
    }

    async fn change_factory(&self, input: Value) {
        let query = "mutation($factory: ID!, $input: UpdateFactoryInput!) { updateFactory(factoryId: $factory, input: $input) { id } }";
        self.server.ask(query, json!({ "factory": FACTORY, "input": input })).await;
    }

    async fn put_somebody_in_the_area(&mut self) {
        let there = [("WORKER", "W10"), ("WORKER", "W2"), ("WORKSTATION", "A1")];
        let changes = there.map(|(side, id)| json!({ "entityType": side, "entityId": id, "area": AREA }));
        let query = "mutation($factory: ID!, $changes: [EntityChangeInput!]!) {
            updateEntities(factoryId: $factory, changes: $changes, registerNew: true) { registered } }";
        self.server.ask(query, json!({ "factory": FACTORY, "changes": changes })).await;
        self.areas = json!({ AREA: there });
    }

    /// Sends everything in random batches, while settings change, and decides before, between and after them.
    async fn send(&mut self) {
        let mut hold = 60;
        let mut waiting = self.plant.events.clone();
        let decisions = self.plant.one_of(&[0, 1, 2, 4, 8]);
        while !waiting.is_empty() {
            self.decide_up_to(decisions).await;
            self.wait();
            if self.plant.chance(0.3) {
                hold = self.plant.one_of(&[5, 60, 61, 240]);
                self.change_factory(json!({ "stateHoldMinutes": hold })).await;
            }
            if self.plant.chance(0.3) {
                let hours = self.plant.one_of(&[1, 12, 24, 30, 36, 60]);
                self.change_factory(json!({ "finalityGraceHours": hours })).await;
                self.graces.push((self.now, hours));
            }
            let rest = waiting.split_off(self.plant.random.random_range(1..=waiting.len().min(40)));
            self.send_batch(&waiting, hold, true).await;
            waiting = rest;
        }
        self.decide_up_to(2 * decisions).await;
        if self.plant.chance(0.5) {
            // All that devices are heard of now, or of one of them not.
            for _ in 0..3 {
                self.send_batch(&[], hold, false).await;
            }
        }
    }

    /// Sends a batch as if a device did, or without saying which; one without events is always a device's.
    async fn send_batch(&mut self, events: &[Value], hold: i64, may_be_unnumbered: bool) {
        let sender = self.devices.sender(&mut self.plant, events, self.now, may_be_unnumbered);
        let query = "mutation($factory: ID!, $events: [EventInput!]!, $sender: SenderInput) {
            ingestEvents(factoryId: $factory, events: $events, sender: $sender) { accepted duplicates conflicts rejected } }";
        let variables = json!({ "factory": FACTORY, "events": events, "sender": sender });
        let answer = self.server.ask(query, variables).await["ingestEvents"].take();
        let now = rfc3339(self.now);
        self.steps
            .push(json!({ "now": now, "hold": hold, "events": events, "sender": sender, "answer": answer }));
    }

    fn wait(&mut self) {
        self.now += self.plant.random.random_range(1..LONGEST_STEP_MS);
        self.server.clock.set(TimestampMs(self.now));
    }

    async fn decide_up_to(&mut self, most: usize) {
        for _ in 0..self.plant.random.random_range(0..=most) {
            self.wait();
            let before = self.requests.len();
            let mut request = self.plant.request(before);
            if before > 0 && self.plant.chance(0.1) {
                let repeated = self.requests[self.plant.random.random_range(0..before)].clone();
                if self.plant.chance(0.5) {
                    request = repeated;
                } else {
                    request["requestId"] = repeated["requestId"].clone();
                }
            }
            let answer = self.decide(&request).await;
            if self.plant.chance(0.7) {
                self.until_applied().await;
            } else {
                self.is_settled &= self.is_applied().await;
            }
            self.requests.push(request.clone());
            self.steps.push(json!({ "now": rfc3339(self.now), "request": request, "answer": answer }));
        }
    }

    /// The number of the decision that a request makes, or the code of its refusal.
    async fn decide(&self, request: &Value) -> Value {
        let query = "mutation($factory: ID!, $requestId: ID!, $decision: DecisionInput!, $note: String!) {
            decide(factoryId: $factory, requestId: $requestId, decision: $decision, note: $note) { number } }";
        let mut variables = request.clone();
        variables["factory"] = json!(FACTORY);
        let mut answer = self.server.answer(query, variables).await;
        let number = answer["data"]["decide"]["number"].take();
        if number.is_null() { json!(code(&answer)) } else { number }
    }

    /// Whether every figure follows every decision: one about much is applied part by part.
    async fn is_applied(&self) -> bool {
        let query = "query($id: ID!) { decisions(factoryId: $id, first: 200) { edges { node { progress { state } } } } }";
        let listed = self.server.ask(query, json!({ "id": FACTORY })).await;
        let edges = listed["decisions"]["edges"].as_array().expect("decisions");
        edges.iter().all(|edge| edge["node"]["progress"]["state"] == "APPLIED")
    }

    async fn until_applied(&self) {
        until("the end of all decisions", async || self.is_applied().await).await;
    }

    /// What the checker says if something differs. It looks at all windows, or at what is said of all time and of now.
    async fn judge(&self, folder: &Path, is_about_now: bool, about: &str) -> Option<String> {
        self.until_applied().await;
        let file = folder.join("story.json");
        let graces: Vec<Value> = self
            .graces
            .iter()
            .map(|(since, hours)| json!({ "since": rfc3339(*since), "hours": hours }))
            .collect();
        let story = json!({ "seed": self.seed, "now": rfc3339(self.now), "areas": self.areas, "steps": self.steps,
                            "isAboutNow": is_about_now, "isSettled": self.is_settled, "graces": graces });
        tokio::fs::write(&file, story.to_string()).await.expect("a file");
        let (url, file) = (self.server.url("/graphql"), file.display().to_string());
        differences("core.py", &[&url, FACTORY, &file], &format!("seed {} {about}", self.seed)).await
    }
}

#[tokio::test]
async fn the_checker_computes_the_examples_of_the_page() {
    assert_eq!(differences("examples.py", &[PAGE], "METRICS.md").await, None);
}

#[tokio::test]
async fn the_server_answers_what_another_implementation_of_the_page_computes() {
    let first = env::var("ANDON_ORACLE_SEED").map_or(0, |seed| seed.parse().expect("a seed"));
    let folder = TempDir::new().expect("a temporary directory");
    let mut found = Vec::new();
    for seed in first..first + rounds(5) as u64 {
        let mut live = Live::new(seed).await;
        live.send().await;
        found.extend(live.judge(folder.path(), false, "at the end").await);
        // As if the server's clock had been wrong until now.
        live.now = T0_MS + ChaCha8Rng::seed_from_u64(seed).random_range(0..40 * HOUR);
        live.server.clock.set(TimestampMs(live.now));
        found.extend(live.judge(folder.path(), true, "put back").await);
    }
    assert!(found.is_empty(), "{}", found.concat());
}
