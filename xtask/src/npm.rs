//! Packages from the npm registry, of which single files are taken and trusted only with the content that was reviewed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use tar::Archive;

use crate::command;
use crate::machine::{self, Need};
use crate::publish::{Files, sha256};

/// A package, and what is taken of it.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) files: &'static [Pinned],
}

/// A file of a package, trusted only with this content.
pub(crate) struct Pinned {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) sha256: &'static str,
}

const NPM: Need = Need {
    what: "npm, to fetch JavaScript that others wrote",
    debian_packages: &["npm"],
    elsewhere: "Install Node.js with npm, then try again.",
};

/// The packages' files: out of those already present where they are what they should be, else fetched.
pub(crate) fn fetch(packages: &[Package], mut present: Files) -> Result<Files> {
    let mut files = Files::new();
    for package in packages {
        files.extend(match take_verified(package, &mut present) {
            Some(verified) => verified,
            None => download(package)?,
        });
    }
    Ok(files)
}

/// The package's files out of those already present, if all are there with the right content.
fn take_verified(package: &Package, present: &mut Files) -> Option<Files> {
    let taken = package.files.iter().map(|pinned| {
        let content = present.remove(pinned.name)?;
        verify(package, pinned, &content).ok()?;
        Some((pinned.name.to_owned(), content))
    });
    taken.collect()
}

fn download(package: &Package) -> Result<Files> {
    if machine::find_program("npm").is_none() {
        machine::provide(&NPM)?;
    }
    let Package { name, version, .. } = package;
    eprintln!("Fetching {name} {version} (npm pack)");
    let folder = tempfile::tempdir()?;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--ignore-scripts"]).arg(format!("{name}@{version}"));
    command::run(npm.current_dir(folder.path()))?;
    let archive = folder.path().join(format!("{name}-{version}.tgz"));
    extract(package, unpack(&archive)?)
}

fn extract(package: &Package, mut unpacked: BTreeMap<String, Vec<u8>>) -> Result<Files> {
    let extracted = package.files.iter().map(|pinned| {
        let content = unpacked
            .remove(&format!("package/{}", pinned.path))
            .with_context(|| format!("npm's {} {} has no {}", package.name, package.version, pinned.path))?;
        verify(package, pinned, &content)?;
        Ok((pinned.name.to_owned(), content))
    });
    extracted.collect()
}

fn unpack(archive: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in Archive::new(GzDecoder::new(File::open(archive)?)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(path, content);
    }
    Ok(files)
}

fn verify(package: &Package, pinned: &Pinned, content: &[u8]) -> Result<()> {
    let found = sha256(content);
    if found != pinned.sha256 {
        bail!(
            "{} of npm's {} {} is not the file that was reviewed: its SHA-256 is {found}, expected {}",
            pinned.path,
            package.name,
            package.version,
            pinned.sha256
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const PACKAGE: Package = Package {
        name: "letters",
        version: "1.0.0",
        files: &[Pinned { path: "umd/abc.js", name: "abc.js", sha256: ABC }],
    };

    fn files(name: &str, content: &str) -> Files {
        Files::from([(name.to_owned(), content.as_bytes().to_vec())])
    }

    #[test]
    fn a_pinned_file_is_taken_under_its_own_name() {
        let extracted = extract(&PACKAGE, files("package/umd/abc.js", "abc")).unwrap();
        assert_eq!(extracted, files("abc.js", "abc"));
    }

    #[test]
    fn a_changed_file_is_refused() {
        let error = extract(&PACKAGE, files("package/umd/abc.js", "abd")).unwrap_err().to_string();
        assert!(
            error.starts_with("umd/abc.js of npm's letters 1.0.0 is not the file that was reviewed"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = extract(&PACKAGE, Files::new()).unwrap_err().to_string();
        assert_eq!(error, "npm's letters 1.0.0 has no umd/abc.js");
    }

    #[test]
    fn only_files_with_the_right_content_are_kept() {
        assert_eq!(take_verified(&PACKAGE, &mut files("abc.js", "abc")), Some(files("abc.js", "abc")));
        assert_eq!(take_verified(&PACKAGE, &mut files("abc.js", "abd")), None);
        assert_eq!(take_verified(&PACKAGE, &mut Files::new()), None);
    }
}
