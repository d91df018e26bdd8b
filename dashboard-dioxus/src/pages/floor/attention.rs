//! Who or what needs somebody now.

use crate::lean::instant::Instant;
use crate::lean::order;
use crate::lean::shared::Shared;
use crate::model::{EntityMetrics, Presence};
use domain::event::{EntityType, EventType};
use std::cmp::Reverse;

/// The most that are named: more than one looks at in a glance is no help.
pub(super) const MAX_NAMED: usize = 6;
/// Idle or absent for less, in ms, is part of any work: five minutes.
const LONG_MS: f64 = 300_000.0;
/// Whoever was last seen longer ago, in ms, has gone home and is not missed: twelve hours.
const GONE_AFTER_MS: f64 = 43_200_000.0;
/// Below this utilization, in %, one looks what is in the way.
const LOW_UTILIZATION: f64 = 50.0;
/// A utilization of less time, in minutes, says nothing yet.
const MIN_OBSERVED_MINUTES: f64 = 30.0;

/// Why somebody or something needs somebody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reason {
    /// Idle or absent since so many whole minutes.
    Long(EventType, u32),
    /// Not seen since so many whole minutes.
    Unseen(u32),
    /// At work, but little of it in the window, in %.
    Low(f64),
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AttentionItem {
    pub(super) kind: EntityType,
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) presence: Presence,
    pub(super) reason: Reason,
}

/// Those to look after first, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Attention {
    pub(super) named: Vec<AttentionItem>,
    pub(super) more: usize,
}

/// Looks through all rows. Each reason has its turn, the worst of each first, so that a long list of one does not hide
/// the others.
pub(super) fn attention<'rows>(
    rows: impl Iterator<Item = &'rows Shared<EntityMetrics>>,
    now_ms: f64,
    unseen_after_ms: f64,
) -> Attention {
    let [mut idle, mut absent, mut unseen, mut low] = [const { Vec::new() }; 4];
    for row in rows {
        let Some(item) = item(row, now_ms, unseen_after_ms) else { continue };
        match item.reason {
            Reason::Long(EventType::Idle, minutes) => idle.push((Reverse(u64::from(minutes)), item)),
            Reason::Long(_, minutes) => absent.push((Reverse(u64::from(minutes)), item)),
            // Whom one has only just lost sight of is the likeliest to be found.
            Reason::Unseen(minutes) => unseen.push((Reverse(u64::MAX - u64::from(minutes)), item)),
            Reason::Low(percent) => low.push((Reverse(u64::MAX - percent.max(0.0) as u64), item)),
        }
    }
    let mut groups = [idle, absent, unseen, low];
    for group in &mut groups {
        order::sort(group, |one, other| one.0.cmp(&other.0));
    }
    let all: usize = groups.iter().map(Vec::len).sum();
    let longest = groups.iter().map(Vec::len).max().unwrap_or_default();
    let turns = (0..longest).flat_map(|turn| groups.iter().filter_map(move |group| group.get(turn)));
    let named: Vec<AttentionItem> = turns.take(MAX_NAMED).map(|(_, item)| item.clone()).collect();
    Attention { more: all - named.len(), named }
}

fn item(row: &EntityMetrics, now_ms: f64, unseen_after_ms: f64) -> Option<AttentionItem> {
    let activity = row.current.as_ref()?;
    let presence = Presence::of(Some(activity), now_ms, unseen_after_ms);
    let for_ms = |since: Instant| now_ms - since.ms();
    let minutes = |ms: f64| (ms / 60_000.0) as u32;
    let reason = match presence {
        Presence::Seen(EventType::Working) => Reason::Low(row.utilization.filter(|percent| {
            *percent < LOW_UTILIZATION && row.productive_minutes + row.idle_minutes >= MIN_OBSERVED_MINUTES
        })?),
        Presence::Seen(state) => {
            let ms = for_ms(activity.since);
            (ms >= LONG_MS).then(|| Reason::Long(state, minutes(ms)))?
        }
        Presence::NotObserved => {
            let ms = for_ms(activity.until);
            (ms < GONE_AFTER_MS).then(|| Reason::Unseen(minutes(ms)))?
        }
    };
    Some(AttentionItem { kind: row.kind, id: row.id.clone(), name: row.name.clone(), presence, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::table::Table;
    use crate::model::Activity;

    const NOW_MS: f64 = 100.0 * 3_600_000.0;

    fn row(id: &str, state: EventType, since_min: i64, until_min: i64, utilization: f64) -> EntityMetrics {
        let ago = |minutes: i64| Instant(NOW_MS as i64 - minutes * 60_000);
        let current = Activity { state, since: ago(since_min), until: ago(until_min), confidence: None };
        EntityMetrics {
            productive_minutes: 60.0,
            idle_minutes: 60.0,
            utilization: Some(utilization),
            current: Some(current),
            ..EntityMetrics::unseen(EntityType::Worker, id)
        }
    }

    fn found(rows: Vec<EntityMetrics>) -> Attention {
        attention(Table::of(rows).rows(), NOW_MS, 600_000.0)
    }

    fn ids(attention: &Attention) -> Vec<&str> {
        attention.named.iter().map(|item| item.id.as_str()).collect()
    }

    #[test]
    fn each_reason_has_its_turn_and_the_worst_of_each_comes_first() {
        let attention = found(vec![
            row("W1", EventType::Idle, 6, 0, 80.0),
            row("W2", EventType::Idle, 60, 0, 80.0),
            row("W3", EventType::Absent, 20, 0, 80.0),
            row("W4", EventType::Working, 90, 30, 80.0),
            row("W5", EventType::Working, 90, 12, 80.0),
            row("W6", EventType::Working, 5, 0, 30.0),
            row("W7", EventType::Working, 5, 0, 20.0),
            row("W8", EventType::Working, 5, 0, 80.0),
        ]);
        assert_eq!(ids(&attention), ["W2", "W3", "W5", "W7", "W1", "W4"]);
        assert_eq!(attention.named[0].reason, Reason::Long(EventType::Idle, 60));
        assert_eq!(attention.named[2].reason, Reason::Unseen(12));
        assert_eq!(attention.more, 1);
    }

    #[test]
    fn nobody_needs_anybody_who_works_pauses_a_moment_or_went_home() {
        let mut barely_seen = row("W4", EventType::Working, 5, 0, 10.0);
        (barely_seen.productive_minutes, barely_seen.idle_minutes) = (2.0, 18.0);
        let attention = found(vec![
            row("W1", EventType::Working, 200, 0, 80.0),
            row("W2", EventType::Idle, 4, 0, 80.0),
            row("W3", EventType::Working, 800, 721, 10.0),
            barely_seen,
        ]);
        assert_eq!(attention, Attention::default());
    }
}
