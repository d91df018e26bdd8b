//! Files that hold one secret, so that it stands on no command line.

use std::{fs, path::Path};

use secrecy::SecretString;

/// The most bytes of one.
const MAX_BYTES: u64 = 4_096;

/// The secret in a file that an option names, without the line break at its end.
///
/// # Errors
/// A sentence about why the file cannot be used.
pub(super) fn read(path: &Path, option: &str) -> Result<SecretString, String> {
    let unusable = |why: &str| format!("the file {} of {option} {why}", path.display());
    let unreadable = |error| unusable(&format!("cannot be read: {error}"));
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_BYTES {
        return Err(unusable("is too long for a secret"));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(unusable("is empty"));
    }
    Ok(secret.into())
}
