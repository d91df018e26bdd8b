//! The files a browser loads: index.html and config.json at the top, everything else below `assets` under a name that
//! carries its content's hash, so that it may be cached for ever.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::publish::{Files, name_hash, read_folder, sha256};
use crate::workspace;

/// The parts a bundle is made of.
pub(crate) struct Parts {
    /// The compiled program and its glue, as wasm-bindgen wrote them.
    pub(crate) program: Files,
    /// The joined stylesheet.
    pub(crate) stylesheet: Vec<u8>,
    /// index.html with `{{stylesheet}}` and `{{boot}}` for the addresses of the two.
    pub(crate) template: String,
}

/// The names wasm-bindgen gives follow from this one.
const PROGRAM: &str = "dashboard";
/// Loads the program; a module of its own, because the page's content security policy allows no inline script.
const BOOT: &str = r#"import start from "./dashboard.js";

await start({ module_or_path: new URL("./dashboard_bg.wasm", import.meta.url) });
"#;
/// Where a dashboard that is served from elsewhere than its API finds it; "" is the page's own origin.
const CONFIG: &str = "{\"apiUrl\": \"\"}\n";

/// The program and the JavaScript that loads it, from the compiled WebAssembly.
pub(crate) fn program(wasm: &Path) -> Result<Files> {
    check_versions(&fs::read_to_string(workspace::root().join("Cargo.lock"))?)?;
    let folder = tempfile::tempdir()?;
    Bindgen::new()
        .input_path(wasm)
        .out_name(PROGRAM)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder.path())
        .context("wasm-bindgen could not make the dashboard's glue")?;
    read_folder(folder.path())
}

/// All files of the bundle. The program's files name each other, so they share one folder with one hash over all.
pub(crate) fn files(parts: Parts) -> Result<Files> {
    let stylesheet = format!("assets/{PROGRAM}-{}.css", name_hash(&parts.stylesheet));
    let mut program = parts.program;
    program.insert("boot.js".to_owned(), BOOT.as_bytes().to_vec());
    let folder = format!("assets/{PROGRAM}-{}", hash_of_all(&program)?);
    let addresses =
        [("{{stylesheet}}", format!("/{stylesheet}")), ("{{boot}}", format!("/{folder}/boot.js"))];
    let mut files = Files::from([
        ("index.html".to_owned(), fill(parts.template, &addresses)?.into_bytes()),
        ("config.json".to_owned(), CONFIG.as_bytes().to_vec()),
        (stylesheet, parts.stylesheet),
    ]);
    files.extend(program.into_iter().map(|(name, content)| (format!("{folder}/{name}"), content)));
    Ok(files)
}

fn fill(mut template: String, addresses: &[(&str, String)]) -> Result<String> {
    for (placeholder, address) in addresses {
        if !template.contains(placeholder) {
            bail!("dashboard-dioxus/index.html has no {placeholder}");
        }
        template = template.replace(placeholder, address);
    }
    Ok(template)
}

fn hash_of_all(files: &Files) -> Result<String> {
    let mut list = String::new();
    for (name, content) in files {
        writeln!(list, "{name} {}", sha256(content))?;
    }
    Ok(name_hash(list.as_bytes()))
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

    const TEMPLATE: &str = r#"<link href="{{stylesheet}}"><script src="{{boot}}"></script>"#;

    fn parts(wasm: &str, stylesheet: &str) -> Parts {
        let program = [("dashboard.js", "glue"), ("dashboard_bg.wasm", wasm), ("snippets/a/inline0.js", "")];
        Parts {
            program: program.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into(),
            stylesheet: stylesheet.as_bytes().to_vec(),
            template: TEMPLATE.to_owned(),
        }
    }

    fn names(parts: Parts) -> Vec<String> {
        files(parts).unwrap().into_keys().collect()
    }

    #[test]
    fn the_page_names_files_that_are_in_the_bundle() {
        let files = files(parts("wasm", "css")).unwrap();
        let page = String::from_utf8(files["index.html"].clone()).unwrap();
        let addresses: Vec<&str> = page.split('"').filter(|part| part.starts_with('/')).collect();
        assert_eq!(addresses.len(), 2);
        for address in addresses {
            assert!(files.contains_key(&address[1..]), "{address} is not in {:?}", files.keys());
        }
    }

    #[test]
    fn a_file_with_another_content_has_another_name() {
        let before = names(parts("wasm", "css"));
        let changed_program = names(parts("other", "css"));
        let changed_stylesheet = names(parts("wasm", "other"));
        let shared = |other: &[String]| before.iter().filter(|name| other.contains(name)).count();
        assert_eq!(shared(&changed_program), 3, "config.json, index.html, the stylesheet");
        assert_eq!(shared(&changed_stylesheet), before.len() - 1);
    }

    #[test]
    fn a_template_without_a_placeholder_is_refused() {
        let page = Parts { template: "<p>{{boot}}</p>".to_owned(), ..parts("wasm", "css") };
        let error = files(page).unwrap_err().to_string();
        assert_eq!(error, "dashboard-dioxus/index.html has no {{stylesheet}}");
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
