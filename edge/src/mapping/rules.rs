//! From the values of a record to an event.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use domain::instant::to_rfc3339;
use domain::number::whole;
use domain::validate::excerpt;

use super::counter::{Dip, Reading};
use super::envelope::{Envelope, Enveloped, Place};
use super::time::{Minutes, TimeUnit};

/// Room for an event with fields of usual length, in bytes.
const USUAL_EVENT_BYTES: usize = 256;

/// A record: the values of a mapping's sources.
pub(crate) trait Record {
    /// The value of a source, by its place in [`Rules::sources`]; none where the record has none.
    ///
    /// # Errors
    /// It cannot be read as text.
    fn value(&self, source: usize) -> Result<Option<Cow<'_, str>>, String>;
}

/// What a record became.
#[derive(Debug, PartialEq)]
pub struct Mapped {
    /// The event's JSON object.
    pub json: String,
    /// The length of its interval; 0 for one that is so from its timestamp on.
    pub duration_minutes: f64,
    /// What its counter showed, where its units come from one; they are not in the event then.
    pub reading: Option<Reading>,
}

impl Mapped {
    /// An event that came as one.
    pub(crate) fn event(json: String) -> Self {
        Self { json, duration_minutes: 0.0, reading: None }
    }
}

/// Why a record is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}{}: {reason}{}", .from.as_ref().map(|from| format!(" (from {from})")).unwrap_or_default(), .sent.as_ref().map(|sent| format!(", but is \"{sent}\"")).unwrap_or_default())]
pub struct RecordFault {
    /// The field of the event.
    pub field: &'static str,
    /// Where in the record its value is.
    pub from: Option<String>,
    /// What must be there.
    pub reason: String,
    /// What was there, cut to what a message shows.
    pub sent: Option<String>,
}

/// Where in a record a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// A column's name, or the steps to a field.
    pub(super) steps: Vec<String>,
    /// The line of the mapping that says so.
    pub(super) line: usize,
    /// Whether it is in the record at all.
    pub(super) place: Place,
}

impl Source {
    /// As messages name it.
    pub(super) fn name(&self) -> String {
        self.steps.join(".")
    }
}

/// Where a field's text comes from.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) field: &'static str,
    pub(super) origin: Origin,
    /// What the record's texts mean; none where they are taken as they are.
    pub(super) values: Option<HashMap<String, String>>,
    pub(super) default: Option<String>,
}

#[derive(Debug)]
pub(super) enum Origin {
    Constant(String),
    Source(usize),
}

/// When an event is, and for how long.
#[derive(Debug)]
pub(super) enum Interval {
    StartAndEnd(Instant, Instant),
    StartAndLength(Instant, Length),
    EndAndLength(Instant, Length),
    /// From then on, for as long as the next event of its series says.
    From(Instant),
}

#[derive(Debug)]
pub(super) struct Instant {
    pub(super) text: Text,
    pub(super) unit: TimeUnit,
}

#[derive(Debug)]
pub(super) struct Length {
    pub(super) text: Text,
    pub(super) unit: Minutes,
}

#[derive(Debug)]
pub(super) struct Confidence {
    pub(super) text: Text,
    /// What stands for certainty: 1 or 100.
    pub(super) full: f64,
}

#[derive(Debug)]
pub(super) struct Units {
    pub(super) text: Text,
    pub(super) counter: Option<Dip>,
}

/// A mapping's rules.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(super) sources: Vec<Source>,
    /// What a number's fraction is separated by.
    pub(super) decimal: char,
    pub(super) when: Vec<(usize, Vec<String>)>,
    pub(super) interval: Interval,
    pub(super) hold: Option<Text>,
    pub(super) entity_type: Text,
    pub(super) entity_id: Text,
    pub(super) event_type: Text,
    pub(super) units: Option<Units>,
    pub(super) confidence: Option<Confidence>,
    /// The optional fields that are text.
    pub(super) texts: Vec<Text>,
}

/// The field that says which camera or device it was, which a counter belongs to.
pub(super) const SOURCE_ID: &str = "sourceId";

impl Rules {
    /// Where in a record the values are that the rules ask for.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The event of a record; none where it is not one of those that become events.
    ///
    /// # Errors
    /// A value is not what its field must be.
    pub(crate) fn apply(
        &self,
        record: &impl Record,
        envelope: Envelope<'_>,
    ) -> Result<Option<Mapped>, RecordFault> {
        // Nobody knows when a retained message was sent; only a time that stands in it says since when it is so.
        if envelope.is_retained && self.sources.iter().any(|source| source.place == Place::Arrival) {
            return Ok(None);
        }
        let record = &Enveloped { record, sources: &self.sources, envelope };
        if !self.is_wanted(record)? {
            return Ok(None);
        }
        let (started_at_ms, duration_minutes) = self.interval(record)?;
        let entity_type = self.required(&self.entity_type, record)?;
        let entity_id = self.required(&self.entity_id, record)?;
        let event_type = self.required(&self.event_type, record)?;
        let mut json = String::with_capacity(USUAL_EVENT_BYTES);
        json.push_str("{\"timestamp\":\"");
        json.push_str(&to_rfc3339(started_at_ms));
        json.push_str("\",\"entityType\":");
        push_text(&mut json, &entity_type);
        json.push_str(",\"entityId\":");
        push_text(&mut json, &entity_id);
        json.push_str(",\"eventType\":");
        push_text(&mut json, &event_type);
        if let Some(duration_minutes) = duration_minutes {
            push_number(&mut json, "durationMinutes", duration_minutes);
        }
        if let Some(hold) = &self.hold
            && let Some(minutes) = self.whole(hold, record)?
        {
            push_whole(&mut json, "holdMinutes", minutes);
        }
        if let Some(confidence) = &self.confidence
            && let Some(number) = self.number(&confidence.text, record, "must be a number")?
        {
            push_number(&mut json, "confidence", number / confidence.full);
        }
        let mut source_id = None;
        for text in &self.texts {
            if let Some(value) = self.text(text, record)? {
                push_name(&mut json, text.field);
                push_text(&mut json, &value);
                if text.field == SOURCE_ID {
                    source_id = Some(value);
                }
            }
        }
        let key = || format!("{entity_type}/{entity_id}/{}", source_id.as_deref().unwrap_or_default());
        let reading = self.units(record, &mut json, started_at_ms, key)?;
        json.push('}');
        Ok(Some(Mapped { json, duration_minutes: duration_minutes.unwrap_or_default(), reading }))
    }

    fn is_wanted(&self, record: &impl Record) -> Result<bool, RecordFault> {
        for (source, wanted) in &self.when {
            let value =
                record.value(*source).map_err(|reason| self.fault("when", Some(*source), reason, None))?;
            if !value.is_some_and(|value| wanted.iter().any(|wanted| *wanted == value)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// When the event starts, in Unix milliseconds, and its length in minutes, if it has one.
    fn interval(&self, record: &impl Record) -> Result<(i64, Option<f64>), RecordFault> {
        match &self.interval {
            Interval::From(start) => Ok((self.instant_ms(start, record)?, None)),
            Interval::StartAndLength(start, length) => {
                Ok((self.instant_ms(start, record)?, Some(self.minutes(length, record)?)))
            }
            Interval::StartAndEnd(start, end) => {
                let (start_ms, end_ms) = (self.instant_ms(start, record)?, self.instant_ms(end, record)?);
                if end_ms < start_ms {
                    let sent = self.text(&end.text, record)?.map(Cow::into_owned);
                    let reason = "must not be before the timestamp";
                    return Err(self.fault_of(&end.text, reason, sent.as_deref()));
                }
                Ok((start_ms, Some((end_ms - start_ms) as f64 / domain::MS_PER_MINUTE as f64)))
            }
            Interval::EndAndLength(end, length) => {
                let (end_ms, minutes) = (self.instant_ms(end, record)?, self.minutes(length, record)?);
                Ok((end_ms - (minutes * domain::MS_PER_MINUTE as f64).round() as i64, Some(minutes)))
            }
        }
    }

    fn instant_ms(&self, instant: &Instant, record: &impl Record) -> Result<i64, RecordFault> {
        let text = self.required(&instant.text, record)?;
        // A decimal comma is a point to the reader of seconds.
        let written = if self.decimal == ',' && matches!(instant.unit, TimeUnit::Epoch { .. }) {
            Cow::Owned(text.replace(',', "."))
        } else {
            Cow::Borrowed(&*text)
        };
        instant.unit.read(&written).map_err(|reason| self.fault_of(&instant.text, &reason, Some(&text)))
    }

    fn minutes(&self, length: &Length, record: &impl Record) -> Result<f64, RecordFault> {
        let number = self.number(&length.text, record, "must be a number")?;
        number.map(|number| length.unit.of(number)).ok_or_else(|| self.missing(&length.text))
    }

    /// Writes the units, or answers with what their counter showed.
    fn units(
        &self,
        record: &impl Record,
        json: &mut String,
        at_ms: i64,
        key: impl FnOnce() -> String,
    ) -> Result<Option<Reading>, RecordFault> {
        let Some(units) = &self.units else { return Ok(None) };
        let Some(number) = self.whole(&units.text, record)? else { return Ok(None) };
        match units.counter {
            Some(_) if number < 0 => {
                Err(self.fault_of(&units.text, "a counter must show 0 or more", Some(&number.to_string())))
            }
            Some(dip) => Ok(Some(Reading { key: key(), at_ms, shown: number, dip })),
            None => {
                push_whole(json, "unitsProduced", number);
                Ok(None)
            }
        }
    }

    fn whole(&self, text: &Text, record: &impl Record) -> Result<Option<i64>, RecordFault> {
        const WHOLE: &str = "must be a whole number";
        let Some(number) = self.number(text, record, WHOLE)? else { return Ok(None) };
        whole(number).map(Some).ok_or_else(|| self.fault_of(text, WHOLE, Some(&number.to_string())))
    }

    fn number(&self, text: &Text, record: &impl Record, rule: &str) -> Result<Option<f64>, RecordFault> {
        let Some(sent) = self.text(text, record)? else { return Ok(None) };
        let number = match self.decimal {
            ',' if sent.contains('.') => None,
            ',' => sent.replace(',', ".").parse().ok(),
            _ => sent.parse().ok(),
        };
        number.filter(|number: &f64| number.is_finite()).map(Some).ok_or_else(|| {
            let comma = if self.decimal == ',' { " with a decimal comma" } else { "" };
            let rule = format!("{rule}{comma}, without separators of thousands");
            self.fault_of(text, &rule, Some(&sent))
        })
    }

    fn required<'a>(&'a self, text: &'a Text, record: &'a impl Record) -> Result<Cow<'a, str>, RecordFault> {
        let value = self.text(text, record)?.ok_or_else(|| self.missing(text))?;
        let names: &[&str] = match text.field {
            "entityType" => &["WORKER", "WORKSTATION"],
            "eventType" => &["WORKING", "IDLE", "ABSENT"],
            _ => return Ok(value),
        };
        if names.contains(&&*value) {
            return Ok(value);
        }
        let rule = format!("must be one of {}; `values` says what others mean", names.join(", "));
        Err(self.fault_of(text, &rule, Some(&value)))
    }

    /// The text of a field: what the mapping makes of what the record has.
    fn text<'a>(
        &'a self,
        text: &'a Text,
        record: &'a impl Record,
    ) -> Result<Option<Cow<'a, str>>, RecordFault> {
        let source = match &text.origin {
            Origin::Constant(constant) => return Ok(Some(Cow::Borrowed(constant))),
            Origin::Source(source) => *source,
        };
        let sent =
            record.value(source).map_err(|reason| self.fault(text.field, Some(source), reason, None))?;
        let default = || text.default.as_deref().map(Cow::Borrowed);
        let (Some(sent), Some(values)) = (&sent, &text.values) else { return Ok(sent.or_else(default)) };
        let value = values.get(&**sent).map(|value| Cow::Borrowed(value.as_str())).or_else(default);
        if value.is_some() {
            return Ok(value);
        }
        let mut known: Vec<_> = values.keys().map(String::as_str).collect();
        known.sort_unstable();
        let rule = format!("must be one of {}, which `values` lists", known.join(", "));
        Err(self.fault_of(text, &rule, Some(sent)))
    }

    fn missing(&self, text: &Text) -> RecordFault {
        self.fault_of(text, "must have a value, and has none", None)
    }

    fn fault_of(&self, text: &Text, reason: &str, sent: Option<&str>) -> RecordFault {
        let source = match text.origin {
            Origin::Constant(_) => None,
            Origin::Source(source) => Some(source),
        };
        self.fault(text.field, source, reason.to_owned(), sent)
    }

    fn fault(
        &self,
        field: &'static str,
        source: Option<usize>,
        reason: String,
        sent: Option<&str>,
    ) -> RecordFault {
        let from = source.and_then(|source| self.sources.get(source)).map(Source::name);
        RecordFault { field, from, reason, sent: sent.map(excerpt) }
    }
}

/// Completes an event with the units that its counter counted.
pub(crate) fn with_units(mut json: String, units: i64) -> String {
    json.pop();
    write!(json, ",\"unitsProduced\":{units}}}").unwrap_or_default();
    json
}

fn push_name(json: &mut String, name: &str) {
    json.push_str(",\"");
    json.push_str(name);
    json.push_str("\":");
}

fn push_number(json: &mut String, name: &str, number: f64) {
    push_name(json, name);
    // Writing to a text does not fail.
    write!(json, "{number}").unwrap_or_default();
}

fn push_whole(json: &mut String, name: &str, number: i64) {
    push_name(json, name);
    // Writing to a text does not fail.
    write!(json, "{number}").unwrap_or_default();
}

/// Writes a text with its quotation marks.
fn push_text(json: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        json.push_str(&serde_json::Value::from(text).to_string());
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}
