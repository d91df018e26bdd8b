//! The running `postgres`: its start, which is over when it takes connections, and its end.

use std::{
    fmt, fs,
    fs::File,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::Shutdown;

/// How long a start or an end may take; recovery after a kill reads the whole log, on however busy a machine.
const TIMEOUT: Duration = Duration::from_mins(2);
/// How often its state is looked at: nothing announces that PostgreSQL is ready.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// The line of its lock file in which it says whether it takes connections.
const STATUS_LINE: usize = 7;
/// How much of the log an error shows.
const SHOWN_LOG_LINES: usize = 20;

/// The first of PostgreSQL's processes.
#[derive(Debug)]
pub(crate) struct Postmaster {
    process: Child,
}

/// PostgreSQL ended before it was ready.
#[derive(Debug)]
struct Ended {
    log: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.log.lines().collect();
        write!(f, "it ended at once:\n{}", lines[lines.len().saturating_sub(SHOWN_LOG_LINES)..].join("\n"))
    }
}

impl std::error::Error for Ended {}

/// Whether PostgreSQL ended because somebody else listens on its port.
pub(crate) fn is_port_taken(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Ended>().is_some_and(|ended| ended.log.contains("could not bind"))
}

impl Postmaster {
    /// Runs the command with its output in the log and waits until it takes connections.
    pub(crate) fn start(mut command: Command, data: &Path, log: &Path) -> Result<Self> {
        let began = Instant::now();
        loop {
            match Self::start_once(&mut command, data, log, began) {
                // After a kill, processes of the previous one are still about to notice it.
                Err(error) if is_predecessor_alive(&error) && began.elapsed() < TIMEOUT => {
                    thread::sleep(POLL_INTERVAL);
                }
                started => return started,
            }
        }
    }

    fn start_once(command: &mut Command, data: &Path, log: &Path, began: Instant) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdout(output.try_clone()?).stderr(output);
        let mut process = command.spawn().context("cannot start postgres")?;
        let (id, lock_file) = (process.id().to_string(), data.join("postmaster.pid"));
        loop {
            let lock = fs::read_to_string(&lock_file).unwrap_or_default();
            let mut lines = lock.lines().map(str::trim);
            if lines.next() == Some(id.as_str()) && lines.nth(STATUS_LINE - 1) == Some("ready") {
                return Ok(Self { process });
            }
            if process.try_wait()?.is_some() {
                bail!(Ended { log: fs::read_to_string(log).unwrap_or_default() });
            }
            if began.elapsed() > TIMEOUT {
                process.kill()?;
                process.wait()?;
                bail!("it was not ready within {} s", TIMEOUT.as_secs());
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(mut self, how: Shutdown) -> Result<()> {
        let signal = match how {
            Shutdown::Fast => "INT",
            Shutdown::Immediate => "QUIT",
        };
        // The shell's own `kill`: small systems have no program of that name.
        let script = format!("kill -{signal} {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &script]).status().context("cannot start sh")?;
        let began = Instant::now();
        while self.process.try_wait()?.is_none() {
            if !sent.success() || began.elapsed() > TIMEOUT {
                self.kill()?;
                bail!("PostgreSQL did not stop within {} s and was killed", TIMEOUT.as_secs());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Kills it and waits for its end.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.kill().context("cannot kill PostgreSQL")?;
        self.process.wait()?;
        Ok(())
    }
}

fn is_predecessor_alive(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Ended>().is_some_and(|ended| ended.log.contains("is still in use"))
}
