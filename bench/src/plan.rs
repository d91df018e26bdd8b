//! How much of everything is measured: the full plan ends within 25 minutes on two engines, the quick one within 4.

use std::time::Duration;

/// Events in batches over connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) batch_events: usize,
    pub(crate) connections: usize,
    pub(crate) event_minutes: i64,
}

/// The sizes of a run.
pub(crate) struct Plan {
    pub(crate) is_quick: bool,
    /// The loads of the section on ingest.
    pub(crate) shapes: Vec<Shape>,
    /// How long one load lasts, the parse-only server's and the bare table's too.
    pub(crate) load_time: Duration,
    /// How often clean, repeated and late events take turns.
    pub(crate) fault_rounds: u32,
    /// How many events a factory has of which a tenth is put under quarantine.
    pub(crate) quarantine_events: u64,
    /// How many events a factory has all of which are put under quarantine.
    pub(crate) pass_events: u64,
    /// How many events a factory has of which one asks how they were counted before.
    pub(crate) past_events: u64,
    /// The events over which the same questions are asked.
    pub(crate) question_sizes: [u64; 3],
    /// How often each question is asked.
    pub(crate) asks: usize,
    /// How many subscribers there are.
    pub(crate) audiences: Vec<usize>,
    /// How long events arrive while they listen.
    pub(crate) push_time: Duration,
    /// How often a server is started, on an empty database and on one with events.
    pub(crate) starts: usize,
    /// How many events the second one has.
    pub(crate) start_events: u64,
}

impl Plan {
    pub(crate) fn full() -> Self {
        let shape = |batch_events, connections| Shape { batch_events, connections, event_minutes: 1 };
        let mut shapes = Vec::new();
        for batch_events in [1, 100, 1_000, 10_000] {
            shapes.extend([1, 8, 64].map(|connections| shape(batch_events, connections)));
        }
        shapes.push(Shape { batch_events: 1_000, connections: 8, event_minutes: 60 });
        Self {
            is_quick: false,
            shapes,
            load_time: Duration::from_secs(3),
            fault_rounds: 3,
            quarantine_events: 1_000_000,
            pass_events: 1_000_000,
            past_events: 1_000_000,
            question_sizes: [10_000, 1_000_000, 10_000_000],
            asks: 200,
            audiences: vec![100, 1_000, 10_000],
            push_time: Duration::from_secs(20),
            starts: 5,
            start_events: 1_000_000,
        }
    }

    /// As many events as two hundred workers have in a month, for what is applied to them and asked about them.
    pub(crate) fn large() -> Self {
        Self { pass_events: 8_640_000, past_events: 10_000_000, ..Self::full() }
    }

    /// The same questions with less of everything.
    pub(crate) fn quick() -> Self {
        let shape = |batch_events, connections| Shape { batch_events, connections, event_minutes: 1 };
        Self {
            is_quick: true,
            shapes: vec![
                shape(1, 64),
                shape(1_000, 8),
                shape(10_000, 8),
                Shape { batch_events: 1_000, connections: 8, event_minutes: 60 },
            ],
            load_time: Duration::from_millis(1_500),
            fault_rounds: 1,
            quarantine_events: 100_000,
            pass_events: 300_000,
            past_events: 300_000,
            question_sizes: [10_000, 100_000, 1_000_000],
            asks: 50,
            audiences: vec![100, 1_000],
            push_time: Duration::from_secs(5),
            starts: 3,
            start_events: 100_000,
        }
    }
}
