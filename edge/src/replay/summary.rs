//! What became of all the lines, for the end of a replay.

use std::collections::BTreeMap;
use std::fmt;

use domain::limits::MAX_MESSAGE_CHARS;

use super::batcher::LineNumbers;
use crate::outlet::response::{IngestResult, printable};

/// How many troubled lines are named one by one; the rest are counted. They are the first of the file.
pub const SHOWN_ISSUES: usize = 100;

/// The code of a line that could not even be sent.
pub const MALFORMED_LINE: &str = "MALFORMED_LINE";

/// Counts of all lines so far, and the first of those that were not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events stored by this replay.
    pub accepted: u64,
    /// Events that were stored before and say the same.
    pub duplicates: u64,
    /// Events that contradict a stored one; both are kept, no metric changes.
    pub conflicts: u64,
    /// Events that break a rule, and malformed lines.
    pub rejected: u64,
    issues: BTreeMap<u64, String>,
}

impl Summary {
    /// Counts a line that is no event.
    pub fn add_malformed(&mut self, line: u64, reason: &str) {
        self.rejected += 1;
        self.keep_issue(line, MALFORMED_LINE, reason);
    }

    /// Counts the events of these lines as the server answered for them.
    pub fn add_result(&mut self, lines: &LineNumbers, result: &IngestResult) {
        self.accepted += result.accepted;
        self.duplicates += result.duplicates;
        self.conflicts += result.conflicts;
        self.rejected += result.rejected;
        for issue in &result.issues {
            if let Some(line) = lines.line(issue.index) {
                self.keep_issue(line, &issue.code, &issue.message);
            }
        }
    }

    /// Whether every line is stored: accepted now or stored before.
    pub fn is_all_stored(&self) -> bool {
        self.troubled() == 0
    }

    fn troubled(&self) -> u64 {
        self.conflicts + self.rejected
    }

    fn keep_issue(&mut self, line: u64, code: &str, message: &str) {
        // A reason of ours may list every field, so it is given more room than one of the server's messages.
        const REASON_CHARACTERS: usize = 2 * MAX_MESSAGE_CHARS;
        let said =
            format!("{}: {}", printable(code, MAX_MESSAGE_CHARS), printable(message, REASON_CHARACTERS));
        self.issues.insert(line, said);
        if self.issues.len() > SHOWN_ISSUES {
            self.issues.pop_last();
        }
    }
}

impl fmt::Display for Summary {
    /// The troubled lines, one a line, and the counts in the last line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, said) in &self.issues {
            writeln!(f, "line {line}: {said}")?;
        }
        let not_shown = self.troubled().saturating_sub(self.issues.len() as u64);
        if not_shown > 0 {
            writeln!(f, "and {not_shown} more")?;
        }
        f.write_str(&self.counts())
    }
}

impl Summary {
    /// The four counts in one line.
    pub fn counts(&self) -> String {
        format!(
            "accepted {}, duplicates {}, conflicts {}, rejected {}",
            self.accepted, self.duplicates, self.conflicts, self.rejected
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::batcher::Batcher;
    use super::*;
    use crate::line::EventLine;
    use crate::outlet::response::Issue;

    fn lines(lines: std::ops::RangeInclusive<u64>) -> LineNumbers {
        let mut batcher = Batcher::new(10_000);
        for number in lines {
            assert_eq!(batcher.push(EventLine { number, json: "{}".to_owned(), buckets: 1 }), None);
        }
        batcher.finish().expect("there are lines").origin
    }

    #[test]
    fn the_lines_of_the_file_are_named_and_not_the_positions_in_a_batch() {
        let mut summary = Summary::default();
        let issue = Issue { index: 1, code: "CONFLICT".to_owned(), message: "It says\u{7} 5.".to_owned() };
        let result =
            IngestResult { accepted: 1, conflicts: 1, issues: vec![issue], ..IngestResult::default() };
        summary.add_result(&lines(11..=12), &result);
        summary.add_malformed(3, "durationMinutes is missing");
        assert_eq!(
            summary.to_string(),
            "line 3: MALFORMED_LINE: durationMinutes is missing\nline 12: CONFLICT: It says  5.\n\
             accepted 1, duplicates 0, conflicts 1, rejected 1"
        );
        assert!(!summary.is_all_stored());
    }

    #[test]
    fn the_first_hundred_troubled_lines_are_named_in_whatever_order_they_come() {
        let mut summary = Summary::default();
        for line in (1..=250).rev() {
            summary.add_malformed(line, "it is blue");
        }
        let said = summary.to_string();
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines[0], "line 1: MALFORMED_LINE: it is blue");
        assert_eq!(lines[99], "line 100: MALFORMED_LINE: it is blue");
        assert_eq!(lines[100..], ["and 150 more", "accepted 0, duplicates 0, conflicts 0, rejected 250"]);
    }

    #[test]
    fn accepted_and_duplicate_lines_are_all_stored() {
        let mut summary = Summary::default();
        let result = IngestResult { accepted: 1, duplicates: 1, ..IngestResult::default() };
        summary.add_result(&lines(1..=2), &result);
        assert!(summary.is_all_stored());
        assert_eq!(summary.to_string(), "accepted 1, duplicates 1, conflicts 0, rejected 0");
    }
}
