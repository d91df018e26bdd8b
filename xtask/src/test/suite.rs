//! The whole suite: built once, and run in steps of which several run at the same time.

use super::TEST_POSTGRES;
use super::arguments::{ENGINE_TARGETS, Engine, PACKAGE};
use super::binaries::{Binary, documentation};
use crate::steps::Step;

/// What is there beside the browser.
pub(super) struct Environment {
    /// The URL of a database of a PostgreSQL cluster.
    pub(super) postgres: Option<String>,
    pub(super) has_brokers: bool,
}

/// Test targets by their crate's folder and their name.
type Targets = &'static [(&'static str, &'static str)];

const PAGES: Targets = &[("server", "browser"), ("browser-driver", "page")];
const AGENT: Targets = &[("server", "edge"), ("edge", "it")];
const BROKERS: Targets = &[("server", "broker"), ("edge", "broker")];

/// Whether these are tests of the server that run on every engine.
fn is_of_engines(binary: &Binary) -> bool {
    ENGINE_TARGETS.iter().any(|target| binary.is(PACKAGE, target))
}

/// The steps of the suite, the longest first, so that none is left alone at the end.
pub(super) fn steps(binaries: &[Binary], environment: &Environment) -> Vec<Step> {
    let named = |targets: Targets| {
        let is_named =
            move |binary: &&Binary| targets.iter().any(|(folder, target)| binary.is(folder, target));
        binaries.iter().filter(is_named)
    };
    let plain = |targets: Targets| named(targets).map(Binary::command);
    let server = |engine: Engine| {
        binaries.iter().filter(|binary| is_of_engines(binary)).map(move |binary| {
            let mut command = binary.command();
            command.args(["--skip", engine.tests_of_others()]);
            command
        })
    };
    let all_named = [PAGES, AGENT, BROKERS].concat();
    let is_other = |binary: &&Binary| {
        !is_of_engines(binary) && !all_named.iter().any(|(folder, target)| binary.is(folder, target))
    };
    let others = binaries.iter().filter(is_other).map(Binary::command);

    let mut steps = vec![
        Step::new("pages in a browser", plain(PAGES)),
        Step::new("server on SQLite", server(Engine::Sqlite)),
    ];
    if let Some(url) = &environment.postgres {
        let on_postgres = server(Engine::Postgres).map(|mut command| {
            command.env(TEST_POSTGRES, url);
            command
        });
        steps.push(Step::new("server on PostgreSQL", on_postgres));
    }
    if environment.has_brokers {
        steps.push(Step::new("brokers", plain(BROKERS)));
    }
    steps.push(Step::new("agent and server", plain(AGENT)));
    steps.push(Step::new("crates", others));
    steps.push(Step::new("documentation", [documentation()]));
    steps
}
