//! Where PostgreSQL's server programs are. Distributions keep them away from the PATH, one folder a version.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use crate::account::Account;

/// Folders of versions: what is before the version's name, the beginning of that name, and what is behind it.
const PLACES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/opt/local/lib", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// The folder of `initdb` and `postgres`.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those on the PATH, otherwise the newest in the usual places.
    pub(crate) fn find() -> Result<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        let newest = || {
            let places = PLACES.into_iter().flat_map(|(folder, name, below)| versions(folder, name, below));
            places.filter(|(_, folder)| has_programs(folder)).max().map(|(_, folder)| folder)
        };
        let Some(folder) = env::split_paths(&path).find(|folder| has_programs(folder)).or_else(newest) else {
            bail!(
                "PostgreSQL is not installed: there is no initdb and postgres on the PATH or in the usual folders; \
                 install it, on Debian with `apt-get install postgresql`, on macOS with `brew install postgresql`"
            );
        };
        Ok(Self { folder })
    }

    pub(crate) fn initdb(&self, account: Option<&Account>) -> Command {
        self.command("initdb", account)
    }

    pub(crate) fn postgres(&self, account: Option<&Account>) -> Command {
        self.command("postgres", account)
    }

    fn command(&self, name: &str, account: Option<&Account>) -> Command {
        let mut command = Command::new(self.folder.join(name));
        // Its log is read here, and the caller's own folder may be closed to the account.
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        if let Some(account) = account {
            account.run(&mut command);
        }
        command
    }
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file())
}

/// The versions below a folder, each with the folder of its programs.
fn versions(folder: &str, name: &str, below: &str) -> Vec<(Vec<u32>, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(name));
    named.map(|entry| (version(&entry.file_name()), entry.path().join(below))).collect()
}

/// The numbers of a name such as `postgresql@17` or `9.6`.
fn version(name: &OsStr) -> Vec<u32> {
    name.to_string_lossy()
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_found_by_number() {
        let newest = ["postgresql@9", "postgresql@17", "postgresql", "postgresql@9.6"]
            .into_iter()
            .max_by_key(|name| version(OsStr::new(name)));
        assert_eq!(newest, Some("postgresql@17"));
    }

    #[test]
    fn a_place_that_is_not_there_holds_no_versions() {
        assert_eq!(versions("/no/such/place", "", "bin"), []);
    }
}
