//! A raw event becomes a trusted event or a rejection: bad input is data, not an error.
//!
//! The limits are the ones that the metrics' definition gives. Ranges are judged on the value as sent, before it is
//! rounded to the integers that all sums are made of.

mod id;
mod instant;
#[cfg(test)]
mod tests;

pub use self::{
    id::{ID_RULE, IdFault, MAX_ID_CHARS, id_fault, new_id_fault},
    instant::instant_ms,
};
use crate::{
    event::{EntityType, Event, Extent, RawEvent},
    time::{DurationMs, TimestampMs},
};

/// The longest event: a day.
pub const MAX_DURATION_MINUTES: f64 = 1_440.0;
/// The longest that a state report may say to hold until the next one, in minutes: a day.
pub const MAX_HOLD_MINUTES: i64 = 1_440;
/// The most units of one event.
pub const MAX_UNITS: i64 = 1_000_000;
/// The most characters of a sent value that a message repeats.
pub const EXCERPT_CHARS: usize = 64;
/// 2000-01-01T00:00:00Z: no camera saw anything before.
pub const EARLIEST_MS: TimestampMs = TimestampMs(946_684_800_000);
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
    HoldInvalid,
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

/// Makes a trusted event of one that is valid, see [`judge`].
///
/// # Errors
/// The first rule broken, in the order of the event's fields.
pub fn validate<Text: AsRef<str> + Into<String>>(
    raw: RawEvent<Text>,
    now_ms: TimestampMs,
    max_clock_skew_ms: DurationMs,
) -> Result<Event, Rejection> {
    Ok(judge(&raw, now_ms, max_clock_skew_ms)?.event(raw))
}

/// The numbers of a valid event as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Valid {
    started_at_ms: TimestampMs,
    extent: Extent,
    confidence: Option<u16>,
}

impl Valid {
    /// The trusted event that the one that was judged becomes.
    pub fn event<Text: Into<String>>(self, judged: RawEvent<Text>) -> Event {
        Event {
            entity_type: judged.entity_type,
            entity_code: judged.entity_id.into(),
            event_type: judged.event_type,
            started_at_ms: self.started_at_ms,
            extent: self.extent,
            units: judged.units_produced,
            confidence: self.confidence,
            model_version: judged.model_version.map(Into::into),
            event_code: judged.event_id.map(Into::into).unwrap_or_default(),
            source: judged.source_id.map(Into::into),
            workstation: judged.workstation_id.map(Into::into),
        }
    }
}

/// Judges one event. A whole batch is judged with one `now_ms`.
///
/// # Errors
/// The first rule broken, in the order of the event's fields.
pub fn judge<Text: AsRef<str>>(
    raw: &RawEvent<Text>,
    now_ms: TimestampMs,
    max_clock_skew_ms: DurationMs,
) -> Result<Valid, Rejection> {
    use RejectionCode as Code;

    let timestamp = raw.timestamp.as_ref();
    let started_at_ms = started_at_ms(timestamp)?;
    // A duration that is not valid is judged in its turn; until then the event ends where it starts.
    let length_ms = raw.duration_minutes.and_then(duration_ms).unwrap_or_default();
    let ended_at_ms = TimestampMs(started_at_ms.0.saturating_add(length_ms.0));
    if ended_at_ms.0 > now_ms.0.saturating_add(max_clock_skew_ms.0) {
        let (what, starts) = match raw.duration_minutes {
            Some(_) => ("the interval must end", " It starts at"),
            None => ("the timestamp must lie", " It is"),
        };
        let minutes = max_clock_skew_ms.0 / crate::MS_PER_MINUTE;
        let allowed = format!(
            "{what} at most {minutes} minutes after the server's now; check the sender's clock.{starts}"
        );
        return Err(rejection(Code::TimestampInFuture, &allowed, timestamp));
    }
    check_id("entityId", Code::EntityIdInvalid, Some(&raw.entity_id))?;
    let extent = extent(raw.duration_minutes, raw.hold_minutes)?;
    if !(0..=MAX_UNITS).contains(&raw.units_produced) {
        let allowed = "unitsProduced must be a whole number from 0 to 1000000, but is";
        return Err(rejection(Code::UnitsOutOfRange, allowed, &raw.units_produced.to_string()));
    }
    let confidence = raw.confidence.map(confidence).transpose()?;
    check_id("modelVersion", Code::ModelVersionInvalid, raw.model_version.as_ref())?;
    check_new_id("eventId", Code::EventIdInvalid, raw.event_id.as_ref())?;
    check_id("sourceId", Code::SourceIdInvalid, raw.source_id.as_ref())?;
    check_new_id("workstationId", Code::WorkstationIdInvalid, raw.workstation_id.as_ref())?;
    if let (EntityType::Workstation, Some(workstation_id)) = (raw.entity_type, &raw.workstation_id) {
        let allowed = "workstationId says where a worker was; leave it out of a workstation's event. It is";
        return Err(rejection(Code::WorkstationIdInvalid, allowed, workstation_id.as_ref()));
    }
    Ok(Valid { started_at_ms, extent, confidence })
}

/// A sent value as a message may repeat it: cut to [`EXCERPT_CHARS`], what cannot be seen shown as escapes, and isolated where
/// it is written from right to left, so that the sentence around it stays in its order.
pub fn excerpt(text: &str) -> String {
    const FIRST_STRONG_ISOLATE: char = '\u{2068}';
    const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';
    let mut shown = String::with_capacity(text.len().min(4 * EXCERPT_CHARS));
    let mut chars = text.chars();
    for char in chars.by_ref().take(EXCERPT_CHARS) {
        if char.is_control() || id::is_hidden(char) {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    if id::is_right_to_left(&shown) {
        shown.insert(0, FIRST_STRONG_ISOLATE);
        shown.push(POP_DIRECTIONAL_ISOLATE);
    }
    shown
}

fn rejection(code: RejectionCode, allowed: &str, sent: &str) -> Rejection {
    Rejection { code, message: format!("{allowed} \"{}\"", excerpt(sent)) }
}

fn started_at_ms(timestamp: &str) -> Result<TimestampMs, Rejection> {
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

fn extent(duration_minutes: Option<f64>, hold_minutes: Option<i64>) -> Result<Extent, Rejection> {
    let interval = duration_minutes.map(|minutes| {
        duration_ms(minutes).map(Extent::Interval).ok_or_else(|| {
            let allowed = "durationMinutes must be a number from 0 to 1440, or left out when the event says what is so \
                           from its timestamp on, but is";
            rejection(RejectionCode::DurationOutOfRange, allowed, &minutes.to_string())
        })
    });
    let interval = interval.transpose()?;
    let hold = hold_minutes.map(|minutes| {
        let hold = u16::try_from(minutes).ok().filter(|_| (1..=MAX_HOLD_MINUTES).contains(&minutes));
        hold.ok_or_else(|| {
            let allowed = "holdMinutes must be a whole number from 1 to 1440, or left out, but is";
            rejection(RejectionCode::HoldInvalid, allowed, &minutes.to_string())
        })
    });
    match (interval, hold.transpose()?) {
        (Some(interval), None) => Ok(interval),
        (None, hold_minutes) => Ok(Extent::State { hold_minutes }),
        (Some(_), Some(minutes)) => {
            let allowed =
                "holdMinutes is for events without durationMinutes; leave one of the two out. It is";
            Err(rejection(RejectionCode::HoldInvalid, allowed, &minutes.to_string()))
        }
    }
}

fn duration_ms(minutes: f64) -> Option<DurationMs> {
    (0.0..=MAX_DURATION_MINUTES).contains(&minutes).then(|| DurationMs((minutes * 60_000.0).round() as i64))
}

fn confidence(sent: f64) -> Result<u16, Rejection> {
    if (0.0..=1.0).contains(&sent) {
        return Ok((sent * f64::from(FULL_CONFIDENCE)).round() as u16);
    }
    let allowed = "confidence must be a number from 0 to 1, or left out when it is not stated, but is";
    Err(rejection(RejectionCode::ConfidenceOutOfRange, allowed, &sent.to_string()))
}

/// Judges an id that is registered with its first event. Whether this is the first one the store knows, which asks for
/// [`RegisteredName::rejection`] then.
fn check_id(field: &str, code: RejectionCode, text: Option<&impl AsRef<str>>) -> Result<(), Rejection> {
    let text = text.map(AsRef::as_ref);
    let fault = text.and_then(|text| Some((text, id_fault(text)?)));
    fault.map_or(Ok(()), |(text, fault)| Err(id_rejection(field, code, text, fault)))
}

/// Judges an id that is kept with its event, and is therefore new.
fn check_new_id(field: &str, code: RejectionCode, text: Option<&impl AsRef<str>>) -> Result<(), Rejection> {
    let text = text.map(AsRef::as_ref);
    let fault = text.and_then(|text| Some((text, new_id_fault(text)?)));
    fault.map_or(Ok(()), |(text, fault)| Err(id_rejection(field, code, text, fault)))
}

fn id_rejection(field: &str, code: RejectionCode, text: &str, fault: IdFault) -> Rejection {
    rejection(code, &format!("{field} must have {ID_RULE}; it {fault}:"), text)
}

/// An id of an event that is registered when an event has it for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisteredName {
    /// Of a worker or workstation.
    EntityId,
    /// Of a model.
    ModelVersion,
    /// Of a camera or device.
    SourceId,
}

impl RegisteredName {
    /// Why an event may not register this id of its, if there is a reason.
    pub fn rejection(self, event: &Event) -> Option<Rejection> {
        let (field, code, text) = match self {
            Self::EntityId => ("entityId", RejectionCode::EntityIdInvalid, Some(&event.entity_code)),
            Self::ModelVersion => {
                ("modelVersion", RejectionCode::ModelVersionInvalid, event.model_version.as_ref())
            }
            Self::SourceId => ("sourceId", RejectionCode::SourceIdInvalid, event.source.as_ref()),
        };
        Some(id_rejection(field, code, text?, new_id_fault(text?)?))
    }
}
