//! The dashboard for the browser: compiled to WebAssembly, split into the parts that are loaded apart, its glue made by
//! wasm-bindgen, its stylesheets joined, every file named by its content, all of it in target/web/dashboard.

mod bundle;
mod constants;
mod optimise;
mod program;
mod shrink;
mod size;
mod stylesheet;
mod wasm;

use std::path::Path;

use anyhow::Result;

use crate::publish::{Files, publish, read, read_folder};
use crate::workspace;

/// The endings of files that keep their names.
const NAMED: [&str; 3] = [".webmanifest", ".svg", ".png"];

fn named(folder: &Path) -> Result<Files> {
    let mut files = read_folder(folder)?;
    files.retain(|name, _| NAMED.iter().any(|ending| name.ends_with(ending)));
    Ok(files)
}

/// Builds what changed; the folder is left untouched when nothing did. Fails when a part of the program has grown too large.
pub(crate) fn build() -> Result<()> {
    let source = workspace::root().join("dashboard-dioxus");
    let wasm = wasm::build()?;
    let parts = bundle::Parts {
        program: program::files(&wasm)?,
        stylesheet: stylesheet::joined(&source)?,
        template: String::from_utf8(read(&source.join("index.html"))?)?,
        named: named(&source.join("assets"))?,
    };
    let folder = workspace::web().join("dashboard");
    publish(bundle::files(parts)?, &folder)?;
    eprintln!("The dashboard is in {}", folder.display());
    size::check(&read_folder(&folder)?)
}
