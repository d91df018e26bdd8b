//! The measurements: both programs in release, then the one that measures the other.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{browser, command, dashboard, native, workspace};

/// Watches the dashboard in a browser instead of measuring the server.
const DASHBOARD: &str = "dashboard";

/// Builds what is measured and what measures, and runs the latter with these arguments.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if arguments.first().is_some_and(|first| first == DASHBOARD) {
        browser::provide()?;
        dashboard::build()?;
    }
    native::provide()?;
    let build =
        ["build", "--release", "-p", "server", "--bin", "andon", "-p", "bench", "--bin", "andon-bench"];
    command::run(workspace::cargo().args(build))?;
    let program = workspace::target().join("release").join("andon-bench");
    if !program.is_file() {
        bail!("{} was not built; is CARGO_TARGET_DIR set to another folder?", program.display());
    }
    command::run(Command::new(program).args(arguments))
}
