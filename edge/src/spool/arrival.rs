//! What an input brings: events, what is no event, and how far the input has come; kept together or not at all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use domain::event_text::MAX_EVENT_BYTES;
use rusqlite::{OptionalExtension, params};

use super::error::SpoolError;
use super::input_offsets::InputOffset;
use super::row;
use super::schema;
use super::store::{Moment, Store};
use crate::line::{self, Line};
use crate::mapping::counter::{Counted, Counter, Reading};
use crate::mapping::{Mapped, with_units};

/// The most malformed messages that are kept, the newest: enough for a person to see what is wrong with a sender.
pub const MAX_MALFORMED: i64 = 1_000;

/// The most that malformed messages may take of the spool, as a share of its cap: a sender of garbage keeps out no event.
const MALFORMED_SHARE_OF_CAP: i64 = 8;

/// What is kept together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrival {
    /// The events, each one JSON object with the fields of `EventInput`.
    pub events: Vec<String>,
    /// What came between them and is no event.
    pub malformed: Vec<Malformed>,
    /// What counters showed, each with the place of its event among the events, which has no units yet.
    pub readings: Vec<(usize, Reading)>,
    /// How far the input has come with it, where that is kept.
    pub offset: Option<InputOffset>,
}

impl Arrival {
    /// Adds an event.
    pub(crate) fn push(&mut self, Mapped { json, reading, .. }: Mapped) {
        self.readings.extend(reading.map(|reading| (self.events.len(), reading)));
        self.events.push(json);
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.malformed.is_empty() && self.offset.is_none()
    }
}

/// Something that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The input that brought it: a topic, a file, or the address of an HTTP client.
    pub input: String,
    /// What came, as text; cut to the longest event.
    pub body: String,
    /// What is wrong with it, and what is allowed.
    pub reason: String,
}

impl Malformed {
    /// What an input brought. Of its bytes those are kept that an event could have.
    pub fn new(input: &str, bytes: &[u8], reason: String) -> Self {
        let kept = &bytes[..bytes.len().min(MAX_EVENT_BYTES)];
        Self { input: input.to_owned(), body: String::from_utf8_lossy(kept).into_owned(), reason }
    }
}

/// Something that is no event, as it is kept for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMalformed {
    /// Its number.
    pub id: i64,
    /// What came, and from where.
    pub malformed: Malformed,
    /// How often the same came from the same input.
    pub times: i64,
    /// When it last came, in Unix milliseconds.
    pub at_ms: i64,
}

impl Store {
    /// Keeps what an input brought.
    pub(super) fn keep(&mut self, arrival: &Arrival, now: Moment) -> Result<(), SpoolError> {
        if !arrival.readings.is_empty() {
            let events = self.counted(arrival)?;
            self.append(&events, now)?;
        } else if !arrival.events.is_empty() {
            self.append(&arrival.events, now)?;
        }
        for malformed in &arrival.malformed {
            self.insert_malformed(malformed, now.wall_ms)?;
        }
        if !arrival.malformed.is_empty() {
            self.drop_oldest_malformed()?;
        }
        arrival.offset.as_ref().map_or(Ok(()), |offset| self.set_input_offset(offset))
    }

    /// The events with the units that their counters counted; without those that were counted before and are forgotten.
    fn counted(&self, arrival: &Arrival) -> Result<Vec<String>, SpoolError> {
        let mut counters: HashMap<&str, Counter> = HashMap::new();
        let mut events: Vec<Option<String>> = arrival.events.iter().cloned().map(Some).collect();
        for (place, reading) in &arrival.readings {
            let counter = match counters.entry(&reading.key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(self.counter(&reading.key)?),
            };
            let event = &mut events[*place];
            *event = match (event.take(), counter.count(reading)) {
                (Some(json), Counted::Units(units)) => Some(with_units(json, units)),
                _ => None,
            };
        }
        for (key, counter) in counters {
            let value =
                serde_json::to_string(&counter).map_err(|error| SpoolError::Damaged(error.to_string()))?;
            self.set_counter(key, &value)?;
        }
        Ok(events.into_iter().flatten().collect())
    }

    /// What is remembered of a counter. One that cannot be read begins anew, as after a repair.
    fn counter(&self, key: &str) -> Result<Counter, SpoolError> {
        let select = "SELECT value FROM counter WHERE key = ?";
        let value: Option<String> =
            self.connection.prepare_cached(select)?.query_row([key], |row| row.get(0)).optional()?;
        Ok(value.and_then(|value| serde_json::from_str(&value).ok()).unwrap_or_default())
    }

    /// Writes down what is remembered of a counter.
    pub(super) fn set_counter(&self, key: &str, value: &str) -> Result<(), SpoolError> {
        let insert = "INSERT OR REPLACE INTO counter VALUES (?, ?)";
        self.connection.prepare_cached(insert)?.execute([key, value])?;
        Ok(())
    }

    /// Writes down what is no event. The same from the same input is counted, because a broker may send it again.
    fn insert_malformed(&self, malformed: &Malformed, at_ms: i64) -> Result<(), SpoolError> {
        let Malformed { input, body, reason } = malformed;
        let checksum = row::checksum(0, 0, 0, body.as_bytes());
        let again = "UPDATE malformed SET times = times + 1, at_ms = ?, reason = ? \
                     WHERE checksum = ? AND input = ? AND body = ?";
        let again =
            self.connection.prepare_cached(again)?.execute(params![at_ms, reason, checksum, input, body])?;
        if again == 0 {
            let insert = "INSERT INTO malformed (checksum, input, body, reason, times, at_ms) \
                          VALUES (?, ?, ?, ?, 1, ?)";
            self.connection.prepare_cached(insert)?.execute(params![checksum, input, body, reason, at_ms])?;
        }
        Ok(())
    }

    fn drop_oldest_malformed(&self) -> Result<(), SpoolError> {
        let max_bytes = self.limits.cap_bytes / MALFORMED_SHARE_OF_CAP;
        let drop = "DELETE FROM malformed WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER newest AS place, \
                    sum(length(body) + 64) OVER newest AS bytes FROM malformed WINDOW newest AS (ORDER BY id DESC)) \
                    WHERE place > ? OR bytes > ?)";
        self.connection.prepare_cached(drop)?.execute([MAX_MALFORMED, max_bytes])?;
        Ok(())
    }

    /// Whether the file has a table for it: one that no agent of today has opened yet does not.
    pub(super) fn keeps_malformed(&self) -> Result<bool, SpoolError> {
        Ok(schema::version(&self.connection)? >= schema::MALFORMED_SINCE)
    }

    /// What is no event and waits for a person, in the order in which it came.
    pub(super) fn malformed(&self) -> Result<Vec<KeptMalformed>, SpoolError> {
        if !self.keeps_malformed()? {
            return Ok(Vec::new());
        }
        let select = "SELECT id, input, body, reason, times, at_ms FROM malformed ORDER BY id";
        let mut query = self.connection.prepare_cached(select)?;
        let rows = query.query_map([], |row| {
            let malformed = Malformed { input: row.get(1)?, body: row.get(2)?, reason: row.get(3)? };
            Ok(KeptMalformed { id: row.get(0)?, malformed, times: row.get(4)?, at_ms: row.get(5)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Gives what is no event another body, and leaves it where it is.
    pub(super) fn replace_malformed(&self, id: i64, body: &str) -> Result<(), SpoolError> {
        let checksum = row::checksum(0, 0, 0, body.as_bytes());
        let update = "UPDATE malformed SET body = ?, checksum = ? WHERE id = ?";
        match self.connection.execute(update, params![body, checksum, id])? {
            0 => Err(SpoolError::NoMalformed(id)),
            _ => Ok(()),
        }
    }

    /// Puts what was no event and is one now at the end of the queue.
    pub(super) fn resend_malformed(&mut self, id: i64, now: Moment) -> Result<(), SpoolError> {
        let select = "SELECT body FROM malformed WHERE id = ?";
        let body: Option<String> = self.connection.query_row(select, [id], |row| row.get(0)).optional()?;
        let event = match line::parse(1, body.ok_or(SpoolError::NoMalformed(id))?.as_bytes()) {
            Line::Event(event) => event.json,
            Line::Malformed(fault) => {
                return Err(SpoolError::StillMalformed { id, reason: fault.to_string() });
            }
            Line::Blank => return Err(SpoolError::StillMalformed { id, reason: "it is blank".to_owned() }),
        };
        self.connection.execute("DELETE FROM malformed WHERE id = ?", [id])?;
        self.append(&[event], now)
    }
}
