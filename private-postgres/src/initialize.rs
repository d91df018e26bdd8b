//! `initdb`: an empty cluster whose text is UTF-8 and in an order that is not that of its bytes.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{SUPERUSER, account::Account, programs::Programs};

/// Makes an empty cluster in a folder that does not exist yet.
pub(crate) fn initialize(programs: &Programs, account: Option<&Account>, data: &Path) -> Result<()> {
    let mut refusals = Vec::new();
    for order in orders() {
        let mut initdb = programs.initdb(account);
        initdb.arg("-D").arg(data).args(["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-sync"]);
        initdb.arg("--lc-messages=C").args(&order);
        let output = initdb.output().context("cannot start initdb")?;
        if output.status.success() {
            return Ok(());
        }
        refusals.push(format!("{}: {}", order.join(" "), String::from_utf8_lossy(&output.stderr).trim()));
        if data.exists() {
            fs::remove_dir_all(data).with_context(|| format!("cannot empty {}", data.display()))?;
        }
    }
    bail!("initdb made no cluster in {}: {}", data.display(), refusals.join("; "))
}

/// How text may be ordered, the best first: by a language that PostgreSQL brings itself (since 15, where it was built with
/// ICU) and without regard to hyphens, which differs from the order of bytes also in names of small letters; by a
/// language of the system; by its bytes.
fn orders() -> Vec<Vec<String>> {
    let brought = ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US-u-ka-shifted"]
        .map(str::to_owned)
        .to_vec();
    let systems = system_locale().map(|name| vec![format!("--locale={name}")]);
    [Some(brought), systems, Some(vec!["--locale=C".to_owned()])].into_iter().flatten().collect()
}

/// A locale of the system for UTF-8 that is a language's.
fn system_locale() -> Option<String> {
    let output = Command::new("locale").arg("-a").output().ok()?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    names.lines().find(|name| is_language_in_utf8(name)).map(str::to_owned)
}

fn is_language_in_utf8(locale: &str) -> bool {
    let Some((language, encoding)) = locale.split_once('.') else { return false };
    let encoding = encoding.to_ascii_lowercase();
    !["C", "POSIX"].contains(&language) && (encoding.starts_with("utf8") || encoding.starts_with("utf-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_of_languages_are_told_from_those_of_bytes() {
        let named = ["C", "C.utf8", "POSIX", "de_DE.ISO8859-1", "de_DE.UTF-8", "en_US.utf8"];
        let found: Vec<&str> = named.into_iter().filter(|name| is_language_in_utf8(name)).collect();
        assert_eq!(found, ["de_DE.UTF-8", "en_US.utf8"]);
    }
}
