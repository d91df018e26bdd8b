//! One row of the queue, and whether it still says what was written.

use flate2::Crc;

use super::error::SpoolError;

/// A row of the queue as it was read.
pub(super) struct Row {
    pub(super) position: i64,
    pub(super) spooled_at_ms: i64,
    pub(super) ran_ms: i64,
    crc: i64,
    pub(super) body: Vec<u8>,
}

impl Row {
    /// What [`Row::read`] reads.
    pub(super) const SELECT: &str = "SELECT position, spooled_at_ms, ran_ms, crc, body FROM queue";

    /// Reads a row. A column that has become something else only
    /// marks the row as damaged: the rest of the queue is readable.
    pub(super) fn read(row: &rusqlite::Row<'_>) -> Result<Self, SpoolError> {
        Ok(Self {
            position: row.get(0)?,
            spooled_at_ms: row.get(1).unwrap_or_default(),
            ran_ms: row.get(2).unwrap_or_default(),
            crc: row.get(3).unwrap_or(NO_CHECKSUM),
            body: row.get_ref(4)?.as_bytes().map(<[u8]>::to_vec).unwrap_or_default(),
        })
    }

    /// Whether the row says what was written.
    pub(super) fn is_intact(&self) -> bool {
        checksum(self.position, self.spooled_at_ms, self.ran_ms, &self.body) == self.crc
    }

    /// The checksum that keeps it as intact at another position as it is here.
    pub(super) fn checksum_at(&self, position: i64) -> i64 {
        if self.is_intact() {
            checksum(position, self.spooled_at_ms, self.ran_ms, &self.body)
        } else {
            NO_CHECKSUM
        }
    }

    /// The event, unless something has changed on the disk.
    pub(super) fn into_body(self) -> Option<String> {
        self.is_intact().then_some(self.body).and_then(|body| String::from_utf8(body).ok())
    }
}

/// What no checksum of 32 bits is.
const NO_CHECKSUM: i64 = -1;

/// A checksum over what makes a row, because SQLite keeps none: a bit that flips in a body would otherwise be sent as if
/// a camera had said it.
pub(super) fn checksum(position: i64, spooled_at_ms: i64, ran_ms: i64, body: &[u8]) -> i64 {
    let mut crc = Crc::new();
    crc.update(&position.to_le_bytes());
    crc.update(&spooled_at_ms.to_le_bytes());
    crc.update(&ran_ms.to_le_bytes());
    crc.update(body);
    i64::from(crc.sum())
}

/// What an event takes in the file, at most and about.
pub(super) fn bytes_on_disk(body: &str) -> i64 {
    /// Position, two times, checksum and the headers of cell and record.
    const AROUND_BYTES: i64 = 32;
    body.len() as i64 + AROUND_BYTES
}
