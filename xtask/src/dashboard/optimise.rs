//! wasm-opt of Binaryen, fetched once from the npm registry, checked against the hash below and put into target/binaryen.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::npm::{self, Package, Pinned};
use crate::publish::{read, read_folder, replace};
use crate::workspace;

/// Another ending than Binaryen's, because Node.js goes by it.
const WASM_OPT: &str = "wasm-opt.cjs";
const PACKAGE: Package = Package {
    name: "binaryen",
    version: "132.0.0",
    files: &[Pinned {
        path: "bin/wasm-opt",
        name: WASM_OPT,
        sha256: "608c021fa3f2c68cdc26f06a1454341089a0e689abb71cbe5a23ef7300e7f3e3",
    }],
};

/// What the compiler uses, and every browser of the last years has.
const FEATURES: [&str; 8] = [
    "bulk-memory",
    "bulk-memory-opt",
    "call-indirect-overlong",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];
/// Measured by what is left after brotli: more passes make the file smaller still, but no longer what is sent. Functions
/// of similar names are alike, and brotli finds what is near.
const PASSES: [&str; 4] = ["-O1", "-s", "2", "--reorder-functions-by-name"];

/// The same WebAssembly, smaller and without names.
pub(super) fn optimised(wasm: &[u8]) -> Result<Vec<u8>> {
    let tools = workspace::target().join("binaryen");
    replace(&npm::fetch(&[PACKAGE], read_folder(&tools).unwrap_or_default())?, &tools)?;
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("from.wasm"), folder.path().join("to.wasm"));
    fs::write(&from, wasm)?;
    let mut wasm_opt = Command::new("node");
    wasm_opt.arg(tools.join(WASM_OPT)).args(FEATURES.map(|feature| format!("--enable-{feature}")));
    wasm_opt.args(PASSES).arg(from).arg("-o").arg(&to);
    command::run(&mut wasm_opt)?;
    read(&to)
}
