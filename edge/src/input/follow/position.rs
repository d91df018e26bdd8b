//! Where in which file a follower is, and which file comes after it.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// So much of a file's beginning tells it from another one that was given the same number by the file system.
pub(super) const HEAD_BYTES: usize = 1024;

/// How the file system tells files apart, whatever their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Without such numbers all files are alike, and only their beginnings tell them apart.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Self {
        Self::default()
    }
}

/// A position in a file: everything before it is spooled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilePosition {
    /// Which file.
    pub(super) file: Identity,
    /// Bytes before the position; it is at the beginning of a line.
    pub(super) offset: u64,
    /// Lines before the position.
    pub(super) lines: u64,
    /// How many bytes of the file's beginning the checksum is of.
    pub(super) head_bytes: usize,
    /// Their checksum.
    pub(super) head_checksum: u32,
}

impl FilePosition {
    /// Whether a file with this beginning is the one.
    pub(super) fn is_in(&self, file: Identity, length: u64, head: &[u8]) -> bool {
        self.file == file
            && self.offset <= length
            && head.get(..self.head_bytes).is_some_and(|head| checksum(head) == self.head_checksum)
    }
}

/// The checksum of a file's beginning.
pub(super) fn checksum(head: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(head);
    sum.sum()
}

/// A file of the folder that has the followed file's name, or that name with a number or a date, as rotated files have.
#[derive(Clone, Debug)]
pub(super) struct Generation {
    pub(super) path: PathBuf,
    pub(super) file: Identity,
    pub(super) modified: SystemTime,
}

/// All generations of a followed file that can be read, the one last written to at the end.
pub(super) fn generations(path: &Path) -> Vec<Generation> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|found| is_generation(name, found)))
        .filter_map(|entry| {
            let metadata = std::fs::metadata(entry.path()).ok().filter(Metadata::is_file)?;
            let modified = metadata.modified().ok()?;
            Some(Generation { path: entry.path(), file: Identity::of(&metadata), modified })
        })
        .collect();
    // Of two of the same moment the higher number is the older file, and the name without one the newest.
    found.sort_by(|a, b| a.modified.cmp(&b.modified).then_with(|| b.path.cmp(&a.path)));
    found
}

/// `events.log.1`, `events.log-20260105`; not `events.log.gz` nor `events.log.bak`.
fn is_generation(name: &str, found: &str) -> bool {
    let Some(rest) = found.strip_prefix(name) else { return false };
    rest.is_empty()
        || (rest.starts_with(['.', '-', '_'])
            && rest.contains(|char: char| char.is_ascii_digit())
            && rest.chars().all(|char| char.is_ascii_digit() || ".-_TZ:".contains(char)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_known_by_their_numbers_and_dates() {
        for found in ["a.log", "a.log.1", "a.log-20260105", "a.log.2026-01-05T08:00:00Z"] {
            assert!(is_generation("a.log", found), "{found}");
        }
        for found in ["a.log.gz", "a.log.1.gz", "a.log.bak", "b.log", "a.log-", "a.logs1"] {
            assert!(!is_generation("a.log", found), "{found}");
        }
    }

    #[test]
    fn a_position_is_in_the_file_that_begins_as_it_did() {
        let position = FilePosition {
            file: Identity::default(),
            offset: 10,
            lines: 1,
            head_bytes: 4,
            head_checksum: checksum(b"abcd"),
        };
        assert!(position.is_in(Identity::default(), 10, b"abcdefghij"));
        assert!(!position.is_in(Identity::default(), 9, b"abcdefghi"), "it was cut");
        assert!(!position.is_in(Identity::default(), 10, b"abXdefghij"), "it is another");
        assert!(!position.is_in(Identity { device: 1, inode: 1 }, 10, b"abcdefghij"));
    }
}
