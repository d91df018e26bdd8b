//! A server in a process of its own, and what the system says of a process.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Serialize;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStderr, Command},
    sync::oneshot,
    task::JoinHandle,
};

use crate::http::{self, Connection};

/// How long a server may take to listen or to stop.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often one asks whether a server is ready; what start-up is measured to.
const READY_POLL: Duration = Duration::from_millis(1);
/// The kernel counts processor time in these; Linux has had 100 a second on every machine for decades.
const TICKS_PER_S: f64 = 100.0;

/// A running server, killed when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    started: Instant,
    child: Child,
    log: JoinHandle<Vec<String>>,
}

impl Server {
    /// Starts a program that says where it listens, and waits until it does. It inherits nothing from the environment.
    pub(crate) async fn start(program: &Path, arguments: &[&str]) -> Result<Self> {
        let started = Instant::now();
        let mut child = command(program, arguments)
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().context("the server ended at once")?;
        let (listening, address) = oneshot::channel();
        let log = tokio::spawn(read(child.stderr.take().context("the server has no log")?, listening));
        match tokio::time::timeout(PATIENCE, address).await {
            Ok(Ok(address)) => Ok(Self { address, pid, started, child, log }),
            Ok(Err(_)) => bail!("{} ended before it listened:\n{}", program.display(), log.await?.join("\n")),
            Err(_) => bail!("{} did not listen within {PATIENCE:?}", program.display()),
        }
    }

    /// Waits until the server says that it is ready, and answers with the time since it was started.
    pub(crate) async fn ready(&self) -> Result<Duration> {
        let mut connection = Connection::open(self.address).await?;
        while self.started.elapsed() < PATIENCE {
            if let (200, _) = connection.exchange(&http::get("/readyz")).await? {
                return Ok(self.started.elapsed());
            }
            tokio::time::sleep(READY_POLL).await;
        }
        bail!("the server was not ready within {PATIENCE:?}")
    }

    /// Stops it as a service manager does.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if !self.ask_to_stop().await? {
            bail!("the server had ended before it was stopped:\n{}", self.log.await?.join("\n"));
        }
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .map_err(|_| anyhow!("the server did not stop within {PATIENCE:?}"))??;
        succeeded(status, || "the server".to_owned())
    }

    /// Stops it as a service manager does, which kills what has not ended after `limit`.
    pub(crate) async fn stop_within(mut self, limit: Duration) -> Result<Exit> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Exit::BeforeAsked { status: status.to_string() });
        }
        let asked = Instant::now();
        self.ask_to_stop().await?;
        if let Ok(status) = tokio::time::timeout(limit, self.child.wait()).await {
            return Ok(Exit::After { seconds: asked.elapsed().as_secs_f64(), status: status?.to_string() });
        }
        self.child.kill().await?;
        Ok(Exit::Killed { after_seconds: limit.as_secs_f64() })
    }

    /// False when it had ended before.
    async fn ask_to_stop(&self) -> Result<bool> {
        let pid = self.pid.to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await.context("no `kill` here")?;
        Ok(asked.success())
    }
}

/// How a server ended that was asked to stop.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub(crate) enum Exit {
    /// By itself, so long after it was asked.
    After { seconds: f64, status: String },
    /// It had not ended so long after it was asked.
    Killed { after_seconds: f64 },
    /// By itself, before it was asked.
    BeforeAsked { status: String },
}

/// Runs a program to its end and answers with what it printed.
pub(crate) async fn run(program: &Path, arguments: &[&str]) -> Result<String> {
    let output = command(program, arguments).output().await?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    succeeded(output.status, || {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        format!("`{} {}`\n{printed}\n{complaint}", program.display(), arguments.join(" "))
    })?;
    Ok(printed)
}

fn succeeded(status: ExitStatus, what: impl FnOnce() -> String) -> Result<()> {
    if status.success() { Ok(()) } else { bail!("{} ended with {status}", what()) }
}

fn command(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Reads the log to its end, also while nobody asks for it: a full pipe would stop the server.
async fn read(stderr: ChildStderr, listening: oneshot::Sender<SocketAddr>) -> Vec<String> {
    let mut listening = Some(listening);
    let mut lines = BufReader::new(stderr).lines();
    let mut log = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let address =
            line.split_once("listening on http://").and_then(|(_, address)| address.trim().parse().ok());
        if let (Some(address), Some(listening)) = (address, listening.take_if(|_| address.is_some())) {
            // The one who started the server may have given up waiting.
            listening.send(address).ok();
        }
        log.push(line);
    }
    log
}

/// The memory of a process that is in RAM, in bytes; none where the system does not say.
pub(crate) fn resident_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmRSS:")
}

/// The most memory of a process that was in RAM since the peak was reset, in bytes; none where the system does not say.
pub(crate) fn peak_resident_bytes(pid: u32) -> Option<u64> {
    status_bytes(pid, "VmHWM:")
}

/// Makes the memory that is in RAM now the peak.
pub(crate) fn reset_peak(pid: u32) -> Result<()> {
    /// What proc(5) gives this meaning.
    const RESET_PEAK: &str = "5";
    fs::write(format!("/proc/{pid}/clear_refs"), RESET_PEAK)
        .context("the system does not reset peaks of memory")
}

fn status_bytes(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The processor time that a process has used, in seconds; none where the system does not say.
pub(crate) fn processor_s(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in brackets and may hold blanks; user and system time are 12 and 13 fields behind it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / TICKS_PER_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_knows_this_process() {
        let pid = std::process::id();
        assert!(resident_bytes(pid).unwrap() > 1024 * 1024);
        assert!(peak_resident_bytes(pid).unwrap() > 1024 * 1024);
        assert!(processor_s(pid).is_some());
    }
}
