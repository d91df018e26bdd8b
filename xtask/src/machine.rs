//! What this machine is, and how it gets a program that is missing: on Debian as root from its packages, saying so;
//! elsewhere a person is told what to install.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::command;

/// Something the workspace needs beyond Rust.
pub(crate) struct Need {
    /// What it is, as the object of "needs", such as "npm".
    pub(crate) what: &'static str,
    /// The Debian packages that bring it.
    pub(crate) debian_packages: &'static [&'static str],
    /// A sentence for other systems that says what to install.
    pub(crate) elsewhere: &'static str,
}

#[derive(Debug, PartialEq)]
enum Step {
    Install(&'static [&'static str]),
    Tell(String),
}

/// Installs the need where that can be done unasked, otherwise fails with what to do.
pub(crate) fn provide(need: &Need) -> Result<()> {
    match step(need, is_debian(&fs::read_to_string("/etc/os-release").unwrap_or_default()), is_root()) {
        Step::Install(packages) => install(packages),
        Step::Tell(sentence) => bail!(sentence),
    }
}

/// The program's path, if it is installed.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether Debian's package manager has all of them installed.
pub(crate) fn has_debian_packages(names: &[&str]) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat", "${Status}\n"]).args(names);
    command::answer(&mut query)
        .is_some_and(|answer| answer.lines().all(|line| line == "install ok installed"))
}

/// Whether commands run as root here (Chromium must then be started without its sandbox).
pub(crate) fn is_root() -> bool {
    command::answer(Command::new("id").arg("-u")).as_deref() == Some("0")
}

fn step(need: &Need, debian: bool, root: bool) -> Step {
    let packages = need.debian_packages.join(" ");
    match (debian, root) {
        (true, true) => Step::Install(need.debian_packages),
        (true, false) => Step::Tell(format!(
            "Andon needs {}. As root run `apt-get install {packages}`, then try again.",
            need.what
        )),
        (false, _) => Step::Tell(format!("Andon needs {}. {}", need.what, need.elsewhere)),
    }
}

fn is_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| line.trim() == "ID=debian")
}

fn install(packages: &[&str]) -> Result<()> {
    eprintln!("Installing the Debian packages {} (apt-get install)", packages.join(", "));
    let _quiet = NoServices::begin();
    command::run(&mut apt_get(&["update", "--quiet=2"]))?;
    let mut install = apt_get(&["install", "--yes", "--quiet=2", "--no-install-recommends"]);
    command::run(install.args(packages))
}

/// Where Debian's packages ask whether they may start what they bring, and what says no.
const POLICY: &str = "/usr/sbin/policy-rc.d";
const NO: &str = "#!/bin/sh\nexit 101\n";

/// While this lives, a package that is installed starts no service: tests start what they need by themselves. Whoever has
/// said something about that already is heeded.
struct NoServices {
    is_ours: bool,
}

impl NoServices {
    fn begin() -> Self {
        let is_ours = write_program(Path::new(POLICY), NO).is_ok();
        Self { is_ours }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.is_ours {
            fs::remove_file(POLICY).ok();
        }
    }
}

/// Writes a program where there is nothing yet.
fn write_program(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    options.open(path)?.write_all(text.as_bytes())
}

fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const NPM: Need = Need {
        what: "npm",
        debian_packages: &["npm"],
        elsewhere: "Install Node.js with npm, then try again.",
    };

    #[test]
    fn root_on_debian_installs_the_packages() {
        assert_eq!(step(&NPM, true, true), Step::Install(&["npm"]));
    }

    #[test]
    fn other_users_on_debian_are_told_the_command() {
        let told = "Andon needs npm. As root run `apt-get install npm`, then try again.";
        assert_eq!(step(&NPM, true, false), Step::Tell(told.to_owned()));
    }

    #[test]
    fn other_systems_are_told_what_to_install() {
        let told = "Andon needs npm. Install Node.js with npm, then try again.";
        assert_eq!(step(&NPM, false, true), Step::Tell(told.to_owned()));
        assert_eq!(step(&NPM, false, false), Step::Tell(told.to_owned()));
    }

    #[test]
    fn debian_is_told_from_its_relatives() {
        assert!(is_debian("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n"));
        assert!(!is_debian("ID=ubuntu\nID_LIKE=debian\n"));
        assert!(!is_debian(""));
    }

    #[test]
    fn a_program_that_is_there_is_left_as_it_is() {
        let path = env::temp_dir().join(format!("andon-xtask-policy-{}", std::process::id()));
        write_program(&path, "first").unwrap();
        assert!(write_program(&path, "second").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_package_that_does_not_exist_is_not_installed() {
        assert!(!has_debian_packages(&["no-such-package-anywhere"]));
    }
}
