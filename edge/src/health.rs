//! How the agent is doing, as counted since it started: for its log, `GET /health` and `GET /metrics`.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};

use domain::device::is_clock_off;
use domain::time::DurationMs;

use crate::delivery::schedule::Alarm;
use crate::spool::Counts;

/// The counts. All of them are since the start; what must survive one is in the spool.
#[derive(Debug, Default)]
pub struct Health {
    /// Batches that were answered for.
    pub batches: AtomicU64,
    /// Attempts that failed and were made again.
    pub retries: AtomicU64,
    /// Events that the server stored.
    pub stored: AtomicU64,
    /// Events that the server had stored before.
    pub duplicates: AtomicU64,
    /// What inputs brought that is no event.
    pub malformed: AtomicU64,
    /// Requests that were sent away because the spool was full.
    pub turned_away: AtomicU64,
    failing: AtomicU8,
    clock_offset_ms: AtomicI64,
    is_clock_known: AtomicBool,
    is_clock_off: AtomicBool,
}

/// Whether two clocks agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// They differ by more than two minutes.
    Off,
    /// They do not.
    Right,
}

const WORKING: u8 = 0;
const WAITING: u8 = 1;
const FORBIDDEN: u8 = 2;

impl Health {
    /// Notes that delivery fails, or that it does not; whether that is news.
    pub fn set_failing(&self, alarm: Option<Alarm>) -> bool {
        let state = match alarm {
            None => WORKING,
            Some(Alarm::Transient) => WAITING,
            Some(Alarm::Forbidden) => FORBIDDEN,
        };
        self.failing.swap(state, Ordering::Relaxed) != state
    }

    /// Notes by how much the server's clock is ahead; answers when the clocks begin or cease to agree.
    pub fn set_clock_offset(&self, offset_ms: i64) -> Option<ClockState> {
        self.clock_offset_ms.store(offset_ms, Ordering::Relaxed);
        self.is_clock_known.store(true, Ordering::Relaxed);
        let is_off = is_clock_off(DurationMs(offset_ms));
        let was_off = self.is_clock_off.swap(is_off, Ordering::Relaxed);
        match (was_off, is_off) {
            (false, true) => Some(ClockState::Off),
            (true, false) => Some(ClockState::Right),
            _ => None,
        }
    }

    /// What delivery is doing, in a word.
    pub fn delivery(&self) -> &'static str {
        match self.failing.load(Ordering::Relaxed) {
            WORKING => "working",
            FORBIDDEN => "forbidden",
            _ => "waiting",
        }
    }

    /// Everything in the text format of Prometheus. `now_ms` is the time in Unix milliseconds.
    pub fn metrics(&self, counts: &Counts, now_ms: i64) -> String {
        let oldest_ms = counts.oldest_spooled_at_ms.map_or(0, |oldest_ms| (now_ms - oldest_ms).max(0));
        let loaded = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64;
        let failing = self.failing.load(Ordering::Relaxed);
        let mut text = String::new();
        let mut write = |name: &str, kind: &str, help: &str, value: f64| {
            // A text grows without failing.
            write!(text, "# HELP andon_edge_{name} {help}\n# TYPE andon_edge_{name} {kind}\nandon_edge_{name} {value}\n").ok();
        };
        for (name, help, value) in [
            ("accepted_events_total", "Events accepted into the spool.", counts.accepted),
            (
                "delivered_events_total",
                "Events that the server answered for as stored or duplicate.",
                counts.delivered,
            ),
            ("lost_events_total", "Events lost, each of them in a receipt.", counts.lost_events()),
        ] {
            write(name, "counter", help, value as f64);
        }
        for (name, help, value) in [
            ("batches_total", "Batches that were answered for since the start.", &self.batches),
            ("retries_total", "Failed attempts to deliver since the start.", &self.retries),
            ("stored_events_total", "Events stored since the start.", &self.stored),
            ("duplicate_events_total", "Events the server had already, since the start.", &self.duplicates),
            (
                "malformed_total",
                "Lines, messages and requests that are no events, since the start.",
                &self.malformed,
            ),
            ("turned_away_total", "Requests answered with 503 since the start.", &self.turned_away),
        ] {
            write(name, "counter", help, loaded(value));
        }
        for (name, help, value) in [
            ("queued_events", "Events to be delivered.", counts.queued as f64),
            ("dead_letters", "Events that wait for a person.", counts.dead_lettered as f64),
            (
                "malformed_messages",
                "Messages that are no events and wait for a person.",
                counts.malformed as f64,
            ),
            ("receipts", "Receipts the server has not answered for.", counts.receipts as f64),
            ("spool_used_bytes", "Bytes of the spool in use.", counts.used_bytes as f64),
            ("spool_file_bytes", "Bytes of the spool's file.", counts.file_bytes as f64),
            (
                "oldest_event_age_seconds",
                "How long the oldest queued event waits.",
                oldest_ms as f64 / 1000.0,
            ),
            (
                "delivery_failing",
                "1 while attempts to deliver fail.",
                f64::from(u8::from(failing != WORKING)),
            ),
            (
                "delivery_forbidden",
                "1 while the server forbids to send.",
                f64::from(u8::from(failing == FORBIDDEN)),
            ),
        ] {
            write(name, "gauge", help, value);
        }
        if self.is_clock_known.load(Ordering::Relaxed) {
            let offset_ms = self.clock_offset_ms.load(Ordering::Relaxed);
            write(
                "clock_offset_seconds",
                "gauge",
                "The server's clock minus this one's.",
                offset_ms as f64 / 1000.0,
            );
        }
        text
    }
}
