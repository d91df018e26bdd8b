//! Puts a set of files where the server's build and nginx find them, each with compressed copies beside it.

mod compress;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Files by their path relative to a folder, with `/` between the parts.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Digits of a SHA-256 that go into a file's name: 64 bits, more than enough to tell builds apart.
const NAME_HASH_DIGITS: usize = 16;

/// Makes `folder` hold exactly these files and their compressed copies. A folder that already does is left untouched, so
/// that nothing is built again because of it; another is replaced as a whole and never seen half written.
pub(crate) fn publish(files: Files, folder: &Path) -> Result<()> {
    let existing = read_folder(folder).unwrap_or_default();
    replace(&compress::with_copies(files, &existing)?, folder)
}

/// The same without copies.
pub(crate) fn replace(files: &Files, folder: &Path) -> Result<()> {
    if read_folder(folder).is_ok_and(|existing| existing == *files) {
        return Ok(());
    }
    let staging = folder.with_extension("new");
    remove_if_present(&staging)?;
    for (name, content) in files {
        write(&staging.join(name), content)?;
    }
    remove_if_present(folder)?;
    fs::rename(&staging, folder).with_context(|| format!("could not replace {}", folder.display()))
}

/// Every file below the folder.
pub(crate) fn read_folder(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).context("a file's name is not UTF-8")?;
        if path.is_dir() {
            let below = read_folder(&path)?;
            files.extend(below.into_iter().map(|(rest, content)| (format!("{name}/{rest}"), content)));
        } else {
            files.insert(name.to_owned(), read(&path)?);
        }
    }
    Ok(files)
}

/// The file's content, or an error that names it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("could not read {}", path.display()))
}

/// The SHA-256 of the content in hexadecimal.
pub(crate) fn sha256(content: &[u8]) -> String {
    let halves = Sha256::digest(content).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

/// A short hash of the content for a file's name: a new content gets a new name and may be cached for ever.
pub(crate) fn name_hash(content: &[u8]) -> String {
    sha256(content)[..NAME_HASH_DIGITS].to_owned()
}

fn remove_if_present(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("could not remove {}", folder.display()))?;
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, content).with_context(|| format!("could not write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> Files {
        pairs.iter().map(|(name, content)| ((*name).to_owned(), content.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_folder_holds_exactly_what_was_published_last() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("page");
        publish(files(&[("index.html", "old"), ("assets/old.js", "1")]), &folder).unwrap();
        publish(files(&[("index.html", "new"), ("assets/new.js", "2")]), &folder).unwrap();
        assert_eq!(read_folder(&folder).unwrap(), files(&[("index.html", "new"), ("assets/new.js", "2")]));
    }

    #[test]
    fn a_folder_that_already_holds_the_files_is_left_untouched() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("page");
        publish(files(&[("index.html", "same")]), &folder).unwrap();
        let before = fs::metadata(folder.join("index.html")).unwrap().modified().unwrap();
        publish(files(&[("index.html", "same")]), &folder).unwrap();
        assert_eq!(fs::metadata(folder.join("index.html")).unwrap().modified().unwrap(), before);
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(name_hash(b"abc"), "ba7816bf8f01cfea");
    }
}
