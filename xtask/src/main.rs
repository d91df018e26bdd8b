//! Every developer command of the workspace: `cargo xtask demo | check | test | soak | bench | dashboard | graphiql`.
//!
//! A fresh clone needs Rust and nothing else: what a command needs beyond that it fetches through the machine's own
//! package managers, says so, and where that is not possible it stops with a sentence that says what to install.

mod axe;
mod bench;
mod browser;
mod check;
mod command;
mod dashboard;
mod demo;
mod graphiql;
mod machine;
mod native;
mod npm;
mod pip;
mod publish;
mod soak;
mod steps;
mod test;
mod workspace;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;

/// The developer commands of Andon.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Xtask {
    /// Build what is missing, start the server with a simulated factory and print the address to open.
    Demo {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:8000")]
        listen: SocketAddr,
    },
    /// Check formatting and lints, and run the tests that need no browser, database or broker.
    Check,
    /// Run every test; what follows `test` is handed to `cargo test`.
    Test {
        /// Arguments for `cargo test`, such as `-p domain` or `-- --nocapture`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        cargo_test_args: Vec<String>,
    },
    /// Run the tests that try something again and again for many more rounds than `test` does.
    Soak {
        /// How many times the rounds of `test`.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        times: u32,
        /// Arguments for the tests, such as a part of a test's name.
        #[arg(last = true)]
        test_args: Vec<String>,
    },
    /// Measure a release build from outside and print tables; what follows `bench` is handed to the measuring program.
    Bench {
        /// Such as `--quick`, `--only ingest,push`, `--engine sqlite`, `--json FILE`, `dashboard --minutes 60` to watch the
        /// dashboard in a browser, or `hostile` to attack the server; `--help` after `--` lists all.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        bench_args: Vec<String>,
    },
    /// Build the dashboard for the browser into target/web/dashboard.
    Dashboard,
    /// Fetch the GraphQL IDE into target/web/graphiql.
    Graphiql,
}

fn main() -> ExitCode {
    let done = match Xtask::parse() {
        Xtask::Demo { listen } => demo::run(listen),
        Xtask::Check => check::run(),
        Xtask::Soak { times, test_args } => soak::run(times, &test_args),
        Xtask::Test { cargo_test_args } => test::run(&cargo_test_args),
        Xtask::Bench { bench_args } => bench::run(&bench_args),
        Xtask::Dashboard => dashboard::build(),
        Xtask::Graphiql => graphiql::fetch(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
