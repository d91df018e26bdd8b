//! The program as browsers load it: WebAssembly in the parts that are loaded apart, and the JavaScript that loads them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli::{SplitModule, Splitter};

use super::optimise::optimised;
use super::{constants, shrink};
use crate::publish::{Files, read, read_folder};
use crate::workspace;

/// The names that wasm-bindgen gives follow from this one.
pub(super) const NAME: &str = "dashboard";
pub(super) const PROGRAM: &str = "dashboard_bg.wasm";
pub(super) const GLUE: &str = "dashboard.js";
/// Loads the parts. A program that has parts asks for it by this name.
const LOADER: (&str, &str) = ("__wasm_split.js", include_str!("parts.js"));

/// All files of the program, from the compiled WebAssembly.
pub(super) fn files(compiled: &Path) -> Result<Files> {
    check_versions(&fs::read_to_string(workspace::root().join("Cargo.lock"))?)?;
    let mut files = bind(compiled)?;
    let bound = files.remove(PROGRAM).context("wasm-bindgen wrote no program")?;
    let glue = String::from_utf8(files.remove(GLUE).context("wasm-bindgen wrote no glue")?)?;
    let original = read(compiled)?;
    let split = Splitter::new(&original, &bound)
        .and_then(Splitter::emit)
        .context("the dashboard could not be split into its parts")?;
    // wasm-bindgen also writes scripts for functions that are no longer in the program; none asks for another one.
    files.retain(|name, _| glue.contains(name.as_str()));
    for content in files.values_mut() {
        *content = shrink::script(std::str::from_utf8(content)?).into_bytes();
    }
    let (program, glue) =
        shrink::program(&constants::restored(&split.main.bytes, &bound, &original)?, &glue)?;
    files.insert(PROGRAM.to_owned(), optimised(&program)?);
    files.insert(GLUE.to_owned(), glue.into_bytes());
    files.insert(LOADER.0.to_owned(), shrink::script(&loader(&split.modules)?).into_bytes());
    for part in split.modules {
        files.insert(format!("{}.wasm", part.module_name), optimised(&shrink::part(&part.bytes)?)?);
    }
    Ok(files)
}

/// The program and its glue, with the names of functions, by which it is then split.
fn bind(compiled: &Path) -> Result<Files> {
    let folder = tempfile::tempdir()?;
    Bindgen::new()
        .input_path(compiled)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        .demangle(false)
        .keep_lld_exports(true)
        .remove_name_section(false)
        .remove_producers_section(true)
        .generate(folder.path())
        .context("wasm-bindgen could not make the dashboard's glue")?;
    read_folder(folder.path())
}

/// The loader with a function for each way into a part, under the name by which the program asks for it.
fn loader(parts: &[SplitModule]) -> Result<String> {
    let mut loader = LOADER.1.to_owned();
    for part in parts {
        let (Some(hash), Some(function)) = (&part.hash_id, &part.component_name) else {
            bail!("the part {} has no way into it", part.module_name);
        };
        let name = &part.module_name;
        writeln!(loader, "export const __wasm_split_load_{name}_{hash}_{function} = loads(\"{name}\");")?;
    }
    Ok(loader)
}

/// Glue of another version than the program's would fail in the browser, or with a word about schemas here.
fn check_versions(cargo_lock: &str) -> Result<()> {
    let program = locked_version(cargo_lock, "wasm-bindgen");
    let glue = locked_version(cargo_lock, "wasm-bindgen-cli-support");
    match (program, glue) {
        (Some(program), Some(glue)) if program == glue => Ok(()),
        (Some(program), _) => bail!(
            "the dashboard is compiled with wasm-bindgen {program} but its glue would be made by {}: \
             set wasm-bindgen-cli-support = \"={program}\" in Cargo.toml",
            glue.unwrap_or("none")
        ),
        (None, _) => bail!("Cargo.lock has no wasm-bindgen"),
    }
}

fn locked_version<'lock>(cargo_lock: &'lock str, package: &str) -> Option<&'lock str> {
    let name = format!("name = \"{package}\"");
    let mut lines = cargo_lock.lines().skip_while(|line| *line != name).skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_into_a_part_has_the_name_by_which_the_program_asks_for_it() {
        let part = SplitModule {
            module_name: "back_office".to_owned(),
            hash_id: Some("0a1b".to_owned()),
            component_name: Some("draw".to_owned()),
            bytes: Vec::new(),
            relies_on_chunks: std::collections::HashSet::new(),
        };
        let loader = loader(&[part]).unwrap();
        let last = loader.lines().last().unwrap();
        assert_eq!(last, r#"export const __wasm_split_load_back_office_0a1b_draw = loads("back_office");"#);
    }

    #[test]
    fn glue_and_program_are_of_one_wasm_bindgen_version() {
        let cargo_lock = fs::read_to_string(workspace::root().join("Cargo.lock")).unwrap();
        check_versions(&cargo_lock).unwrap();
    }

    #[test]
    fn different_versions_are_refused_with_the_line_to_write() {
        let cargo_lock = "name = \"wasm-bindgen\"\nversion = \"0.2.131\"\n\n\
                          name = \"wasm-bindgen-cli-support\"\nversion = \"0.2.130\"\n";
        let error = check_versions(cargo_lock).unwrap_err().to_string();
        assert!(error.ends_with("set wasm-bindgen-cli-support = \"=0.2.131\" in Cargo.toml"), "{error}");
    }
}
