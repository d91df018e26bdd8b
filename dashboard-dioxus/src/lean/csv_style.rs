//! How tables are written: with commas as the standard (RFC 4180) has it, or as spreadsheets want them where the comma stands
//! before decimals.

use super::number::decimal_mark;
use crate::storage;

/// Where the browser remembers the choice.
const STORED_AS: &str = "andon-csv";

/// What stands between cells, and with it before decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CsvStyle {
    /// `1.5,2`
    Comma,
    /// `1,5;2`
    Semicolon,
}

impl CsvStyle {
    pub(crate) const ALL: [Self; 2] = [Self::Comma, Self::Semicolon];

    /// What stands between cells; also the name by which the browser remembers it.
    pub(crate) fn separator(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
        }
    }

    /// What stands before decimals.
    pub(crate) fn decimal_mark(self) -> char {
        match self {
            Self::Comma => '.',
            Self::Semicolon => ',',
        }
    }

    /// The one of a separator.
    pub(crate) fn of(separator: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.separator() == separator)
    }

    /// The one that was chosen in this browser, else the one that its language has.
    pub(crate) fn current() -> Self {
        let stored = storage::kept(STORED_AS);
        let usual = || if decimal_mark() == "," { Self::Semicolon } else { Self::Comma };
        stored.and_then(|stored| Self::of(&stored)).unwrap_or_else(usual)
    }

    /// Keeps the choice for the next time.
    pub(crate) fn remember(self) {
        storage::keep(STORED_AS, self.separator());
    }
}
