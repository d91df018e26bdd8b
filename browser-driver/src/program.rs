//! Which Chromium is started, and how.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStderr, Command},
};

/// Names under which the browser is looked for on the PATH, unless CHROME names it.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ARGUMENTS: [&str; 12] = [
    "--headless",
    // Containers and root have no sandbox to offer; the pages are our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    // What asks for another host is recorded, and does not get there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "about:blank",
];
const ANNOUNCEMENT: &str = "DevTools listening on ";

/// Starts the browser; it prints the address at which it is spoken to.
pub(crate) fn start(profile: &Path) -> Result<Child> {
    let program = program()?;
    Command::new(&program)
        .args(ARGUMENTS)
        .arg(format!("--user-data-dir={}", profile.display()))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} could not be started", program.display()))
}

/// The address that the browser prints when it is ready to be spoken to.
pub(crate) async fn announced(stderr: ChildStderr) -> Result<String> {
    let mut lines = BufReader::new(stderr).lines();
    loop {
        let line = lines.next_line().await?.context("Chromium ended before it said where it listens")?;
        if let Some(address) = line.strip_prefix(ANNOUNCEMENT) {
            let address = address.to_owned();
            // A browser whose output nobody reads would stop at a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
    }
}

fn program() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROME") {
        return Ok(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut candidates =
        env::split_paths(&path).flat_map(|folder| PROGRAMS.map(|program| folder.join(program)));
    candidates.find(|candidate| candidate.is_file()).context(
        "no Chromium is on the PATH; `cargo xtask test` installs it, or name one in the variable CHROME",
    )
}
