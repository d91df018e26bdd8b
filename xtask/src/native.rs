//! What the libraries in C that the server is built with are made by.

use anyhow::Result;

use crate::machine::{self, Need};

const MAKE: Need = Need {
    what: "make, which builds the server's memory allocator",
    debian_packages: &["make"],
    elsewhere: "Install make and a C compiler, then try again.",
};

/// Installs what is missing to build the server.
pub(crate) fn provide() -> Result<()> {
    if machine::find_program("make").is_some() { Ok(()) } else { machine::provide(&MAKE) }
}
