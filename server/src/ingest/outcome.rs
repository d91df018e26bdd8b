//! What a caller is told of a batch: its own judge's rejections and the store's verdicts, put together.

use domain::{event::Event, id::Revision, validate::Rejection};

use crate::store::{
    issues::IssueCode,
    writer::{Stored, Verdict},
};

/// What became of one batch. `accepted + duplicates + conflicts + rejected` is the number of events sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Stored now.
    pub accepted: usize,
    /// Said before, in the same words.
    pub duplicates: usize,
    /// Said before, in other words.
    pub conflicts: usize,
    /// Not valid.
    pub rejected: usize,
    /// One for each conflict and each rejection, in the order of the batch.
    pub issues: Vec<Issue>,
    /// The factory's revision once this batch is in.
    pub revision: Revision,
}

/// Why one event of a batch was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Position in the batch, from 0.
    pub index: usize,
    /// For programs.
    pub code: IssueCode,
    /// For people.
    pub message: String,
}

impl Outcome {
    /// Puts together what was said of each event, in the order of the batch. `events` are those that the store judged.
    pub(super) fn new(events: &[Event], rejections: Vec<(usize, Rejection)>, stored: &Stored) -> Self {
        let mut outcome = Self { revision: stored.revision, ..Self::default() };
        let mut rejections = rejections.into_iter().peekable();
        let mut index = 0;
        for (event, verdict) in events.iter().zip(&stored.verdicts) {
            // The rejected ones that were sent before this one.
            while let Some((_, rejection)) = rejections.next_if(|(rejected, _)| *rejected == index) {
                outcome.reject(index, rejection);
                index += 1;
            }
            outcome.count(index, event, *verdict);
            index += 1;
        }
        for (index, rejection) in rejections {
            outcome.reject(index, rejection);
        }
        outcome
    }

    fn count(&mut self, index: usize, event: &Event, verdict: Verdict) {
        match verdict {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Duplicate => self.duplicates += 1,
            refused => match refused.issue(event) {
                Some((code @ IssueCode::Conflict, message)) => {
                    self.conflicts += 1;
                    self.issues.push(Issue { index, code, message });
                }
                Some((code, message)) => self.refuse(index, code, message),
                None => {}
            },
        }
    }

    fn refuse(&mut self, index: usize, code: IssueCode, message: String) {
        self.rejected += 1;
        self.issues.push(Issue { index, code, message });
    }

    fn reject(&mut self, index: usize, Rejection { code, message }: Rejection) {
        self.refuse(index, IssueCode::Rejected(code), message);
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        event::{EntityType, EventType, Extent},
        id::FactoryId,
        time::{DurationMs, TimestampMs},
        validate::RejectionCode,
    };

    use super::*;

    fn event(code: &str) -> Event {
        Event {
            entity_type: EntityType::Worker,
            entity_code: code.to_owned(),
            event_type: EventType::Idle,
            started_at_ms: TimestampMs(0),
            extent: Extent::Interval(DurationMs::ZERO),
            units: 0,
            confidence: None,
            model_version: None,
            event_code: String::new(),
            source: None,
            workstation: None,
        }
    }

    fn rejected(index: usize) -> (usize, Rejection) {
        (index, Rejection { code: RejectionCode::EntityIdInvalid, message: format!("number {index}") })
    }

    #[test]
    fn issues_keep_the_order_and_the_positions_of_the_batch() {
        let verdicts =
            [Verdict::Conflict, Verdict::Accepted, Verdict::EntityLimitReached, Verdict::Duplicate].to_vec();
        let events = ["W1", "W2", "W3", "W4"].map(event);
        let stored = Stored { factory_id: FactoryId(1), revision: Revision(7), verdicts };
        // Sent were: two rejected, W1, one rejected, W2, W3, W4, two rejected.
        let outcome = Outcome::new(&events, [0, 1, 3, 7, 8].map(rejected).to_vec(), &stored);
        let invalid = IssueCode::Rejected(RejectionCode::EntityIdInvalid);
        let issues: Vec<(usize, IssueCode)> =
            outcome.issues.iter().map(|issue| (issue.index, issue.code)).collect();
        let expected = [
            (0, invalid),
            (1, invalid),
            (2, IssueCode::Conflict),
            (3, invalid),
            (5, IssueCode::EntityLimitReached),
            (7, invalid),
            (8, invalid),
        ];
        assert_eq!(issues, expected);
        assert_eq!(outcome.issues[3].message, "number 3");
        assert!(outcome.issues[4].message.contains("\"W3\""), "{}", outcome.issues[4].message);
        let counts = [outcome.accepted, outcome.duplicates, outcome.conflicts, outcome.rejected];
        assert_eq!((counts, outcome.revision), ([1, 1, 1, 6], Revision(7)));
    }
}
