//! The spans of time a person can choose, by the words that the address bar uses for them.

use super::span::Span;
use crate::lean::instant::Instant;
use domain::bucket::BUCKET_MS;
use domain::instant::CivilDate;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// Windows are runs of buckets of this length: the server's grid.
const BUCKET_MINUTES: u32 = 5;
/// The most minutes a moving window may have: the server's limit, 31 days.
pub(crate) const MAX_MINUTES: u32 = 44_640;

/// The window whose metrics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WindowChoice {
    #[default]
    Today,
    Yesterday,
    ThisWeek,
    Last7Days,
    Last30Days,
    /// Moves with the clock; a multiple of 5 from 5 to [`MAX_MINUTES`].
    LastMinutes(u32),
    /// A day of the factory's calendar, in days since 1970.
    Day(i64),
    Range(Span),
    AllTime,
}

impl WindowChoice {
    /// The choices that need no further word, in the order of the picker.
    pub(crate) const NAMED: [Self; 9] = [
        Self::Today,
        Self::Yesterday,
        Self::ThisWeek,
        Self::Last7Days,
        Self::Last30Days,
        Self::LastMinutes(15),
        Self::LastMinutes(60),
        Self::LastMinutes(480),
        Self::AllTime,
    ];

    /// The last so many minutes, rounded up to the grid and cut to what is allowed.
    pub(crate) fn last_minutes(minutes: u32) -> Self {
        let minutes = minutes.clamp(BUCKET_MINUTES, MAX_MINUTES);
        Self::LastMinutes(minutes.next_multiple_of(BUCKET_MINUTES))
    }

    /// From the first instant to the last; none when nothing is left between them on the grid.
    pub(crate) fn range(from: Instant, to: Instant) -> Option<Self> {
        let (from, to) = (snapped(from.0), snapped(to.0));
        (from < to).then_some(Self::Range(Span { from: Instant(from), to: Instant(to) }))
    }

    /// What is compared, given the window that the server used: its part that has elapsed on the grid, and as much of the
    /// window of the same length that ends where it begins. Today until 10:00 is compared with yesterday until 10:00, and
    /// of the last 15 minutes the 10 that are complete. None when there is nothing to compare.
    pub(crate) fn comparison(window: Option<Span>, now_ms: f64) -> Option<Comparison> {
        let Span { from: Instant(from_ms), to: Instant(to_ms) } = window?;
        let length_ms = to_ms - from_ms;
        let elapsed_ms = (snapped(now_ms.floor() as i64) - from_ms).clamp(0, length_ms);
        let elapsed = |begin_ms: i64| Span { from: Instant(begin_ms), to: Instant(begin_ms + elapsed_ms) };
        (elapsed_ms > 0)
            .then(|| Comparison { elapsed: elapsed(from_ms), before: elapsed(from_ms - length_ms) })
    }
}

/// Two spans of the same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// What has elapsed of the window.
    pub(crate) elapsed: Span,
    /// As much of the window before.
    pub(crate) before: Span,
}

/// A calendar day as the API and the address bar write it.
pub(crate) fn date(days: i64) -> String {
    let CivilDate { year, month, day } = CivilDate::from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

fn snapped(ms: i64) -> i64 {
    ms.div_euclid(BUCKET_MS) * BUCKET_MS
}

impl fmt::Display for WindowChoice {
    /// The word for it in the address bar.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => formatter.write_str("today"),
            Self::Yesterday => formatter.write_str("yesterday"),
            Self::ThisWeek => formatter.write_str("this-week"),
            Self::Last7Days => formatter.write_str("last-7-days"),
            Self::Last30Days => formatter.write_str("last-30-days"),
            Self::AllTime => formatter.write_str("all-time"),
            Self::LastMinutes(minutes) => write!(formatter, "last-{minutes}-minutes"),
            Self::Day(days) => formatter.write_str(&date(*days)),
            Self::Range(span) => write!(formatter, "{}..{}", to_minute(span.from), to_minute(span.to)),
        }
    }
}

/// On the grid there are no seconds.
fn to_minute(instant: Instant) -> String {
    let mut text = instant.to_rfc3339();
    text.truncate("2026-01-05T08:00".len());
    text.push('Z');
    text
}

impl FromStr for WindowChoice {
    type Err = Infallible;

    /// An unknown word means the default, so that an old or mistyped link still opens; the picker shows what it got.
    fn from_str(slug: &str) -> Result<Self, Self::Err> {
        Ok(understood(&slug.to_ascii_lowercase()).unwrap_or_default())
    }
}

fn understood(slug: &str) -> Option<WindowChoice> {
    let named = [
        ("today", WindowChoice::Today),
        ("yesterday", WindowChoice::Yesterday),
        ("this-week", WindowChoice::ThisWeek),
        ("last-7-days", WindowChoice::Last7Days),
        ("last-30-days", WindowChoice::Last30Days),
        ("last-8-hours", WindowChoice::LastMinutes(480)),
        ("all-time", WindowChoice::AllTime),
    ];
    if let Some((_, choice)) = named.into_iter().find(|(name, _)| *name == slug) {
        return Some(choice);
    }
    if let Some(minutes) = slug.strip_prefix("last-").and_then(|rest| rest.strip_suffix("-minutes")) {
        return minutes.parse().ok().map(WindowChoice::last_minutes);
    }
    if let Some((from, to)) = slug.split_once("..") {
        return WindowChoice::range(Instant::parse(from)?, Instant::parse(to)?);
    }
    CivilDate::parse(slug).map(|date| WindowChoice::Day(date.days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_MS: i64 = 3_600_000;

    fn span(from: i64, to: i64) -> Span {
        Span { from: Instant(from), to: Instant(to) }
    }

    fn at(text: &str) -> i64 {
        Instant::parse(text).unwrap().0
    }

    #[test]
    fn every_window_is_found_again_by_its_slug() {
        let mut choices = WindowChoice::NAMED.to_vec();
        choices.push(WindowChoice::Day(20_458));
        choices.push(WindowChoice::Range(span(at("2026-01-05T08:00Z"), at("2026-01-05T16:05Z"))));
        for choice in choices {
            assert_eq!(choice.to_string().parse(), Ok(choice));
            assert_eq!(choice.to_string().to_uppercase().parse(), Ok(choice));
        }
    }

    #[test]
    fn slugs_read_like_what_they_mean() {
        for (slug, choice) in [
            ("last-45-minutes", WindowChoice::LastMinutes(45)),
            ("last-8-hours", WindowChoice::LastMinutes(480)),
            ("2026-01-05", WindowChoice::Day(20_458)),
            (
                "2026-01-05T08:02:30Z..2026-01-05T16:00:00.000Z",
                WindowChoice::Range(span(at("2026-01-05T08:00Z"), at("2026-01-05T16:00Z"))),
            ),
        ] {
            assert_eq!(slug.parse(), Ok(choice), "{slug}");
        }
        let range = WindowChoice::Range(span(at("2026-01-05T08:00Z"), at("2026-01-05T16:00Z")));
        assert_eq!(range.to_string(), "2026-01-05T08:00Z..2026-01-05T16:00Z");
    }

    #[test]
    fn minutes_are_rounded_up_to_the_grid_and_cut_to_what_is_allowed() {
        for (minutes, expected) in [(0, 5), (1, 5), (5, 5), (6, 10), (44_640, 44_640), (99_999, 44_640)] {
            assert_eq!(WindowChoice::last_minutes(minutes), WindowChoice::LastMinutes(expected));
        }
    }

    #[test]
    fn an_unknown_slug_means_today() {
        for slug in [
            "",
            "next-decade",
            "last-minutes",
            "last--5-minutes",
            "2026-02-30",
            "2026-01-05T08:00Z..2026-01-05T08:04Z",
            "2026-01-06T08:00Z..2026-01-05T08:00Z",
            "..",
        ] {
            assert_eq!(slug.parse(), Ok(WindowChoice::Today), "{slug}");
        }
    }

    fn compared(window: Span, now: &str) -> Option<(Span, Span)> {
        let comparison = WindowChoice::comparison(Some(window), at(now) as f64);
        comparison.map(|comparison| (comparison.elapsed, comparison.before))
    }

    #[test]
    fn today_until_ten_is_compared_with_yesterday_until_ten() {
        let today = span(at("2026-01-05T00:00Z"), at("2026-01-06T00:00Z"));
        let compared = |now: &str| compared(today, now);
        let yesterday = at("2026-01-04T00:00Z");
        let until = |hours: i64| {
            let part = |from: i64| span(from, from + hours * HOUR_MS);
            (part(today.from.0), part(yesterday))
        };
        assert_eq!(compared("2026-01-05T10:02:30Z"), Some(until(10)));
        assert_eq!(compared("2026-01-05T00:04Z"), None, "nothing has elapsed on the grid");
        assert_eq!(compared("2026-01-07T12:00Z"), Some(until(24)));
    }

    #[test]
    fn a_window_that_is_over_is_compared_with_the_whole_one_before() {
        let yesterday = span(at("2026-01-04T00:00Z"), at("2026-01-05T00:00Z"));
        let before = span(at("2026-01-03T00:00Z"), at("2026-01-04T00:00Z"));
        let compared = compared(yesterday, "2026-01-05T10:00Z");
        assert_eq!(compared, Some((yesterday, before)));
        assert_eq!(WindowChoice::comparison(None, 0.0), None);
    }

    #[test]
    fn of_a_moving_window_only_what_is_complete_is_compared() {
        let quarter = span(at("2026-01-05T09:50Z"), at("2026-01-05T10:05Z"));
        let expected = (
            span(at("2026-01-05T09:50Z"), at("2026-01-05T10:00Z")),
            span(at("2026-01-05T09:35Z"), at("2026-01-05T09:45Z")),
        );
        let compared = |now: &str| compared(quarter, now);
        assert_eq!(compared("2026-01-05T10:00:24Z"), Some(expected));
        assert_eq!(compared("2026-01-05T09:54Z"), None, "nothing is complete yet");
    }

    proptest! {
        #[test]
        fn what_is_compared_is_never_longer_and_never_overlaps(
            from in 0..1_000_000_i64, buckets in 1..10_000_i64, now in 0..1_020_000_i64,
        ) {
            let window = span(from * BUCKET_MS, (from + buckets) * BUCKET_MS);
            let comparison = WindowChoice::comparison(Some(window), (now * BUCKET_MS) as f64);
            if let Some(Comparison { elapsed, before }) = comparison {
                prop_assert_eq!(before.to.0 - before.from.0, elapsed.to.0 - elapsed.from.0);
                prop_assert!(elapsed.from == window.from && elapsed.to <= window.to);
                prop_assert!(before.from < before.to && before.to <= window.from);
                prop_assert_eq!(window.from.0 - before.from.0, window.to.0 - window.from.0);
                prop_assert_eq!((before.to.0 - before.from.0) % BUCKET_MS, 0);
            }
        }
    }
}
