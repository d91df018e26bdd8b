//! A raw event becomes a trusted event or a rejection: bad input is data, not an error.
//!
//! The limits are the ones that the metrics' definition gives. Ranges are judged on the value as sent, before it is
//! rounded to the integers that all sums are made of.

use chrono::{DateTime, Timelike};

use crate::event::{EntityType, Event, RawEvent};

/// The longest event: a day.
pub const MAX_DURATION_MINUTES: f64 = 1_440.0;
/// The most units of one event.
pub const MAX_UNITS: i64 = 1_000_000;
/// The most characters (Unicode scalar values) of an id or a model version.
pub const MAX_ID_CHARS: usize = 64;
/// The most characters of a sent value that a message repeats.
pub const EXCERPT_CHARS: usize = 64;
/// 2000-01-01T00:00:00Z: no camera saw anything before.
pub const EARLIEST_MS: i64 = 946_684_800_000;
/// A confidence of 1, in the parts per 10 000 that are stored.
pub const FULL_CONFIDENCE: u16 = 10_000;

/// The first rule that an event breaks, in the order of the event's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each names its field")]
pub enum RejectionCode {
    TimestampInvalid,
    TimestampOutOfRange,
    TimestampInFuture,
    EntityIdInvalid,
    DurationOutOfRange,
    UnitsOutOfRange,
    ConfidenceOutOfRange,
    ModelVersionInvalid,
    EventIdInvalid,
    SourceIdInvalid,
    WorkstationIdInvalid,
}

/// Why one event is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The first rule broken.
    pub code: RejectionCode,
    /// What is allowed and what was sent.
    pub message: String,
}

/// Judges one event. A whole batch is judged with one `now_ms`.
///
/// # Errors
/// The first rule broken, in the order of the event's fields.
pub fn validate(raw: RawEvent, now_ms: i64, max_clock_skew_ms: i64) -> Result<Event, Rejection> {
    use RejectionCode as Code;

    let started_at_ms = started_at_ms(&raw.timestamp)?;
    let duration_ms = duration_ms(raw.duration_minutes);
    // A duration that is not valid is judged in its turn; until then the event ends where it starts.
    let ended_at_ms = started_at_ms.saturating_add(duration_ms.unwrap_or(0));
    if ended_at_ms > now_ms.saturating_add(max_clock_skew_ms) {
        return Err(rejection(
            Code::TimestampInFuture,
            &format!(
                "the interval must end at most {} minutes after the server's now; check the sender's clock. \
                 It starts at",
                max_clock_skew_ms / crate::MS_PER_MINUTE
            ),
            &raw.timestamp,
        ));
    }
    check_id("entityId", Code::EntityIdInvalid, Some(&raw.entity_id))?;
    let duration_ms = duration_ms.ok_or_else(|| {
        let allowed = "durationMinutes must be a number from 0 to 1440, but is";
        rejection(Code::DurationOutOfRange, allowed, &raw.duration_minutes.to_string())
    })?;
    if !(0..=MAX_UNITS).contains(&raw.units_produced) {
        let allowed = "unitsProduced must be a whole number from 0 to 1000000, but is";
        return Err(rejection(Code::UnitsOutOfRange, allowed, &raw.units_produced.to_string()));
    }
    let confidence = raw.confidence.map(confidence).transpose()?;
    check_id("modelVersion", Code::ModelVersionInvalid, raw.model_version.as_deref())?;
    check_id("eventId", Code::EventIdInvalid, raw.event_id.as_deref())?;
    check_id("sourceId", Code::SourceIdInvalid, raw.source_id.as_deref())?;
    check_id("workstationId", Code::WorkstationIdInvalid, raw.workstation_id.as_deref())?;
    if let (EntityType::Workstation, Some(workstation_id)) = (raw.entity_type, &raw.workstation_id) {
        let allowed = "workstationId says where a worker was; leave it out of a workstation's event. It is";
        return Err(rejection(Code::WorkstationIdInvalid, allowed, workstation_id));
    }
    Ok(Event {
        entity_type: raw.entity_type,
        entity_code: raw.entity_id,
        event_type: raw.event_type,
        started_at_ms,
        duration_ms,
        units: raw.units_produced,
        confidence,
        model_version: raw.model_version,
        event_code: raw.event_id.unwrap_or_default(),
        source: raw.source_id,
        workstation: raw.workstation_id,
    })
}

/// A sent value as a message may repeat it: cut to [`EXCERPT_CHARS`], control characters shown as escapes.
pub fn excerpt(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(4 * EXCERPT_CHARS));
    let mut chars = text.chars();
    for char in chars.by_ref().take(EXCERPT_CHARS) {
        if char.is_control() { shown.extend(char.escape_default()) } else { shown.push(char) }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// What is wrong with an id or a name, if anything: it has 1 to [`MAX_ID_CHARS`] characters, none of them a control
/// character, and no blank at either end.
pub fn id_fault(text: &str) -> Option<&'static str> {
    let blank_at_an_end = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    if text.is_empty() {
        Some("is empty")
    } else if text.chars().nth(MAX_ID_CHARS).is_some() {
        Some("is longer than 64 characters")
    } else if text.chars().any(char::is_control) {
        Some("has a control character")
    } else if blank_at_an_end {
        Some("begins or ends with a blank")
    } else {
        None
    }
}

/// An RFC 3339 instant with any offset in Unix milliseconds, cut to whole ones; none when the text is not one.
pub fn instant_ms(text: &str) -> Option<i64> {
    // chrono reads some signs that only look like a hyphen, and second 60 as a leap second, which it keeps as
    // nanoseconds past the end of second 59.
    let instant = text.is_ascii().then(|| DateTime::parse_from_rfc3339(text).ok()).flatten()?;
    (instant.nanosecond() < 1_000_000_000).then(|| instant.timestamp_millis())
}

fn rejection(code: RejectionCode, allowed: &str, sent: &str) -> Rejection {
    Rejection { code, message: format!("{allowed} \"{}\"", excerpt(sent)) }
}

fn started_at_ms(timestamp: &str) -> Result<i64, Rejection> {
    let started_at_ms = instant_ms(timestamp).ok_or_else(|| {
        let allowed =
            "timestamp must be an RFC 3339 instant with an offset, such as 2026-01-05T08:00:00Z, but is";
        rejection(RejectionCode::TimestampInvalid, allowed, timestamp)
    })?;
    if started_at_ms < EARLIEST_MS {
        let allowed = "timestamp must be 2000-01-01T00:00:00Z or later, but is";
        return Err(rejection(RejectionCode::TimestampOutOfRange, allowed, timestamp));
    }
    Ok(started_at_ms)
}

fn duration_ms(minutes: f64) -> Option<i64> {
    (0.0..=MAX_DURATION_MINUTES).contains(&minutes).then(|| (minutes * 60_000.0).round() as i64)
}

fn confidence(sent: f64) -> Result<u16, Rejection> {
    if (0.0..=1.0).contains(&sent) {
        return Ok((sent * f64::from(FULL_CONFIDENCE)).round() as u16);
    }
    let allowed = "confidence must be a number from 0 to 1, or left out when it is not stated, but is";
    Err(rejection(RejectionCode::ConfidenceOutOfRange, allowed, &sent.to_string()))
}

fn check_id(field: &str, code: RejectionCode, text: Option<&str>) -> Result<(), Rejection> {
    let Some((text, fault)) = text.and_then(|text| Some((text, id_fault(text)?))) else { return Ok(()) };
    let allowed = format!(
        "{field} must have 1 to 64 characters, no control character and no blank at either end; it {fault}:"
    );
    Err(rejection(code, &allowed, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;

    const NOW_MS: i64 = 1_767_600_000_000; // 2026-01-05T08:00:00Z
    const SKEW_MS: i64 = 10 * crate::MS_PER_MINUTE;

    fn raw() -> RawEvent {
        RawEvent {
            timestamp: "2026-01-05T07:00:00Z".into(),
            entity_type: EntityType::Worker,
            entity_id: "W1".into(),
            event_type: EventType::Working,
            duration_minutes: 30.0,
            units_produced: 0,
            confidence: None,
            model_version: None,
            event_id: None,
            source_id: None,
            workstation_id: None,
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut RawEvent), expected: Result<(), RejectionCode>) -> Option<Event> {
        let mut event = raw();
        change(&mut event);
        let judged = validate(event, NOW_MS, SKEW_MS);
        assert_eq!(judged.as_ref().map(|_| ()).map_err(|rejection| rejection.code), expected, "{judged:?}");
        judged.ok()
    }

    #[test]
    fn a_timestamp_is_an_instant_with_an_offset_cut_to_milliseconds() {
        let event = check(|e| e.timestamp = "2026-01-05T09:00:00.0019+02:00".into(), Ok(())).unwrap();
        assert_eq!(event.started_at_ms, NOW_MS - crate::MS_PER_HOUR + 1);
        for invalid in [
            "",
            "yesterday",
            "2026-01-05T07:00:00",
            "2026-01-05T07:00:60Z",
            "2016-12-31T23:59:60Z",
            "2026-02-30T07:00:00Z",
            "2026-01-05",
            "2026-01-05T07:00:00\u{2212}05:00",
            "1767600000",
        ] {
            check(|e| e.timestamp = invalid.into(), Err(RejectionCode::TimestampInvalid));
        }
    }

    #[test]
    fn a_timestamp_lies_in_2000_or_later() {
        check(|e| e.timestamp = "1999-12-31T23:59:59.999Z".into(), Err(RejectionCode::TimestampOutOfRange));
        check(|e| e.timestamp = "2000-01-01T01:00:00+01:00".into(), Ok(()));
    }

    #[test]
    fn an_interval_ends_at_most_the_allowed_skew_after_now() {
        check(|e| e.timestamp = "2026-01-05T07:40:00Z".into(), Ok(()));
        check(|e| e.timestamp = "2026-01-05T07:40:00.001Z".into(), Err(RejectionCode::TimestampInFuture));
        check(|e| e.timestamp = "9999-12-31T23:59:59Z".into(), Err(RejectionCode::TimestampInFuture));
    }

    #[test]
    fn a_duration_is_finite_and_at_most_a_day() {
        for (minutes, ms) in [(0.0, 0), (-0.0, 0), (1e-6, 0), (0.000_008_333_333_333_333_4, 1)] {
            assert_eq!(check(|e| e.duration_minutes = minutes, Ok(())).unwrap().duration_ms, ms, "{minutes}");
        }
        let day = |e: &mut RawEvent, minutes: f64| {
            e.timestamp = "2026-01-01T00:00:00Z".into();
            e.duration_minutes = minutes;
        };
        assert_eq!(check(|e| day(e, 1_440.0), Ok(())).unwrap().duration_ms, crate::MS_PER_DAY);
        for minutes in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-9, 1_440.0 + 1.0 / 60_000.0, 1e300] {
            check(|e| day(e, minutes), Err(RejectionCode::DurationOutOfRange));
        }
    }

    #[test]
    fn units_and_confidence_stay_in_their_ranges() {
        for units in [-1, 1_000_001, i64::MIN, i64::MAX] {
            check(|e| e.units_produced = units, Err(RejectionCode::UnitsOutOfRange));
        }
        check(|e| e.units_produced = 1_000_000, Ok(()));
        for sent in [f64::NAN, f64::INFINITY, -0.000_001, 1.000_001] {
            check(|e| e.confidence = Some(sent), Err(RejectionCode::ConfidenceOutOfRange));
        }
        for (sent, parts) in [(0.0, 0), (-0.0, 0), (0.765, 7_650), (0.000_05, 1), (1.0, 10_000)] {
            assert_eq!(check(|e| e.confidence = Some(sent), Ok(())).unwrap().confidence, Some(parts));
        }
        assert_eq!(check(|_| {}, Ok(())).unwrap().confidence, None);
    }

    #[test]
    fn an_id_is_short_visible_and_unpadded_in_any_script() {
        for good in ["W1", "Machine 4 - Turning & Milling", "عامل", "👩‍🏭", "\u{202e}1W", &"ä".repeat(64)]
        {
            assert_eq!(check(|e| e.entity_id = good.into(), Ok(())).unwrap().entity_code, good);
        }
        for bad in ["", " ", " W1", "W1\u{a0}", "W\n1", "W\u{85}1", "\0", &"ä".repeat(65)] {
            check(|e| e.entity_id = bad.into(), Err(RejectionCode::EntityIdInvalid));
            check(|e| e.model_version = Some(bad.into()), Err(RejectionCode::ModelVersionInvalid));
            check(|e| e.event_id = Some(bad.into()), Err(RejectionCode::EventIdInvalid));
            check(|e| e.source_id = Some(bad.into()), Err(RejectionCode::SourceIdInvalid));
            check(|e| e.workstation_id = Some(bad.into()), Err(RejectionCode::WorkstationIdInvalid));
        }
    }

    #[test]
    fn only_a_worker_is_at_a_workstation() {
        check(|e| e.workstation_id = Some("S1".into()), Ok(()));
        let on_a_station = |e: &mut RawEvent| {
            e.entity_type = EntityType::Workstation;
            e.workstation_id = Some("S1".into());
        };
        check(on_a_station, Err(RejectionCode::WorkstationIdInvalid));
    }

    #[test]
    fn the_first_rule_broken_is_the_one_reported() {
        let broken_twice = |e: &mut RawEvent| {
            e.entity_id = String::new();
            e.duration_minutes = f64::NAN;
            e.units_produced = -1;
        };
        check(broken_twice, Err(RejectionCode::EntityIdInvalid));
    }

    #[test]
    fn a_message_says_what_is_allowed_and_repeats_little_of_what_was_sent() {
        let mut event = raw();
        event.entity_id = format!("\u{1b}{}", "x".repeat(1_000));
        let message = validate(event, NOW_MS, SKEW_MS).unwrap_err().message;
        assert!(message.contains("1 to 64 characters") && message.contains("\\u{1b}xxx"), "{message}");
        assert!(message.chars().count() < 200 && !message.contains('\u{1b}'), "{message}");
    }
}
