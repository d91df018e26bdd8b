//! Where things are in the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace's Cargo.toml. Cargo names this crate's folder when it runs a command, which is right even
/// when the workspace was moved after compiling.
pub(crate) fn root() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let xtask = Path::new(&folder);
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Cargo's target folder of the workspace; everything that is made goes below it.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// What the server embeds: one folder for the dashboard, one for GraphiQL.
pub(crate) fn web() -> PathBuf {
    target().join("web")
}

/// The cargo that started this command, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}
