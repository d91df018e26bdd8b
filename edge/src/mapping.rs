//! Foreign data as events: which columns of CSV, or fields of JSON, become which fields of an event.
//!
//! A mapping is a TOML file ([`file`]). It is compiled and checked as a whole before anything is read with it ([`compile`]);
//! then each record, a row of CSV ([`csv`]) or an object of JSON ([`records`]), becomes one event, or why it is none
//! ([`rules`]).

mod compile;
pub mod counter;
pub(crate) mod csv;
mod envelope;
mod error;
mod file;
mod message;
pub(crate) mod records;
mod rules;
mod time;
mod zone;

use std::path::Path;

use self::csv::CsvFormat;
pub use self::envelope::Envelope;
pub use self::error::MappingError;
pub(crate) use self::message::too_long;
pub use self::message::{MessageError, ReadRecord, RecordError};
use self::rules::Rules;
pub(crate) use self::rules::with_units;
pub use self::rules::{Mapped, RecordFault};
pub use self::zone::{Zone, find as find_zone};

/// The longest mapping file, in bytes: hundreds of columns with hundreds of values each.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// What becomes an event, and how.
#[derive(Debug)]
pub struct Mapping {
    format: Format,
    rules: Rules,
}

/// What records are written in.
#[derive(Debug)]
pub enum Format {
    /// Rows of delimited columns.
    Csv(CsvFormat),
    /// Objects.
    Json {
        /// The steps from a document to the list of its records; none when each document is a record.
        records: Option<Vec<String>>,
    },
}

impl Mapping {
    /// Reads a mapping from a file. A time zone that is given takes the place of the file's own.
    ///
    /// # Errors
    /// The file cannot be read, or says what cannot be.
    pub fn load(path: &Path, zone: Option<Zone>) -> Result<Self, MappingError> {
        let unreadable = |error: std::io::Error| MappingError::unreadable(path, error);
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_FILE_BYTES {
            return Err(MappingError::TooLong { path: path.to_owned(), length });
        }
        let text = std::fs::read(path).map_err(unreadable)?;
        Self::parse(&text, zone).map_err(|error| error.in_file(path))
    }

    /// Reads a mapping from its text.
    ///
    /// # Errors
    /// The text says what cannot be.
    pub fn parse(text: &[u8], zone: Option<Zone>) -> Result<Self, MappingError> {
        compile::mapping(text, zone)
    }

    /// What records are written in.
    pub fn format(&self) -> &Format {
        &self.format
    }
}
