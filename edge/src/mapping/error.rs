//! What is wrong with a mapping, with the line and the key.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The file cannot be read.
    #[error("the mapping {} cannot be read: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The file is too long to be a mapping.
    #[error("{} is no mapping: it has {length} bytes, and a mapping has at most {}", .path.display(), super::MAX_FILE_BYTES)]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length, in bytes.
        length: u64,
    },
    /// The text is not what a mapping may say.
    #[error("{}line {line}{}: {reason}", .path.as_ref().map(|path| format!("{}, ", path.display())).unwrap_or_default(), .key.as_ref().map(|key| format!(", {key}")).unwrap_or_default())]
    Wrong {
        /// The file; none when the mapping came from a text.
        path: Option<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// The key, such as `fields.timestamp`.
        key: Option<String>,
        /// What is wrong, and what is allowed.
        reason: String,
    },
}

impl MappingError {
    pub(super) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), error }
    }

    pub(super) fn wrong(line: usize, key: Option<&str>, reason: impl Display) -> Self {
        Self::Wrong { path: None, line, key: key.map(str::to_owned), reason: reason.to_string() }
    }

    /// The same, with the file that it was found in.
    pub(super) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Wrong { path: None, line, key, reason } => {
                Self::Wrong { path: Some(file.to_owned()), line, key, reason }
            }
            other => other,
        }
    }
}
