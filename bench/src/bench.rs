//! What every section needs: the program under measurement, fresh databases, the plan.

use std::{fmt, path::Path};

use anyhow::Result;

use crate::{andon::Andon, engine::Databases, plan::Plan, process::Server};

/// One run on one engine.
pub(crate) struct Bench<'a> {
    pub(crate) andon: &'a Andon,
    pub(crate) databases: &'a Databases,
    pub(crate) plan: &'a Plan,
    /// This program, which is also the server that only parses.
    pub(crate) myself: &'a Path,
    /// The hour of the run's begin, Unix milliseconds: the servers' clocks are real.
    pub(crate) hour_ms: i64,
}

impl Bench<'_> {
    /// Starts the server that only parses.
    pub(crate) async fn parse_only(&self) -> Result<Server> {
        Server::start(self.myself, &["parse-only"]).await
    }

    /// Tells whoever waits how far it is.
    pub(crate) fn say(&self, progress: fmt::Arguments<'_>) {
        eprintln!("{}: {progress}", self.databases.engine().name());
    }
}
