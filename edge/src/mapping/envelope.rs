//! What is known of a record beside what stands in it: the topic it came by, and when it arrived.

use std::borrow::Cow;

use domain::instant::to_rfc3339;

use super::rules::{Record, Source};

/// What a rule writes for a part of the topic, with the part's number behind it.
const TOPIC: &str = "@topic";
/// What a rule writes for the time of arrival.
const ARRIVAL: &str = "@arrival";

/// What is known of a message beside its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The topic that it came by.
    pub topic: Option<&'a str>,
    /// When it arrived, in Unix milliseconds; none where nobody was there, as for the lines of a file.
    pub arrived_at_ms: Option<i64>,
    /// Whether it was kept by the broker for whoever comes later, so that it was sent nobody knows when.
    pub is_retained: bool,
}

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the record.
    Record,
    /// A part of the topic: from 1, or from -1 at its end.
    Topic(i64),
    /// When the message arrived.
    Arrival,
}

impl Place {
    /// The place that a rule names.
    ///
    /// # Errors
    /// It is no place: what is allowed.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        if name == ARRIVAL {
            return Ok(Self::Arrival);
        }
        let Some(part) = name.strip_prefix(TOPIC) else { return Ok(Self::Record) };
        match part.strip_prefix('.').and_then(|part| part.parse().ok()) {
            Some(part) if part != 0 => Ok(Self::Topic(part)),
            _ => Err(format!(
                "a part of the topic is written as {TOPIC}.1, {TOPIC}.2 and so on, or from the end as {TOPIC}.-1, but is \"{name}\""
            )),
        }
    }
}

/// A part of a topic. The parts stand between slashes; where there is none, between dots, as a key of Kafka has them.
fn part(topic: &str, number: i64) -> Option<&str> {
    let separator = if topic.contains('/') { '/' } else { '.' };
    let index = usize::try_from(number.unsigned_abs()).ok()?.checked_sub(1)?;
    let part =
        if number > 0 { topic.split(separator).nth(index) } else { topic.rsplit(separator).nth(index) };
    part.map(str::trim).filter(|part| !part.is_empty())
}

/// A record in its envelope.
pub(super) struct Enveloped<'a, R> {
    pub(super) record: &'a R,
    pub(super) sources: &'a [Source],
    pub(super) envelope: Envelope<'a>,
}

impl<R: Record> Record for Enveloped<'_, R> {
    fn value(&self, source: usize) -> Result<Option<Cow<'_, str>>, String> {
        match self.sources.get(source).map(|source| source.place) {
            None | Some(Place::Record) => self.record.value(source),
            Some(Place::Topic(number)) => {
                let topic = self.envelope.topic.ok_or(
                    "is in the topic of a message, and this has none; read it from a broker, or give its topic",
                )?;
                Ok(part(topic, number).map(Cow::Borrowed))
            }
            Some(Place::Arrival) => {
                let arrived_at_ms = self.envelope.arrived_at_ms.ok_or(
                    "is the time of arrival, which lines of a file do not have; take a time that stands in them",
                )?;
                Ok(Some(Cow::Owned(to_rfc3339(arrived_at_ms))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_topic_are_counted_from_either_end() {
        let slashes = "umh/v1/acme/press 4/_raw/state";
        let dots = "umh.v1.acme.press 4._raw.state";
        for topic in [slashes, dots] {
            assert_eq!(part(topic, 1), Some("umh"));
            assert_eq!(part(topic, 4), Some("press 4"));
            assert_eq!(part(topic, -1), Some("state"));
            assert_eq!(part(topic, -6), Some("umh"));
            assert_eq!((part(topic, 7), part(topic, -7)), (None, None));
        }
        assert_eq!(part("gateway/10.0.0.5/state", 2), Some("10.0.0.5"));
        assert_eq!((part("/hall/S1", 1), part("/hall/S1", 2)), (None, Some("hall")));
    }

    #[test]
    fn a_place_is_a_part_of_the_topic_the_arrival_or_in_the_record() {
        assert_eq!(Place::named("@topic.3"), Ok(Place::Topic(3)));
        assert_eq!(Place::named("@topic.-1"), Ok(Place::Topic(-1)));
        assert_eq!(Place::named("@arrival"), Ok(Place::Arrival));
        assert_eq!(Place::named("after.id"), Ok(Place::Record));
        for wrong in ["@topic", "@topic.0", "@topic.last", "@topics.1"] {
            assert!(Place::named(wrong).is_err_and(|said| said.contains("@topic.-1")), "{wrong}");
        }
    }
}
