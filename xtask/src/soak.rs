//! The tests that try something again and again, such as kills and damaged files, for many more rounds than the suite does.

use anyhow::Result;

use crate::{command, native, pip, workspace};

/// The factor that `test_harness::rounds` reads.
const FACTOR: &str = "ANDON_SOAK";
const TARGETS: [&str; 6] = ["--workspace", "--lib", "--test", "it", "--test", "edge"];
/// The modules with tests that take their rounds from `test_harness::rounds`.
const MODULES: [&str; 16] = [
    "as_of_law",
    "crash",
    "damage",
    "decision_faults",
    "decision_kills",
    "decision_law",
    "devices",
    "handle",
    "kills",
    "lanes",
    "model",
    "oracle",
    "proof",
    "sources",
    "store_law",
    "vanishing_sockets",
];

/// Runs these tests with so many times the rounds of the suite; arguments for the tests may name some of them.
pub(crate) fn run(times: u32, test_args: &[String]) -> Result<()> {
    native::provide()?;
    // Some of them are judged by programs in Python.
    pip::provide()?;
    let mut cargo = workspace::cargo();
    // What each test found in its rounds is printed also when it passes.
    cargo.env(FACTOR, times.to_string()).arg("test").args(TARGETS).args(["--", "--show-output"]);
    if test_args.is_empty() {
        cargo.args(MODULES.map(|module| format!("{module}::")));
    }
    command::run(cargo.args(test_args))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The names of the files below a folder that take rounds.
    fn with_rounds(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                with_rounds(&path, found);
            } else if fs::read_to_string(&path).is_ok_and(|text| text.contains("rounds(")) {
                found.insert(path.file_stem().expect("a name").display().to_string());
            }
        }
    }

    #[test]
    fn every_test_with_rounds_is_part_of_a_soak() {
        let mut found = BTreeSet::new();
        for folder in ["domain/src", "domain/tests", "edge/src", "edge/tests", "server/src", "server/tests"] {
            with_rounds(&workspace::root().join(folder), &mut found);
        }
        assert_eq!(found, MODULES.map(str::to_owned).into());
    }
}
