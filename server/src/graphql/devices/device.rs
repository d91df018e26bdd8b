//! Devices as they are shown: what each has, what is missing of it, and how it is doing.

use async_graphql::{Context, Enum, ID, SimpleObject};
use domain::{
    device::{self, is_clock_off},
    id_order,
    sequence::SequenceSet,
    time::TimestampMs,
};

use super::sender::ClosedReason;
use crate::{
    error::ApiError,
    graphql::{
        context::{charge, charge_rows_read, scoped},
        node::{NodeId, NodeObject},
        scalar::{BigInt, DateTime},
    },
    store::{
        Snapshot,
        access::{Scope, SeeDevices},
        devices::{self, DeviceRecord, Epoch, MAX_DEVICES},
    },
};

/// The most ranges of one list: as many as a person reads, and more than a device that sends in order has.
const MAX_LISTED_RANGES: usize = 200;
/// How many devices are read at a time: what is kept of one may be hundreds of kilobytes, of which few are shown.
const DEVICES_AT_A_TIME: usize = 100;
/// The largest number that a BigInt holds.
const MAX_COUNT: i64 = (1 << 53) - 1;

/// How a device is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "device::DeviceState")]
pub(crate) enum DeviceState {
    /// It lost events within the last 24 hours.
    Losing,
    /// Nothing was heard of it for 2 minutes.
    Silent,
    /// An event waits in it for more than a minute, or some that were numbered have not come.
    Behind,
    /// Everything that it has, the server has.
    Healthy,
}

/// What a person should look at, whatever the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum DeviceWarning {
    /// Its clock differs from the server's by more than 2 minutes.
    ClockOff,
    /// Two senders use its id.
    IdUsedTwice,
}

/// A device that numbers the events it sends.
#[derive(SimpleObject)]
pub(crate) struct Device {
    /// Unique over all types and factories, opaque.
    pub(crate) id: ID,
    /// As sent.
    device_id: ID,
    /// The worst of what is true.
    state: DeviceState,
    /// When its latest batch came, which may have held no event.
    last_seen_at: DateTime,
    /// The epoch of its latest batch.
    epoch: ID,
    /// The highest number of this epoch that was answered for or closed; 0 when there is none.
    received_up_to: BigInt,
    /// How many numbers, of all epochs, are in a hole.
    missing_events: BigInt,
    /// Numbers whose events are stored, those of the current epoch first; at most 200 ranges. A number that is not in here
    /// may be stored all the same.
    stored: Vec<SequenceRange>,
    /// Numbers below the highest that were neither answered for nor closed; at most 200 ranges.
    holes: Vec<SequenceRange>,
    /// Numbers whose events were rejected or in conflict; at most 200 ranges.
    refused: Vec<SequenceRange>,
    /// Numbers that will never come, those told of last first; at most 200 ranges.
    closed: Vec<ClosedRange>,
    /// The server's clock minus the device's, at its latest batch.
    clock_offset_ms: BigInt,
    /// How many events waited in it, as of its latest batch.
    queued_events: BigInt,
    /// Since when the oldest of them waits, by the server's clock.
    oldest_queued_at: Option<DateTime>,
    /// How many events it says that it has lost.
    lost_events: BigInt,
    /// How many events wait in it for a person.
    dead_lettered_events: BigInt,
    /// What a person should look at.
    warnings: Vec<DeviceWarning>,
}

/// Sequence numbers of one epoch, both ends included.
#[derive(SimpleObject)]
pub(crate) struct SequenceRange {
    /// Whose numbers they are.
    epoch: ID,
    /// The lowest.
    first_sequence: BigInt,
    /// The highest.
    last_sequence: BigInt,
}

/// Sequence numbers that will never come, both ends included.
#[derive(SimpleObject)]
pub(crate) struct ClosedRange {
    /// Whose numbers they are.
    epoch: ID,
    /// The lowest.
    first_sequence: BigInt,
    /// The highest.
    last_sequence: BigInt,
    /// Why.
    reason: ClosedReason,
    /// How many of them are not stored: a device may have lost what had come before.
    missing_events: BigInt,
    /// The earliest of the events' own timestamps.
    from: Option<DateTime>,
    /// The latest of them.
    to: Option<DateTime>,
    /// For people.
    detail: Option<String>,
    /// When the server was told of the last of them.
    told_at: DateTime,
}

/// The devices of a factory, in the order of their ids.
pub(crate) async fn list(
    ctx: &Context<'_>,
    slug: &str,
    codes: Option<Vec<String>>,
) -> Result<Vec<Device>, ApiError> {
    if let Some(asked) = codes.as_ref().map(Vec::len).filter(|asked| *asked > MAX_DEVICES) {
        return Err(ApiError::limit_exceeded(format!(
            "at most {MAX_DEVICES} ids can be asked for, these are {asked}; leave deviceIds out to get all"
        )));
    }
    let (snapshot, scope, now_ms) = scoped(ctx, slug).await?;
    let mut codes = match codes {
        Some(codes) => codes,
        None => devices::codes(&*snapshot, &scope).await?,
    };
    codes.sort_by(|a, b| id_order::compare(a, b));
    codes.dedup();
    let mut shown = Vec::with_capacity(codes.len());
    for some in codes.chunks(DEVICES_AT_A_TIME) {
        let mut known = devices::list(&*snapshot, &scope, some).await?;
        known.sort_by(|a, b| id_order::compare(&a.device.code, &b.device.code));
        shown.extend(known.into_iter().map(|known| Device::new(slug, known, now_ms)));
    }
    charge(ctx, shown.len())?;
    charge_rows_read(ctx, shown.iter().map(Device::range_count).sum())?;
    Ok(shown)
}

/// The device of a factory with this code.
pub(crate) async fn find(
    snapshot: &Snapshot,
    scope: &Scope<SeeDevices>,
    code: &str,
    now_ms: TimestampMs,
) -> Result<Option<Device>, ApiError> {
    let factory = scope.factory();
    let found = devices::list(snapshot, scope, &[code.to_owned()]).await?.pop();
    Ok(found.map(|known| Device::new(factory.slug.as_str(), known, now_ms)))
}

impl Device {
    fn new(factory: &str, known: DeviceRecord, now_ms: TimestampMs) -> Self {
        let condition = known.condition();
        let clock_off = is_clock_off(known.device.clock_offset_ms).then_some(DeviceWarning::ClockOff);
        let used_twice = known.is_used_twice(now_ms).then_some(DeviceWarning::IdUsedTwice);
        let oldest_queued_at = known.oldest_queued_at_ms().map(DateTime::from_ms);
        let current = known.epochs.get(&known.device.epoch);
        let received_up_to = current.and_then(|epoch| epoch.settled().highest()).unwrap_or(0);

        let mut epochs: Vec<(&String, &Epoch)> = known.epochs.iter().collect();
        epochs.sort_by_key(|(name, epoch)| {
            (**name != known.device.epoch, std::cmp::Reverse(epoch.heard_at_ms))
        });
        let listed = |of: fn(&Epoch) -> SequenceSet| {
            let ranges = epochs.iter().flat_map(|(name, epoch)| {
                of(epoch).ranges().iter().map(|range| SequenceRange::new(name, *range)).collect::<Vec<_>>()
            });
            ranges.take(MAX_LISTED_RANGES).collect()
        };
        Self {
            state: device::DeviceState::of(&condition, now_ms).into(),
            last_seen_at: DateTime::from_ms(known.device.last_seen_at_ms),
            received_up_to: big(received_up_to),
            missing_events: big(condition.missing_events),
            stored: listed(Epoch::stored),
            holes: listed(|epoch| epoch.settled().holes()),
            refused: listed(|epoch| epoch.refused.clone()),
            closed: closed(&epochs),
            clock_offset_ms: BigInt(known.device.clock_offset_ms.0),
            queued_events: big(known.device.queued_events),
            oldest_queued_at,
            lost_events: big(known.device.lost_events),
            dead_lettered_events: big(known.device.dead_lettered_events),
            warnings: clock_off.into_iter().chain(used_twice).collect(),
            id: NodeId::new(factory, NodeObject::Device(&known.device.code)).into(),
            device_id: ID(known.device.code),
            epoch: ID(known.device.epoch),
        }
    }

    /// How many ranges of numbers it lists.
    fn range_count(&self) -> usize {
        self.stored.len() + self.holes.len() + self.refused.len() + self.closed.len()
    }
}

fn closed(epochs: &[(&String, &Epoch)]) -> Vec<ClosedRange> {
    let mut closed: Vec<(&String, &Epoch, &devices::Closed)> = epochs
        .iter()
        .flat_map(|(name, epoch)| epoch.closed.iter().map(move |closed| (*name, *epoch, closed)))
        .collect();
    closed.sort_by_key(|(.., closed)| std::cmp::Reverse((closed.told_at_ms, closed.range.last())));
    closed.truncate(MAX_LISTED_RANGES);
    let shown = closed.into_iter().map(|(name, epoch, closed)| {
        let told: SequenceSet = [closed.range].into_iter().collect();
        ClosedRange {
            epoch: ID(name.clone()),
            first_sequence: BigInt(closed.range.first()),
            last_sequence: BigInt(closed.range.last()),
            reason: closed.reason.into(),
            missing_events: big(told.difference(&epoch.stored()).count()),
            from: closed.from_ms.map(DateTime::from_ms),
            to: closed.to_ms.map(DateTime::from_ms),
            detail: closed.detail.clone(),
            told_at: DateTime::from_ms(closed.told_at_ms),
        }
    });
    shown.collect()
}

impl SequenceRange {
    fn new(epoch: &str, range: domain::sequence::SequenceRange) -> Self {
        Self {
            epoch: ID(epoch.to_owned()),
            first_sequence: BigInt(range.first()),
            last_sequence: BigInt(range.last()),
        }
    }
}

fn big(count: i64) -> BigInt {
    BigInt(count.min(MAX_COUNT))
}
