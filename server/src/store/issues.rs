//! Events that were not stored, counted by what is alike of them: what was wrong, their source, and the device that sent
//! them.
//!
//! * What is wrong with one event of a camera is wrong with thousands, so none is kept but as an example. A transaction writes
//!   at most [`MAX_KINDS_AT_ONCE`] rows for all of its events, however many are not valid.
//! * A factory has at most [`MAX_KINDS`] counts. The one that grew last longest ago makes room, and its events stay counted as
//!   others.
//! * No figure depends on them, so they raise no revision.

mod code;
mod rows;

use std::collections::{BTreeMap, btree_map::Entry};

use domain::{
    event::{Event, EventType, Extent, RawEvent},
    instant::to_rfc3339,
    metric::minutes,
    time::TimestampMs,
    validate::{Rejection, excerpt, new_id_fault},
};

pub use self::code::IssueCode;
pub(super) use self::rows::keep;
pub use self::rows::list;
use super::{engine::code::Code as _, writer::Verdict};

/// The most counts of a factory: more than a person looks through, and less than a megabyte.
pub const MAX_KINDS: usize = 1_000;
/// The most counts that one transaction changes. More come of ids that somebody makes up; those events are counted as others.
pub const MAX_KINDS_AT_ONCE: usize = 100;
/// The most characters of an example: a sentence and the values that it repeats.
const MAX_EXAMPLE_CHARS: usize = 400;

/// Events of one factory that were not stored, counted by what is alike of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issues {
    counts: BTreeMap<Kind, Count>,
    /// How many are in none of the counts.
    others: i64,
}

/// What is alike of events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    /// The code's number.
    code: i16,
    /// Empty where there is none.
    source: String,
    /// Empty where there is none.
    device: String,
}

/// How many events are of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Count {
    events: i64,
    first_at_ms: TimestampMs,
    last_at_ms: TimestampMs,
    example: String,
}

/// Events that were not stored for one reason, of one source and sent by one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueCount {
    /// What was wrong.
    pub code: IssueCode,
    /// As sent; what cannot be an id is cut and shows what cannot be seen.
    pub source: Option<String>,
    /// The device, where it numbers what it sends.
    pub device: Option<String>,
    /// How many came; one that is sent again counts again.
    pub events: i64,
    /// When the first came, Unix milliseconds.
    pub first_at_ms: TimestampMs,
    /// When the latest came.
    pub last_at_ms: TimestampMs,
    /// One of the latest batch, and what is wrong with it.
    pub example: String,
}

impl Issues {
    /// How many rows they are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether every event was stored.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Counts an event that is not valid.
    pub fn add_rejected<Text: AsRef<str>>(
        &mut self,
        raw: &RawEvent<Text>,
        rejection: &Rejection,
        received_at_ms: TimestampMs,
    ) {
        let code = IssueCode::Rejected(rejection.code);
        let source = raw.source_id.as_ref().map(AsRef::as_ref);
        let example = || {
            let (entity, at) = (excerpt(raw.entity_id.as_ref()), excerpt(raw.timestamp.as_ref()));
            format!("\"{entity}\" at {at}: {}", rejection.message)
        };
        self.add(kind(code, source), received_at_ms, example);
    }

    /// Counts a valid event that was not stored all the same; one that was is not counted.
    pub(super) fn add_verdict(&mut self, event: &Event, verdict: Verdict, received_at_ms: TimestampMs) {
        let Some((code, message)) = verdict.issue(event) else { return };
        let example = || {
            let (entity, at) = (excerpt(&event.entity_code), to_rfc3339(event.started_at_ms.0));
            match code {
                IssueCode::Conflict => format!("\"{entity}\" at {at}: {}", said(event)),
                _ => format!("\"{entity}\" at {at}: {message}"),
            }
        };
        self.add(kind(code, event.source.as_deref()), received_at_ms, example);
    }

    /// Counts those of a batch too, as sent by this device.
    pub(super) fn merge(&mut self, batch: &Self, device: Option<&str>) {
        for (kind, count) in &batch.counts {
            let kind = Kind { device: device.unwrap_or_default().to_owned(), ..kind.clone() };
            self.add_count(kind, || count.clone());
        }
        self.others += batch.others;
    }

    fn add(&mut self, kind: Kind, at_ms: TimestampMs, example: impl FnOnce() -> String) {
        if let Some(count) = self.counts.get_mut(&kind) {
            // The first example of a batch is as good as its last, and costs less.
            count.events += 1;
            return;
        }
        self.add_count(kind, || {
            let example = example().chars().take(MAX_EXAMPLE_CHARS).collect();
            Count { events: 1, first_at_ms: at_ms, last_at_ms: at_ms, example }
        });
    }

    fn add_count(&mut self, kind: Kind, count: impl FnOnce() -> Count) {
        let is_full = self.counts.len() >= MAX_KINDS_AT_ONCE;
        match self.counts.entry(kind) {
            Entry::Occupied(mut entry) => {
                let (known, later) = (entry.get_mut(), count());
                known.events += later.events;
                known.last_at_ms = known.last_at_ms.max(later.last_at_ms);
                known.example = later.example;
            }
            Entry::Vacant(_) if is_full => self.others += count().events,
            Entry::Vacant(entry) => {
                entry.insert(count());
            }
        }
    }
}

fn kind(code: IssueCode, source: Option<&str>) -> Kind {
    let source = source.unwrap_or_default();
    // One that may be an id is kept as it is, so that it can be compared; any other may hold whatever was sent.
    let source = if new_id_fault(source).is_some() { excerpt(source) } else { source.to_owned() };
    Kind { code: code.code(), source, device: String::new() }
}

/// What an event says, in short.
fn said(event: &Event) -> String {
    let what = match event.event_type {
        EventType::Working => "WORKING",
        EventType::Idle => "IDLE",
        EventType::Absent => "ABSENT",
    };
    let length = match event.extent {
        Extent::Interval(duration_ms) => format!("{} min", minutes(duration_ms.0)),
        Extent::State { hold_minutes: Some(minutes) } => format!("from then on, hold {minutes} min"),
        Extent::State { hold_minutes: None } => "from then on".to_owned(),
    };
    let confidence = event.confidence.map_or_else(String::new, |parts| {
        format!(", confidence {}", f64::from(parts) / f64::from(domain::validate::FULL_CONFIDENCE))
    });
    let model =
        event.model_version.as_ref().map_or_else(String::new, |name| format!(", model {}", excerpt(name)));
    format!("{what}, {length}, units {}{confidence}{model}", event.units)
}

#[cfg(test)]
mod tests {
    use domain::{event::EntityType, validate::RejectionCode};

    use super::*;

    fn raw(source: Option<&str>) -> RawEvent {
        RawEvent {
            timestamp: "2026-01-05T08:00:00Z".to_owned(),
            entity_type: EntityType::Worker,
            entity_id: "W1".to_owned(),
            event_type: EventType::Idle,
            duration_minutes: Some(5.0),
            hold_minutes: None,
            units_produced: 0,
            confidence: None,
            model_version: None,
            event_id: None,
            source_id: source.map(str::to_owned),
            workstation_id: None,
        }
    }

    fn rejection(code: RejectionCode) -> Rejection {
        Rejection { code, message: "it must be otherwise".to_owned() }
    }

    #[test]
    fn events_are_counted_by_code_source_and_device() {
        let mut batch = Issues::default();
        for source in [Some("cam-1"), Some("cam-1"), Some("cam-2"), None] {
            batch.add_rejected(&raw(source), &rejection(RejectionCode::UnitsOutOfRange), TimestampMs(7));
        }
        batch.add_rejected(&raw(None), &rejection(RejectionCode::TimestampInFuture), TimestampMs(7));
        let mut issues = Issues::default();
        for device in [Some("edge-1"), Some("edge-1"), None] {
            issues.merge(&batch, device);
        }
        let events: Vec<i64> = issues.counts.values().map(|count| count.events).collect();
        // By code, then source, then device.
        assert_eq!(events, [1, 2, 1, 2, 2, 4, 1, 2]);
        let example = &issues.counts.values().next().expect("a count").example;
        assert_eq!(example, "\"W1\" at 2026-01-05T08:00:00Z: it must be otherwise");
    }

    #[test]
    fn ids_that_are_made_up_are_counted_as_others_past_a_bound() {
        let mut batch = Issues::default();
        for number in 0..250 {
            let event = raw(Some(&format!("made-up-{number}")));
            batch.add_rejected(&event, &rejection(RejectionCode::UnitsOutOfRange), TimestampMs(7));
        }
        assert_eq!((batch.len(), batch.others), (MAX_KINDS_AT_ONCE, 150));
        let mut issues = Issues::default();
        issues.merge(&batch, Some("edge-1"));
        issues.merge(&batch, Some("edge-2"));
        assert_eq!((issues.len(), issues.others), (MAX_KINDS_AT_ONCE, 150 + 150 + 100));
    }

    #[test]
    fn what_is_no_id_is_cut_and_shown_with_what_cannot_be_seen() {
        let mut issues = Issues::default();
        let mut event = raw(Some(&format!("a\u{0}{}", "b".repeat(1_000))));
        event.entity_id = "\u{0}".repeat(10_000);
        event.timestamp = "x".repeat(10_000);
        issues.add_rejected(&event, &rejection(RejectionCode::SourceIdInvalid), TimestampMs(7));
        let (kind, count) = issues.counts.first_key_value().expect("a count");
        assert!(kind.source.starts_with("a\\u{0}bb") && kind.source.chars().count() < 80, "{}", kind.source);
        assert!(count.example.chars().count() <= MAX_EXAMPLE_CHARS, "{}", count.example);
        assert!(!count.example.contains('\u{0}'));
    }
}
