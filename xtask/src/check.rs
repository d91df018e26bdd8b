//! What one checks a change with while working on it: formatting, lints, and every test that needs nothing but Rust.

use anyhow::Result;

use crate::steps::{Step, Steps};
use crate::{native, workspace};

const FORMATTING: [&str; 3] = ["fmt", "--all", "--check"];
const LINTS: [&str; 7] = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
/// The tests inside the crates, and those of `domain` against METRICS.md.
const TESTS: [&str; 6] = ["test", "--workspace", "--lib", "--bins", "--test", "metrics_doc"];

/// Runs all of it, and fails when any of it does.
pub(crate) fn run() -> Result<()> {
    native::provide()?;
    let step = |name, arguments: &[&str]| {
        let mut cargo = workspace::cargo();
        cargo.args(arguments);
        Step::new(name, [cargo])
    };
    let steps =
        vec![step("formatting", &FORMATTING), step("lints", &LINTS), step("tests of the crates", &TESTS)];
    let mut all = Steps::begin();
    // One after another: each locks the target folder.
    all.run(steps, 1);
    all.finish()
}
