//! One build of every test of the workspace, and the programs that it makes.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::arguments::BROKER_FEATURES;
use crate::workspace;

/// A program that holds the tests of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binary {
    /// The crate's folder, which is where its tests run.
    folder: PathBuf,
    /// The target's name, such as `it`.
    target: String,
    executable: PathBuf,
}

/// Builds every test, with the features that the tests on brokers need: another set of features would be another build.
pub(super) fn build() -> Result<Vec<Binary>> {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--no-run", "--workspace", "--features", BROKER_FEATURES]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    let mut child =
        cargo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cargo could not be started")?;
    let messages = BufReader::new(child.stdout.take().context("cargo has no output")?);
    let mut binaries = Vec::new();
    for message in messages.lines() {
        binaries.extend(Binary::of(&serde_json::from_str(&message?)?));
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the tests could not be built: cargo ended with {status}");
    }
    Ok(binaries)
}

/// The examples in the documentation, which no program of their own holds.
pub(super) fn documentation() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["test", "--doc", "--workspace", "--features", BROKER_FEATURES]);
    cargo
}

impl Binary {
    /// The program that a message of cargo's tells of, if it holds tests.
    fn of(message: &Value) -> Option<Self> {
        if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
            return None;
        }
        Some(Self {
            folder: Path::new(message["manifest_path"].as_str()?).parent()?.to_owned(),
            target: message["target"]["name"].as_str()?.to_owned(),
            executable: message["executable"].as_str()?.into(),
        })
    }

    /// Whether it holds this target of the crate in this folder.
    pub(super) fn is(&self, folder: &str, target: &str) -> bool {
        self.folder.ends_with(folder) && self.target == target
    }

    /// Runs its tests as cargo does.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_what_cargo_made_only_programs_with_tests_are_run() {
        let message = json!({
            "reason": "compiler-artifact", "manifest_path": "/andon/server/Cargo.toml",
            "target": { "name": "it", "kind": ["test"] }, "profile": { "test": true },
            "executable": "/andon/target/debug/deps/it-1",
        });
        let binary = Binary::of(&message).expect("a program");
        assert!(binary.is("server", "it") && !binary.is("edge", "it") && !binary.is("server", "edge"));
        let command = binary.command();
        assert_eq!(command.get_program(), "/andon/target/debug/deps/it-1");
        assert_eq!(command.get_current_dir(), Some(Path::new("/andon/server")));

        for (field, value) in [
            ("reason", json!("build-finished")),
            ("profile", json!({ "test": false })),
            ("executable", Value::Null),
        ] {
            let mut other = message.clone();
            other[field] = value;
            assert_eq!(Binary::of(&other), None, "{field}");
        }
    }
}
