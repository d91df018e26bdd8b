//! pip, with which tests fetch packages that others wrote: the newest rules of time zones, and clients of GraphQL.

use std::process::Command;

use anyhow::Result;

use crate::command;
use crate::machine::{self, Need};

const PIP: Need = Need {
    what: "Python with pip, to fetch the newest rules of time zones and clients that others wrote",
    debian_packages: &["python3-pip"],
    elsewhere: "Install Python 3 with pip, then try again.",
};

/// Installs it where it is not there.
pub(crate) fn provide() -> Result<()> {
    match command::answer(Command::new("python3").args(["-m", "pip", "--version"])) {
        Some(_) => Ok(()),
        None => machine::provide(&PIP),
    }
}
