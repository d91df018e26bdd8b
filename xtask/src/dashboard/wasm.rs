//! Compiles the dashboard to WebAssembly, with the toolchain in use where that has (or gets) the target, otherwise with
//! Debian's, which brings the standard library's source and compiles that too.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::machine::{self, Need};
use crate::workspace;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm";

/// Keeps for each function what it refers to, by which the program is split into parts; and leaves out where in its source
/// a program fails and what its values look like, which nobody would see: the page has one sentence for it.
const RUSTFLAGS: &str = "-Clink-arg=--emit-relocs -Zlocation-detail=none -Zfmt-debug=none";

/// Debian's compiler, the standard library's source and a linker for WebAssembly.
const DEBIAN_TOOLCHAIN: Need = Need {
    what: "the Rust target wasm32-unknown-unknown, which rustup could not download",
    debian_packages: &["rustc-web", "cargo-web", "rust-web-src", "lld-19"],
    elsewhere: "Install it with `rustup target add wasm32-unknown-unknown` or your system's package of that name, \
                then try again.",
};

/// What cargo and rustup set for the programs they start, and what would make Debian's cargo use their toolchain.
const TOOLCHAIN_VARIABLES: [&str; 6] =
    ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "LD_LIBRARY_PATH"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Toolchain {
    /// The one that runs this command.
    InUse,
    /// Debian's packages, which compile the standard library for the target as well.
    Debian,
}

/// The compiled program's path.
pub(crate) fn build() -> Result<PathBuf> {
    let folder = workspace::target().join("wasm");
    command::run(build_with(toolchain()?).env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(TARGET).join(PROFILE).join("dashboard-dioxus.wasm"))
}

fn toolchain() -> Result<Toolchain> {
    if let Some(installed) = installed() {
        return Ok(installed);
    }
    eprintln!("Adding the Rust target {TARGET} (rustup target add)");
    if let Err(error) = command::run(Command::new("rustup").args(["target", "add", TARGET])) {
        eprintln!("{error:#}");
    }
    match installed() {
        Some(installed) => Ok(installed),
        None => machine::provide(&DEBIAN_TOOLCHAIN).map(|()| Toolchain::Debian),
    }
}

fn installed() -> Option<Toolchain> {
    preferred(has_target(), machine::has_debian_packages(DEBIAN_TOOLCHAIN.debian_packages))
}

/// The toolchain in use has the standard library compiled already, which saves a minute.
fn preferred(in_use: bool, debian: bool) -> Option<Toolchain> {
    match (in_use, debian) {
        (true, _) => Some(Toolchain::InUse),
        (false, true) => Some(Toolchain::Debian),
        (false, false) => None,
    }
}

/// Whether the toolchain in use has the target's standard library, however it was installed.
fn has_target() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    let folder = command::answer(&mut rustc).and_then(|folder| PathBuf::from(folder).read_dir().ok());
    folder.is_some_and(|mut files| files.next().is_some())
}

fn build_with(toolchain: Toolchain) -> Command {
    let mut cargo = match toolchain {
        Toolchain::InUse => workspace::cargo(),
        Toolchain::Debian => debian_cargo(),
    };
    cargo.args([
        "build",
        "--package",
        "dashboard-dioxus",
        "--target",
        TARGET,
        "--profile",
        PROFILE,
        "--locked",
    ]);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUSTFLAGS);
    // Stable compilers offer the flags that begin with -Z, and compiling the standard library, only under this name.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    if toolchain == Toolchain::Debian {
        cargo.arg("-Zbuild-std=std,panic_abort");
    }
    cargo
}

fn debian_cargo() -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    cargo.current_dir(workspace::root());
    for variable in TOOLCHAIN_VARIABLES {
        cargo.env_remove(variable);
    }
    cargo.env("RUSTC", "/usr/bin/rustc");
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld-19");
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toolchain_in_use_is_preferred() {
        assert_eq!(preferred(true, true), Some(Toolchain::InUse));
        assert_eq!(preferred(true, false), Some(Toolchain::InUse));
    }

    #[test]
    fn debians_toolchain_serves_where_the_one_in_use_lacks_the_target() {
        assert_eq!(preferred(false, true), Some(Toolchain::Debian));
        assert_eq!(preferred(false, false), None);
    }

    #[test]
    fn debians_cargo_is_not_led_to_another_toolchain() {
        let cargo = build_with(Toolchain::Debian);
        let removed: Vec<_> =
            cargo.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        assert!(removed.contains(&"RUSTUP_TOOLCHAIN".as_ref()) && removed.contains(&"CARGO".as_ref()));
        assert!(cargo.get_envs().any(|pair| pair == ("RUSTC".as_ref(), Some("/usr/bin/rustc".as_ref()))));
    }
}
