//! Parses one line of an event file, without I/O.
//!
//! GraphQL refuses a whole request when one value in it has a wrong type, so one malformed line would hold up its
//! batch. What GraphQL would refuse is therefore found here; whether the values make sense is the server's to say. An
//! accepted line is sent as the very text it was, so that no number changes on the way.

use domain::MS_PER_MINUTE;
use domain::bucket::BUCKET_MS;
use domain::event_text::{self, EventFault};
use domain::validate::MAX_DURATION_MINUTES;

use crate::mapping::RecordError;

/// The longest line that is read, in bytes.
pub const MAX_LINE_BYTES: usize = event_text::MAX_EVENT_BYTES;

/// An event ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// Its line in the file, from 1.
    pub number: u64,
    /// The line's own JSON text.
    pub json: String,
    /// At most how many five-minute buckets of the server the event touches.
    pub buckets: i64,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing but white space; it counts nowhere.
    Blank,
    /// An event that GraphQL can read.
    Event(EventLine),
    /// Anything else: why.
    Malformed(LineFault),
}

/// Why a line is no event, in words that say what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It is longer than [`MAX_LINE_BYTES`].
    #[error("a line has at most {MAX_LINE_BYTES} bytes, this one has more")]
    TooLong,
    /// It cannot be read.
    #[error(transparent)]
    Event(#[from] EventFault),
    /// A mapping makes no event of it.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl LineFault {
    /// The field at fault, where it is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::TooLong | Self::Record(RecordError::NotARecord(_)) => None,
            Self::Event(fault) => fault.field(),
            Self::Record(RecordError::Field(fault)) => Some(fault.field),
        }
    }

    /// What is allowed there.
    pub fn allowed(&self) -> String {
        match self {
            Self::TooLong => format!("at most {MAX_LINE_BYTES} bytes"),
            Self::Event(fault) => fault.allowed(),
            Self::Record(RecordError::Field(fault)) => fault.reason.clone(),
            Self::Record(RecordError::NotARecord(reason)) => reason.clone(),
        }
    }
}

/// Parses the line with the given number, counted from 1; the line's end may be part of `bytes`.
pub fn parse(number: u64, bytes: &[u8]) -> Line {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.len() > MAX_LINE_BYTES {
        return Line::Malformed(LineFault::TooLong);
    }
    if bytes.trim_ascii().is_empty() {
        return Line::Blank;
    }
    match event_text::check(bytes) {
        Ok(event) => Line::Event(EventLine {
            number,
            json: event.json.to_owned(),
            buckets: buckets_touched(event.duration_minutes),
        }),
        Err(fault) => Line::Malformed(fault.into()),
    }
}

/// The line with the given number of a file without the byte order mark, which some editors put before the first.
pub fn without_byte_order_mark(number: u64, line: &[u8]) -> &[u8] {
    line.strip_prefix("\u{feff}".as_bytes()).filter(|_| number == 1).unwrap_or(line)
}

/// A span touches one bucket more than its length alone would fill, and another when it begins inside one.
pub(crate) fn buckets_touched(duration_minutes: f64) -> i64 {
    let bucket_minutes = (BUCKET_MS / MS_PER_MINUTE) as f64;
    (duration_minutes.clamp(0.0, MAX_DURATION_MINUTES) / bucket_minutes).floor() as i64 + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = r#"{"timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1", "eventType": "WORKING", "durationMinutes": 60}"#;

    fn with(member: &str) -> String {
        format!("{}, {member}}}", PLAIN.trim_end_matches('}'))
    }

    #[track_caller]
    fn accepts(line: &str) -> EventLine {
        match parse(7, line.as_bytes()) {
            Line::Event(event) => event,
            other => panic!("{line} is parsed as {other:?}"),
        }
    }

    #[test]
    fn a_line_is_passed_on_as_the_text_it_was() {
        let line = with(r#""confidence": 0.30000000000000004, "unitsProduced": 7.0"#);
        assert_eq!(accepts(&format!("  {line}\r\n")), EventLine { number: 7, json: line, buckets: 14 });
    }

    #[test]
    fn blank_lines_are_no_events() {
        for blank in ["", "\n", "\r\n", " \t \n"] {
            assert_eq!(parse(1, blank.as_bytes()), Line::Blank);
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_refused_whatever_it_holds() {
        let line = with(&format!("\"modelVersion\": \"{}\"", "x".repeat(MAX_LINE_BYTES)));
        assert_eq!(parse(7, line.as_bytes()), Line::Malformed(LineFault::TooLong));
    }

    proptest! {
        #[test]
        fn an_accepted_line_is_an_object_that_any_json_reader_reads(
            minutes in any::<f64>().prop_filter("JSON has no such number", |x| x.is_finite()),
            id in any::<String>(),
        ) {
            let id = serde_json::to_string(&id).unwrap();
            let event = accepts(&PLAIN.replace("60", &format!("{minutes:?}")).replace("\"W1\"", &id));
            let value: serde_json::Value = serde_json::from_str(&event.json).unwrap();
            prop_assert!(value.is_object());
        }

        #[test]
        fn an_event_never_touches_more_buckets_than_its_line_says(start_ms in 0_i64..600_000, duration_ms in 0_i64..=86_400_000) {
            let touched = (start_ms + duration_ms.max(1) - 1) / BUCKET_MS - start_ms / BUCKET_MS + 1;
            let event = accepts(&PLAIN.replace("60", &format!("{}", duration_ms as f64 / 60_000.0)));
            prop_assert!(touched <= event.buckets);
        }
    }
}
