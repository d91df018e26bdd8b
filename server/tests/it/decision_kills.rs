//! A server that is killed between two statements: of a decision, of a part of one, of what takes one back while it is being
//! applied, and of late events; and a rebuild that is. Nothing of the transaction is there, no answer about a closed window is
//! another one, and what follows is what would have followed.

use std::{process::Stdio, time::Duration};

use domain::{
    MS_PER_DAY, MS_PER_MINUTE,
    event::{EntityType, RawEvent},
    instant::to_rfc3339,
    time::TimestampMs,
    timeline::CorrectedState,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::{
    clock::Clock,
    store::{
        Store,
        access::Author,
        decisions::{Content, Correction, NewDecision, Progress},
        writer::Writer,
    },
};
use test_harness::{reserved_port, rounds, until};
use tokio::task::JoinHandle;

use crate::{
    as_of::as_of_law::{FIGURES, asking},
    decision_faults::decide_until_answered,
    harness::{Program, TestDatabase, TestServer, patient, soon, work},
    undisturbed::send,
};

/// So many that a day of all of them is several parts of a decision.
const WORKERS: usize = 80;
/// Of a day of them, half an hour is so much.
const FIRST_SLICE_EVENTS: u64 = 1_000;
/// How many statements of each kind of transaction are struck.
const STRIKES: usize = 2;
const KILLS: usize = 3;
/// By then a part of the decision is applied, or some.
const LATEST_KILL_MS: u64 = 1_500;
const ALWAYS: &str = "1 = 1";

const PROGRESS: &str = "{ decisions(factoryId: \"plant\") { edges { node { number requestId withdrawnBy progress { state } } } } }";

const FACTORY: &str = "{ factoryMetrics(factoryId: \"plant\") { productiveMinutes correctedMinutes \
    workerUnitsProduced } }";

/// A factory whose day is long closed, by the clock of the system, and answers about that day.
struct Plant {
    database: TestDatabase,
    day_ms: i64,
    /// As of this instant the answers were given.
    as_of: String,
    answers: Vec<Value>,
}

fn worker(number: usize) -> String {
    format!("W{}", number + 1)
}

impl Plant {
    async fn new() -> Self {
        let now_ms = Clock::System.now_ms().0;
        let day_ms = (now_ms / MS_PER_DAY - 10) * MS_PER_DAY;
        let came = Clock::manual(TimestampMs(day_ms + 3 * MS_PER_DAY));
        let server = TestServer::with(came, patient()).await;
        server.create_factory("plant").await;
        let events: Vec<RawEvent> = (0..WORKERS)
            .flat_map(|number| {
                [8, 11].map(|hour| {
                    let minute = hour * 60 + number as i64 % 7;
                    work(&worker(number), &to_rfc3339(day_ms + minute * MS_PER_MINUTE), 100.0)
                })
            })
            .collect();
        assert_eq!(server.ingest("plant", json!(events)).await["accepted"], events.len());
        let as_of = to_rfc3339(day_ms + 4 * MS_PER_DAY);
        Self { database: server.stop().await, day_ms, as_of, answers: Vec::new() }
    }

    /// The same with a decision of which half an hour of the day is applied.
    async fn with_decision() -> Self {
        let mut plant = Self::new().await;
        // Before anything is decided: what a killed server leaves must not be what is compared with.
        plant.keep_answers().await;
        let store = Store::open(plant.database.url()).await.expect("a database");
        let mut writer = Writer::new(store.clone()).with_slices(FIRST_SLICE_EVENTS);
        let made = writer.decide(&plant.decision(), Clock::System.now_ms()).await;
        let made = made.expect("a commit").expect("a decision");
        assert!(matches!(made.progress, Progress::Applying(_)), "{made:?}");
        drop(writer);
        store.close().await;
        plant
    }

    /// That everybody was at work all day, but for the last minute.
    fn decision(&self) -> NewDecision {
        NewDecision {
            factory_slug: "plant".into(),
            request_id: "1".to_owned(),
            author: Author::called("somebody", None, TimestampMs(0)),
            note: "as seen".to_owned(),
            seen_decision: None,
            content: Content::Correction(Correction {
                entity_type: EntityType::Worker,
                entity_codes: (0..WORKERS).map(worker).collect(),
                area: None,
                from_ms: self.day_ms,
                to_ms: self.day_ms + MS_PER_DAY,
                state: Some(CorrectedState::Working),
                units: None,
            }),
        }
    }

    /// As it is sent.
    fn request(&self) -> Value {
        let ids: Vec<String> = (0..WORKERS).map(worker).collect();
        json!({ "request": "1", "decision": { "correction": { "entityType": "WORKER", "entityIds": ids, "state": "WORKING",
            "from": to_rfc3339(self.day_ms), "to": to_rfc3339(self.day_ms + MS_PER_DAY) } } })
    }

    /// Events of a device that come days late.
    fn late(&self) -> Vec<RawEvent> {
        let at = |number: usize| to_rfc3339(self.day_ms + (600 + 10 * number as i64) * MS_PER_MINUTE);
        (0..20)
            .map(|number| RawEvent {
                source_id: Some(format!("cam-{}", number % 3)),
                ..work(&worker(number), &at(number), 30.0)
            })
            .collect()
    }

    async fn serve_at(&self, listen: &str) -> Program {
        Program::serve_at(listen, self.database.url(), &[]).await
    }

    /// What was answered then, asked for again, each by itself: a database has 20 s for a request, and a starved one is slow.
    async fn then(&self, program: &Program) -> Vec<Value> {
        let window = json!({ "day": &to_rfc3339(self.day_ms)[..10] });
        let variables = json!({ "window": window, "asOf": self.as_of });
        let mut answers = Vec::with_capacity(FIGURES.len());
        for figures in FIGURES {
            answers.push(program.ask(&asking(&[figures]), variables.clone()).await);
        }
        answers
    }

    /// Keeps what is answered now.
    async fn keep_answers(&mut self) {
        let program = self.serve_at("127.0.0.1:0").await;
        self.answers = self.then(&program).await;
        assert!(program.terminate().await.0.success());
    }

    /// Whether sums are those of the events and of the decisions that they say they follow.
    async fn assert_audit_is_clean(&self) {
        let audit = Program::audit(self.database.url()).await;
        assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
    }

    /// Kills a server that stands still in the middle of a transaction. What it left is whole, and the next one begins.
    async fn strike(&self, mut struck: Program, (listen, table): (&str, &str)) -> Program {
        self.database.until_stalled().await;
        soon("the kill", struck.child.kill()).await.expect("a killed process");
        self.database.end_stall(table).await;
        self.assert_audit_is_clean().await;
        self.serve_at(listen).await
    }

    /// Everything is as it must be at the end, with these figures of the factory.
    async fn assert_is(&self, program: Program, figures: [f64; 3]) {
        let decided = async || program.ask(PROGRESS, json!({})).await["decisions"]["edges"].take();
        until("the end of all decisions", async || {
            let edges = decided().await;
            edges
                .as_array()
                .expect("decisions")
                .iter()
                .all(|edge| edge["node"]["progress"]["state"] == "APPLIED")
        })
        .await;
        let factory = program.ask(FACTORY, json!({})).await["factoryMetrics"].take();
        let [working, corrected, units] = figures;
        let expected = json!({ "productiveMinutes": working, "correctedMinutes": corrected, "workerUnitsProduced": units as i64 });
        assert_eq!(factory, expected);
        assert_eq!(self.then(&program).await, self.answers, "what was answered before");
        assert!(program.terminate().await.0.success());
        self.assert_audit_is_clean().await;
    }
}

const EVENT_MINUTES: f64 = 100.0 * 2.0 * WORKERS as f64;
const UNITS: f64 = 2.0 * WORKERS as f64;
const DAYS: f64 = 1_440.0 * WORKERS as f64;
/// When nothing is decided, and when all is.
const UNDECIDED: [f64; 3] = [EVENT_MINUTES, 0.0, UNITS];
const DECIDED: [f64; 3] = [DAYS, DAYS, UNITS];

/// Asks for a decision until there is an answer.
fn deciding(program: &Program, request: Value) -> JoinHandle<Value> {
    let url = program.url.clone();
    tokio::spawn(async move {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        decide_until_answered(&client, &url, &request).await.0
    })
}

/// The tables in whose writing a round strikes.
fn tables(of: &[&'static str]) -> Vec<&'static str> {
    of.iter().copied().cycle().take(rounds(STRIKES)).collect()
}

#[tokio::test]
async fn who_is_killed_while_deciding_has_decided_nothing_and_the_same_request_decides_once() {
    for table in tables(&[
        "rollup",
        "restated_hour",
        "decision",
        "decision_entity",
        "factory",
        "restatement",
        "tracked_entity",
    ]) {
        let mut plant = Plant::new().await;
        plant.keep_answers().await;
        let reserved = reserved_port();
        let listen = reserved.local_addr().expect("an address").to_string();
        let struck = plant.serve_at(&listen).await;
        plant.database.stall(table, ALWAYS).await;
        let answered = deciding(&struck, plant.request());
        let program = plant.strike(struck, (&listen, table)).await;
        let made = soon("the decision", answered).await.expect("no panic");
        let again = soon("the decision", deciding(&program, plant.request())).await.expect("no panic");
        assert_eq!((&made["number"], &again["number"]), (&json!(1), &json!(1)), "{table}: {made} {again}");
        plant.assert_is(program, DECIDED).await;
    }
}

#[tokio::test]
async fn a_part_of_a_decision_whose_server_is_killed_is_applied_once_by_the_next() {
    for table in tables(&["restated_hour", "decision", "rollup", "factory", "restatement", "tracked_entity"])
    {
        let plant = Plant::with_decision().await;
        let reserved = reserved_port();
        let listen = reserved.local_addr().expect("an address").to_string();
        plant.database.stall(table, ALWAYS).await;
        let struck = plant.serve_at(&listen).await;
        let program = plant.strike(struck, (&listen, table)).await;
        plant.assert_is(program, DECIDED).await;
    }
}

#[tokio::test]
async fn who_is_killed_while_taking_back_what_is_being_applied_has_not_and_the_same_request_does() {
    const TAKEN_BACK: &str = "EXISTS (SELECT 1 FROM decision WHERE withdrawn_by IS NOT NULL)";
    for table in tables(&["restated_hour", "rollup", "factory", "decision", "restatement", "tracked_entity"])
    {
        let plant = Plant::with_decision().await;
        let reserved = reserved_port();
        let listen = reserved.local_addr().expect("an address").to_string();
        plant.database.stall(table, TAKEN_BACK).await;
        let struck = plant.serve_at(&listen).await;
        let withdrawal = json!({ "request": "2", "decision": { "withdrawal": 1 } });
        let answered = deciding(&struck, withdrawal.clone());
        let program = plant.strike(struck, (&listen, table)).await;
        let made = soon("the withdrawal", answered).await.expect("no panic");
        let again = soon("the withdrawal", deciding(&program, withdrawal)).await.expect("no panic");
        assert_eq!((&made["number"], &again["number"]), (&json!(2), &json!(2)), "{table}: {made} {again}");
        plant.assert_is(program, UNDECIDED).await;
    }
}

#[tokio::test]
async fn late_events_whose_server_is_killed_are_stored_once_by_the_next_with_what_they_change() {
    for table in tables(&[
        "restated_hour",
        "rollup",
        "event",
        "entity_origin",
        "factory",
        "restatement",
        "tracked_entity",
    ]) {
        let mut plant = Plant::new().await;
        plant.keep_answers().await;
        let reserved = reserved_port();
        let listen = reserved.local_addr().expect("an address").to_string();
        let struck = plant.serve_at(&listen).await;
        plant.database.stall(table, ALWAYS).await;
        let (url, late) = (struck.url.clone(), plant.late());
        let sending = tokio::spawn(async move { send(&url, &late, late.len()).await });
        let program = plant.strike(struck, (&listen, table)).await;
        let report = soon("the late events", sending).await.expect("no panic");
        assert_eq!((report.summary.accepted, report.summary.duplicates), (20, 0), "{table}: {report:?}");
        // Each overlaps what its worker did, or follows on it.
        let working = program.ask(FACTORY, json!({})).await["factoryMetrics"]["productiveMinutes"].as_f64();
        let working = working.expect("minutes");
        assert!(working > EVENT_MINUTES && working < EVENT_MINUTES + 600.0, "{working}");
        plant.assert_is(program, [working, 0.0, UNITS + 20.0]).await;
    }
}

#[tokio::test]
async fn a_rebuild_that_is_killed_while_a_decision_is_half_applied_has_changed_nothing() {
    for table in tables(&["rollup", "factory", "tracked_entity"]) {
        let plant = Plant::with_decision().await;
        let rebuild = || {
            let mut command = Program::command(&["rebuild", "--database-url", plant.database.url()]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        plant.database.stall(table, ALWAYS).await;
        let mut struck = rebuild().spawn().expect("the program");
        plant.database.until_stalled().await;
        soon("the kill", struck.kill()).await.expect("a killed process");
        plant.database.end_stall(table).await;
        plant.assert_audit_is_clean().await;
        assert!(soon("a rebuild", rebuild().status()).await.expect("an exit status").success());
        plant.assert_audit_is_clean().await;
        let program = plant.serve_at("127.0.0.1:0").await;
        plant.assert_is(program, DECIDED).await;
    }
}

#[tokio::test]
async fn whenever_a_server_is_killed_a_large_decision_is_applied_and_taken_back_to_the_last_bit() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut plant = Plant::new().await;
    plant.keep_answers().await;
    let reserved = reserved_port();
    let listen = reserved.local_addr().expect("an address").to_string();
    let mut program = plant.serve_at(&listen).await;
    for round in 0..rounds(1) {
        let decision = json!({ "request": format!("{round}"), "decision": plant.request()["decision"] });
        let number = 2 * round + 1;
        let withdrawal = json!({ "request": format!("{round} back"), "decision": { "withdrawal": number } });
        for (request, expected, number) in [(decision, DECIDED, number), (withdrawal, UNDECIDED, number + 1)]
        {
            let answered = deciding(&program, request.clone());
            for _ in 0..KILLS {
                // Not a wait for anything: any moment will do.
                tokio::time::sleep(Duration::from_millis(random.random_range(0..=LATEST_KILL_MS))).await;
                soon("the kill", program.child.kill()).await.expect("a killed process");
                plant.assert_audit_is_clean().await;
                program = plant.serve_at(&listen).await;
            }
            assert_eq!(soon("the decision", answered).await.expect("no panic")["number"], number);
            let again = soon("the decision", deciding(&program, request)).await.expect("no panic");
            assert_eq!(again["number"], number);
            plant.assert_is(program, expected).await;
            program = plant.serve_at(&listen).await;
        }
    }
}
