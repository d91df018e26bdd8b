//! What a batch changes of what is known of its sender. Nothing is read or written here.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    device::{is_clock_off, was_heard},
    sequence::{SequenceRange, SequenceSet},
    time::{DurationMs, TimestampMs},
};

use super::{
    Closed, ClosedReason, Device, DeviceRecord, Epoch, MAX_CLOSED_RANGES, MAX_EPOCHS, MAX_RANGES, Receipt,
    Sender,
};

/// What became of a batch's events, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Answers {
    answered: Option<SequenceRange>,
    refused: SequenceSet,
}

impl Answers {
    /// Of a batch whose events were refused or not, in their order, of which the first has this number.
    pub(in super::super) fn new(first_sequence: i64, are_refused: impl Iterator<Item = bool>) -> Self {
        let mut answers = Self::default();
        for (sequence, is_refused) in (first_sequence..).zip(are_refused) {
            answers.answered = SequenceRange::new(first_sequence, sequence);
            if is_refused {
                answers.refused.insert(SequenceRange::one(sequence));
            }
        }
        answers
    }
}

/// What is known of a device, and what of it has yet to be written.
pub(in super::super) struct DeviceUpdate {
    pub(super) known: DeviceRecord,
    /// The epochs that have changed.
    pub(super) changed: BTreeSet<String>,
    /// The epochs that are forgotten.
    pub(super) forgotten: BTreeSet<String>,
    /// The closed ranges as they are in the database, of epochs where they have changed.
    pub(super) closed_before: BTreeMap<String, Vec<Closed>>,
}

impl DeviceUpdate {
    /// Of a device that was read.
    pub(super) fn of(known: DeviceRecord) -> Self {
        Self { known, changed: BTreeSet::new(), forgotten: BTreeSet::new(), closed_before: BTreeMap::new() }
    }

    /// Of a device that was not heard before.
    pub(super) fn new(sender: &Sender, received_at_ms: TimestampMs) -> Self {
        let device = Device {
            code: sender.device_code.clone(),
            epoch: sender.epoch.clone(),
            last_seen_at_ms: received_at_ms,
            clock_offset_ms: DurationMs::ZERO,
            queued_events: 0,
            oldest_queued_at_ms: None,
            lost_events: 0,
            dead_lettered_events: 0,
            lost_at_ms: None,
        };
        Self::of(DeviceRecord { device, epochs: BTreeMap::new() })
    }

    /// Takes in a batch.
    pub(super) fn apply(&mut self, sender: &Sender, answers: &Answers, received_at_ms: TimestampMs) {
        self.answer(&sender.epoch, answers, received_at_ms);
        let mut has_lost = sender.lost_events > self.known.device.lost_events;
        for receipt in &sender.closed {
            has_lost |= self.close(receipt, received_at_ms);
        }
        self.describe(sender, received_at_ms);
        if has_lost {
            self.known.device.lost_at_ms = Some(received_at_ms);
        }
        self.forget_old_epochs();
    }

    fn describe(&mut self, sender: &Sender, received_at_ms: TimestampMs) {
        let device = &mut self.known.device;
        let clock_offset_ms = DurationMs(received_at_ms.0.saturating_sub(sender.sent_at_ms.0));
        match (is_clock_off(device.clock_offset_ms), is_clock_off(clock_offset_ms)) {
            (false, true) => {
                tracing::warn!(
                    device = device.code,
                    clock_offset_ms = clock_offset_ms.0,
                    "a device's clock is off"
                );
            }
            (true, false) => {
                tracing::info!(
                    device = device.code,
                    clock_offset_ms = clock_offset_ms.0,
                    "a device's clock is right again"
                );
            }
            _ => {}
        }
        *device = Device {
            code: std::mem::take(&mut device.code),
            epoch: sender.epoch.clone(),
            last_seen_at_ms: last_heard(Some(device.last_seen_at_ms), received_at_ms),
            clock_offset_ms,
            queued_events: sender.queued_events,
            oldest_queued_at_ms: sender.oldest_queued_at_ms,
            lost_events: sender.lost_events,
            dead_lettered_events: sender.dead_lettered_events,
            lost_at_ms: device.lost_at_ms,
        };
    }

    /// The latest answer counts: what was refused for its clock may be stored when it comes again.
    fn answer(&mut self, name: &str, answers: &Answers, received_at_ms: TimestampMs) {
        let epoch = self.epoch(name);
        epoch.first_heard_at_ms =
            Some(epoch.first_heard_at_ms.map_or(received_at_ms, |first_ms| first_ms.min(received_at_ms)));
        epoch.heard_at_ms = Some(last_heard(epoch.heard_at_ms, received_at_ms));
        let Some(answered) = answers.answered else { return };
        epoch.answered.insert(answered);
        epoch.refused.remove(answered);
        for refused in answers.refused.ranges() {
            epoch.refused.insert(*refused);
        }
        // Whoever has what is said to be refused sends it again and learns better.
        epoch.refused.fill_lowest(MAX_RANGES);
        let forgotten_events = epoch.answered.forget_shortest(MAX_RANGES);
        if forgotten_events > 0 {
            tracing::warn!(
                device = self.known.device.code,
                forgotten_events,
                "a device's numbers have too many holes; some that were answered for are forgotten"
            );
        }
    }

    /// Closes numbers; answers with whether any of them were not known to be lost.
    fn close(&mut self, receipt: &Receipt, received_at_ms: TimestampMs) -> bool {
        let name = &receipt.epoch;
        let before = self.epoch(name).closed.clone();
        self.closed_before.entry(name.clone()).or_insert(before);
        let epoch = self.epoch(name);
        let has_lost = receipt.reason == ClosedReason::Lost && {
            let lost = epoch.closed.iter().filter(|closed| closed.reason == ClosedReason::Lost);
            let known: SequenceSet = lost.map(|closed| closed.range).collect();
            let told: SequenceSet = [receipt.range].into_iter().collect();
            !told.difference(&known).difference(&epoch.stored()).is_empty()
        };
        add(&mut epoch.closed, receipt, received_at_ms);
        self.forget_closed();
        has_lost
    }

    fn forget_closed(&mut self) {
        while self.known.epochs.values().map(|epoch| epoch.closed.len()).sum::<usize>() > MAX_CLOSED_RANGES {
            let closed = self.known.epochs.iter().flat_map(|(name, epoch)| {
                epoch
                    .closed
                    .iter()
                    .enumerate()
                    .map(move |(position, closed)| (closed.told_at_ms, name, position))
            });
            let Some((_, name, position)) = closed.min() else { return };
            let name = name.clone();
            let Some(epoch) = self.known.epochs.get_mut(&name) else { return };
            self.closed_before.entry(name).or_insert_with(|| epoch.closed.clone());
            epoch.closed.remove(position);
            tracing::warn!(
                device = self.known.device.code,
                MAX_CLOSED_RANGES,
                "a device closed too many ranges; the one told of first is forgotten"
            );
        }
    }

    fn epoch(&mut self, name: &str) -> &mut Epoch {
        self.changed.insert(name.to_owned());
        self.known.epochs.entry(name.to_owned()).or_default()
    }

    fn forget_old_epochs(&mut self) {
        while self.known.epochs.len() > MAX_EPOCHS {
            let others = self.known.epochs.iter().filter(|(name, _)| **name != self.known.device.epoch);
            let oldest = others.min_by_key(|(_, epoch)| epoch.heard_at_ms).map(|(name, _)| name.clone());
            let Some(name) = oldest else { return };
            tracing::warn!(
                device = self.known.device.code,
                epoch = name,
                "a device's oldest epoch is forgotten"
            );
            self.known.epochs.remove(&name);
            self.changed.remove(&name);
            self.closed_before.remove(&name);
            self.forgotten.insert(name);
        }
    }
}

/// When something was last heard: now, or at what is known already, of which servers may disagree a little. What lies far
/// ahead was written while the server's clock was wrong.
fn last_heard(known_ms: Option<TimestampMs>, now_ms: TimestampMs) -> TimestampMs {
    known_ms.filter(|known_ms| was_heard(*known_ms, now_ms)).map_or(now_ms, |known_ms| known_ms.max(now_ms))
}

/// Adds a range to those closed before: what joins for the same reason is one, and what was told already is told again.
fn add(closed: &mut Vec<Closed>, receipt: &Receipt, told_at_ms: TimestampMs) {
    let mut all = Closed {
        range: receipt.range,
        reason: receipt.reason,
        from_ms: receipt.from_ms,
        to_ms: receipt.to_ms,
        detail: receipt.detail.clone(),
        told_at_ms,
    };
    let joins = |other: &Closed| other.reason == receipt.reason && other.range.joins(receipt.range);
    let was_told = |other: &Closed| joins(other) && other.range.hull(receipt.range) == other.range;
    if closed.iter().any(was_told) {
        return;
    }
    for other in closed.extract_if(.., |other| joins(other)) {
        all.range = all.range.hull(other.range);
        all.from_ms = [all.from_ms, other.from_ms].into_iter().flatten().min();
        all.to_ms = all.to_ms.max(other.to_ms);
        all.detail = all.detail.or(other.detail);
    }
    closed.push(all);
}
