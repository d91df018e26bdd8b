//! As whom PostgreSQL runs: as the caller, but never as root, which it refuses.

#[cfg(unix)]
use std::os::unix::{fs::chown, process::CommandExt as _};
use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

/// Accounts that root may use, the best first.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// An account other than the caller's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// Whom to become; nobody else unless the caller is root.
    pub(crate) fn to_run_as() -> Result<Option<Self>> {
        if id(&["-u"]) != Some(0) {
            return Ok(None);
        }
        let found = ACCOUNTS.iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)));
        let Some((user, group)) = found else {
            bail!(
                "PostgreSQL does not run as root, and there is neither an account {}; make one, or run this as \
                 another user",
                ACCOUNTS.join(" nor ")
            );
        };
        Ok(Some(Self { user, group }))
    }

    /// Gives a folder to this account.
    pub(crate) fn own(self, folder: &Path) -> Result<()> {
        // Elsewhere there is no root, and nobody to become.
        #[cfg(unix)]
        chown(folder, Some(self.user), Some(self.group))
            .with_context(|| format!("cannot give {} to another user", folder.display()))?;
        Ok(())
    }

    /// Lets a command run as this account.
    pub(crate) fn run(self, command: &mut Command) {
        #[cfg(unix)]
        command.uid(self.user).gid(self.group);
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
