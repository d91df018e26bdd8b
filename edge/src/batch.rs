//! Cuts lines into batches that the server takes, without I/O.
//!
//! A batch holds at most the events asked for, and stays within the server's limits of one request: 10 000 events, a body
//! of 8 MiB, 1 000 000 five-minute buckets touched.

use crate::line::EventLine;

/// The most events that the server takes in one request.
pub const MAX_BATCH_EVENTS: usize = 10_000;

/// How many events a batch holds when nothing else is asked for: large enough to make a request worth its way, small
/// enough to be sent again without regret.
pub const DEFAULT_BATCH_EVENTS: usize = 1_000;

/// The most bytes of events in one request. The server's limit is 8 MiB a body; the rest is for what surrounds them.
pub const MAX_EVENTS_BYTES: usize = 8 * 1024 * 1024 - 16 * 1024;

/// The most five-minute buckets that the events of one request may touch, as the server counts them.
pub const MAX_BATCH_BUCKETS: u64 = 1_000_000;

const MUTATION: &str = "mutation Replay($factoryId: ID!, $events: [EventInput!]!) { \
    ingestEvents(factoryId: $factoryId, events: $events) { \
    accepted duplicates conflicts rejected issues { index code message } } }";

/// Events that travel in one request, with the lines they came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    lines: Vec<u64>,
    events_json: String,
    buckets: u64,
}

impl Batch {
    /// How many events it holds.
    pub fn events(&self) -> usize {
        self.lines.len()
    }

    /// The line from which the event at this index of the batch came.
    pub fn line(&self, index: usize) -> Option<u64> {
        self.lines.get(index).copied()
    }

    /// Its first and its last line, for a person to find them: `lines 1001 to 2000`.
    pub fn lines_named(&self) -> String {
        match self.lines.as_slice() {
            [] => "no line".to_owned(),
            [only] => format!("line {only}"),
            [first, .., last] => format!("lines {first} to {last}"),
        }
    }

    /// The GraphQL request that stores this batch: a body of JSON in which every event is the text it was in its line.
    pub fn body(&self, factory_id: &str) -> String {
        let (query, factory_id) = (serde_json::Value::from(MUTATION), serde_json::Value::from(factory_id));
        let events = &self.events_json;
        format!(r#"{{"query":{query},"variables":{{"factoryId":{factory_id},"events":[{events}]}}}}"#)
    }

    fn has_room_for(&self, line: &EventLine, max_events: usize) -> bool {
        const COMMA_BYTES: usize = 1;
        self.lines.len() < max_events
            && self.events_json.len() + COMMA_BYTES + line.json.len() <= MAX_EVENTS_BYTES
            && self.buckets + line.buckets <= MAX_BATCH_BUCKETS
    }

    fn push(&mut self, line: &EventLine) {
        if !self.lines.is_empty() {
            self.events_json.push(',');
        }
        self.lines.push(line.number);
        self.events_json.push_str(&line.json);
        self.buckets += line.buckets;
    }
}

/// Collects lines, in their order, and hands out a batch whenever the next line has no room in it.
#[derive(Debug)]
pub struct Cutter {
    max_events: usize,
    open: Batch,
}

impl Cutter {
    /// Cuts batches of at most `max_events` events, at least 1 and at most [`MAX_BATCH_EVENTS`].
    pub fn new(max_events: usize) -> Self {
        Self { max_events: max_events.clamp(1, MAX_BATCH_EVENTS), open: Batch::default() }
    }

    /// Takes one line; returns the batch before it when that has become full.
    pub fn push(&mut self, line: &EventLine) -> Option<Batch> {
        let full = (!self.open.has_room_for(line, self.max_events)).then(|| std::mem::take(&mut self.open));
        self.open.push(line);
        full
    }

    /// What is left when there are no more lines.
    pub fn finish(self) -> Option<Batch> {
        (self.open.events() > 0).then_some(self.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(number: u64, json: &str, buckets: u64) -> EventLine {
        EventLine { number, json: json.to_owned(), buckets }
    }

    fn cut(lines: &[EventLine], max_events: usize) -> Vec<Batch> {
        let mut cutter = Cutter::new(max_events);
        let mut batches: Vec<_> = lines.iter().filter_map(|line| cutter.push(line)).collect();
        batches.extend(cutter.finish());
        batches
    }

    fn events_of(batches: &[Batch]) -> Vec<usize> {
        batches.iter().map(Batch::events).collect()
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
        assert_eq!(batches[1].lines_named(), "lines 4 to 6");
        assert_eq!(batches[2].lines_named(), "line 7");
        assert_eq!(batches[1].line(2), Some(6));
        assert_eq!(batches[1].line(3), None);
    }

    #[test]
    fn a_batch_stays_within_the_servers_body_limit() {
        let json = format!("{{\"modelVersion\":\"{}\"}}", "x".repeat(16_000));
        let lines: Vec<_> = (1..=1_200).map(|number| line(number, &json, 2)).collect();
        let batches = cut(&lines, MAX_BATCH_EVENTS);
        assert_eq!(batches.len(), 3);
        let longest_factory_id = "f".repeat(64);
        assert!(batches.iter().all(|batch| batch.body(&longest_factory_id).len() <= 8 * 1024 * 1024));
    }

    #[test]
    fn a_batch_stays_within_the_buckets_that_the_server_touches_at_once() {
        let lines: Vec<_> = (1..=10_000).map(|number| line(number, "{}", 290)).collect();
        assert_eq!(events_of(&cut(&lines, 10_000)), [3_448, 3_448, 3_104]);
    }

    #[test]
    fn the_body_is_one_graphql_request_with_the_events_as_they_were() {
        let lines = [line(1, r#"{"confidence": 0.30}"#, 2), line(2, r#"{"confidence": 1.0e-2}"#, 2)];
        let body = cut(&lines, 10)[0].body("plant \"1\"");
        assert!(body.contains(r#"[{"confidence": 0.30},{"confidence": 1.0e-2}]"#));
        let request: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(request["variables"]["factoryId"], "plant \"1\"");
        assert_eq!(request["variables"]["events"].as_array().unwrap().len(), 2);
        assert!(request["query"].as_str().unwrap().starts_with("mutation"));
    }

    proptest! {
        #[test]
        fn every_line_is_in_exactly_one_batch_in_its_order(
            sizes in proptest::collection::vec((0_usize..40, 2_u64..300), 0..200),
            max_events in 0_usize..20,
        ) {
            let lines: Vec<_> = (1..).zip(&sizes)
                .map(|(number, (length, buckets))| line(number, &format!("\"{}\"", "x".repeat(*length)), *buckets))
                .collect();
            let batches = cut(&lines, max_events);
            let numbers: Vec<u64> = batches.iter().flat_map(|batch| batch.lines.clone()).collect();
            prop_assert_eq!(numbers, (1..=lines.len() as u64).collect::<Vec<_>>());
            prop_assert!(batches.iter().all(|batch| (1..=max_events.max(1)).contains(&batch.events())));
        }
    }
}
