//! The records of a message that is whole, and of single lines.

use domain::event_text::message::{MessageFault, split};
use serde_json::Value;

use super::csv::{Columns, CsvFormat, CsvRecord, Rows, Step};
use super::records::{JsonRecord, at};
use super::rules::Mapped;
use super::{Envelope, Format, Mapping, RecordFault};

/// A record of a message.
#[derive(Debug)]
pub struct ReadRecord<'a> {
    /// Its text; of a document with several records, that of the document.
    pub text: &'a [u8],
    /// The event; none where the record is not one of those that become events; or why there is none.
    pub event: Result<Option<Mapped>, RecordError>,
}

/// Why a record is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A value is not what its field must be.
    #[error(transparent)]
    Field(#[from] RecordFault),
    /// It is no record.
    #[error("{0}")]
    NotARecord(String),
}

/// Why no record of a message is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Its records cannot be told apart.
    #[error("no record can be read: {0}")]
    Unreadable(#[from] MessageFault),
    /// Its first row has not the columns that the mapping asks for.
    #[error("{0}")]
    Header(String),
    /// There are more than are taken at once.
    #[error("there are more than {0} records; send the rest in another message")]
    TooMany(usize),
}

impl Mapping {
    /// Reads the records of a message, at most so many.
    ///
    /// # Errors
    /// There are no single records to judge.
    pub fn read_message<'a>(
        &self,
        message: &'a [u8],
        max_records: usize,
        envelope: Envelope<'_>,
    ) -> Result<Vec<ReadRecord<'a>>, MessageError> {
        if domain::event_text::is_utf16(message) {
            return Err(MessageFault::Utf16.into());
        }
        match &self.format {
            Format::Csv(format) => self.rows(*format, message, max_records, envelope),
            Format::Json { .. } => {
                let mut read = Vec::new();
                for document in split(message)? {
                    read.extend(
                        self.document(document, envelope)
                            .into_iter()
                            .map(|event| ReadRecord { text: document, event }),
                    );
                    if read.len() > max_records {
                        return Err(MessageError::TooMany(max_records));
                    }
                }
                Ok(read)
            }
        }
    }

    fn rows<'a>(
        &self,
        format: CsvFormat,
        message: &'a [u8],
        max_records: usize,
        envelope: Envelope<'_>,
    ) -> Result<Vec<ReadRecord<'a>>, MessageError> {
        let (mut rows, mut rest, mut read) = (Rows::new(format), message, Vec::new());
        let columns = self.columns(format, &mut rows, &mut rest).map_err(MessageError::Header)?;
        loop {
            let before = rest;
            // Reading from memory does not fail.
            let step = rows.next(&mut rest).unwrap_or(Step::End);
            let text = before[..before.len() - rest.len()].trim_ascii();
            let event = match step {
                Step::End => return Ok(read),
                Step::TooLong { .. } => Err(too_long()),
                Step::Row { .. } => self.row(format, &columns, &rows, envelope),
            };
            read.push(ReadRecord { text, event });
            if read.len() > max_records {
                return Err(MessageError::TooMany(max_records));
            }
        }
    }

    /// Where the columns are that the rules ask for: reads the first row, where that says so.
    pub(crate) fn columns(
        &self,
        format: CsvFormat,
        rows: &mut Rows,
        input: &mut impl std::io::BufRead,
    ) -> Result<Columns, String> {
        if !format.has_header {
            return Columns::numbered(self.rules.sources());
        }
        match rows.next(input) {
            Ok(Step::Row { .. }) => Columns::named(self.rules.sources(), rows.row(), format),
            Ok(Step::TooLong { .. }) => Err(too_long().to_string()),
            Ok(Step::End) => Err("there is no first row with the names of columns".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The event of a row.
    pub(crate) fn row(
        &self,
        format: CsvFormat,
        columns: &Columns,
        rows: &Rows,
        envelope: Envelope<'_>,
    ) -> Result<Option<Mapped>, RecordError> {
        Ok(self.rules.apply(&CsvRecord { row: rows.row(), columns, format }, envelope)?)
    }

    /// The events of a document of JSON.
    pub(crate) fn document(
        &self,
        text: &[u8],
        envelope: Envelope<'_>,
    ) -> Vec<Result<Option<Mapped>, RecordError>> {
        let document: Value = match serde_json::from_slice(text) {
            Ok(document) => document,
            Err(error) => {
                return vec![Err(RecordError::NotARecord(format!(
                    "a record must be a JSON object: {error}"
                )))];
            }
        };
        let Format::Json { records: Some(steps) } = &self.format else {
            return match &document {
                Value::Array(records) => records.iter().map(|record| self.object(record, envelope)).collect(),
                record => vec![self.object(record, envelope)],
            };
        };
        if let Some(Value::Array(records)) = at(&document, steps) {
            records.iter().map(|record| self.object(record, envelope)).collect()
        } else {
            let reason = format!("there is no list of records at {} of the document", steps.join("."));
            vec![Err(RecordError::NotARecord(reason))]
        }
    }

    fn object(&self, value: &Value, envelope: Envelope<'_>) -> Result<Option<Mapped>, RecordError> {
        if !value.is_object() {
            return Err(RecordError::NotARecord("a record must be a JSON object".to_owned()));
        }
        Ok(self.rules.apply(&JsonRecord { value, sources: self.rules.sources() }, envelope)?)
    }
}

/// The error of a row that is too long.
pub(crate) fn too_long() -> RecordError {
    RecordError::NotARecord("a row has too many columns or bytes; does a quotation mark not end?".to_owned())
}
