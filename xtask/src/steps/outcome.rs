//! How a step ended, and the table of all of them.

use std::fmt;
use std::time::Duration;

/// How many tests passed, failed and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TestCounts {
    passed: usize,
    failed: usize,
}

impl TestCounts {
    /// The sum of all lines such as `test result: ok. 3 passed; 0 failed; ...` of an output.
    pub(super) fn of(output: &str) -> Self {
        let results = output.lines().filter_map(|line| line.strip_prefix("test result: "));
        let count = |result: &str, what: &str| -> usize {
            let counted = result.split(['.', ';']).find_map(|part| part.trim().strip_suffix(what));
            counted.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
        };
        results.fold(Self::default(), |sum, result| Self {
            passed: sum.passed + count(result, "passed"),
            failed: sum.failed + count(result, "failed"),
        })
    }
}

/// A step that has ended.
pub(super) struct Outcome {
    name: &'static str,
    took: Duration,
    tests: Option<TestCounts>,
    failures: Vec<String>,
}

impl Outcome {
    /// Of something that has no tests and succeeded.
    pub(super) fn of_work(name: &'static str, took: Duration) -> Self {
        Self { name, took, tests: None, failures: Vec::new() }
    }

    pub(super) fn of_tests(
        name: &'static str,
        took: Duration,
        tests: TestCounts,
        failures: Vec<String>,
    ) -> Self {
        Self { name, took, tests: Some(tests), failures }
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// What failed.
    pub(super) fn reason(&self) -> String {
        format!("{}: {}", self.name, self.failures.join(", "))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.has_failed() { "FAILED" } else { "succeeded" };
        write!(f, "{} {how} after {} s", self.name, self.took.as_secs())
    }
}

/// A line for each step and one for all of them, which took `took` together; the sum of the tests below.
pub(super) fn table(outcomes: &[Outcome], took: Duration) -> String {
    let sum =
        outcomes.iter().filter_map(|outcome| outcome.tests).fold(TestCounts::default(), |sum, tests| {
            TestCounts { passed: sum.passed + tests.passed, failed: sum.failed + tests.failed }
        });
    let longest = outcomes.iter().map(|outcome| outcome.name.len()).max().unwrap_or(0);
    let line = |name: &str, took: Duration, tests: Option<TestCounts>| {
        let [passed, failed] = tests.map_or_else(Default::default, |tests| {
            [tests.passed, tests.failed].map(|count| count.to_string())
        });
        format!("{name:longest$}  {:7}  {passed:>6}  {failed:>6}", took.as_secs())
    };
    let head = format!("{:longest$}  seconds  passed  failed", "step");
    let steps = outcomes.iter().map(|outcome| line(outcome.name, outcome.took, outcome.tests));
    let lines: Vec<_> = [head].into_iter().chain(steps).chain([line("all", took, Some(sum))]).collect();
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
    format!("{}\n\n{} passed, {} failed", lines.join("\n"), sum.passed, sum.failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_an_output_are_the_sum_of_its_results() {
        let output = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished\n\
                      noise\ntest result: FAILED. 11 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished\n";
        assert_eq!(TestCounts::of(output), TestCounts { passed: 13, failed: 3 });
    }

    #[test]
    fn the_table_has_a_line_for_each_step_and_the_sum_below() {
        let seconds = Duration::from_secs;
        let outcomes = [
            Outcome::of_work("build", seconds(300)),
            Outcome::of_tests(
                "pages",
                seconds(95),
                TestCounts { passed: 40, failed: 1 },
                vec!["it".to_owned()],
            ),
            Outcome::of_tests("crates", seconds(20), TestCounts { passed: 1_000, failed: 0 }, vec![]),
        ];
        let expected = "\
step    seconds  passed  failed
build       300
pages        95      40       1
crates       20    1000       0
all         400    1040       1

1040 passed, 1 failed";
        assert_eq!(table(&outcomes, seconds(400)), expected);
        assert_eq!(outcomes[1].to_string(), "pages FAILED after 95 s");
    }
}
