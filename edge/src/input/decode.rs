//! From the lines and messages of inputs to events, and to what is none.

use std::sync::atomic::Ordering;

use super::Intake;
use super::body;
use crate::line::{self, Line, LineFault, MAX_LINE_BYTES};
use crate::mapping::csv::{Columns, CsvFormat, Rows, Step};
use crate::mapping::{Envelope, Format, Mapped, Mapping, RecordError};
use crate::spool::{Arrival, Malformed};

/// What is remembered between the lines of one input: the columns that the first of them named.
#[derive(Default)]
pub(super) struct LineDecoder {
    csv: Option<CsvLines>,
}

struct CsvLines {
    rows: Rows,
    /// Missing before the first line; else where the columns are, or why that is not known.
    columns: Option<Result<Columns, String>>,
}

impl LineDecoder {
    /// The decoder of an input that is read on from somewhere behind its first line.
    pub(super) fn resumed(intake: &Intake, first_line: &[u8]) -> Self {
        let mut decoder = Self::default();
        if let Some((_, format)) = intake.csv()
            && format.has_header
        {
            decoder.csv_line(intake, first_line);
        }
        decoder
    }

    /// The event of a line of CSV; none for a line that names columns, and for a record that becomes none.
    fn csv_line(&mut self, intake: &Intake, line: &[u8]) -> Option<Result<Mapped, RecordError>> {
        let (mapping, format) = intake.csv()?;
        let CsvLines { rows, columns } =
            self.csv.get_or_insert_with(|| CsvLines { rows: Rows::new(*format), columns: None });
        rows.restart();
        let mut rest = line;
        let is_header = columns.is_none() && format.has_header;
        let columns = columns.get_or_insert_with(|| mapping.columns(*format, rows, &mut rest));
        let not_a_record = |reason: &String| Some(Err(RecordError::NotARecord(reason.clone())));
        let columns = match columns {
            Err(reason) => return not_a_record(reason),
            Ok(_) if is_header => return None,
            Ok(columns) => columns,
        };
        match rows.next(&mut rest) {
            Ok(Step::Row { .. }) => mapping.row(*format, columns, rows, Envelope::default()).transpose(),
            Ok(Step::TooLong { .. }) => Some(Err(crate::mapping::too_long())),
            // Reading from memory does not fail.
            Ok(Step::End) | Err(_) => None,
        }
    }
}

impl Intake {
    fn csv(&self) -> Option<(&Mapping, &CsvFormat)> {
        let mapping = self.mapping.as_deref()?;
        match mapping.format() {
            Format::Csv(format) => Some((mapping, format)),
            Format::Json { .. } => None,
        }
    }

    /// Adds a line of an input to what came.
    pub(super) fn take_line(
        &self,
        decoder: &mut LineDecoder,
        arrival: &mut Arrival,
        (input, number): (&str, u64),
        line: &[u8],
    ) {
        let Some(mapping) = self.mapping.as_deref() else {
            match line::parse(number, line) {
                Line::Event(event) => arrival.events.push(event.json),
                Line::Blank => {}
                Line::Malformed(fault) => {
                    self.set_aside(arrival, input, &format!("line {number}"), line, &fault);
                }
            }
            return;
        };
        if line.trim_ascii().is_empty() {
            return;
        }
        let place = format!("line {number}");
        if line.len() > MAX_LINE_BYTES {
            return self.set_aside(arrival, input, &place, line, &LineFault::TooLong);
        }
        let mut take = |event: Result<Mapped, RecordError>| match event {
            Ok(mapped) => arrival.push(mapped),
            Err(error) => self.set_aside(arrival, input, &place, line, &error),
        };
        match mapping.format() {
            Format::Csv(_) => decoder.csv_line(self, line).into_iter().for_each(&mut take),
            Format::Json { .. } => {
                mapping
                    .document(line, Envelope::default())
                    .into_iter()
                    .filter_map(Result::transpose)
                    .for_each(&mut take);
            }
        }
    }

    /// Adds a message of an input without a sender to answer to what came.
    pub(super) fn take_message(
        &self,
        arrival: &mut Arrival,
        input: &str,
        message: &[u8],
        envelope: Envelope<'_>,
    ) {
        match body::events(message, self.mapping.as_deref(), envelope) {
            Ok(body::Read { mapped, refused }) => {
                for mapped in mapped {
                    arrival.push(mapped);
                }
                for refused in refused {
                    let place = format!("event {} of a message", refused.index);
                    self.set_aside(arrival, input, &place, refused.text, &refused.fault);
                }
            }
            Err(error) => self.set_aside(arrival, input, "a message", message, &error),
        }
    }

    /// Counts and logs what is no event, and has it kept for a person.
    pub(super) fn set_aside(
        &self,
        arrival: &mut Arrival,
        input: &str,
        place: &str,
        bytes: &[u8],
        fault: &dyn std::fmt::Display,
    ) {
        self.health.malformed.fetch_add(1, Ordering::Relaxed);
        tracing::warn!("{place} from {input} is no event and waits among the dead letters: {fault}");
        arrival.malformed.push(Malformed::new(input, bytes, format!("{place}: {fault}")));
    }
}
