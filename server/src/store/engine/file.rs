//! The file of an SQLite database: locked for one process, and still the one at its path.
//!
//! Whoever deletes or replaces a file that is open leaves its process with one that nobody finds again. What is written
//! there would be answered for and be lost with the process, so every commit looks first.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::open_error::OpenError;
use crate::store::error::{Result as StoreResult, StoreError};

/// What SQLite appends to the name of a database for the files beside it, as long as it is open. The latest commits are in
/// the first of them.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// A database file that no other process serves or rebuilds, until this is dropped.
#[derive(Debug)]
pub(in crate::store) struct OpenFile {
    path: PathBuf,
    /// Never closed: the end of any descriptor of a file takes the locks of SQLite with it that this process has on the same
    /// file, and SQLite may end later than this.
    lock: ManuallyDrop<File>,
    /// The files as they were when SQLite had opened them.
    opened: OnceLock<Vec<(PathBuf, Identity)>>,
}

impl OpenFile {
    /// Locks a database file. A new one is for its owner alone, and so are the files beside it, for which SQLite takes the
    /// mode of this one.
    pub(super) fn lock(path: &Path, create: bool) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        let lock = ManuallyDrop::new(open_lock(path, create).map_err(failed)?);
        match lock.try_lock() {
            Ok(()) => {
                // A link that led nowhere leads to the new file now, whose name is that of the files beside it.
                let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
                Ok(Self { path, lock, opened: OnceLock::new() })
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Remembers which files SQLite has opened. To be called when it has.
    pub(super) fn remember(&self) {
        let beside = BESIDE.map(|suffix| {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        });
        let files = std::iter::once(self.path.clone()).chain(beside);
        let opened = files.filter_map(|path| Some((identity_of(&path.metadata().ok()?), path)));
        self.opened.get_or_init(|| opened.map(|(identity, path)| (path, identity)).collect());
    }

    /// Looks whether the files that are open are still those at their paths: three questions to the system, some
    /// microseconds.
    ///
    /// # Errors
    /// One is not.
    pub(in crate::store) fn check(&self) -> StoreResult<()> {
        let is_another = |(path, identity): &&(PathBuf, Identity)| {
            path.metadata().ok().is_none_or(|now| identity_of(&now) != *identity)
        };
        match self.opened.get().and_then(|files| files.iter().find(is_another)) {
            Some((path, _)) => Err(StoreError::FileReplaced(path.clone())),
            None => Ok(()),
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // Where this fails, the end of the process lets go. To close the file would not do even if it could be closed: a
        // process that is being started at this moment has a copy of it until it runs its own program.
        self.lock.unlock().ok();
    }
}

/// Opens what is locked: on Linux the database itself, so that all of its names meet at one lock. Elsewhere a lock on it
/// could keep SQLite out, and a file beside it is locked.
fn open_lock(database: &Path, create: bool) -> std::io::Result<File> {
    if cfg!(target_os = "linux") {
        return for_owner(OpenOptions::new().read(true).write(true).create(create)).open(database);
    }
    if create {
        // One that is there is left alone; what else is wrong with it, SQLite says.
        for_owner(OpenOptions::new().append(true).create_new(true)).open(database).ok();
    }
    let mut beside = database.as_os_str().to_owned();
    beside.push(".lock");
    for_owner(OpenOptions::new().append(true).create(true)).open(beside)
}

/// Makes a new file one that only its owner reads; one that is there stays as it is.
fn for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// What tells a file from another one that has its name: device and number.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity_of(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

/// Where an open file cannot be deleted or replaced, it is always the same.
#[cfg(not(unix))]
fn identity_of(_metadata: &Metadata) -> Identity {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_dropped_is_free_though_somebody_holds_a_copy_of_its_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = directory.path().join("andon.db");
        let held = OpenFile::lock(&database, true).expect("the lock");
        let copy = held.lock.try_clone().expect("a copy");
        assert!(matches!(OpenFile::lock(&database, true), Err(OpenError::InUse(_))));
        drop(held);
        drop(OpenFile::lock(&database, true).expect("the lock again"));
        drop(copy);
    }
}
