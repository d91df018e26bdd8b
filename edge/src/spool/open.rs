//! Opens a spool: checks the file, and repairs it when it is damaged.

use std::path::Path;

use super::check::{self, Kind};
use super::error::{OpenError, SpoolError};
use super::store::{Limits, Store};
use super::{files, repair, schema};

/// Opens the spool, or makes it. What is damaged is set aside, and a new file made of what is readable.
pub(super) fn open_or_repair(
    path: &Path,
    limits: Limits,
    device: &str,
    now_ms: i64,
) -> Result<Store, OpenError> {
    repair::finish_replacing(path).map_err(|error| OpenError::unusable(path, &error))?;
    let opened = match check::kind(path).map_err(|error| OpenError::unusable(path, &error))? {
        Kind::Foreign => return Err(OpenError::NotASpool(path.to_owned())),
        Kind::Unmarked => match check::unmarked(path) {
            Some(damage) => Err(damage),
            None => return Err(OpenError::NotASpool(path.to_owned())),
        },
        Kind::New | Kind::Spool => {
            files::create_private(path).map_err(|error| OpenError::unusable(path, &error))?;
            match check::newer_version(path) {
                Ok(Some(found)) => {
                    return Err(OpenError::Newer { path: path.to_owned(), found, known: schema::VERSION });
                }
                Ok(None) => open_checked(path, limits, device),
                Err(error) => Err(error),
            }
        }
    };
    files::make_private(path);
    let opened = match opened {
        Err(SpoolError::Damaged(_)) => {
            repair::repair(path, limits, device, now_ms)?;
            open_checked(path, limits, device)
        }
        opened => opened,
    };
    opened.map_err(|error| OpenError::unusable(path, &error))
}

fn open_checked(path: &Path, limits: Limits, device: &str) -> Result<Store, SpoolError> {
    let store = Store::open(path, limits, device)?;
    store.check()?;
    Ok(store)
}
