//! The files a browser loads: index.html, config.json, the manifest and its icons at the top, everything else below `assets` under a name that
//! carries its content's hash, so that it may be cached for ever.

use std::fmt::Write;

use anyhow::{Result, bail};

use super::program::{GLUE, NAME, PROGRAM};
use super::shrink;
use crate::publish::{Files, name_hash, sha256};

/// The parts a bundle is made of.
pub(crate) struct Parts {
    /// The compiled program, its parts and the JavaScript that loads them.
    pub(crate) program: Files,
    /// The joined stylesheet.
    pub(crate) stylesheet: Vec<u8>,
    /// index.html with the addresses of what it loads left open: `{{stylesheet}}`, `{{boot}}`, `{{glue}}` and `{{wasm}}`.
    pub(crate) template: String,
    /// What keeps its name, because browsers look for it there: the icons, and what makes an application of the page.
    pub(crate) named: Files,
}

/// Loads the program; a module of its own, because the page's content security policy allows no inline script.
const BOOT: &str = include_str!("boot.js");
/// What that loads before where the page is on another site than its server.
const ELSEWHERE: &str = include_str!("elsewhere.js");
/// Where a dashboard that is served from elsewhere than its API finds it; "" is the page's own origin.
const CONFIG: &str = "{\"apiUrl\": \"\"}\n";

/// All files of the bundle. The program's files name each other, so they share one folder with one hash over all.
pub(crate) fn files(parts: Parts) -> Result<Files> {
    let stylesheet = format!("assets/{NAME}-{}.css", name_hash(&parts.stylesheet));
    let mut program = parts.program;
    for (name, script) in [("boot.js", BOOT), ("elsewhere.js", ELSEWHERE)] {
        program.insert(name.to_owned(), shrink::script(script).into_bytes());
    }
    let folder = format!("assets/{NAME}-{}", hash_of_all(&program)?);
    let addresses = [
        ("{{stylesheet}}", format!("/{stylesheet}")),
        ("{{boot}}", format!("/{folder}/boot.js")),
        ("{{glue}}", format!("/{folder}/{GLUE}")),
        ("{{wasm}}", format!("/{folder}/{PROGRAM}")),
    ];
    let mut files = Files::from([
        ("index.html".to_owned(), fill(parts.template, &addresses)?.into_bytes()),
        ("config.json".to_owned(), CONFIG.as_bytes().to_vec()),
        (stylesheet, parts.stylesheet),
    ]);
    files.extend(parts.named);
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

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"<link href="{{stylesheet}}"><link href="{{glue}}"><link href="{{wasm}}"><script src="{{boot}}"></script>"#;

    fn parts(wasm: &str, stylesheet: &str) -> Parts {
        let program = [("dashboard.js", "glue"), ("dashboard_bg.wasm", wasm), ("snippets/a/inline0.js", "")];
        Parts {
            program: program.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into(),
            stylesheet: stylesheet.as_bytes().to_vec(),
            template: TEMPLATE.to_owned(),
            named: Files::from([("icon.svg".to_owned(), b"<svg/>".to_vec())]),
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
        assert_eq!(addresses.len(), 4);
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
        assert_eq!(shared(&changed_program), 4, "config.json, icon.svg, index.html, the stylesheet");
        assert_eq!(shared(&changed_stylesheet), before.len() - 1);
    }

    #[test]
    fn a_template_without_a_placeholder_is_refused() {
        let page = Parts { template: "<p>{{boot}}</p>".to_owned(), ..parts("wasm", "css") };
        let error = files(page).unwrap_err().to_string();
        assert_eq!(error, "dashboard-dioxus/index.html has no {{stylesheet}}");
    }
}
