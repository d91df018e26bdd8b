//! The log: on stderr, for people first.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise. The database's library reports every statement at `info`.
const DEFAULT_FILTER: &str = "info,sqlx=warn,sea_orm_migration=warn";

/// Starts the log. `RUST_LOG` chooses what is in it, such as `server=debug`.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    // Colours are for terminals, not for files.
    log.with_ansi(std::io::stderr().is_terminal()).init();
}
