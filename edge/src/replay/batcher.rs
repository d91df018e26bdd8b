//! Groups lines into batches that the server takes, without I/O.
//!
//! A batch holds at most the events asked for, and stays within the server's limits of one request: 10 000 events, a body
//! of 8 MiB, 1 000 000 five-minute buckets touched.

use std::fmt;

use domain::limits::{MAX_BATCH_BUCKETS, MAX_BATCH_EVENTS, MAX_BODY_BYTES};

use crate::batch::Batch;
use crate::line::EventLine;

/// How many events a batch holds when nothing else is asked for: large enough to make a request worth its way, small
/// enough to be sent again without regret.
pub const DEFAULT_BATCH_EVENTS: usize = 1_000;

/// The most bytes of events in one request. The rest of a body is for what surrounds them.
pub const MAX_EVENTS_BYTES: usize = MAX_BODY_BYTES - 16 * 1024;

/// The lines that the events of a batch came from, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineNumbers(Vec<u64>);

impl LineNumbers {
    /// The line from which the event at this index of the batch came.
    pub fn line(&self, index: usize) -> Option<u64> {
        self.0.get(index).copied()
    }
}

impl fmt::Display for LineNumbers {
    /// The first and the last line, for a person to find them: `lines 1001 to 2000`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => formatter.write_str("no line"),
            [only] => write!(formatter, "line {only}"),
            [first, .., last] => write!(formatter, "lines {first} to {last}"),
        }
    }
}

/// Collects lines, in their order, and hands out a batch whenever the next line does not fit into it.
#[derive(Debug)]
pub struct Batcher {
    max_events: usize,
    lines: Vec<u64>,
    events: Vec<String>,
    bytes: usize,
    buckets: i64,
}

impl Batcher {
    /// Makes batches of at most `max_events` events, at least 1 and at most [`MAX_BATCH_EVENTS`].
    pub fn new(max_events: usize) -> Self {
        let max_events = max_events.clamp(1, MAX_BATCH_EVENTS);
        Self { max_events, lines: Vec::new(), events: Vec::new(), bytes: 0, buckets: 0 }
    }

    /// Takes one line; returns the batch before it when that has become full.
    pub fn push(&mut self, line: EventLine) -> Option<Batch<LineNumbers>> {
        const COMMA_BYTES: usize = 1;
        let bytes = line.json.len() + COMMA_BYTES;
        let fits = self.events.len() < self.max_events
            && self.bytes + bytes <= MAX_EVENTS_BYTES
            && self.buckets + line.buckets <= MAX_BATCH_BUCKETS;
        let full = if fits { None } else { self.finish() };
        self.lines.push(line.number);
        self.events.push(line.json);
        self.bytes += bytes;
        self.buckets += line.buckets;
        full
    }

    /// What is left when there are no more lines.
    pub fn finish(&mut self) -> Option<Batch<LineNumbers>> {
        let rest = std::mem::replace(self, Self::new(self.max_events));
        (!rest.events.is_empty()).then_some(Batch { origin: LineNumbers(rest.lines), events: rest.events })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlet::request;
    use proptest::prelude::*;

    fn line(number: u64, json: &str, buckets: i64) -> EventLine {
        EventLine { number, json: json.to_owned(), buckets }
    }

    fn cut(lines: &[EventLine], max_events: usize) -> Vec<Batch<LineNumbers>> {
        let mut batcher = Batcher::new(max_events);
        let mut batches: Vec<_> = lines.iter().filter_map(|line| batcher.push(line.clone())).collect();
        batches.extend(batcher.finish());
        batches
    }

    fn events_of(batches: &[Batch<LineNumbers>]) -> Vec<usize> {
        batches.iter().map(|batch| batch.events.len()).collect()
    }

    #[test]
    fn no_lines_are_no_batch() {
        assert_eq!(cut(&[], 10), []);
    }

    #[test]
    fn a_batch_holds_as_many_events_as_were_asked_for() {
        let lines: Vec<_> = (1..=7).map(|number| line(number, "{}", 2)).collect();
        let batches = cut(&lines, 3);
        assert_eq!(events_of(&batches), [3, 3, 1]);
        assert_eq!(batches[1].origin.to_string(), "lines 4 to 6");
        assert_eq!(batches[2].origin.to_string(), "line 7");
        assert_eq!(batches[1].origin.line(2), Some(6));
        assert_eq!(batches[1].origin.line(3), None);
    }

    #[test]
    fn a_batch_stays_within_the_servers_body_limit() {
        let json = format!("{{\"modelVersion\":\"{}\"}}", "x".repeat(16_000));
        let lines: Vec<_> = (1..=1_200).map(|number| line(number, &json, 2)).collect();
        let batches = cut(&lines, MAX_BATCH_EVENTS);
        assert_eq!(batches.len(), 3);
        let longest_factory_id = "f".repeat(64);
        for batch in batches {
            let events = batch.events.iter().map(String::as_str);
            let body = request::ingest(&longest_factory_id, None, events).unwrap();
            assert!(body.len() <= MAX_BODY_BYTES);
        }
    }

    #[test]
    fn a_batch_stays_within_the_buckets_that_the_server_touches_at_once() {
        let lines: Vec<_> = (1..=10_000).map(|number| line(number, "{}", 290)).collect();
        assert_eq!(events_of(&cut(&lines, 10_000)), [3_448, 3_448, 3_104]);
    }

    proptest! {
        #[test]
        fn every_line_is_in_exactly_one_batch_in_its_order(
            sizes in proptest::collection::vec((0_usize..40, 2_i64..300), 0..200),
            max_events in 0_usize..20,
        ) {
            let lines: Vec<_> = (1..).zip(&sizes)
                .map(|(number, (length, buckets))| line(number, &format!("\"{}\"", "x".repeat(*length)), *buckets))
                .collect();
            let batches = cut(&lines, max_events);
            let numbers: Vec<u64> = batches.iter().flat_map(|batch| batch.origin.0.clone()).collect();
            prop_assert_eq!(numbers, (1..=lines.len() as u64).collect::<Vec<_>>());
            prop_assert!(batches.iter().all(|batch| (1..=max_events.max(1)).contains(&batch.events.len())));
        }
    }
}
