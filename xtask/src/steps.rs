//! The steps of a long command: several at the same time, each with its output in one piece, and in the end a table that
//! says where the time went.

mod outcome;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use self::outcome::{Outcome, TestCounts, table};
use crate::command;

/// Commands that are run one after another, all of them also when one fails.
pub(crate) struct Step {
    name: &'static str,
    commands: Vec<Command>,
}

impl Step {
    pub(crate) fn new(name: &'static str, commands: impl IntoIterator<Item = Command>) -> Self {
        Self { name, commands: commands.into_iter().collect() }
    }
}

/// What was done so far, and how long it took.
pub(crate) struct Steps {
    begun: Instant,
    outcomes: Vec<Outcome>,
}

impl Steps {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), outcomes: Vec::new() }
    }

    /// Does something that the others need, with its output as it comes.
    pub(crate) fn prepare<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let begun = Instant::now();
        let done = work()?;
        self.outcomes.push(Outcome::of_work(name, begun.elapsed()));
        Ok(done)
    }

    /// Runs steps, at most so many at the same time, the first of them first. Prints each one's output when it has ended.
    pub(crate) fn run(&mut self, steps: Vec<Step>, at_once: usize) {
        let waiting = Mutex::new(VecDeque::from(steps));
        let (ended, outcomes) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..at_once {
                let (waiting, ended) = (&waiting, ended.clone());
                scope.spawn(move || {
                    while let Some(step) = next(waiting) {
                        eprintln!("Running {}", step.name);
                        // The receiver lives as long as this scope.
                        ended.send(run(step)).ok();
                    }
                });
            }
            drop(ended);
            for (outcome, output) in outcomes {
                println!("\n=== {outcome}\n{}", output.trim_end());
                self.outcomes.push(outcome);
            }
        });
    }

    /// Prints the table, and fails when a step did.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n{}", table(&self.outcomes, self.begun.elapsed()));
        let failed: Vec<_> = self.outcomes.iter().filter(|outcome| outcome.has_failed()).collect();
        if failed.is_empty() {
            return Ok(());
        }
        let reasons: Vec<_> = failed.iter().map(|outcome| outcome.reason()).collect();
        bail!("{}", reasons.join("\n"))
    }
}

fn next(waiting: &Mutex<VecDeque<Step>>) -> Option<Step> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// Runs a step to its end and answers with all that it wrote.
fn run(step: Step) -> (Outcome, String) {
    let begun = Instant::now();
    let mut failures = Vec::new();
    let mut output = String::new();
    for command in step.commands {
        let name = command::shown(&command);
        match captured(command, &mut output) {
            Ok(true) => {}
            Ok(false) => failures.push(format!("`{name}` failed")),
            Err(error) => failures.push(format!("`{name}` could not be run: {error}")),
        }
    }
    let outcome = Outcome::of_tests(step.name, begun.elapsed(), TestCounts::of(&output), failures);
    (outcome, output)
}

/// Whether a command succeeded; what it wrote to either of its outputs is put behind the text.
fn captured(mut command: Command, output: &mut String) -> io::Result<bool> {
    let mut file: File = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file.try_clone()?);
    let status = command.status()?;
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    output.push_str(&String::from_utf8_lossy(&bytes));
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn a_step_runs_all_of_its_commands_and_fails_when_one_of_them_does() {
        let commands = [shell("echo one; exit 3"), shell("echo two >&2"), Command::new("no-such-program")];
        let (outcome, output) = run(Step::new("three", commands));
        assert_eq!(output, "one\ntwo\n");
        let reason = outcome.reason();
        assert!(
            reason.contains("`sh -c echo one; exit 3` failed") && !reason.contains("echo two"),
            "{reason}"
        );
        assert!(reason.contains("`no-such-program` could not be run"), "{reason}");
    }

    #[test]
    fn steps_run_at_the_same_time_as_far_as_allowed_and_a_failure_is_told_in_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name).display().to_string();
        // Each waits for the other: one after another they would never end.
        let meet = |mine: &str, others: &str| {
            shell(&format!("touch {}; while [ ! -e {} ]; do sleep 0.01; done", file(mine), file(others)))
        };
        let steps = vec![
            Step::new("one", [meet("a", "b")]),
            Step::new("other", [meet("b", "a")]),
            Step::new("third", [shell("exit 1")]),
        ];
        let mut all = Steps::begin();
        all.run(steps, 2);
        let failure = all.finish().expect_err("the third step failed").to_string();
        assert!(failure.starts_with("third: ") && !failure.contains("one: "), "{failure}");
    }
}
