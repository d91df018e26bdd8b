//! Rows of delimited columns, one after the other, in buffers that are used again.

use std::borrow::Cow;
use std::io::{self, BufRead};

use csv_core::ReadRecordResult;
use encoding_rs::WINDOWS_1252;

use super::envelope::Place;
use super::rules::{Record, Source};

/// The longest row, in bytes: a text of a page beside the columns that matter.
const MAX_ROW_BYTES: usize = 64 * 1024;
/// The most columns of a row: more than exports of the largest tables have.
const MAX_COLUMNS: usize = 2_048;
/// The column of what is in no row.
const NO_COLUMN: usize = usize::MAX;
/// How many names of columns a message lists.
const SHOWN_COLUMNS: usize = 30;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvFormat {
    /// What separates columns.
    pub delimiter: u8,
    /// Whether text is in Windows-1252, else in UTF-8.
    pub is_windows_1252: bool,
    /// Whether the first row names the columns.
    pub has_header: bool,
}

/// What reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A row, which [`Rows::row`] has; where it begins.
    Row {
        /// The line, from 1.
        line: u64,
    },
    /// A row that is too long to be one; where it begins.
    TooLong {
        /// The line, from 1.
        line: u64,
    },
    /// There is no more.
    End,
}

/// Reads rows.
#[derive(Debug)]
pub(crate) struct Rows {
    core: csv_core::Reader,
    fields: Vec<u8>,
    field_bytes: usize,
    ends: Vec<usize>,
    columns: usize,
    line: u64,
    bytes: u64,
}

impl Rows {
    /// A reader of rows that are written so.
    pub(crate) fn new(format: CsvFormat) -> Self {
        let core = csv_core::ReaderBuilder::new().delimiter(format.delimiter).build();
        Self {
            core,
            fields: vec![0; 1_024],
            field_bytes: 0,
            ends: vec![0; 32],
            columns: 0,
            line: 1,
            bytes: 0,
        }
    }

    /// Forgets what was read: the next row is of another input.
    pub(crate) fn restart(&mut self) {
        self.core.reset();
        (self.line, self.bytes) = (1, 0);
    }

    /// Reads the next row of an input, which must be the same until [`Rows::restart`].
    pub(crate) fn next(&mut self, input: &mut impl BufRead) -> io::Result<Step> {
        self.skip_to_row(input)?;
        let line = self.line;
        (self.field_bytes, self.columns) = (0, 0);
        let mut is_too_long = false;
        loop {
            let available = match input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let (fields, ends) = (&mut self.fields[self.field_bytes..], &mut self.ends[self.columns..]);
            let (result, read, field_bytes, columns) = self.core.read_record(available, fields, ends);
            let line_ends = available[..read].split(|byte| *byte == b'\n').count() - 1;
            self.line += line_ends as u64;
            self.bytes += read as u64;
            input.consume(read);
            self.field_bytes += field_bytes;
            self.columns += columns;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.fields.len() < MAX_ROW_BYTES => {
                    self.fields.resize(2 * self.fields.len(), 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < MAX_COLUMNS => {
                    self.ends.resize(2 * self.ends.len(), 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    // The rest of it is read over what was kept.
                    is_too_long = true;
                    (self.field_bytes, self.columns) = (0, 0);
                }
                ReadRecordResult::Record if is_too_long => return Ok(Step::TooLong { line }),
                ReadRecordResult::Record => return Ok(Step::Row { line }),
                ReadRecordResult::End => return Ok(Step::End),
            }
        }
    }

    /// Skips what is before a row: ends of lines, and a byte order mark.
    fn skip_to_row(&mut self, input: &mut impl BufRead) -> io::Result<()> {
        loop {
            let available = match input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let skipped = match available {
                [b'\n', ..] => {
                    self.line += 1;
                    1
                }
                [b'\r', ..] => 1,
                [0xef, 0xbb, 0xbf, ..] if self.bytes == 0 => 3,
                _ => return Ok(()),
            };
            self.bytes += skipped as u64;
            input.consume(skipped);
        }
    }

    /// The row that was read last.
    pub(crate) fn row(&self) -> Row<'_> {
        Row { fields: &self.fields[..self.field_bytes], ends: &self.ends[..self.columns] }
    }

    /// How many bytes were read in all.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// A row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    fields: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Row<'a> {
    fn column(self, index: usize) -> Option<&'a [u8]> {
        let begin = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.fields.get(begin..*self.ends.get(index)?)
    }
}

/// Where in a row the values are that a mapping asks for.
#[derive(Clone, Debug)]
pub(crate) struct Columns(Vec<usize>);

impl Columns {
    /// By the names in the first row.
    ///
    /// # Errors
    /// A column is not there.
    pub(crate) fn named(sources: &[Source], header: Row<'_>, format: CsvFormat) -> Result<Self, String> {
        let names: Vec<_> = (0..header.ends.len())
            .map(|index| decode(header.column(index).unwrap_or_default().trim_ascii(), format))
            .collect::<Result<_, _>>()?;
        let column = |source: &Source| {
            if source.place != Place::Record {
                return Ok(NO_COLUMN);
            }
            names.iter().position(|name| *name == source.name()).ok_or_else(|| {
                let listed: Vec<_> = names.iter().take(SHOWN_COLUMNS).map(|name| format!("\"{name}\"")).collect();
                format!(
                    "there is no column \"{}\", which line {} of the mapping asks for; the first row has {}{}",
                    source.name(),
                    source.line,
                    listed.join(", "),
                    if names.len() == 1 { "; is the delimiter another?" } else { "" }
                )
            })
        };
        sources.iter().map(column).collect::<Result<_, _>>().map(Self)
    }

    /// By their numbers, from 1.
    ///
    /// # Errors
    /// A column's name is no number.
    pub(crate) fn numbered(sources: &[Source]) -> Result<Self, String> {
        let column = |source: &Source| match source.name().parse::<usize>() {
            _ if source.place != Place::Record => Ok(NO_COLUMN),
            Ok(number @ 1..) => Ok(number - 1),
            _ => Err(format!(
                "line {} of the mapping asks for the column \"{}\", but without a header columns have numbers from 1",
                source.line,
                source.name()
            )),
        };
        sources.iter().map(column).collect::<Result<_, _>>().map(Self)
    }
}

/// A row as a record.
pub(crate) struct CsvRecord<'a> {
    pub(crate) row: Row<'a>,
    pub(crate) columns: &'a Columns,
    pub(crate) format: CsvFormat,
}

impl Record for CsvRecord<'_> {
    fn value(&self, source: usize) -> Result<Option<Cow<'_, str>>, String> {
        let column = self.columns.0.get(source).and_then(|column| self.row.column(*column));
        match column.unwrap_or_default().trim_ascii() {
            b"" => Ok(None),
            text => decode(text, self.format).map(Some),
        }
    }
}

fn decode(text: &[u8], format: CsvFormat) -> Result<Cow<'_, str>, String> {
    if format.is_windows_1252 {
        return Ok(WINDOWS_1252.decode_without_bom_handling(text).0);
    }
    str::from_utf8(text).map(Cow::Borrowed).map_err(|_| {
        "must be UTF-8 text; where it comes from Excel or another program of Windows, set encoding = \"windows-1252\""
            .to_owned()
    })
}
