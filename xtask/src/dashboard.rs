//! The dashboard for the browser: compiled to WebAssembly, split into the parts that are loaded apart, its glue made by
//! wasm-bindgen, its stylesheets joined, every file named by its content, all of it in target/web/dashboard.

mod bundle;
mod optimise;
mod program;
mod shrink;
mod size;
mod stylesheet;
mod wasm;

use anyhow::Result;

use crate::publish::{publish, read, read_folder};
use crate::workspace;

/// Builds what changed; the folder is left untouched when nothing did. Fails when a part of the program has grown too large.
pub(crate) fn build() -> Result<()> {
    let source = workspace::root().join("dashboard-dioxus");
    let wasm = wasm::build()?;
    let parts = bundle::Parts {
        program: program::files(&wasm)?,
        stylesheet: stylesheet::joined(&source)?,
        template: String::from_utf8(read(&source.join("index.html"))?)?,
    };
    let folder = workspace::web().join("dashboard");
    publish(bundle::files(parts)?, &folder)?;
    eprintln!("The dashboard is in {}", folder.display());
    size::check(&read_folder(&folder)?)
}
