//! The order of rows: by any column, in either direction.

use crate::lean::order;
use crate::lean::shared::Shared;
use crate::live::table::Table;
use crate::model::{EntityMetrics, Presence};
use domain::event::EventType;
use domain::id_order;
use std::cmp::Ordering;

/// What rows can be ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Now,
    Utilization,
    Units,
    Rate,
    Productive,
    Idle,
    Overlap,
    Confidence,
    Area,
}

impl Column {
    /// In the order in which they stand.
    pub(crate) const ALL: [Self; 10] = [
        Self::Name,
        Self::Now,
        Self::Utilization,
        Self::Units,
        Self::Rate,
        Self::Productive,
        Self::Idle,
        Self::Overlap,
        Self::Confidence,
        Self::Area,
    ];

    /// The name by which addresses and stylesheets know it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Now => "now",
            Self::Utilization => "utilization",
            Self::Units => "units",
            Self::Rate => "rate",
            Self::Productive => "working",
            Self::Idle => "idle",
            Self::Overlap => "overlap",
            Self::Confidence => "confidence",
            Self::Area => "area",
        }
    }

    /// Whether its first order is from small to large: names are looked up, numbers are ranked.
    fn is_ascending_first(self) -> bool {
        matches!(self, Self::Name | Self::Now | Self::Area)
    }
}

/// A column and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ranking {
    pub(crate) column: Column,
    /// Against the column's first order.
    pub(crate) is_reversed: bool,
}

impl Ranking {
    /// As an address says it: the column, with `-` before it for the other direction. None is the order of the ids.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let slug = text.strip_prefix('-').unwrap_or(text);
        let column = Column::ALL.into_iter().find(|column| column.slug() == slug)?;
        Some(Self { column, is_reversed: text.starts_with('-') })
    }

    /// What is wanted by the press of a column's head: its first order, then the other one.
    pub(crate) fn pressed(current: Option<Self>, column: Column) -> Self {
        let is_reversed = current == Some(Self { column, is_reversed: false });
        Self { column, is_reversed }
    }

    /// For [`Self::parse`].
    pub(crate) fn slug(self) -> String {
        format!("{}{}", if self.is_reversed { "-" } else { "" }, self.column.slug())
    }

    /// What `aria-sort` says of a column.
    pub(crate) fn aria_sort(current: Option<Self>, column: Column) -> Option<&'static str> {
        let ranking = current.filter(|ranking| ranking.column == column)?;
        let is_ascending = column.is_ascending_first() != ranking.is_reversed;
        Some(if is_ascending { "ascending" } else { "descending" })
    }
}

/// A row, and what it says of now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) row: Shared<EntityMetrics>,
    pub(crate) presence: Presence,
    /// For how many whole minutes that is so; none when nothing was ever seen.
    pub(crate) elapsed_minutes: Option<u32>,
}

impl Line {
    fn new(row: &Shared<EntityMetrics>, now_ms: f64, unseen_after_ms: f64) -> Self {
        let presence = Presence::of(row.current.as_ref(), now_ms, unseen_after_ms);
        let elapsed_minutes = presence.elapsed_minutes(row.current.as_ref(), now_ms);
        Self { row: row.clone(), presence, elapsed_minutes }
    }
}

/// All rows in the order of a ranking; those without a value come last in both directions, and equal ones stay in the
/// order of their ids.
pub(crate) fn ranked(
    table: &Table<EntityMetrics>,
    ranking: Option<Ranking>,
    now_ms: f64,
    unseen_after_ms: f64,
) -> Vec<Line> {
    let mut lines: Vec<Line> = table.rows().map(|row| Line::new(row, now_ms, unseen_after_ms)).collect();
    if let Some(ranking) = ranking {
        order::sort(&mut lines, |one, other| compared(one, other, ranking));
    }
    lines
}

/// The rows of now in an order that was found before; none when it is not of the same rows.
pub(crate) fn in_order(
    table: &Table<EntityMetrics>,
    ids: &[String],
    now_ms: f64,
    unseen_after_ms: f64,
) -> Option<Vec<Line>> {
    if table.rows().len() != ids.len() {
        return None;
    }
    ids.iter().map(|id| Some(Line::new(table.row(id)?, now_ms, unseen_after_ms))).collect()
}

fn compared(one: &Line, other: &Line, ranking: Ranking) -> Ordering {
    let directed = |order: Ordering| if ranking.is_reversed { order.reverse() } else { order };
    let number = |value: fn(&EntityMetrics) -> Option<f64>| match (value(&one.row), value(&other.row)) {
        (Some(one), Some(other)) => directed(other.total_cmp(&one)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    match ranking.column {
        Column::Name => directed(id_order::compare(one.row.title(), other.row.title())),
        Column::Now => directed(attention(one).cmp(&attention(other))),
        Column::Utilization => number(|row| row.utilization),
        Column::Units => number(|row| Some(row.units as f64)),
        Column::Rate => number(|row| row.units_per_hour),
        Column::Productive => number(|row| Some(row.productive_minutes)),
        Column::Idle => number(|row| Some(row.idle_minutes)),
        Column::Overlap => number(|row| Some(row.overlap_minutes)),
        Column::Confidence => number(|row| row.mean_confidence),
        Column::Area => match (&one.row.area, &other.row.area) {
            (Some(one), Some(other)) => directed(id_order::compare(one, other)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        },
    }
}

/// What needs somebody first: idle before absent before not observed before working, and the longest first.
fn attention(line: &Line) -> (u8, i64) {
    let state = match line.presence {
        Presence::Seen(EventType::Idle) => 0,
        Presence::Seen(EventType::Absent) => 1,
        Presence::NotObserved => 2,
        Presence::Seen(EventType::Working) => 3,
    };
    (state, line.row.current.as_ref().map_or(0, |activity| activity.since.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::Activity;
    use domain::event::EntityType;
    use proptest::prelude::*;

    fn row(id: &str, utilization: Option<f64>, state: EventType, since_ms: i64) -> EntityMetrics {
        let current =
            Activity { state, since: Instant(since_ms), until: Some(Instant(1_000_000)), confidence: None };
        EntityMetrics { utilization, current: Some(current), ..EntityMetrics::unseen(EntityType::Worker, id) }
    }

    const UNSEEN_AFTER_MS: f64 = 600_000.0;

    fn table(rows: Vec<EntityMetrics>) -> Table<EntityMetrics> {
        Table::of(rows)
    }

    fn ids(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.row.id.as_str()).collect()
    }

    fn floor() -> Table<EntityMetrics> {
        table(vec![
            row("W1", Some(50.0), EventType::Working, 10),
            row("W2", None, EventType::Idle, 900),
            row("W3", Some(90.0), EventType::Absent, 5),
            row("W10", Some(50.0), EventType::Idle, 100),
        ])
    }

    #[test]
    fn numbers_are_ranked_from_the_highest_and_back_and_none_is_last_both_ways() {
        let order = |sort| {
            let lines = ranked(&floor(), Ranking::parse(sort), 1_000_000.0, UNSEEN_AFTER_MS);
            ids(&lines).join(" ")
        };
        assert_eq!(order("utilization"), "W3 W1 W10 W2");
        assert_eq!(order("-utilization"), "W1 W10 W3 W2");
        assert_eq!(order(""), "W1 W2 W3 W10");
        assert_eq!(order("-name"), "W10 W3 W2 W1");
    }

    #[test]
    fn by_state_comes_first_what_needs_somebody_for_longest() {
        let lines = ranked(&floor(), Ranking::parse("now"), 1_000_000.0, UNSEEN_AFTER_MS);
        assert_eq!(ids(&lines), ["W10", "W2", "W3", "W1"]);
        let later = ranked(&floor(), Ranking::parse("now"), 1_000_000.0 + UNSEEN_AFTER_MS, UNSEEN_AFTER_MS);
        assert!(later.iter().all(|line| line.presence == Presence::NotObserved));
    }

    #[test]
    fn a_second_press_turns_the_order_around_and_a_third_back() {
        let first = Ranking::pressed(None, Column::Units);
        let second = Ranking::pressed(Some(first), Column::Units);
        assert_eq!([first.slug(), second.slug()], ["units", "-units"]);
        assert_eq!(Ranking::pressed(Some(second), Column::Units), first);
        assert_eq!(Ranking::aria_sort(Some(first), Column::Units), Some("descending"));
        assert_eq!(Ranking::aria_sort(Some(second), Column::Units), Some("ascending"));
        assert_eq!(Ranking::aria_sort(Some(first), Column::Name), None);
        let name = Ranking::pressed(Some(first), Column::Name);
        assert_eq!(Ranking::aria_sort(Some(name), Column::Name), Some("ascending"));
    }

    #[test]
    fn an_order_that_was_found_holds_for_the_same_rows_only() {
        let order = ["W10", "W3", "W2", "W1"].map(str::to_owned);
        assert_eq!(ids(&in_order(&floor(), &order, 0.0, UNSEEN_AFTER_MS).unwrap()), order);
        assert_eq!(in_order(&floor(), &order[1..], 0.0, UNSEEN_AFTER_MS), None);
        assert_eq!(
            in_order(&floor(), &["W10", "W3", "W2", "W7"].map(str::to_owned), 0.0, UNSEEN_AFTER_MS),
            None
        );
    }

    proptest! {
        #[test]
        fn every_ranking_is_found_again_by_its_slug(index in 0..Column::ALL.len(), is_reversed: bool) {
            let ranking = Ranking { column: Column::ALL[index], is_reversed };
            prop_assert_eq!(Ranking::parse(&ranking.slug()), Some(ranking));
        }
    }
}
