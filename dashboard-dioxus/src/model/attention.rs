//! Who and what needs attention now. Workers and workstations, working or not, are judged alike, by what was seen lately and
//! never by the window that somebody happens to look at.

use super::entity::{EntityMetrics, EntityName};
use super::presence::Presence;
use crate::lean::order;
use domain::MS_PER_MINUTE;
use domain::event::{EntityType, EventType};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Idle for less, in minutes, is part of any work.
pub(crate) const IDLE_AFTER_MIN: u32 = 5;
/// Idle for so long, in minutes, nothing starts again by itself: the longest set-up of a usual machine.
pub(crate) const LONG_IDLE_MIN: u32 = 15;
/// Absent for less, in minutes, is a short break.
pub(crate) const ABSENT_AFTER_MIN: u32 = 15;
/// Absent for longer than a meal, in minutes.
pub(crate) const LONG_ABSENT_MIN: u32 = 45;
/// Without data for so long, in minutes, it is more than somebody passing out of view.
pub(crate) const LONG_NO_DATA_MIN: u32 = 30;
/// Below this utilization, in %, one looks what is in the way.
pub(crate) const LOW_UTILIZATION: f64 = 50.0;
/// From this utilization on, in %, who was listed as low is so no longer: a value that wavers around one limit would come and
/// go with each event.
pub(crate) const RECOVERED_UTILIZATION: f64 = 55.0;
/// Below this utilization, in %, most of the time is lost.
pub(crate) const VERY_LOW_UTILIZATION: f64 = 25.0;
/// A utilization of less time, in minutes, says nothing yet.
pub(crate) const LEAST_OBSERVED_MIN: f64 = 30.0;
/// Who was listed stays so until another state has held for so long, in minutes: one piece made between two long waits is no
/// recovery.
pub(crate) const SETTLED_AFTER_MIN: u32 = 2;
/// Who was not seen for longer, in minutes, has ended a shift or was switched off, and is listed apart. Utilization is that of
/// the same time.
pub(crate) const NOT_SEEN_AFTER_MIN: u32 = 120;
/// The most that are named: more than one looks at in a glance is no help.
pub(crate) const MAX_NAMED: usize = 6;

/// Why somebody or something needs attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Idle,
    NoData,
    Absent,
    LowUtilization,
    /// What was wrong is over, but not for long enough to be sure.
    Recovering,
}

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Warning,
    Critical,
}

/// One worker or workstation that needs attention.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AttentionItem {
    pub(crate) kind: EntityType,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) presence: Presence,
    /// For how many whole minutes the state has held.
    pub(crate) elapsed_minutes: u32,
    /// %, of the last two hours; none where too little was observed.
    pub(crate) utilization: Option<f64>,
    pub(crate) reason: Reason,
    pub(crate) severity: Severity,
}

/// All that need attention, the most urgent first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Attention {
    pub(crate) items: Vec<AttentionItem>,
}

impl Attention {
    /// Judges those who were seen lately, given who was listed before: they are kept until they have recovered. `rows` are
    /// those of the last [`NOT_SEEN_AFTER_MIN`].
    pub(crate) fn judge<'rows>(
        rows: impl Iterator<Item = &'rows EntityMetrics>,
        now_ms: f64,
        unseen_after_ms: f64,
        before: &Self,
    ) -> Self {
        let judged = rows.filter_map(|row| item(row, now_ms, unseen_after_ms, before.lists(row)));
        let mut items: Vec<AttentionItem> = judged.collect();
        order::sort(&mut items, |one, other| rank(one).cmp(&rank(other)));
        Self { items }
    }

    /// How a worker or workstation was listed, none when it was not.
    fn lists(&self, row: &EntityMetrics) -> Option<Reason> {
        let item = self.items.iter().find(|item| item.kind == row.kind && item.id == row.id);
        item.map(|item| item.reason)
    }
}

/// What is critical comes first, and within that what has lasted longest.
fn rank(item: &AttentionItem) -> (Reverse<Severity>, bool, Reverse<u32>) {
    (Reverse(item.severity), item.reason == Reason::Recovering, Reverse(item.elapsed_minutes))
}

fn item(
    row: &EntityMetrics,
    now_ms: f64,
    unseen_after_ms: f64,
    before: Option<Reason>,
) -> Option<AttentionItem> {
    let activity = row.current.as_ref()?;
    let presence = Presence::of(Some(activity), now_ms, unseen_after_ms);
    let elapsed_minutes = presence.elapsed_minutes(Some(activity), now_ms)?;
    if presence == Presence::NotObserved && elapsed_minutes >= NOT_SEEN_AFTER_MIN {
        return None;
    }
    let is_known = row.productive_minutes + row.idle_minutes >= LEAST_OBSERVED_MIN;
    let utilization = row.utilization.filter(|_| is_known);
    // Who goes on waiting after a moment of work was never really back.
    let was_stuck = before.is_some_and(|before| before != Reason::LowUtilization);
    let by_state = state_reason(presence, elapsed_minutes, was_stuck);
    let by_utilization = utilization.and_then(|percent| utilization_reason(percent, before));
    let is_settled = before.is_none() || elapsed_minutes >= SETTLED_AFTER_MIN;
    let recovering = (!is_settled).then_some((Reason::Recovering, Severity::Warning));
    let (reason, severity) = match (by_state, by_utilization) {
        (Some((reason, one)), Some((_, other))) => (reason, one.max(other)),
        (one, other) => one.or(other).or(recovering)?,
    };
    Some(AttentionItem {
        kind: row.kind,
        id: row.id.clone(),
        name: row.name.clone(),
        presence,
        elapsed_minutes,
        utilization,
        reason,
        severity,
    })
}

/// What a state that has held for so long means.
fn state_reason(presence: Presence, minutes: u32, was_stuck: bool) -> Option<(Reason, Severity)> {
    let (reason, after, critical_after) = match presence {
        Presence::Seen(EventType::Working) => return None,
        Presence::Seen(EventType::Idle) => (Reason::Idle, IDLE_AFTER_MIN, LONG_IDLE_MIN),
        Presence::Seen(EventType::Absent) => (Reason::Absent, ABSENT_AFTER_MIN, LONG_ABSENT_MIN),
        // The setting that makes it no data is its limit.
        Presence::NotObserved => (Reason::NoData, 0, LONG_NO_DATA_MIN),
    };
    let severity = if minutes >= critical_after { Severity::Critical } else { Severity::Warning };
    (was_stuck || minutes >= after).then_some((reason, severity))
}

fn utilization_reason(percent: f64, before: Option<Reason>) -> Option<(Reason, Severity)> {
    let limit = if before.is_some() { RECOVERED_UTILIZATION } else { LOW_UTILIZATION };
    let severity = if percent < VERY_LOW_UTILIZATION { Severity::Critical } else { Severity::Warning };
    (percent < limit).then_some((Reason::LowUtilization, severity))
}

/// Those who are known but were not seen lately, in the order in which they are known. `rows` are those to be judged.
pub(crate) fn not_seen<'rows>(
    names: &[EntityName],
    rows: impl Iterator<Item = &'rows EntityMetrics>,
    area: Option<&str>,
) -> Vec<EntityName> {
    let seen: HashSet<(EntityType, &str)> = rows.map(|row| (row.kind, row.id.as_str())).collect();
    let is_missing = |known: &&EntityName| {
        let is_here = area.is_none_or(|area| known.area.as_deref() == Some(area));
        is_here && !seen.contains(&(known.kind, known.id.as_str()))
    };
    names.iter().filter(is_missing).cloned().collect()
}

/// The window of the rows to be judged, in minutes: as long as anybody counts as seen.
pub(crate) fn judged_minutes(unseen_after_ms: f64) -> u32 {
    NOT_SEEN_AFTER_MIN.max((unseen_after_ms / MS_PER_MINUTE as f64) as u32)
}

#[cfg(test)]
#[path = "attention/tests.rs"]
mod tests;
