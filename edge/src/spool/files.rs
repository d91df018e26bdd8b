//! The files of a spool: the database, what SQLite keeps beside it, and what the spool does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What SQLite may keep beside a file.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The spool's file name with something behind it: a file beside the spool.
pub(super) fn beside(spool: &Path, ending: &str) -> PathBuf {
    let mut name = spool.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Renames a spool with what SQLite keeps beside it.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for companion in COMPANIONS {
        if_found(fs::rename(beside(from, companion), beside(to, companion)))?;
    }
    fs::rename(from, to)
}

/// Removes a spool, if it is there, with what SQLite keeps beside it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    for companion in COMPANIONS {
        if_found(fs::remove_file(beside(path, companion)))?;
    }
    if_found(fs::remove_file(path))
}

/// Makes renaming last through a power cut, where a folder can be synced.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// A file that is not there needs nothing done to it.
fn if_found(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}
