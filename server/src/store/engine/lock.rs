//! The lock beside an SQLite file, which keeps other processes from serving or rebuilding it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use super::open_error::OpenError;

/// The lock beside a database file, let go when dropped.
pub(in crate::store) struct FileLock(File);

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file would not do: a process that is being started at this moment has a copy of it until it runs its
        // own program. Where this fails, the end of the process lets go.
        self.0.unlock().ok();
    }
}

/// Locks a database file, until the lock is dropped.
pub(super) fn lock(database: &Path) -> Result<FileLock, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |source| OpenError::Lock { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(FileLock(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_dropped_is_free_though_somebody_holds_a_copy_of_its_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = directory.path().join("andon.db");
        let held = lock(&database).expect("the lock");
        let copy = held.0.try_clone().expect("a copy");
        assert!(matches!(lock(&database), Err(OpenError::InUse(_))));
        drop(held);
        drop(lock(&database).expect("the lock again"));
        drop(copy);
    }
}
