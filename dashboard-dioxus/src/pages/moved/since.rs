//! Since when it is told what moved.

use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::Slug;
use crate::model::window_span::{DAYS_PER_WEEK, monday};

/// When a day's figures are looked at first, in minutes after midnight.
const MORNING: i64 = 7 * 60;

/// An instant that people compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// When the window was closed: whatever moved since.
    Closed,
    /// The last morning at seven.
    Morning,
    /// The last Monday at seven.
    Monday,
    /// The Monday before that at seven.
    MondayBefore,
}

const OTHERS: [Since; 3] = [Since::Morning, Since::Monday, Since::MondayBefore];

impl Slug for Since {
    fn slug(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Morning => "morning",
            Self::Monday => "monday",
            Self::MondayBefore => "monday-before",
        }
    }
}

impl Since {
    pub(super) fn of_slug(slug: &str) -> Self {
        OTHERS.into_iter().find(|one| one.slug() == slug).unwrap_or(Self::Closed)
    }
}

/// The instant of a choice on the factory's clock, none where that depends on the window.
pub(super) fn instant(since: Since, now: Instant, zone: &Zone) -> Option<Instant> {
    let today = zone.local(now).date.days();
    let last = |day: i64, days: i64| {
        let at = zone.instant(day, MORNING);
        if at <= now { at } else { zone.instant(day - days, MORNING) }
    };
    match since {
        Since::Closed => None,
        Since::Morning => Some(last(today, 1)),
        Since::Monday => Some(last(monday(today), DAYS_PER_WEEK)),
        Since::MondayBefore => {
            let monday = instant(Since::Monday, now, zone)?;
            Some(zone.instant(zone.local(monday).date.days() - DAYS_PER_WEEK, MORNING))
        }
    }
}

/// What can be chosen beside when the window was closed: what is later than that, each instant once.
pub(super) fn offered(closed_at: Option<Instant>, now: Instant, zone: &Zone) -> Vec<(Since, Instant)> {
    let mut offered: Vec<(Since, Instant)> = Vec::new();
    for one in OTHERS {
        let Some(at) = instant(one, now, zone) else { continue };
        if closed_at.is_some_and(|closed_at| closed_at < at) && offered.iter().all(|(_, known)| *known != at)
        {
            offered.push((one, at));
        }
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn mornings_and_mondays_are_the_last_ones_on_the_factorys_clock() {
        let zone = Zone::fixed("Asia/Kolkata", 330);
        let told = |since, now: &str| instant(since, at(now), &zone).unwrap().to_rfc3339();
        // A Wednesday at noon, and a Monday before seven.
        assert_eq!(told(Since::Morning, "2026-01-07T06:30Z"), "2026-01-07T01:30:00.000Z");
        assert_eq!(told(Since::Monday, "2026-01-07T06:30Z"), "2026-01-05T01:30:00.000Z");
        assert_eq!(told(Since::MondayBefore, "2026-01-07T06:30Z"), "2025-12-29T01:30:00.000Z");
        assert_eq!(told(Since::Morning, "2026-01-05T00:30Z"), "2026-01-04T01:30:00.000Z");
        assert_eq!(told(Since::Monday, "2026-01-05T00:30Z"), "2025-12-29T01:30:00.000Z");
    }

    #[test]
    fn only_instants_after_the_closing_are_offered_and_each_once() {
        let zone = Zone::fixed("UTC", 0);
        let offered = |closed: Option<&str>, now: &str| {
            offered(closed.map(at), at(now), &zone).into_iter().map(|(since, _)| since).collect::<Vec<_>>()
        };
        let now = "2026-01-07T12:00Z";
        assert_eq!(offered(None, now), []);
        assert_eq!(offered(Some("2026-01-07T07:00Z"), now), []);
        assert_eq!(offered(Some("2026-01-06T00:00Z"), now), [Since::Morning]);
        assert_eq!(offered(Some("2026-01-01T00:00Z"), now), [Since::Morning, Since::Monday]);
        assert_eq!(offered(Some("2025-12-01T00:00Z"), now).len(), 3);
        // On a Monday the last morning is that of the Monday.
        assert_eq!(offered(Some("2026-01-04T00:00Z"), "2026-01-05T12:00Z"), [Since::Morning]);
    }
}
