//! Every test of the workspace, with what they need: the pages that the server embeds, a browser and a judge of what it
//! shows, a PostgreSQL, on which the server's integration tests run a second time, and brokers, for the features that the
//! default build leaves out.

mod arguments;

use std::{env, thread};

use anyhow::{Result, anyhow, bail};
use private_postgres::{Cluster, Settings};

use self::arguments::Arguments;
use crate::machine::{self, Need};
use crate::{axe, browser, command, dashboard, graphiql, native, workspace};

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

/// Runs `cargo test` with these arguments, on the whole workspace unless they choose packages, the server's integration
/// tests among them again on PostgreSQL, and the tests with brokers.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let arguments = Arguments::of(arguments);
    native::provide()?;
    dashboard::build()?;
    graphiql::fetch()?;
    axe::fetch()?;
    browser::provide()?;
    let postgres = if private_postgres::is_available() { Ok(()) } else { machine::provide(&POSTGRES) };
    if let Some(asked) = arguments.on_sqlite() {
        command::run(workspace::cargo().arg("test").args(asked).env_remove(TEST_POSTGRES))?;
    }
    let everything_must = env::var("CI").as_deref() == Ok("true");
    if let Some(again) = arguments.on_postgres() {
        match postgres.as_ref().map_err(|error| anyhow!("{error:#}")).and_then(|()| cluster()) {
            Ok(cluster) => {
                eprintln!("The server's integration tests again, on PostgreSQL");
                let mut on_postgres = workspace::cargo();
                command::run(
                    on_postgres.arg("test").args(again).env(TEST_POSTGRES, cluster.url("postgres")),
                )?;
            }
            Err(error) => not_run("POSTGRESQL", &error, everything_must)?,
        }
    }
    if let Some(with_brokers) = arguments.on_brokers() {
        match postgres.and_then(|()| brokers()) {
            Ok(()) => {
                eprintln!("The tests of the server and the agent with brokers");
                command::run(workspace::cargo().arg("test").args(with_brokers).env_remove(TEST_POSTGRES))?;
            }
            Err(error) => not_run("BROKERS", &error, everything_must)?,
        }
    }
    Ok(())
}

/// Installs the brokers where they are not there.
fn brokers() -> Result<()> {
    if machine::has_debian_packages(BROKERS.debian_packages) { Ok(()) } else { machine::provide(&BROKERS) }
}

fn cluster() -> Result<Cluster> {
    let tests_at_once = thread::available_parallelism().map_or(1, usize::from);
    let connections = OTHER_CONNECTIONS + CONNECTIONS_PER_TEST * tests_at_once;
    Cluster::start_with(&Settings { max_connections: connections as u32, ..Settings::default() })
}

/// What cannot be missed at the end of a long output, and is a failure where everything must be tested.
fn not_run(on_what: &str, why: &anyhow::Error, everything_must: bool) -> Result<()> {
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
        not_run("POSTGRESQL", &why, false).unwrap();
        let failure = not_run("POSTGRESQL", &why, true).unwrap_err().to_string();
        assert!(failure.contains("DID NOT RUN") && failure.contains("nobody installed it"), "{failure}");
    }
}
