//! Capacity on the disk that is kept for letting events go.
//!
//! Deleting from a database writes, too. On a disk that is full to the last byte a spool could neither take events nor
//! be emptied; so a small file lies beside it whose space is freed when a delivery needs it, and taken again
//! before new events are.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::files::{RESERVE, beside, private};

/// How much space is reserved, in bytes: what the log holds when it is moved into the file, and as much again for what lets
/// events go.
pub(super) const RESERVE_BYTES: usize = 2 * super::schema::LOG_BYTES as usize;

/// The file that holds the space.
pub(super) struct Reserve {
    path: PathBuf,
    is_reserved: bool,
}

impl Reserve {
    /// Reserves space beside a spool, if there is any.
    pub(super) fn beside(spool: &Path) -> Self {
        let mut reserve = Self { path: beside(spool, RESERVE), is_reserved: false };
        reserve.refill();
        reserve
    }

    /// Whether the space is reserved, after trying to reserve it again.
    pub(super) fn refill(&mut self) -> bool {
        if !self.is_reserved {
            let has_length = fs::metadata(&self.path).is_ok_and(|file| file.len() == RESERVE_BYTES as u64);
            self.is_reserved = has_length || self.fill().is_ok();
            if !self.is_reserved {
                self.remove();
            }
        }
        self.is_reserved
    }

    /// Frees the space; whether there was any.
    pub(super) fn free(&mut self) -> bool {
        let was_reserved = self.is_reserved;
        self.is_reserved = false;
        self.remove();
        was_reserved
    }

    fn fill(&self) -> io::Result<()> {
        // Chance, because some file systems make nothing of zeros.
        let mut rng = fastrand::Rng::new();
        let bytes: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(RESERVE_BYTES).collect();
        let mut file = private().create(true).truncate(true).open(&self.path)?;
        file.write_all(&bytes)?;
        file.sync_all()
    }

    fn remove(&self) {
        // What cannot be removed frees no space, and the write that needs it says so.
        drop(fs::remove_file(&self.path));
    }
}
