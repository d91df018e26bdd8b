//! GraphiQL, the GraphQL IDE, with what it needs to run where there is no internet: fetched once from the npm registry,
//! checked against the hashes below and put into target/web/graphiql beside our page.

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
use crate::publish::{Files, publish, read_folder, sha256};
use crate::workspace;

struct Package {
    name: &'static str,
    version: &'static str,
    files: &'static [Pinned],
}

/// A file of a package, trusted only with this content.
struct Pinned {
    path: &'static str,
    name: &'static str,
    sha256: &'static str,
}

const PACKAGES: [Package; 3] = [
    Package {
        name: "graphiql",
        version: "4.1.2",
        files: &[
            Pinned {
                path: "graphiql.min.js",
                name: "graphiql.min.js",
                sha256: "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b",
            },
            Pinned {
                path: "graphiql.min.css",
                name: "graphiql.min.css",
                sha256: "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885",
            },
            Pinned {
                path: "LICENSE",
                name: "graphiql.LICENSE.txt",
                sha256: "4b18fbe55c4e8f9169cb702be138f4d858a2dad920c39857204ffdc9c1c9fdc4",
            },
        ],
    },
    Package {
        name: "react",
        version: "18.3.1",
        files: &[
            Pinned {
                path: "umd/react.production.min.js",
                name: "react.production.min.js",
                sha256: "d949f1c3687aedadcedac85261865f29b17cd273997e7f6b2bfc53b2f9d4c4dd",
            },
            Pinned { path: "LICENSE", name: "react.LICENSE.txt", sha256: REACT_LICENSE },
        ],
    },
    Package {
        name: "react-dom",
        version: "18.3.1",
        files: &[
            Pinned {
                path: "umd/react-dom.production.min.js",
                name: "react-dom.production.min.js",
                sha256: "35f4f974f4b2bcd44da73963347f8952e341f83909e4498227d4e26b98f66f0d",
            },
            Pinned { path: "LICENSE", name: "react-dom.LICENSE.txt", sha256: REACT_LICENSE },
        ],
    },
];

const REACT_LICENSE: &str = "52412d7bc7ce4157ea628bbaacb8829e0a9cb3c58f57f99176126bc8cf2bfc85";

/// Our page around it. Its scripts and styles are files, because the content security policy allows nothing inline.
const PAGE: [(&str, &str); 3] = [
    ("index.html", include_str!("../graphiql/index.html")),
    ("start.js", include_str!("../graphiql/start.js")),
    ("page.css", include_str!("../graphiql/page.css")),
];

const NPM: Need = Need {
    what: "npm, to fetch the GraphQL IDE",
    debian_packages: &["npm"],
    elsewhere: "Install Node.js with npm, then try again.",
};

/// Fetches what is missing or not what it should be; needs no network when everything is there.
pub(crate) fn fetch() -> Result<()> {
    let folder = workspace::web().join("graphiql");
    let mut present = read_folder(&folder).unwrap_or_default();
    let mut files = Files::new();
    for package in &PACKAGES {
        files.extend(match take_verified(package, &mut present) {
            Some(verified) => verified,
            None => download(package)?,
        });
    }
    files.extend(PAGE.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())));
    publish(files, &folder)?;
    eprintln!("GraphiQL is in {}", folder.display());
    Ok(())
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

    #[test]
    fn the_page_names_only_files_that_are_put_beside_it() {
        let beside: Vec<&str> = PACKAGES
            .iter()
            .flat_map(|package| package.files.iter().map(|pinned| pinned.name))
            .chain(PAGE.iter().map(|(name, _)| *name))
            .collect();
        let (_, page) = PAGE[0];
        let addresses: Vec<&str> =
            page.split('"').filter_map(|part| part.strip_prefix("/graphiql/")).collect();
        assert_eq!(addresses.len(), 6);
        assert!(addresses.iter().all(|name| beside.contains(name)), "{addresses:?}");
    }
}
