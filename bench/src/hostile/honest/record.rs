//! What honest clients met, and the numbers of a span of it.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::latency::{Latencies, Percentiles};

/// A batch that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) revision: i64,
    pub(super) events: u64,
    pub(super) at: Instant,
}

/// What came to the one who watches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivery {
    pub(super) revision: i64,
    pub(super) at: Instant,
}

/// Requests of one client, one after the other.
#[derive(Debug, Default)]
pub(super) struct Waits(Vec<Wait>);

#[derive(Debug)]
struct Wait {
    due_at: Instant,
    /// None while it is waited for.
    ended_at: Option<Instant>,
}

/// Everything from the beginning on.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) answers: Vec<Answer>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) probes: Waits,
    pub(super) new_viewers: Waits,
    pub(super) refusals: Vec<Instant>,
}

/// What honest clients met in a span of time.
#[derive(Debug, Serialize)]
pub(in crate::hostile) struct Observed {
    /// Events whose batches were answered.
    pub(in crate::hostile) events_per_s: f64,
    /// How long the server took to say how it is, from when the question was due.
    pub(in crate::hostile) healthz: Option<Percentiles>,
    /// From a batch's answer to the delivery with its revision or a later one; what was not delivered counts up to the end.
    pub(in crate::hostile) slowest_delivery_ms: Option<f64>,
    /// From opening a socket to the first numbers.
    pub(in crate::hostile) slowest_new_viewer_ms: Option<f64>,
    /// Requests and sockets that were refused, broken or given up.
    pub(in crate::hostile) refused: usize,
}

impl Waits {
    pub(super) fn begin(&mut self, due_at: Instant) {
        self.0.push(Wait { due_at, ended_at: None });
    }

    pub(super) fn end(&mut self, at: Instant) {
        if let Some(last) = self.0.last_mut() {
            last.ended_at = Some(at);
        }
    }

    /// How long each that was due in this span took; one that has no end yet took until the end of the span.
    fn within(&self, from: Instant, to: Instant) -> impl Iterator<Item = Duration> {
        let within = self.0.iter().filter(move |wait| (from..to).contains(&wait.due_at));
        within.map(move |wait| wait.ended_at.unwrap_or(to).saturating_duration_since(wait.due_at))
    }

    /// The waits of those that were due behind one that has no end yet, of which one is due each `interval`.
    fn behind(&self, to: Instant, interval: Duration) -> impl Iterator<Item = Duration> {
        let open = self.0.last().filter(|wait| wait.ended_at.is_none());
        let mut left = open.map(|wait| to.saturating_duration_since(wait.due_at));
        std::iter::from_fn(move || {
            left = left?.checked_sub(interval).filter(|left| !left.is_zero());
            left
        })
    }
}

impl Record {
    /// Whether everybody was served once.
    pub(super) fn has_everything(&self) -> bool {
        let has_ended = |waits: &Waits| waits.0.iter().any(|wait| wait.ended_at.is_some());
        let delivered = self.deliveries.last().map(|delivery| delivery.revision);
        let answered = self.answers.first().map(|answer| answer.revision);
        answered.is_some() && delivered >= answered && has_ended(&self.probes) && has_ended(&self.new_viewers)
    }

    /// The numbers of a span that ends now.
    pub(super) fn observe(&self, from: Instant, to: Instant, probe_interval: Duration) -> Observed {
        let mut healthz = Latencies::default();
        // Else one long wait would count as little as one short one.
        let behind = self.probes.behind(to, probe_interval).filter(|wait| *wait <= to - from);
        self.probes.within(from, to).chain(behind).for_each(|wait| healthz.push(wait));
        let is_within = |at: Instant| (from..to).contains(&at);
        let answers = || self.answers.iter().filter(|answer| is_within(answer.at));
        let events: u64 = answers().map(|answer| answer.events).sum();
        Observed {
            events_per_s: events as f64 / (to - from).as_secs_f64(),
            healthz: healthz.percentiles(),
            slowest_delivery_ms: answers().map(|answer| self.delivery_wait(*answer, to)).max().map(ms),
            slowest_new_viewer_ms: self.new_viewers.within(from, to).max().map(ms),
            refused: self.refusals.iter().filter(|at| is_within(**at)).count(),
        }
    }

    fn delivery_wait(&self, answer: Answer, to: Instant) -> Duration {
        let delivery = self.deliveries.iter().find(|delivery| delivery.revision >= answer.revision);
        delivery.map_or(to, |delivery| delivery.at).saturating_duration_since(answer.at)
    }
}

fn ms(wait: Duration) -> f64 {
    wait.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(50);

    /// A span of a second, and the instants in it.
    fn second() -> (Instant, Instant, impl Fn(u64) -> Instant) {
        let from = Instant::now();
        (from, from + Duration::from_secs(1), move |ms| from + Duration::from_millis(ms))
    }

    #[test]
    fn only_what_was_answered_in_the_span_counts() {
        let (from, to, at) = second();
        let answer = |ms| Answer { revision: 1, events: 50, at: at(ms) };
        let record = Record { answers: vec![answer(0), answer(999), answer(1_000)], ..Record::default() };
        assert!((record.observe(from, to, INTERVAL).events_per_s - 100.0).abs() < 1e-9);
        assert_eq!(record.observe(to, at(2_000), INTERVAL).events_per_s.round() as i64, 50);
    }

    #[test]
    fn a_delivery_counts_for_every_answer_up_to_its_revision() {
        let (from, to, at) = second();
        let answer = |revision, ms| Answer { revision, events: 50, at: at(ms) };
        let delivery = |revision, ms| Delivery { revision, at: at(ms) };
        let mut record = Record {
            answers: vec![answer(1, 100), answer(2, 200), answer(3, 300)],
            deliveries: vec![delivery(2, 260), delivery(3, 290)],
            ..Record::default()
        };
        assert_eq!(record.observe(from, to, INTERVAL).slowest_delivery_ms, Some(160.0));
        record.answers.push(answer(4, 400));
        assert_eq!(record.observe(from, to, INTERVAL).slowest_delivery_ms, Some(600.0));
    }

    #[test]
    fn a_server_that_says_nothing_keeps_all_waiting_who_would_have_asked() {
        let (from, to, at) = second();
        let mut record = Record::default();
        for number in 0..10 {
            record.probes.begin(at(number * 50));
            record.probes.end(at(number * 50 + 1));
        }
        record.probes.begin(at(500));
        let healthz = record.observe(from, to, INTERVAL).healthz.unwrap();
        // Of twenty that were due ten waited from 50 to 500 ms.
        assert_eq!((healthz.p50_ms, healthz.p95_ms, healthz.p99_ms), (1.0, 450.0, 500.0));
    }

    #[test]
    fn without_an_answer_there_is_no_wait_for_a_delivery() {
        let (from, to, at) = second();
        let record = Record { refusals: vec![at(1), at(2), to], ..Record::default() };
        let observed = record.observe(from, to, INTERVAL);
        assert_eq!((observed.slowest_delivery_ms, observed.refused), (None, 2));
        assert!(observed.healthz.is_none() && observed.events_per_s == 0.0);
    }
}
