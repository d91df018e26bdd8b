//! What was answered once can be asked for again: as of an instant, with what moved since, or it is refused.

use chrono::{DateTime, SecondsFormat};
use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, time::TimestampMs};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::store::rebuild_at;
use test_harness::rounds;

use crate::harness::{T0_MS, TestServer, code, millis, with, work};

const INGEST: &str = "mutation($events: [EventInput!]!, $sender: SenderInput) { ingestEvents(factoryId: \"plant\", \
    events: $events, sender: $sender) { accepted rejected issues { message } } }";
const DECIDE: &str = "mutation($request: ID!, $decision: DecisionInput!) {
    decide(factoryId: \"plant\", requestId: $request, decision: $decision, note: \"a reason\") { number } }";
const CHANGE: &str = "mutation($input: UpdateFactoryInput!) { updateFactory(factoryId: \"plant\", input: $input) { revision } }";

/// Everything that can be asked as of an instant, but for the revision, which is that of now.
const FIGURES: &str = "query($window: WindowInput!, $asOf: DateTime, $resolution: Resolution! = HOUR) {
    factoryMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) { productiveMinutes idleMinutes absentMinutes
      observedMinutes contestedMinutes correctedMinutes unitsProduced workerUnitsProduced workstationUnitsProduced
      averageUtilization utilization averageProductionRate activeWorkers activeWorkstations }
    workerMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) { workers { workerId workingMinutes idleMinutes
      absentMinutes overlapMinutes contestedMinutes correctedMinutes utilization unitsProduced unitsPerHour meanConfidence } }
    some: workerMetrics(factoryId: \"plant\", window: $window, workerIds: [\"W1\"], asOf: $asOf) { workers { workingMinutes } }
    workstationMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) { workstations { workstationId occupiedMinutes
      idleMinutes absentMinutes overlapMinutes contestedMinutes correctedMinutes unitsProduced meanConfidence } }
    metricSeries(factoryId: \"plant\", window: $window, resolution: $resolution, asOf: $asOf) { points { from workingMinutes
      idleMinutes absentMinutes contestedMinutes correctedMinutes unitsProduced meanConfidence } }
    entitySeries(factoryId: \"plant\", window: $window, resolution: $resolution, entityType: WORKER, entityIds: [\"W1\", \"W2\"],
      asOf: $asOf) { series { entityId points { from workingMinutes idleMinutes unitsProduced } } } }";

const AS_OF: &str = "query($window: WindowInput, $asOf: DateTime) { factoryMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) {
    productiveMinutes idleMinutes utilization } }";
const CURRENT: &str = "query($window: WindowInput, $asOf: DateTime) { workerMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) {
    workers { workerId workingMinutes current { eventType } lastSeenAt } } }";

const RESTATEMENTS: &str = "query($window: WindowInput!, $since: DateTime!, $type: EntityType, $ids: [ID!]) {
    restatements(factoryId: \"plant\", window: $window, since: $since, entityType: $type, entityIds: $ids) {
      before { ...figures } now { ...figures } earlier { count delta { workingMinutes } after { workingMinutes } }
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
        ("2026-01-13T08:00:00Z", [295.5, 55.5, 84.188_034_188_034_19]),
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
        json!(["DECISION", null, null, 1, "2026-01-13T08:00:00.000Z", 4.0, -4.0, 84.188_034_188_034_19]),
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

fn pick<T: Copy>(random: &mut ChaCha8Rng, of: &[T]) -> T {
    of[random.random_range(0..of.len())]
}

/// An answer that somebody got.
struct Kept {
    at_ms: TimestampMs,
    window: Value,
    ends_ms: TimestampMs,
    figures: Value,
}

/// A factory whose every answer is kept.
struct Plant {
    server: TestServer,
    random: ChaCha8Rng,
    /// The instant of the latest commit.
    committed_ms: TimestampMs,
    /// Every grace that was set.
    graces: Vec<(TimestampMs, i64)>,
    sequences: [i64; 2],
    requests: usize,
    decisions: Vec<i64>,
    kept: Vec<Kept>,
}

impl Plant {
    async fn new(seed: u64) -> Self {
        let server = plant_at("2026-01-05T00:00:00Z").await;
        server.clock.set(TimestampMs(T0_MS + MS_PER_DAY));
        let graces = vec![(TimestampMs(T0_MS), 24)];
        Self {
            server,
            random: ChaCha8Rng::seed_from_u64(seed),
            committed_ms: TimestampMs(T0_MS),
            graces,
            sequences: [1, 1],
            requests: 0,
            decisions: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    /// The factory's now.
    fn now_ms(&self) -> TimestampMs {
        self.committed_ms.max(self.server.clock.now_ms())
    }

    /// Moves the clock, mostly on.
    fn move_clock(&mut self) {
        let now_ms = self.server.clock.now_ms().0;
        let by_ms = match self.random.random_range(0..10) {
            0 => -self.random.random_range(0..2 * MS_PER_HOUR),
            1..6 => self.random.random_range(1..MS_PER_HOUR),
            _ => self.random.random_range(1..20 * MS_PER_HOUR),
        };
        // Never so far back that the events of the examples lie ahead.
        self.server.clock.set(TimestampMs((now_ms + by_ms).max(T0_MS + MS_PER_DAY)));
    }

    /// Something was committed now. An answer that the clock gives another instant than its commits was of a wrong clock.
    fn commit(&mut self) {
        self.committed_ms = self.now_ms();
        let at_ms = self.committed_ms;
        self.kept.retain(|kept| kept.at_ms < at_ms);
    }

    async fn step(&mut self) {
        match self.random.random_range(0..12) {
            0 | 1 => self.decide().await,
            2 => {
                let hours = self.random.random_range(1..60);
                self.server.ask(CHANGE, json!({ "input": { "finalityGraceHours": hours } })).await;
                self.commit();
                if self.graces.last().is_some_and(|last| last.1 != hours) {
                    self.graces.push((self.committed_ms, hours));
                }
            }
            3 if self.chance(30) => {
                rebuild_at(&self.server.app.store, self.server.clock.now_ms()).await.expect("a rebuild");
                self.commit();
            }
            _ => self.ingest().await,
        }
    }

    async fn ingest(&mut self) {
        // Batches that wait for each other may be one commit.
        let batches: Vec<Value> = (0..self.random.random_range(1..4)).map(|_| self.batch()).collect();
        let sent = batches.into_iter().map(|variables| self.server.answer(INGEST, variables));
        for answer in futures_util::future::join_all(sent).await {
            assert_eq!(answer["data"]["ingestEvents"]["rejected"], 0, "{answer}");
        }
        self.commit();
    }

    fn batch(&mut self) -> Value {
        let events: Vec<Value> = (0..self.random.random_range(1..10)).map(|_| self.event()).collect();
        let device = self.random.random_range(0..3_usize);
        let sender = self.sequences.get_mut(device).map(|sequence| {
            let first = *sequence;
            *sequence += events.len() as i64;
            json!({ "deviceId": format!("edge-{device}"), "epoch": "a", "firstSequence": first,
                "sentAt": text(TimestampMs(T0_MS)), "queuedEvents": 0, "lostEvents": 0, "deadLetteredEvents": 0 })
        });
        json!({ "events": events, "sender": sender })
    }

    fn event(&mut self) -> Value {
        let random = &mut self.random;
        let is_station = random.random_range(0..5) == 0;
        let entity = if is_station { "S1".to_owned() } else { format!("W{}", random.random_range(1..4)) };
        let minute = random.random_range(0..24 * 60);
        let source = random.random_range(0..4);
        let model = random.random_range(0..3);
        let is_report = random.random_range(0..3) == 0;
        json!({
            "entityType": if is_station { "WORKSTATION" } else { "WORKER" },
            "entityId": entity,
            "eventType": pick(random, &["WORKING", "IDLE", "ABSENT"]),
            "timestamp": text(TimestampMs(T0_MS + minute * MS_PER_MINUTE)),
            "durationMinutes": (!is_report).then(|| random.random_range(0..90)),
            "holdMinutes": is_report.then(|| random.random_range(1..400)),
            "unitsProduced": random.random_range(0..5),
            "confidence": pick(random, &[None, Some(0.5), Some(0.9)]),
            "sourceId": (source > 0).then(|| format!("cam-{source}")),
            "modelVersion": (model > 0).then(|| format!("v{model}")),
            "workstationId": (!is_station && random.random_range(0..2) == 0).then_some("S1"),
        })
    }

    async fn decide(&mut self) {
        let random = &mut self.random;
        let from = random.random_range(0..23 * 60);
        let to = from + random.random_range(1..120);
        let at = |minute: i64| text(TimestampMs(T0_MS + minute * MS_PER_MINUTE));
        let decision = match random.random_range(0..4) {
            0 if !self.decisions.is_empty() => {
                let index = random.random_range(0..self.decisions.len());
                json!({ "withdrawal": self.decisions.swap_remove(index) })
            }
            1 => {
                json!({ "standing": { "standing": pick(random, &["SERVING", "SHADOW", "QUARANTINED"]),
                "sourceId": format!("cam-{}", random.random_range(1..4)), "from": at(from) } })
            }
            _ => {
                json!({ "correction": { "entityType": "WORKER", "entityIds": [format!("W{}", random.random_range(1..4))],
                "from": at(from), "to": at(to), "units": random.random_range(-3..4),
                "state": pick(random, &["WORKING", "IDLE", "ABSENT", "NOT_OBSERVED"]) } })
            }
        };
        let is_withdrawal = decision["withdrawal"].is_number();
        self.requests += 1;
        let variables = json!({ "request": format!("r{}", self.requests), "decision": decision });
        let made = self.server.ask(DECIDE, variables).await;
        if !is_withdrawal {
            self.decisions.push(made["decide"]["number"].as_i64().expect("a number"));
        }
        self.commit();
    }

    /// Keeps what is answered now.
    async fn keep(&mut self) {
        let from = self.random.random_range(0..24 * 12);
        let to = from + self.random.random_range(1..200);
        let at = |bucket: i64| TimestampMs(T0_MS + bucket * 5 * MS_PER_MINUTE);
        let range = json!({ "range": { "from": text(at(from)), "to": text(at(to)) } });
        for (window, ends_ms) in [(day(), TimestampMs(T0_MS + MS_PER_DAY)), (range, at(to))] {
            let figures = self.server.ask(FIGURES, json!({ "window": window })).await;
            self.kept.push(Kept { at_ms: self.now_ms(), window, ends_ms, figures });
        }
    }

    /// Up to when everything was closed at an instant, by the words of docs/METRICS.md: hour by hour, as it was set.
    fn mark_ms(&self, at_ms: TimestampMs) -> TimestampMs {
        let mut mark_ms = i64::MIN;
        for (index, (from_ms, hours)) in self.graces.iter().enumerate() {
            let until_ms = self.graces.get(index + 1).map_or(at_ms, |next| next.0.min(at_ms));
            if *from_ms <= at_ms {
                mark_ms = mark_ms.max(until_ms.0 - hours * MS_PER_HOUR);
            }
        }
        TimestampMs(mark_ms)
    }

    /// Asks again for everything that was answered; says how many answers can be told.
    async fn ask_again(&self) -> usize {
        let mut told = 0;
        for Kept { at_ms, window, ends_ms, figures } in &self.kept {
            let at = text(*at_ms);
            let answer = self.server.answer(FIGURES, json!({ "window": window, "asOf": at })).await;
            if *ends_ms > self.mark_ms(*at_ms) {
                let first = &answer["errors"][0]["extensions"]["code"];
                assert_eq!(first, "AS_OF_TOO_EARLY", "{window} as of {at}: {answer}");
                continue;
            }
            assert_eq!(answer["data"], *figures, "{window} as of {at}");
            self.check_restatements(&at, window, figures).await;
            told += 1;
        }
        told
    }

    /// The causes since an instant lead from what was answered then to what is answered now.
    async fn check_restatements(&self, since: &str, window: &Value, then: &Value) {
        let now = self.server.ask(FIGURES, json!({ "window": window })).await;
        let report = self.server.ask(RESTATEMENTS, json!({ "window": window, "since": since })).await;
        let report = &report["restatements"];
        let number = |figures: &Value, name: &str| figures[name].as_f64().expect("a number");
        for (of_factory, name) in [
            ("productiveMinutes", "workingMinutes"),
            ("idleMinutes", "idleMinutes"),
            ("absentMinutes", "absentMinutes"),
            ("observedMinutes", "observedMinutes"),
            ("contestedMinutes", "contestedMinutes"),
            ("correctedMinutes", "correctedMinutes"),
            ("unitsProduced", "unitsProduced"),
        ] {
            let (then, now) = (&then["factoryMetrics"][of_factory], &now["factoryMetrics"][of_factory]);
            assert_eq!(report["before"][name], *then, "{name} since {since}");
            assert_eq!(report["now"][name], *now, "{name} since {since}");
            let mut figure = number(&report["before"], name);
            for cause in report["restatements"].as_array().expect("a list") {
                figure += number(&cause["delta"], name);
                assert!(
                    (figure - number(&cause["after"], name)).abs() < 1e-6,
                    "{name} since {since}: {report}"
                );
            }
            assert!((figure - number(&report["now"], name)).abs() < 1e-6, "{name} since {since}: {report}");
        }
        for name in ["utilization", "averageUtilization"] {
            assert_eq!(report["before"][name], then["factoryMetrics"][name], "{name} since {since}");
            assert_eq!(report["now"][name], now["factoryMetrics"][name], "{name} since {since}");
        }
        Self::check_order(report);
    }

    /// The causes of one commit have their order.
    fn check_order(report: &Value) {
        let place = |cause: &Value| {
            let text = |name: &str| cause[name].as_str().map(str::to_owned);
            let kind = ["LATE_EVENTS", "DECISION", "REBUILD"].iter().position(|kind| cause["cause"] == *kind);
            (kind, text("deviceId"), text("sourceId"), cause["decision"].as_i64())
        };
        let causes: Vec<_> = report["restatements"].as_array().expect("a list").iter().collect();
        for pair in causes.windows(2) {
            let revisions = [pair[0], pair[1]].map(|cause| cause["revision"].as_i64());
            assert!(revisions[0] <= revisions[1], "{report}");
            assert!(revisions[0] < revisions[1] || place(pair[0]) < place(pair[1]), "{report}");
        }
    }
}

#[tokio::test]
async fn every_answer_about_a_closed_window_is_told_again_whatever_comes_later() {
    let mut told = 0;
    for round in 0..rounds(3) {
        let mut plant = Plant::new(round as u64).await;
        for _ in 0..24 {
            plant.move_clock();
            plant.step().await;
            plant.keep().await;
        }
        told += plant.ask_again().await;
        plant.server.assert_audit_is_clean().await;
    }
    assert!(told > rounds(3) * 5, "only {told} answers were about closed windows");
}
