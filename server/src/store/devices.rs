//! Devices that number what they send: what each last said of itself, and which of its numbers were answered for.
//!
//! What is kept of a device has a bound, and past it the server knows less, never something wrong: a number that it
//! forgets is a hole again, and a device that still has it sends it once more, which changes nothing.

mod rows;
mod update;

use std::collections::BTreeMap;

use domain::{
    device::Condition,
    id::FactoryId,
    sequence::{SequenceRange, SequenceSet},
    time::{DurationMs, TimestampMs},
};
use sea_orm::ConnectionTrait;

pub(super) use self::update::{Answers, DeviceUpdate};
use super::{
    access::{Permission, Scope, SeeDevices, View},
    error::Result,
};

/// The most devices of one factory: ten times the cameras of a large floor, and a bound on the page that lists them.
pub const MAX_DEVICES: usize = 1_000;
/// After how long a silence (milliseconds) a device makes room for another, when there are as many as may be: a machine that
/// is away for repair or a holiday comes back before that.
pub const FORGET_AFTER_MS: DurationMs = DurationMs(30 * domain::MS_PER_DAY);
/// The same for a device that was heard for less than [`BRIEFLY_MS`] in all.
///
/// So ids that somebody makes up push nobody out who sends for longer than that: they only push out each other, and until
/// they do, a new device has no place and is told of in the log. What it sends is stored all the same.
pub const FORGET_BRIEF_AFTER_MS: DurationMs = DurationMs(domain::MS_PER_DAY);
/// How long (milliseconds, from its first batch to its last) tells a device from an id that was made up.
pub const BRIEFLY_MS: DurationMs = DurationMs(domain::MS_PER_DAY);
/// The most epochs kept of one device, the latest. One begins with every new spool, which is a rare event.
pub const MAX_EPOCHS: usize = 16;
/// The most ranges of one epoch's set: a few kilobytes that are written with every batch. A device that sends in order
/// needs one or two.
pub const MAX_RANGES: usize = 500;
/// The most closed ranges kept of one device. Those that adjoin each other are one.
pub const MAX_CLOSED_RANGES: usize = 500;

/// What a batch's sender says of itself and of what it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The device.
    pub device_code: String,
    /// Numbers are those of this epoch.
    pub epoch: String,
    /// The number of the batch's first event.
    pub first_sequence: i64,
    /// The device's clock, Unix milliseconds.
    pub sent_at_ms: TimestampMs,
    /// How many wait in it, this batch not counted.
    pub queued_events: i64,
    /// Since when the oldest of them waits, by its clock.
    pub oldest_queued_at_ms: Option<TimestampMs>,
    /// How many it lost so far.
    pub lost_events: i64,
    /// How many wait in it for a person.
    pub dead_lettered_events: i64,
    /// Numbers that will never come.
    pub closed: Vec<Receipt>,
}

/// A sender's word that some numbers will never come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whose numbers they are.
    pub epoch: String,
    /// Which.
    pub range: SequenceRange,
    /// Why.
    pub reason: ClosedReason,
    /// The earliest of the events' own times, Unix milliseconds.
    pub from_ms: Option<TimestampMs>,
    /// The latest.
    pub to_ms: Option<TimestampMs>,
    /// For people.
    pub detail: Option<String>,
}

/// Why numbers will never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClosedReason {
    /// Nobody has the events any more.
    Lost,
    /// The device keeps the events for a person to look at.
    DeadLettered,
}

/// What a device last said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// As sent.
    pub code: String,
    /// The epoch of its latest batch.
    pub epoch: String,
    /// When it was last heard, Unix milliseconds.
    pub last_seen_at_ms: TimestampMs,
    /// The server's clock minus the device's, at its latest batch.
    pub clock_offset_ms: DurationMs,
    /// How many waited in it.
    pub queued_events: i64,
    /// Since when the oldest of them waited, by the device's clock.
    pub oldest_queued_at_ms: Option<TimestampMs>,
    /// How many it lost so far.
    pub lost_events: i64,
    /// How many wait in it for a person.
    pub dead_lettered_events: i64,
    /// When the server last learned of a loss, Unix milliseconds.
    pub lost_at_ms: Option<TimestampMs>,
}

/// Which of a device's numbers were answered for, in one epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    /// When its first batch came, Unix milliseconds; none when only another epoch's told of it.
    pub first_heard_at_ms: Option<TimestampMs>,
    /// When its latest batch came.
    pub heard_at_ms: Option<TimestampMs>,
    /// Stored or refused.
    pub answered: SequenceSet,
    /// Those that were refused.
    pub refused: SequenceSet,
    /// Those that will never come; none where they were not asked for.
    pub closed: Vec<Closed>,
}

/// Numbers that will never come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Which. Those of one reason do not join each other.
    pub range: SequenceRange,
    /// Why.
    pub reason: ClosedReason,
    /// The earliest of the events' own times, Unix milliseconds.
    pub from_ms: Option<TimestampMs>,
    /// The latest.
    pub to_ms: Option<TimestampMs>,
    /// For people.
    pub detail: Option<String>,
    /// When the server was told of the last of them, Unix milliseconds.
    pub told_at_ms: TimestampMs,
}

/// All that is kept of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// What it last said of itself.
    pub device: Device,
    /// Its epochs by their names.
    pub epochs: BTreeMap<String, Epoch>,
}

impl Epoch {
    /// The numbers that are stored.
    pub fn stored(&self) -> SequenceSet {
        self.answered.clone().difference(&self.refused)
    }

    /// The numbers that were answered for or closed.
    pub fn settled(&self) -> SequenceSet {
        self.closed.iter().map(|closed| closed.range).collect::<SequenceSet>().union(&self.answered)
    }
}

impl DeviceRecord {
    /// Since when the oldest event that it holds waits, by the server's clock as the device last showed it.
    pub fn oldest_queued_at_ms(&self) -> Option<TimestampMs> {
        let Device { last_seen_at_ms, clock_offset_ms, oldest_queued_at_ms, .. } = self.device;
        let by_server_ms = oldest_queued_at_ms?.0.saturating_add(clock_offset_ms.0);
        Some(TimestampMs(by_server_ms.clamp(0, last_seen_at_ms.0.max(0))))
    }

    /// What its state follows from.
    pub fn condition(&self) -> Condition {
        let missing = |epoch: &Epoch| epoch.settled().holes().count();
        Condition {
            last_seen_at_ms: self.device.last_seen_at_ms,
            oldest_queued_at_ms: self.oldest_queued_at_ms(),
            missing_events: self.epochs.values().fold(0, |sum, epoch| sum.saturating_add(missing(epoch))),
            lost_at_ms: self.device.lost_at_ms,
        }
    }

    /// Whether two senders use its name: an epoch was heard again after a later one had begun.
    pub fn is_used_twice(&self, now_ms: TimestampMs) -> bool {
        let current = self.epochs.get(&self.device.epoch).and_then(|epoch| epoch.first_heard_at_ms);
        let others = self.epochs.iter().filter(|(name, _)| **name != self.device.epoch);
        others.filter_map(|(_, epoch)| epoch.heard_at_ms).any(|heard_at_ms| {
            current.is_some_and(|began_at_ms| heard_at_ms > began_at_ms)
                && domain::device::was_heard(heard_at_ms, now_ms)
        })
    }
}

/// The codes of all devices of a factory.
pub async fn codes(conn: &impl ConnectionTrait, scope: &Scope<SeeDevices>) -> Result<Vec<String>> {
    let mut codes = rows::codes(conn, scope.factory_id()).await?;
    codes.retain(|code| is_seen(scope, code));
    Ok(codes)
}

/// Whether a device is one of those that a scope is of.
fn is_seen(scope: &Scope<impl Permission>, code: &str) -> bool {
    match scope.view() {
        View::Device(own) => **own == *code,
        View::All | View::Team { .. } => true,
    }
}

/// Those of these devices that are known, with all that is kept of them, in the byte order of their codes. A device may have
/// hundreds of kilobytes, so many are read some at a time.
pub async fn list(
    conn: &impl ConnectionTrait,
    scope: &Scope<impl Permission>,
    codes: &[String],
) -> Result<Vec<DeviceRecord>> {
    let factory_id = scope.factory_id();
    let codes: Vec<&str> = codes.iter().map(String::as_str).filter(|code| is_seen(scope, code)).collect();
    Ok(rows::of_devices(conn, factory_id, &codes, &codes).await?.into_values().collect())
}

/// Reads what is known of the senders of a group, lets `answer` go through the group, and writes what has changed, all in
/// the transaction of the group.
pub(super) async fn keep(
    tx: &impl ConnectionTrait,
    factory_id: FactoryId,
    batches: &[(&Sender, Answers, TimestampMs)],
) -> Result<()> {
    let mut codes: Vec<&str> = batches.iter().map(|(sender, ..)| sender.device_code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut with_receipts: Vec<&str> = batches
        .iter()
        .filter(|(sender, ..)| !sender.closed.is_empty())
        .map(|(sender, ..)| sender.device_code.as_str())
        .collect();
    with_receipts.sort_unstable();
    with_receipts.dedup();

    let known = rows::of_devices(tx, factory_id, &codes, &with_receipts).await?;
    let mut updates: BTreeMap<String, DeviceUpdate> =
        known.into_iter().map(|(code, known)| (code, DeviceUpdate::of(known))).collect();
    let mut room = rows::Room::default();
    for (sender, answers, received_at_ms) in batches {
        if let Some(update) = updates.get_mut(&sender.device_code) {
            update.apply(sender, answers, *received_at_ms);
        } else if room.take(tx, factory_id, &updates, *received_at_ms).await? {
            let mut update = DeviceUpdate::new(sender, *received_at_ms);
            update.apply(sender, answers, *received_at_ms);
            updates.insert(sender.device_code.clone(), update);
        } else {
            tracing::warn!(
                device = sender.device_code,
                MAX_DEVICES,
                "the factory has as many devices as are kept; what this one sends is stored, but nothing is shown of it"
            );
        }
    }
    rows::save(tx, factory_id, &updates).await
}
