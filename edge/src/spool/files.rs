//! The files of a spool: the database, what SQLite keeps beside it, and what the spool does.
//!
//! They hold what people did, so that only the agent's own user may read them. SQLite gives what it keeps beside a file the
//! permissions of that file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// What SQLite may keep beside a file.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What the spool keeps beside its file.
pub(super) const LOCK: &str = ".lock";
/// See [`super::reserve`].
pub(super) const RESERVE: &str = ".reserve";

/// The owner reads and writes, and nobody else does either.
#[cfg(unix)]
const PRIVATE_MODE: u32 = 0o600;
/// The bits of those who are not the owner.
#[cfg(unix)]
const OTHERS_MODE: u32 = 0o077;

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
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// A file that is not there needs nothing done to it.
fn if_found(done: io::Result<()>) -> io::Result<()> {
    done.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// How to open a file for writing that, if it is made, is private.
pub(super) fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE_MODE);
    options
}

/// Makes a private file for SQLite to fill, unless there is one already. That one is not opened: closing it would end the
/// locks that SQLite has on it.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    match private().create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a spool private that an older agent made, with what is beside it. A file that belongs to somebody else stays as it
/// is, because it may be shared on purpose.
pub(super) fn make_private(spool: &Path) {
    let endings = COMPANIONS.into_iter().chain(["", LOCK, RESERVE]);
    for path in endings.map(|ending| beside(spool, ending)) {
        if let Err(error) = restrict(&path) {
            tracing::warn!("others may read {}, and that cannot be changed: {error}", path.display());
        }
    }
}

#[cfg(unix)]
fn restrict(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) => return if_found(Err(error)),
    };
    let is_private = found & OTHERS_MODE == 0;
    if is_private { Ok(()) } else { fs::set_permissions(path, fs::Permissions::from_mode(PRIVATE_MODE)) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}
