//! The hash of a row, which covers all rows before it.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

use super::entry::AuditRow;
use crate::store::error::{Result, StoreError};

/// The bytes of a SHA-256.
const HASH_BYTES: usize = 32;

/// The hash of a row of the audit log, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RowHash([u8; HASH_BYTES]);

/// What stands in the place of the hash of the row before the first one.
pub(super) const BEFORE_ALL: RowHash = RowHash([0; HASH_BYTES]);

impl RowHash {
    /// As a column has it.
    pub(super) fn of_column(bytes: &[u8]) -> Result<Self> {
        let bytes = bytes.try_into();
        bytes.map(Self).map_err(|_| StoreError::Corrupt("a hash of another length".to_owned()))
    }

    /// As a column.
    pub(super) fn column(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Display for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text is no hash of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash has 64 hexadecimal digits")]
pub struct NoHash;

impl FromStr for RowHash {
    type Err = NoHash;

    fn from_str(text: &str) -> std::result::Result<Self, NoHash> {
        let mut bytes = [0; HASH_BYTES];
        if text.len() != 2 * HASH_BYTES || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(NoHash);
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).map_err(|_| NoHash)?;
        }
        Ok(Self(bytes))
    }
}

/// SHA-256 over the hash of the row before as hexadecimal digits, a line feed, and the row as [`canonical`] text.
pub(super) fn hash(before: RowHash, row: &AuditRow) -> RowHash {
    let text = format!("{before}\n{}", canonical(row));
    RowHash(Sha256::digest(text).into())
}

/// A row without its hash as a JSON array without blanks, of numbers and texts in a fixed order.
fn canonical(row: &AuditRow) -> String {
    let fields = serde_json::json!([
        row.factory_id.map_or(0, |id| id.0),
        row.number,
        row.at_ms.0,
        row.principal_id.map_or(0, |id| id.0),
        row.principal,
        row.credential_id.map_or(0, |id| id.0),
        row.action.name(),
        row.outcome.name(),
        row.target,
        row.details,
        row.address.as_deref().unwrap_or_default(),
        row.request_id.as_deref().unwrap_or_default(),
        row.revision,
        row.times,
    ]);
    fields.to_string()
}

#[cfg(test)]
mod tests {
    use domain::{id::PrincipalId, time::TimestampMs};

    use super::*;
    use crate::store::audit_log::{AuditAction, AuditOutcome};

    fn row() -> AuditRow {
        AuditRow {
            factory_id: None,
            number: 1,
            at_ms: TimestampMs(1_767_600_000_000),
            principal_id: Some(PrincipalId(7)),
            principal: "Zoë \"the boss\"\n".to_owned(),
            credential_id: None,
            action: AuditAction::Grant,
            outcome: AuditOutcome::Done,
            target: "kim".to_owned(),
            details: "{\"role\":\"viewer\"}".to_owned(),
            address: Some("192.0.2.1".to_owned()),
            request_id: None,
            revision: 3,
            times: 1,
            hash: BEFORE_ALL,
        }
    }

    #[test]
    fn the_text_under_a_hash_is_as_documented() {
        let expected = "[0,1,1767600000000,7,\"Zoë \\\"the boss\\\"\\n\",0,\"GRANT\",\"DONE\",\"kim\",\
                        \"{\\\"role\\\":\\\"viewer\\\"}\",\"192.0.2.1\",\"\",3,1]";
        assert_eq!(canonical(&row()), expected);
    }

    #[test]
    fn every_field_and_the_hash_before_are_covered() {
        let before = hash(BEFORE_ALL, &row());
        let changed = [
            AuditRow { number: 2, ..row() },
            AuditRow { at_ms: TimestampMs(0), ..row() },
            AuditRow { principal_id: None, ..row() },
            AuditRow { principal: String::new(), ..row() },
            AuditRow { action: AuditAction::RevokeGrant, ..row() },
            AuditRow { outcome: AuditOutcome::Refused, ..row() },
            AuditRow { target: "lee".to_owned(), ..row() },
            AuditRow { details: "{}".to_owned(), ..row() },
            AuditRow { address: None, ..row() },
            AuditRow { request_id: Some("r".to_owned()), ..row() },
            AuditRow { revision: 4, ..row() },
            AuditRow { times: 2, ..row() },
        ];
        for changed in changed {
            assert_ne!(hash(BEFORE_ALL, &changed), before, "{changed:?}");
        }
        assert_ne!(hash(before, &row()), before);
    }

    #[test]
    fn a_hash_reads_back_from_what_is_shown() {
        let shown = hash(BEFORE_ALL, &row()).to_string();
        assert_eq!(shown.parse::<RowHash>().expect("a hash").to_string(), shown);
        assert_eq!(shown[1..].parse::<RowHash>(), Err(NoHash));
        assert_eq!("ß".repeat(HASH_BYTES).parse::<RowHash>(), Err(NoHash));
    }
}
