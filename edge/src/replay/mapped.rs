//! Reads foreign data with a mapping, holding no more than one record and one batch of it.

use std::collections::HashMap;
use std::io::{self, BufRead};

use domain::event_text::{UTF16_ADVICE, is_utf16};

use super::batcher::Batcher;
use super::reader::{Found, Reading};
use crate::line::{EventLine, buckets_touched};
use crate::mapping::counter::{Counted, Counter, REMEMBERED_READINGS};
use crate::mapping::csv::{Columns, CsvFormat, Rows, Step};
use crate::mapping::records::{Documents, MAX_DOCUMENT_BYTES};
use crate::mapping::{Envelope, Format, Mapped, Mapping, RecordError, too_long, with_units};

/// A record: the line on which it begins, and its event, if it becomes one.
pub(crate) struct Record {
    /// The line, from 1.
    pub(crate) line: u64,
    /// The event; none where the mapping does not want the record; or why there is none.
    pub(crate) event: Result<Option<Mapped>, String>,
}

/// Reads the records of an input one after the other.
pub(crate) struct Records<'m, R> {
    mapping: &'m Mapping,
    envelope: Envelope<'m>,
    input: R,
    kind: Kind,
    counters: HashMap<String, Counter>,
}

enum Kind {
    Csv {
        format: CsvFormat,
        rows: Box<Rows>,
        columns: Columns,
    },
    /// The events of a document that was read, and its line.
    Json {
        documents: Documents,
        waiting: Vec<(u64, Result<Option<Mapped>, RecordError>)>,
    },
}

impl<'m, R: BufRead> Records<'m, R> {
    /// Begins to read: finds the columns that the mapping asks for.
    ///
    /// # Errors
    /// The input cannot be read, or is not what the mapping says.
    pub(crate) fn new(mapping: &'m Mapping, envelope: Envelope<'m>, mut input: R) -> io::Result<Self> {
        refuse_utf16(&mut input)?;
        let kind = match mapping.format() {
            Format::Csv(format) => {
                let mut rows = Box::new(Rows::new(*format));
                let columns = mapping.columns(*format, &mut rows, &mut input).map_err(io::Error::other)?;
                Kind::Csv { format: *format, rows, columns }
            }
            Format::Json { .. } => Kind::Json { documents: Documents::default(), waiting: Vec::new() },
        };
        Ok(Self { mapping, envelope, input, kind, counters: HashMap::new() })
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// The input breaks off.
    pub(crate) fn next(&mut self) -> io::Result<Option<Record>> {
        let read = match &mut self.kind {
            Kind::Csv { format, rows, columns } => match rows.next(&mut self.input)? {
                Step::End => None,
                Step::TooLong { line } => Some((line, Err(too_long()))),
                Step::Row { line } => Some((line, self.mapping.row(*format, columns, rows, self.envelope))),
            },
            Kind::Json { documents, waiting } => loop {
                if let Some(record) = waiting.pop() {
                    break Some(record);
                }
                let Some(document) = documents.next(&mut self.input)? else { break None };
                let line = document.line;
                if document.is_too_long {
                    let reason =
                        format!("a record has at most {MAX_DOCUMENT_BYTES} bytes, this one has more");
                    break Some((line, Err(RecordError::NotARecord(reason))));
                }
                let records = self.mapping.document(document.text, self.envelope);
                waiting.extend(records.into_iter().rev().map(|record| (line, record)));
            },
        };
        let Some((line, event)) = read else { return Ok(None) };
        let event = match event {
            Ok(Some(mapped)) => self.counted(mapped).map(Some),
            Ok(None) => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        Ok(Some(Record { line, event }))
    }

    /// How many bytes of the input were read in all.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.kind {
            Kind::Csv { rows, .. } => rows.bytes(),
            Kind::Json { documents, .. } => documents.bytes(),
        }
    }

    /// The event with the units that its counter counted since the input began.
    fn counted(&mut self, mapped: Mapped) -> Result<Mapped, String> {
        let Some(reading) = &mapped.reading else { return Ok(mapped) };
        if !self.counters.contains_key(&reading.key) {
            self.counters.insert(reading.key.clone(), Counter::default());
        }
        match self.counters.get_mut(&reading.key).map(|counter| counter.count(reading)) {
            Some(Counted::Units(units)) => {
                Ok(Mapped { json: with_units(mapped.json, units), reading: None, ..mapped })
            }
            _ => Err(format!(
                "its counter was read more than {REMEMBERED_READINGS} times later in what came before; sort the file by time"
            )),
        }
    }
}

/// Refuses an input that is UTF-16, of which no line could be read.
pub(crate) fn refuse_utf16(input: &mut impl BufRead) -> io::Result<()> {
    if is_utf16(input.fill_buf()?) {
        return Err(io::Error::other(format!("it must be UTF-8 text, {UTF16_ADVICE}")));
    }
    Ok(())
}

/// Reads an input to its end and delivers what it finds, in order, until `deliver` says false.
pub(super) fn read(
    input: impl BufRead,
    mapping: &Mapping,
    envelope: Envelope<'_>,
    max_events: usize,
    mut deliver: impl FnMut(Reading) -> bool,
) {
    let (mut batcher, mut line, mut told) = (Batcher::new(max_events), 0, 0);
    let mut records = match Records::new(mapping, envelope, input) {
        Ok(records) => records,
        Err(error) => {
            deliver(Reading { found: Found::Unreadable { after_line: 0, error }, bytes: 0 });
            return;
        }
    };
    loop {
        let record = match records.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                deliver(Reading { found: Found::Unreadable { after_line: line, error }, bytes: 0 });
                return;
            }
        };
        line = record.line;
        let found = match record.event {
            Ok(None) => None,
            Ok(Some(Mapped { json, duration_minutes, .. })) => {
                let buckets = buckets_touched(duration_minutes);
                batcher.push(EventLine { number: line, json, buckets }).map(Found::Batch)
            }
            Err(reason) => Some(Found::Malformed { line, reason }),
        };
        if let Some(found) = found {
            let bytes = records.bytes() - std::mem::replace(&mut told, records.bytes());
            if !deliver(Reading { found, bytes }) {
                return;
            }
        }
    }
    if let Some(batch) = batcher.finish() {
        deliver(Reading { found: Found::Batch(batch), bytes: records.bytes() - told });
    }
}
