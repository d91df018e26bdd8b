//! Batches as the writer takes them, and what becomes of them.

use std::ops::Range;

use domain::{
    event::Event,
    id::{CredentialId, FactoryId, FactorySlug, Revision},
    time::TimestampMs,
    validate::RegisteredName,
};

use crate::store::{devices::Sender, issues::Issues};

/// A batch whose events are valid.
#[derive(Clone, Debug)]
pub struct Batch {
    /// For which factory.
    pub factory_slug: FactorySlug,
    /// In the order in which they were sent.
    pub events: Vec<Event>,
    /// When the batch came, Unix milliseconds.
    pub received_at_ms: TimestampMs,
    /// What its sender proved who they are with.
    pub credential_id: Option<CredentialId>,
    /// Those that were sent with it and are not valid.
    pub issues: Issues,
    /// Who sent it, where the sender numbers its events.
    pub numbered: Option<Box<Numbered>>,
}

/// Some of a batch's events, which are stored in one transaction: all of them, unless the batch is too much work for one.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Of which batch.
    pub batch: &'a Batch,
    /// Which of its events.
    pub range: Range<usize>,
}

impl<'a> Part<'a> {
    /// The whole of a batch.
    pub fn whole(batch: &'a Batch) -> Self {
        Self { batch, range: 0..batch.events.len() }
    }

    /// Its events.
    pub fn events(&self) -> &'a [Event] {
        &self.batch.events[self.range.clone()]
    }
}

/// What a sender that numbers its events says of a batch.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// Who it is.
    pub sender: Sender,
    /// The positions, in order, of those events of the batch that were not valid.
    pub rejected: Vec<usize>,
}

impl Numbered {
    /// Of a range of the batch's `events` valid events: at which position of the batch it begins, and the rejected positions
    /// that belong to it, which are those behind it and, at the beginning of the batch, those before it.
    pub(super) fn positions(&self, range: Range<usize>, events: usize) -> (usize, &[usize]) {
        // How many rejected ones come before a valid one.
        let before = |valid: usize| {
            let with_index = self.rejected.iter().enumerate();
            with_index.take_while(|(index, rejected)| **rejected - index <= valid).count()
        };
        let from = if range.start == 0 { 0 } else { before(range.start) };
        let to = if range.end == events { self.rejected.len() } else { before(range.end) };
        (range.start + from, &self.rejected[from..to])
    }
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored now.
    Accepted,
    /// It was said before, in the same words.
    Duplicate,
    /// It was said before, in other words; these are kept beside.
    Conflict,
    /// It names one worker or workstation too many.
    EntityLimitReached,
    /// It names one model version too many.
    ModelVersionLimitReached,
    /// It names one source too many.
    SourceLimitReached,
    /// It would register a name that no new one may be.
    NameRefused(RegisteredName),
}

/// What became of a batch, or of a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The factory's key.
    pub factory_id: FactoryId,
    /// The factory's revision once it is in.
    pub revision: Revision,
    /// One for each event that was judged, in their order: fewer than the part has where judging all of them in one
    /// transaction would read too much. The others are still to be stored.
    pub verdicts: Vec<Verdict>,
}

/// What became of a group of parts.
#[derive(Debug)]
pub struct GroupStored {
    /// One for each part, in their order; none where there is no such factory.
    pub parts: Vec<Option<Stored>>,
    /// How many stored events were read because an event was late.
    pub neighbours_read: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_a_batch_have_each_position_once() {
        // Sent were: two rejected, three valid, one rejected, two valid, one rejected.
        let rejected = vec![0, 1, 5, 8];
        let sender = Sender {
            device_code: "edge-1".to_owned(),
            epoch: "a".to_owned(),
            first_sequence: 1,
            sent_at_ms: TimestampMs(0),
            queued_events: 0,
            oldest_queued_at_ms: None,
            lost_events: 0,
            dead_lettered_events: 0,
            closed: Vec::new(),
        };
        let numbered = Numbered { sender, rejected };
        let positions = |range| numbered.positions(range, 5);
        assert_eq!(positions(0..5), (0, &[0, 1, 5, 8][..]));
        assert_eq!(positions(0..2), (0, &[0, 1][..]));
        assert_eq!(positions(2..3), (4, &[5][..]));
        assert_eq!(positions(3..5), (6, &[8][..]));
    }
}
