//! Every test of the workspace, with what they need: the pages that the server embeds, a browser and a judge of what it
//! shows, a PostgreSQL, on which the server's integration tests run a second time, and brokers, for the features that the
//! default build leaves out.

mod arguments;
mod binaries;
mod suite;

use std::{env, thread};

use anyhow::{Result, anyhow, bail};
use private_postgres::{Cluster, Settings};

use self::arguments::Arguments;
use self::suite::Environment;
use crate::machine::{self, Need};
use crate::steps::Steps;
use crate::{axe, browser, command, dashboard, graphiql, native, pip, workspace};

const POSTGRES: Need = Need {
    what: "PostgreSQL, for the tests on it",
    debian_packages: &["postgresql"],
    elsewhere: "Install PostgreSQL 13 or later with its server programs initdb and postgres, then try again.",
};

const BROKERS: Need = Need {
    what: "RabbitMQ and mosquitto, for the tests on brokers",
    debian_packages: &["rabbitmq-server", "mosquitto"],
    elsewhere: "The tests on brokers run on Debian.",
};

/// Names the cluster to the tests; without it they run on SQLite.
const TEST_POSTGRES: &str = "ANDON_TEST_POSTGRES";

/// The connections of one test at once: a few servers, each with a pool to write, one to read and one to listen.
const CONNECTIONS_PER_TEST: usize = 40;
/// Connections beside those: to make and drop databases.
const OTHER_CONNECTIONS: usize = 100;

/// Runs the whole suite; with arguments, `cargo test` with these.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if arguments.is_empty() { run_all() } else { run_some(&Arguments::of(arguments)) }
}

/// Builds every test once and runs them all, several steps at the same time.
fn run_all() -> Result<()> {
    let mut all = Steps::begin();
    let postgres = all.prepare("what the tests need", provide)?;
    let (cluster, brokers) = match postgres {
        Ok(()) => (cluster(), brokers()),
        Err(error) => (Err(anyhow!("{error:#}")), Err(error)),
    };
    let binaries = all.prepare("build", binaries::build)?;
    let environment = Environment {
        postgres: cluster.as_ref().ok().map(|cluster| cluster.url("postgres")),
        has_brokers: brokers.is_ok(),
    };
    all.run(suite::steps(&binaries, &environment), steps_at_once());
    all.finish()?;
    for (on_what, missing) in [("POSTGRESQL", cluster.err()), ("BROKERS", brokers.err())] {
        if let Some(error) = missing {
            not_run(on_what, &error)?;
        }
    }
    Ok(())
}

/// Runs `cargo test` with what was asked, on the whole workspace unless packages are chosen, the server's integration tests
/// among them again on PostgreSQL, and the tests with brokers.
fn run_some(arguments: &Arguments<'_>) -> Result<()> {
    let postgres = provide()?;
    if let Some(asked) = arguments.on_sqlite() {
        command::run(workspace::cargo().arg("test").args(asked).env_remove(TEST_POSTGRES))?;
    }
    if let Some(again) = arguments.on_postgres() {
        match postgres.as_ref().map_err(|error| anyhow!("{error:#}")).and_then(|()| cluster()) {
            Ok(cluster) => {
                eprintln!("The server's integration tests again, on PostgreSQL");
                let mut on_postgres = workspace::cargo();
                command::run(
                    on_postgres.arg("test").args(again).env(TEST_POSTGRES, cluster.url("postgres")),
                )?;
            }
            Err(error) => not_run("POSTGRESQL", &error)?,
        }
    }
    if let Some(with_brokers) = arguments.on_brokers() {
        match postgres.and_then(|()| brokers()) {
            Ok(()) => {
                eprintln!("The tests of the server and the agent with brokers");
                command::run(workspace::cargo().arg("test").args(with_brokers).env_remove(TEST_POSTGRES))?;
            }
            Err(error) => not_run("BROKERS", &error)?,
        }
    }
    Ok(())
}

/// Installs and builds what every run needs; the answer says whether there is a PostgreSQL, too.
fn provide() -> Result<Result<()>> {
    native::provide()?;
    dashboard::build()?;
    graphiql::fetch()?;
    axe::fetch()?;
    browser::provide()?;
    pip::provide()?;
    Ok(if private_postgres::is_available() { Ok(()) } else { machine::provide(&POSTGRES) })
}

/// One more than there are processors: most tests wait for something most of the time.
fn steps_at_once() -> usize {
    tests_at_once() + 1
}

/// How many tests the test runner runs at the same time.
fn tests_at_once() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Installs the brokers where they are not there.
fn brokers() -> Result<()> {
    if machine::has_debian_packages(BROKERS.debian_packages) { Ok(()) } else { machine::provide(&BROKERS) }
}

fn cluster() -> Result<Cluster> {
    let connections = OTHER_CONNECTIONS + CONNECTIONS_PER_TEST * tests_at_once();
    Cluster::start_with(&Settings { max_connections: connections as u32, ..Settings::default() })
}

/// What cannot be missed at the end of a long output, and is a failure where everything must be tested.
fn not_run(on_what: &str, why: &anyhow::Error) -> Result<()> {
    say_not_run(on_what, why, env::var("CI").as_deref() == Ok("true"))
}

fn say_not_run(on_what: &str, why: &anyhow::Error, everything_must: bool) -> Result<()> {
    let words = format!("THE TESTS ON {on_what} DID NOT RUN");
    if everything_must {
        bail!("{words}, which CI=true makes a failure: {why:#}");
    }
    let line = "=".repeat(words.len());
    eprintln!("\n{line}\n{words}\n{line}\n{why:#}\nThe others passed.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_did_not_run_are_a_failure_only_where_everything_must() {
        let why = anyhow::anyhow!("nobody installed it");
        say_not_run("POSTGRESQL", &why, false).unwrap();
        let failure = say_not_run("POSTGRESQL", &why, true).unwrap_err().to_string();
        assert!(failure.contains("DID NOT RUN") && failure.contains("nobody installed it"), "{failure}");
    }
}
