//! Every test of the workspace, with what they need: the pages that the server embeds and a browser.

use anyhow::Result;

use crate::machine::{self, Need};
use crate::{command, dashboard, graphiql, workspace};

const CHROMIUM: Need = Need {
    what: "Chromium, for the tests in a browser",
    debian_packages: &["chromium"],
    elsewhere: "Install Chromium or Chrome so that `chromium` or `google-chrome` is on the PATH, or name it in CHROME, \
                then try again.",
};

/// The names under which the browser tests look for it too.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Runs `cargo test` with these arguments, on the whole workspace unless they choose packages.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    dashboard::build()?;
    graphiql::fetch()?;
    let browser_installed = BROWSERS.iter().any(|name| machine::find_program(name).is_some());
    if !browser_installed && std::env::var_os("CHROME").is_none() {
        machine::provide(&CHROMIUM)?;
    }
    command::run(workspace::cargo().arg("test").args(selection(arguments)).args(arguments))
}

fn selection(arguments: &[String]) -> Option<&'static str> {
    let for_cargo = arguments.iter().take_while(|argument| *argument != "--");
    let mut packages =
        for_cargo.filter(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    packages.next().is_none().then_some("--workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(line: &str) -> Option<&'static str> {
        selection(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_a_package_every_package_is_tested() {
        assert_eq!(selected(""), Some("--workspace"));
        assert_eq!(selected("late_event -- --nocapture -p"), Some("--workspace"));
    }

    #[test]
    fn named_packages_alone_are_tested() {
        assert_eq!(selected("-p domain"), None);
        assert_eq!(selected("--package=server browser"), None);
    }
}
