//! axe-core, which judges whether everybody can use a page: fetched once from the npm registry, checked against the hash
//! below and put into target/axe for the tests in a browser. It is no part of what is built.

use anyhow::Result;

use crate::npm::{self, Package, Pinned};
use crate::publish::{read_folder, replace};
use crate::workspace;

const PACKAGE: Package = Package {
    name: "axe-core",
    version: "4.14.1",
    files: &[Pinned {
        path: "axe.min.js",
        name: "axe.min.js",
        sha256: "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
    }],
};

/// Fetches it unless it is there; needs no network then.
pub(crate) fn fetch() -> Result<()> {
    let folder = workspace::target().join("axe");
    let present = read_folder(&folder).unwrap_or_default();
    let files = npm::fetch(&[PACKAGE], present)?;
    replace(&files, &folder)
}
