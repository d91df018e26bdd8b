use super::entity::Activity;
use super::slug::Slug;
use crate::lean::instant::Instant;
use domain::MS_PER_MINUTE;
use domain::event::EventType;

/// When nothing was seen for so many minutes, nobody knows what somebody is doing now; an address can say another number.
pub(crate) const UNSEEN_AFTER_MIN: u16 = 10;

/// What can be said of an entity at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Presence {
    Seen(EventType),
    /// Nothing was seen of it lately, so nobody knows: not idle, and not absent.
    NotObserved,
}

impl Presence {
    /// The name by which stylesheets and tests know it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Seen(state) => state.slug(),
            Self::NotObserved => "not-observed",
        }
    }

    /// Since when it is so, given the latest activity: since when it was seen doing so, or since when nothing was seen.
    pub(crate) fn since(self, activity: &Activity) -> Instant {
        match self {
            Self::Seen(_) => activity.since,
            Self::NotObserved => activity.until.unwrap_or(activity.since),
        }
    }

    /// For how many whole minutes it is so; none when nothing was ever seen.
    pub(crate) fn elapsed_minutes(self, current: Option<&Activity>, now_ms: f64) -> Option<u32> {
        let elapsed_ms = now_ms - self.since(current?).ms();
        Some((elapsed_ms / MS_PER_MINUTE as f64).max(0.0) as u32)
    }

    /// What the latest activity says about now, if it ended no longer ago than `limit_ms` or has not ended at all.
    pub(crate) fn of(current: Option<&Activity>, now_ms: f64, limit_ms: f64) -> Self {
        match current {
            Some(activity) if activity.until.is_none_or(|until| now_ms - until.ms() < limit_ms) => {
                Self::Seen(activity.state)
            }
            _ => Self::NotObserved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_counts_as_now_until_nothing_was_seen_for_the_limit() {
        let activity = Activity {
            state: EventType::Idle,
            since: Instant(0),
            until: Some(Instant(1_000)),
            confidence: None,
        };
        let at = |now_ms| Presence::of(Some(&activity), now_ms, 600_000.0);
        assert_eq!(at(500.0), Presence::Seen(EventType::Idle));
        assert_eq!(at(600_999.0), Presence::Seen(EventType::Idle));
        assert_eq!(at(601_000.0), Presence::NotObserved);
        let elapsed = |presence: Presence| presence.elapsed_minutes(Some(&activity), 180_999.0);
        assert_eq!(elapsed(Presence::Seen(EventType::Idle)), Some(3));
        assert_eq!(elapsed(Presence::NotObserved), Some(2));
        assert_eq!(Presence::NotObserved.elapsed_minutes(None, 0.0), None);
        assert_eq!(Presence::of(None, 0.0, 600_000.0), Presence::NotObserved);
    }

    #[test]
    fn an_activity_without_an_end_is_still_so_however_long_ago_it_began() {
        let activity =
            Activity { state: EventType::Working, since: Instant(60_000), until: None, confidence: None };
        let a_day_later = 86_460_000.0;
        let presence = Presence::of(Some(&activity), a_day_later, 600_000.0);
        assert_eq!(presence, Presence::Seen(EventType::Working));
        assert_eq!(presence.elapsed_minutes(Some(&activity), a_day_later), Some(1_440));
    }
}
