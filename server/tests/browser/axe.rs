//! Where axe-core is, which judges whether everybody can use a page.

use anyhow::{Context as _, Result};

/// Where `cargo xtask test` puts it.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/axe/axe.min.js");

/// Its script, for [`browser_driver::Page::axe`].
pub(crate) fn script() -> Result<String> {
    std::fs::read_to_string(FILE).with_context(|| format!("{FILE} is missing; `cargo xtask test` fetches it"))
}
