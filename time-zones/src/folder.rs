//! A folder of compiled rules, a file for each zone, as systems have it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use domain::zone::Zone;

use crate::version::TzdbVersion;

/// What is read of a zone's file at most, in bytes. The longest have 4 KB.
const ZONE_FILE_BYTES: u64 = 64 * 1024;
/// What is read to find the version, in bytes: the first line says it.
const VERSION_BYTES: u64 = 64;
/// The longest name, in bytes. The longest that there is has 30.
const NAME_BYTES: usize = 64;

/// A folder that says of which version its rules are.
pub(crate) struct ZoneFolder {
    path: PathBuf,
    version: TzdbVersion,
}

/// Why a folder that was named is of no use.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be read.
    #[error("the time zones in {} cannot be read: {reason}; name a folder such as /usr/share/zoneinfo", folder.display())]
    Unreadable {
        /// As named.
        folder: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// Without a version nobody can say whether its rules are the newer ones.
    #[error(
        "the time zones in {} do not say which version they are: a file tzdata.zi that begins with \
         \"# version 2026f\", or a file +VERSION with 2026f, must be among them",
        folder.display()
    )]
    Unversioned {
        /// As named.
        folder: PathBuf,
    },
}

impl ZoneFolder {
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let folder = path.to_path_buf();
        if let Err(reason) = path.read_dir() {
            return Err(FolderError::Unreadable { folder, reason });
        }
        let version = version_in(&path.join("tzdata.zi"), "# version ")
            .or_else(|| version_in(&path.join("+VERSION"), ""));
        match version {
            Some(version) => Ok(Self { path: folder, version }),
            None => Err(FolderError::Unversioned { folder }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn version(&self) -> &TzdbVersion {
        &self.version
    }

    /// The zone with this name, if there is one.
    pub(crate) fn read(&self, name: &str) -> Option<Zone> {
        if !is_name(name) {
            return None;
        }
        Zone::from_tzif(name, &beginning(&self.path.join(name), ZONE_FILE_BYTES)?).ok()
    }
}

/// Whether a name can be that of a zone. Such a name leads to no other file: it has no dot and does not begin with a slash. Those
/// that begin with a small letter are not zones: under `right/` a system has clocks that count leap seconds.
fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    (1..=NAME_BYTES).contains(&name.len())
        && name.bytes().all(is_allowed)
        && name.starts_with(|first: char| first.is_ascii_uppercase())
}

fn version_in(file: &Path, before: &str) -> Option<TzdbVersion> {
    let beginning = String::from_utf8_lossy(&beginning(file, VERSION_BYTES)?).into_owned();
    beginning.strip_prefix(before)?.parse().ok()
}

fn beginning(file: &Path, max_bytes: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(max_bytes).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
