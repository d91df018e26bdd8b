//! Random decisions about a random factory.

use domain::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, bucket::BUCKET_MS};
use rand::RngExt as _;
use serde_json::{Value, json};

use super::{AREA, LAST_END_MS, MODELS, Plant, SOURCES, WORKERS, WORKSTATIONS};
use crate::harness::millis;

/// No event names it.
const UNSEEN: &str = "W never seen";
const STATES: [Option<&str>; 6] =
    [None, Some("WORKING"), Some("IDLE"), Some("ABSENT"), Some("ABSENT"), Some("NOT_OBSERVED")];
const STANDINGS: [&str; 3] = ["SERVING", "SHADOW", "QUARANTINED"];

impl Plant {
    /// A request for a decision; some of them must be refused. So many were sent before.
    pub(super) fn request(&mut self, sent: usize) -> Value {
        let decision = match self.random.random_range(0..10) {
            0..5 => json!({ "correction": self.correction() }),
            5..7 => json!({ "standing": self.rule() }),
            7 => json!({ "retraction": self.retraction() }),
            _ => json!({ "withdrawal": self.random.random_range(1..=sent.max(1)) }),
        };
        json!({ "requestId": format!("request {sent}"), "decision": decision, "note": "As the test has it." })
    }

    fn correction(&mut self) -> Value {
        let mut correction = json!({ "state": self.one_of(&STATES) });
        let event = self.some_event();
        if let Some((from, to)) = span_of(&event).filter(|_| self.chance(0.15)) {
            // What the event counted is taken away where it was counted.
            let counted = event["unitsProduced"].as_i64().expect("a number");
            correction["entityType"] = event["entityType"].clone();
            correction["entityIds"] = json!([event["entityId"]]);
            correction["units"] = json!(-counted.max(1));
            return self.over((from, to), correction);
        }
        let (entity_type, ids) = self.several();
        correction["entityType"] = json!(entity_type);
        if self.chance(0.1) {
            correction["area"] = json!(AREA);
        } else {
            if ids.len() == 1 && self.chance(0.4) {
                correction["units"] = json!(self.one_of(&[-1, 1, -7, 40, -1_000, 1_000_000]));
            }
            correction["entityIds"] = json!(ids);
        }
        // A few say nothing, and are refused.
        if correction["state"].is_null() && correction["units"].is_null() && self.chance(0.9) {
            correction["state"] = json!("WORKING");
        }
        let span = self.span();
        self.over(span, correction)
    }

    fn over(&mut self, (from, to): (i64, i64), mut correction: Value) -> Value {
        correction["from"] = json!(self.written(from));
        correction["to"] = json!(self.written(to));
        correction
    }

    /// One or more workers or workstations.
    fn several(&mut self) -> (&'static str, Vec<String>) {
        let (entity_type, mut all) = if self.chance(0.6) {
            ("WORKER", [&WORKERS[..], &[UNSEEN]].concat())
        } else {
            ("WORKSTATION", WORKSTATIONS.to_vec())
        };
        let count = self.one_of(&[1, 1, 2, all.len()]);
        while all.len() > count {
            all.swap_remove(self.random.random_range(0..all.len()));
        }
        (entity_type, all.into_iter().map(str::to_owned).collect())
    }

    /// A span that has something to do with those before it, with events or with the buckets.
    fn span(&mut self) -> (i64, i64) {
        let at = self.instant();
        let about = match self.random.random_range(0..3) {
            0 => span_of(&self.some_event()),
            _ => self.spans.get(self.random.random_range(0..self.spans.len().max(1))).copied(),
        };
        let length = self.one_of(&[5, 7, 60, 300, 1_440]) * MS_PER_MINUTE;
        let (from, to) = match (self.random.random_range(0..12), about) {
            (0, Some(equal)) => equal,
            (1, Some((from, to))) => (from + 1, to - 1),
            (2, Some((from, to))) => (from - MS_PER_MINUTE, to + 1),
            (3, Some((from, to))) => (i64::midpoint(from, to), to + length),
            (4, Some((from, to))) => (from - length, i64::midpoint(from, to)),
            (5, Some((_, to))) => (to, to + length),
            (0..=5, None) | (6, _) => (at, at + 1),
            (7, _) => (at - at.rem_euclid(BUCKET_MS), at - at.rem_euclid(BUCKET_MS) + BUCKET_MS),
            (8, _) => (at, at),
            (9, _) if self.chance(0.05) => (LAST_END_MS - 31 * MS_PER_DAY, LAST_END_MS),
            (9, _) => (at, LAST_END_MS),
            _ => (at, at + length),
        };
        let span = (from, to.min(LAST_END_MS).max(from));
        self.spans.push(span);
        span
    }

    fn some_event(&mut self) -> Value {
        let index = self.random.random_range(0..self.events.len());
        self.events[index].clone()
    }

    fn rule(&mut self) -> Value {
        // Some differ from an earlier one in their standing alone.
        if !self.rules.is_empty() && self.chance(0.4) {
            let mut again = self.rules[self.random.random_range(0..self.rules.len())].clone();
            again["standing"] = json!(self.one_of(&STANDINGS));
            return again;
        }
        let model = self.one_of(&MODELS);
        let without = model.is_none() && self.chance(0.4);
        let from = self.chance(0.4).then(|| self.instant());
        let length = self.one_of(&[1, BUCKET_MS, MS_PER_HOUR, MS_PER_DAY]);
        let to = self.chance(0.4).then(|| from.unwrap_or(self.instant()) + length);
        let [from, to] = [from, to].map(|at| at.map(|at| self.written(at)));
        let rule = json!({ "standing": self.one_of(&STANDINGS), "sourceId": self.one_of(&SOURCES), "modelVersion": model,
                           "withoutModelVersion": without, "from": from, "to": to });
        self.rules.push(rule.clone());
        rule
    }

    /// Of the surest of a few events, which is likely to win; it may not be stored yet.
    fn retraction(&mut self) -> Value {
        let candidates = [self.some_event(), self.some_event(), self.some_event()];
        let surest = candidates.into_iter().max_by(|one, other| sureness(one).total_cmp(&sureness(other)));
        let event = surest.expect("one of three");
        let form = if event["durationMinutes"].is_null() { "STATE" } else { "INTERVAL" };
        json!({ "entityType": event["entityType"], "entityId": event["entityId"], "eventType": event["eventType"],
                "timestamp": event["timestamp"], "eventId": event["eventId"], "form": form })
    }
}

fn sureness(event: &Value) -> f64 {
    event["confidence"].as_f64().unwrap_or(-1.0)
}

/// That of an event with a duration.
fn span_of(event: &Value) -> Option<(i64, i64)> {
    let minutes = event["durationMinutes"].as_f64().filter(|minutes| *minutes >= 1.0)?;
    let from = millis(event["timestamp"].as_str()?).0;
    Some((from, from + (minutes * MS_PER_MINUTE as f64) as i64))
}
