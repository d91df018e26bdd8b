//! A PostgreSQL cluster of one's own in a temporary folder, for tests and measurements.
//!
//! * It listens on 127.0.0.1 alone, on a free port, with no password: whoever is on this machine may connect.
//! * Its text is ordered by a language where that can be had, so that a comparison that forgot `COLLATE "C"` shows.
//! * PostgreSQL refuses to run as root, so root starts it as the account `postgres`, or `nobody`.
//! * It ends with its owner: when the [`Cluster`] is dropped, and also when the owning process is killed.

mod account;
mod caretaker;
mod initialize;
mod port;
mod postmaster;
mod programs;

use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{account::Account, caretaker::Caretaker, postmaster::Postmaster, programs::Programs};

/// The superuser, who owns whatever the tests make.
const SUPERUSER: &str = "andon";
/// How many ports are tried: between choosing a free one and using it, somebody else may take it.
const MAX_PORTS: usize = 10;

/// What survives a crash of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Every commit waits for the disk, as in production: for measurements.
    Full,
    /// Nothing waits for the disk: for tests. What was committed still survives [`Cluster::kill`].
    #[default]
    None,
}

/// How PostgreSQL is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Ends the open transactions and all connections, then writes everything down.
    Fast,
    /// Ends at once; the next start recovers from the log.
    Immediate,
}

/// How a cluster is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What survives a crash of the machine.
    pub durability: Durability,
    /// How many connections may be open at once.
    pub max_connections: u32,
    /// Further settings of `postgresql.conf`, as name and value; they win over those above.
    pub others: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { durability: Durability::None, max_connections: 100, others: Vec::new() }
    }
}

/// A running cluster, or one that was stopped and can start again. Dropping it removes it with all its data.
#[derive(Debug)]
pub struct Cluster {
    programs: Programs,
    account: Option<Account>,
    arguments: Vec<String>,
    port: u16,
    postmaster: Option<Postmaster>,
    // The folder is removed before the caretaker is told that it has nothing to do any more.
    folder: TempDir,
    caretaker: Caretaker,
}

/// Whether PostgreSQL's server programs are on this machine.
pub fn is_available() -> bool {
    Programs::find().is_ok()
}

impl Cluster {
    /// A cluster for tests.
    pub fn start() -> Result<Self> {
        Self::start_with(&Settings::default())
    }

    /// A cluster with these settings. Where PostgreSQL is missing, the error says what to install.
    pub fn start_with(settings: &Settings) -> Result<Self> {
        let programs = Programs::find()?;
        let account = Account::to_run_as()?;
        let folder = tempfile::Builder::new()
            .prefix("private-postgres-")
            .tempdir()
            .context("cannot make a temporary folder")?;
        if let Some(account) = &account {
            account.own(folder.path())?;
        }
        let caretaker = Caretaker::of(folder.path())?;
        initialize::initialize(&programs, account.as_ref(), &data(folder.path()))?;
        let arguments = arguments(settings);
        let mut cluster = Self { programs, account, arguments, port: 0, postmaster: None, folder, caretaker };
        cluster.start_on_some_port()?;
        Ok(cluster)
    }

    /// The URL of a database of this cluster; `postgres` is there from the beginning.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops it and waits for its end. One that is stopped already stays so.
    pub fn stop(&mut self, how: Shutdown) -> Result<()> {
        let Some(postmaster) = self.postmaster.take() else { return Ok(()) };
        let stopped = postmaster.stop(how);
        self.caretaker.expect_nothing_running()?;
        stopped
    }

    /// Kills it (`kill -9`): no connection is told, nothing is written down.
    pub fn kill(&mut self) -> Result<()> {
        let Some(postmaster) = self.postmaster.take() else { return Ok(()) };
        postmaster.kill()?;
        self.caretaker.expect_nothing_running()
    }

    /// Starts one that was stopped or killed, with the same data and on the same port, and waits until it is ready.
    pub fn start_again(&mut self) -> Result<()> {
        if self.postmaster.is_some() {
            return Ok(());
        }
        let folder = self.folder.path();
        let mut command = self.programs.postgres(self.account.as_ref());
        command.arg("-D").arg(data(folder)).args(["-p", &self.port.to_string()]).args(&self.arguments);
        let started = Postmaster::start(command, &data(folder), &folder.join("log"));
        let postmaster = started.with_context(|| format!("cannot start PostgreSQL on port {}", self.port))?;
        self.caretaker.expect_running(postmaster.id())?;
        self.postmaster = Some(postmaster);
        Ok(())
    }

    fn start_on_some_port(&mut self) -> Result<()> {
        let mut last = Ok(());
        for port in port::free().take(MAX_PORTS) {
            self.port = port;
            last = self.start_again();
            match &last {
                Err(error) if postmaster::is_port_taken(error) => {}
                _ => break,
            }
        }
        last
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // What cannot be stopped here, the caretaker ends.
        self.stop(Shutdown::Immediate).ok();
    }
}

fn data(folder: &Path) -> std::path::PathBuf {
    folder.join("data")
}

/// What `postgres` is started with besides its folder and port.
fn arguments(settings: &Settings) -> Vec<String> {
    let mut named = vec![
        ("listen_addresses", "127.0.0.1".to_owned()),
        // The path of a socket may be too long below a long temporary folder, and a port does all it would.
        ("unix_socket_directories", String::new()),
        ("max_connections", settings.max_connections.to_string()),
    ];
    if settings.durability == Durability::None {
        // Commits are still handed to the system before they are answered: a killed server must not forget them.
        named.extend([("fsync", "off".to_owned()), ("full_page_writes", "off".to_owned())]);
    }
    let others = settings.others.iter().map(|(name, value)| (name.as_str(), value.clone()));
    named
        .into_iter()
        .chain(others)
        .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
        .collect()
}
