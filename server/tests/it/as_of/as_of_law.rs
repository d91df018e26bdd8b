//! The law of as-of: whatever comes later, by clocks that are moved and graces that are set, every answer about a closed window
//! is told again, and one about an open one is refused.

use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, time::TimestampMs};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use server::store::rebuild_at;
use test_harness::rounds;

use super::{CHANGE, DECIDE, INGEST, RESTATEMENTS, day, plant_at, text};
use crate::harness::{T0_MS, TestServer};

/// Everything that can be asked as of an instant, but for the revision, which is that of now.
pub(crate) const FIGURES: [&str; 6] = [
    "factoryMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) { productiveMinutes idleMinutes absentMinutes
      observedMinutes contestedMinutes correctedMinutes unitsProduced workerUnitsProduced workstationUnitsProduced
      averageUtilization utilization averageProductionRate activeWorkers activeWorkstations }",
    "workerMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) { workers { workerId workingMinutes idleMinutes
      absentMinutes overlapMinutes contestedMinutes correctedMinutes utilization unitsProduced unitsPerHour meanConfidence } }",
    "some: workerMetrics(factoryId: \"plant\", window: $window, workerIds: [\"W1\"], asOf: $asOf) { workers { workingMinutes } }",
    "workstationMetrics(factoryId: \"plant\", window: $window, asOf: $asOf) { workstations { workstationId occupiedMinutes
      idleMinutes absentMinutes overlapMinutes contestedMinutes correctedMinutes unitsProduced meanConfidence } }",
    "metricSeries(factoryId: \"plant\", window: $window, resolution: HOUR, asOf: $asOf) { points { from workingMinutes
      idleMinutes absentMinutes contestedMinutes correctedMinutes unitsProduced meanConfidence } }",
    "entitySeries(factoryId: \"plant\", window: $window, resolution: HOUR, entityType: WORKER, entityIds: [\"W1\", \"W2\"],
      asOf: $asOf) { series { entityId points { from workingMinutes idleMinutes unitsProduced } } }",
];

/// Asks for some of them in one request.
pub(crate) fn asking(figures: &[&str]) -> String {
    format!("query($window: WindowInput!, $asOf: DateTime) {{ {} }}", figures.join(" "))
}

/// From when on the clock shows: all events of the day have ended, the longest of those that begin at its end, too.
const FIRST_MS: i64 = T0_MS + MS_PER_DAY + 2 * MS_PER_HOUR;

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
        server.clock.set(TimestampMs(FIRST_MS));
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
        self.server.clock.set(TimestampMs((now_ms + by_ms).max(FIRST_MS)));
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
            let figures = self.server.ask(&asking(&FIGURES), json!({ "window": window })).await;
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
            let answer = self.server.answer(&asking(&FIGURES), json!({ "window": window, "asOf": at })).await;
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
        let now = self.server.ask(&asking(&FIGURES), json!({ "window": window })).await;
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
