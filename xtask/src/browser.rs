//! The Chromium that tests and measurements drive.

use std::env;

use anyhow::Result;

use crate::machine::{self, Need};

const CHROMIUM: Need = Need {
    what: "Chromium, to see pages as people do",
    debian_packages: &["chromium"],
    elsewhere: "Install Chromium or Chrome so that `chromium` or `google-chrome` is on the PATH, or name it in CHROME, \
                then try again.",
};

/// The names under which browser-driver looks for it too.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Installs it where there is none.
pub(crate) fn provide() -> Result<()> {
    let is_installed = BROWSERS.iter().any(|name| machine::find_program(name).is_some());
    if is_installed || env::var_os("CHROME").is_some() { Ok(()) } else { machine::provide(&CHROMIUM) }
}
