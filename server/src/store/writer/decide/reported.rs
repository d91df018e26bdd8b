//! Where the events of a rule can be: on the days on which its source and its model version reported anybody. A rule about little in
//! a long past is looked for nowhere else.

use domain::{MS_PER_DAY, bucket::BUCKET_MS, decision::StandingRule, id::FactoryId};
use sea_orm::ConnectionTrait;

use super::slice::Direction;
use crate::store::{applied::Span, error::Result, origins};

/// Five-minute buckets in a UTC day.
const BUCKETS_PER_DAY: i64 = MS_PER_DAY / BUCKET_MS;

/// How many days before a slice it is known whether there are events of a rule: the longest that reaches into it lasts a day, and
/// days of a factory begin a day before or after those of UTC at most.
const DAYS_BEFORE: i64 = 4;

/// The fewest days that are looked through at once, so that every slice comes further.
const MIN_DAYS: usize = 32;

/// How many origins are looked through for each event of a slice.
const ORIGINS_PER_EVENT: u64 = 5;

/// Where the events of a rule can start, as far as that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reported {
    /// In the order of time, apart from each other.
    runs: Vec<Span>,
    /// Where there are no others.
    known: Span,
}

impl Reported {
    /// Of a rule about everything: anywhere.
    fn anywhere() -> Self {
        Self { runs: vec![Span::ALL], known: Span::ALL }
    }

    /// Finds out where the events of a rule are that come next in `left`.
    pub(super) async fn find(
        conn: &impl ConnectionTrait,
        factory_id: FactoryId,
        rule: &StandingRule,
        (left, direction): (Span, Direction),
        (entities, max_events): (usize, u64),
    ) -> Result<Self> {
        if !origins::is_about_some(rule) || left.is_empty() {
            return Ok(Self::anywhere());
        }
        let max_origins = usize::try_from(max_events * ORIGINS_PER_EVENT).unwrap_or(usize::MAX);
        let max_days = (max_origins / entities.max(1)).max(MIN_DAYS);
        let days = (
            left.first.div_euclid(BUCKETS_PER_DAY) - DAYS_BEFORE,
            (left.end - 1).div_euclid(BUCKETS_PER_DAY) + 1,
        );
        let backwards = direction == Direction::Backwards;
        let found = origins::days(conn, factory_id, rule, days, backwards, max_days).await?;
        let last_day = found.last().map(|(day, _)| *day).filter(|_| found.len() == max_days);
        Ok(Self::of_days(found, last_day, direction))
    }

    /// Of days in a direction, each with whether there are events of the rule on it; past the last of them it is not known.
    fn of_days(mut found: Vec<(i64, bool)>, last_day: Option<i64>, direction: Direction) -> Self {
        found.sort_unstable();
        let mut runs: Vec<Span> = Vec::new();
        let mut add = |span: Span| match runs.last_mut() {
            Some(last) if span.first <= last.end => last.end = last.end.max(span.end),
            _ => runs.push(span),
        };
        let mut known = Span::ALL;
        match (last_day, direction) {
            (Some(day), Direction::Forwards) => known.end = run_of(day + 1).first,
            (Some(day), Direction::Backwards) => {
                known.first = run_of(day - 1).end;
                // There may be some, which reach further.
                add(Span { end: known.first, ..Span::ALL });
            }
            (None, _) => {}
        }
        found.into_iter().filter(|(_, is_reported)| *is_reported).for_each(|(day, _)| add(run_of(day)));
        Self { runs, known }
    }

    /// What of a span is known, in which events of the rule can start, in a direction.
    pub(super) fn parts(&self, span: Span, direction: Direction) -> Vec<Span> {
        let span = span.and(self.known);
        let parts = self.runs.iter().map(|run| run.and(span)).filter(|part| !part.is_empty());
        match direction {
            Direction::Forwards => parts.collect(),
            Direction::Backwards => parts.rev().collect(),
        }
    }

    /// What of a span comes before a part, in a direction, or all that is known of it.
    pub(super) fn up_to(&self, span: Span, part: Option<&Span>, direction: Direction) -> Span {
        let span = span.and(self.known);
        match (part, direction) {
            (None, _) => span,
            (Some(part), Direction::Forwards) => Span { end: part.first, ..span },
            (Some(part), Direction::Backwards) => Span { first: part.end, ..span },
        }
    }

    /// Where events of the rule can be that last for so many buckets at most.
    pub(super) fn reach(&self, buckets: i64) -> impl Iterator<Item = Span> {
        self.runs.iter().map(move |run| Span { first: run.first, end: run.end.saturating_add(buckets) })
    }
}

/// The buckets in which events of a factory's day can start, whatever its zone is and was.
fn run_of(day: i64) -> Span {
    Span { first: (day - 1) * BUCKETS_PER_DAY, end: (day + 2) * BUCKETS_PER_DAY }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(first: i64, end: i64) -> Span {
        Span { first: first * BUCKETS_PER_DAY, end: end * BUCKETS_PER_DAY }
    }

    #[test]
    fn only_days_with_reports_are_looked_through_and_those_beside_them() {
        let found = vec![(10, true), (12, true), (15, false), (20, true)];
        let reported = Reported::of_days(found, None, Direction::Forwards);
        let parts = reported.parts(days(0, 30), Direction::Forwards);
        assert_eq!(parts, [days(9, 14), days(19, 22)]);
        assert_eq!(reported.parts(days(11, 20), Direction::Backwards), [days(19, 20), days(11, 14)]);
        assert_eq!(reported.up_to(days(0, 30), Some(&parts[1]), Direction::Forwards), days(0, 19));
        assert_eq!(reported.up_to(days(0, 30), Some(&parts[0]), Direction::Backwards), days(14, 30));
        assert_eq!(reported.up_to(days(0, 30), None, Direction::Forwards), days(0, 30));
        let reach: Vec<Span> = reported.reach(BUCKETS_PER_DAY).collect();
        assert_eq!(reach, [days(9, 15), days(19, 23)]);
    }

    #[test]
    fn what_lies_past_the_days_that_were_read_is_left_for_later() {
        let found = vec![(10, true), (12, false)];
        let forwards = Reported::of_days(found.clone(), Some(12), Direction::Forwards);
        assert_eq!(forwards.parts(days(0, 30), Direction::Forwards), [days(9, 12)]);
        assert_eq!(forwards.up_to(days(0, 30), None, Direction::Forwards), days(0, 12));
        let backwards = Reported::of_days(found, Some(10), Direction::Backwards);
        assert_eq!(backwards.parts(days(0, 30), Direction::Backwards), [days(11, 12)]);
        assert_eq!(backwards.up_to(days(0, 30), None, Direction::Backwards), days(11, 30));
        assert_eq!(backwards.reach(0).next(), Some(Span { end: 12 * BUCKETS_PER_DAY, ..Span::ALL }));
    }
}
