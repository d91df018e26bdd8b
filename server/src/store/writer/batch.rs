//! Batches as the writer takes them, and what becomes of them.

use domain::{
    event::Event,
    id::{FactoryId, FactorySlug, Revision},
    time::TimestampMs,
    validate::RegisteredName,
};

use crate::store::devices::Sender;

/// A batch whose events are valid.
#[derive(Clone, Debug)]
pub struct Batch {
    /// For which factory.
    pub factory_slug: FactorySlug,
    /// In the order in which they were sent.
    pub events: Vec<Event>,
    /// When the batch came, Unix milliseconds.
    pub received_at_ms: TimestampMs,
    /// Who sent it, where the sender numbers its events.
    pub numbered: Option<Box<Numbered>>,
}

/// What a sender that numbers its events says of a batch.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// Who it is.
    pub sender: Sender,
    /// The positions, in order, of those events of the batch that were not valid.
    pub rejected: Vec<usize>,
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
    /// It would register a name that no new one may be.
    NameRefused(RegisteredName),
}

/// What became of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The factory's key.
    pub factory_id: FactoryId,
    /// The factory's revision once this batch is in.
    pub revision: Revision,
    /// One for each event, in their order.
    pub verdicts: Vec<Verdict>,
}

/// What became of a group of batches.
#[derive(Debug)]
pub struct GroupStored {
    /// One for each batch, in their order; none where there is no such factory.
    pub batches: Vec<Option<Stored>>,
    /// How many stored events were read because an event was late.
    pub neighbours_read: usize,
}
