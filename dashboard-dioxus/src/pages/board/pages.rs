//! The pages of a board: its areas, each in as many parts as it takes.

use crate::lean::order;
use crate::lean::shared::Shared;
use crate::live::table::Table;
use crate::model::{EntityMetrics, FactorySummary};
use domain::event::EntityType;
use domain::id_order;
use domain::metric::UnitsBasis;
use std::cmp::Ordering;

/// What a page is about, in the order in which pages are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// All areas at a glance.
    Summary,
    /// Those who need attention, of all areas.
    Exceptions,
    /// One area, none for those that have no area.
    Area(Option<String>),
}

/// Names a page for as long as there are such entities, whatever pages come and go around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageId {
    pub(crate) group: Group,
    /// Counted from 0.
    pub(crate) part: usize,
}

impl PageId {
    /// The area that the page is about, if it is about one: its name, none for those that have no area.
    pub(crate) fn area(&self) -> Option<Option<&str>> {
        if let Group::Area(area) = &self.group { Some(area.as_deref()) } else { None }
    }
}

impl Ord for PageId {
    /// Areas in the order of their names, those without one last.
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |group: &Group| match group {
            Group::Summary => 0,
            Group::Exceptions => 1,
            Group::Area(_) => 2,
        };
        let groups = match (&self.group, &other.group) {
            (Group::Area(Some(one)), Group::Area(Some(other))) => id_order::compare(one, other),
            (Group::Area(one), Group::Area(other)) => one.is_none().cmp(&other.is_none()),
            (one, other) => rank(one).cmp(&rank(other)),
        };
        groups.then(self.part.cmp(&other.part))
    }
}

impl PartialOrd for PageId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What is shown at once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) id: PageId,
    /// How many parts its group has.
    pub(crate) parts: usize,
    /// Workers, then workstations, each in the order of their ids; of exceptions the most urgent first.
    pub(crate) tiles: Vec<Shared<EntityMetrics>>,
}

impl Page {
    /// One with the figures of all and nobody beside them.
    pub(crate) fn of_all() -> Self {
        Self { id: PageId { group: Group::Area(None), part: 0 }, parts: 1, tiles: Vec::new() }
    }
}

/// All entities of an area, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) name: Option<String>,
    pub(crate) entities: Vec<Shared<EntityMetrics>>,
}

/// The areas in the order in which they are shown.
pub(crate) fn areas<'table>(tables: impl Iterator<Item = &'table Table<EntityMetrics>>) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for row in tables.flat_map(Table::rows) {
        match areas.iter_mut().find(|area| area.name == row.area) {
            Some(area) => area.entities.push(row.clone()),
            None => areas.push(Area { name: row.area.clone(), entities: vec![row.clone()] }),
        }
    }
    let id = |area: &Area| PageId { group: Group::Area(area.name.clone()), part: 0 };
    order::sort(&mut areas, |one, other| id(one).cmp(&id(other)));
    areas
}

/// The most pages of a round: at 15 seconds each it takes two minutes, and nobody waits longer in front of a board.
pub(crate) const MOST_PAGES: usize = 8;

/// The pages on each of which at most so many tiles fit; the parts of an area are about equally long.
pub(crate) fn pages(areas: &[Area], capacity: usize) -> Vec<Page> {
    areas.iter().flat_map(|area| parts(&Group::Area(area.name.clone()), &area.entities, capacity)).collect()
}

/// The pages of more entities than a round has room for: all areas at a glance, and then those who need attention.
pub(crate) fn condensed(exceptions: &[Shared<EntityMetrics>], capacity: usize) -> Vec<Page> {
    let summary = Page { id: PageId { group: Group::Summary, part: 0 }, parts: 1, tiles: Vec::new() };
    let most = capacity.max(1) * (MOST_PAGES - 1);
    let shown = &exceptions[..exceptions.len().min(most)];
    std::iter::once(summary).chain(parts(&Group::Exceptions, shown, capacity)).collect()
}

fn parts(group: &Group, entities: &[Shared<EntityMetrics>], capacity: usize) -> Vec<Page> {
    let parts = entities.len().div_ceil(capacity.max(1));
    let each = entities.len().div_ceil(parts.max(1)).max(1);
    let page = |(part, tiles): (usize, &[Shared<EntityMetrics>])| Page {
        id: PageId { group: group.clone(), part },
        parts,
        tiles: tiles.to_vec(),
    };
    entities.chunks(each).enumerate().map(page).collect()
}

/// The place of the page that is to be shown: the wanted one or, where there is none any more, the one after it.
pub(crate) fn place_of(pages: &[Page], wanted: Option<&PageId>) -> usize {
    let Some(wanted) = wanted else { return 0 };
    pages.iter().position(|page| page.id >= *wanted).unwrap_or(0)
}

/// The page after this one, the first after the last.
pub(crate) fn after(pages: &[Page], shown: Option<&PageId>) -> Option<PageId> {
    let next = shown.and_then(|shown| pages.iter().find(|page| page.id > *shown));
    next.or(pages.first()).map(|page| page.id.clone())
}

/// The page before this one, the last before the first.
pub(crate) fn before(pages: &[Page], shown: Option<&PageId>) -> Option<PageId> {
    let previous = shown.and_then(|shown| pages.iter().rev().find(|page| page.id < *shown));
    previous.or(pages.last()).map(|page| page.id.clone())
}

/// An area's figures as they follow from its rows, for those without an area, whom the server does not sum up, and until
/// the server's are there. The formulas are those of METRICS.
pub(crate) fn summed(entities: &[Shared<EntityMetrics>], units_basis: UnitsBasis) -> Figures {
    let of = |kind: EntityType| entities.iter().filter(move |row| row.kind == kind);
    let productive_minutes: f64 = of(EntityType::Worker).map(|row| row.productive_minutes).sum();
    let counting = match units_basis {
        UnitsBasis::Workers => EntityType::Worker,
        UnitsBasis::Workstations => EntityType::Workstation,
    };
    let units: i64 = of(counting).map(|row| row.units).sum();
    let utilizations: Vec<f64> = of(EntityType::Worker).filter_map(|row| row.utilization).collect();
    let rate = units as f64 / (productive_minutes / 60.0);
    let mean = utilizations.iter().sum::<f64>() / utilizations.len() as f64;
    Figures {
        productive_minutes: Some(productive_minutes),
        units: Some(units),
        average_utilization: Some(mean).filter(|_| !utilizations.is_empty()),
        average_production_rate: Some(rate).filter(|_| productive_minutes > 0.0),
    }
}

/// The figures of an area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figures {
    /// None where it is hidden.
    pub(crate) productive_minutes: Option<f64>,
    /// None where they are hidden.
    pub(crate) units: Option<i64>,
    /// %.
    pub(crate) average_utilization: Option<f64>,
    /// Units per hour.
    pub(crate) average_production_rate: Option<f64>,
}

impl From<&FactorySummary> for Figures {
    fn from(summary: &FactorySummary) -> Self {
        Self {
            productive_minutes: summary.productive_minutes,
            units: summary.units,
            average_utilization: summary.average_utilization,
            average_production_rate: summary.average_production_rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: EntityType, id: &str, area: Option<&str>) -> EntityMetrics {
        EntityMetrics {
            area: area.map(str::to_owned),
            productive_minutes: 30.0,
            idle_minutes: 10.0,
            utilization: Some(75.0),
            units: 12,
            ..EntityMetrics::unseen(kind, id)
        }
    }

    fn table(rows: Vec<EntityMetrics>) -> Table<EntityMetrics> {
        Table::of(rows)
    }

    fn floor() -> Vec<Area> {
        let worker = |id, area| row(EntityType::Worker, id, area);
        let workers = table(vec![
            worker("W1", Some("Line 2")),
            worker("W2", None),
            worker("W3", Some("Line 10")),
            worker("W10", Some("Line 2")),
        ]);
        let workstations = table(vec![row(EntityType::Workstation, "S1", Some("Line 2"))]);
        areas([&workers, &workstations].into_iter())
    }

    fn told(pages: &[Page]) -> Vec<(&str, usize, Vec<&str>)> {
        let told = pages.iter().map(|page| {
            let ids = page.tiles.iter().map(|row| row.id.as_str()).collect();
            (page.id.area().flatten().unwrap_or("-"), page.id.part, ids)
        });
        told.collect()
    }

    #[test]
    fn each_area_has_its_pages_and_those_without_one_come_last() {
        assert_eq!(
            told(&pages(&floor(), 2)),
            [
                ("Line 2", 0, vec!["W1", "W10"]),
                ("Line 2", 1, vec!["S1"]),
                ("Line 10", 0, vec!["W3"]),
                ("-", 0, vec!["W2"]),
            ]
        );
        assert_eq!(pages(&floor(), 12).len(), 3);
    }

    #[test]
    fn the_board_goes_round_and_survives_that_a_page_disappears() {
        let pages = pages(&floor(), 2);
        let mut shown = None;
        let mut seen = Vec::new();
        for _ in 0..6 {
            shown = after(&pages, shown.as_ref());
            seen.push(place_of(&pages, shown.as_ref()));
        }
        // The first page is shown before the first turn.
        assert_eq!(seen, [0, 1, 2, 3, 0, 1]);
        let gone = PageId { group: Group::Area(Some("Line 3".to_owned())), part: 0 };
        assert_eq!(place_of(&pages, Some(&gone)), 2);
        assert_eq!(after(&pages, Some(&gone)), Some(pages[2].id.clone()));
        assert_eq!(after(&[], Some(&gone)), None);
        assert_eq!(before(&pages, Some(&gone)), Some(pages[1].id.clone()));
        assert_eq!(before(&pages, Some(&pages[0].id)), Some(pages[3].id.clone()));
    }

    #[test]
    fn many_people_are_a_summary_and_then_the_exceptions_and_a_round_stays_short() {
        let row = |index: usize| Shared::new(row(EntityType::Worker, &format!("W{index}"), None));
        let exceptions: Vec<_> = (0..100).map(row).collect();
        let pages = condensed(&exceptions, 12);
        assert_eq!(pages.len(), MOST_PAGES);
        assert_eq!(pages[0].id.group, Group::Summary);
        assert!(pages[1..].iter().all(|page| page.id.group == Group::Exceptions && page.tiles.len() == 12));
        assert!(pages.is_sorted_by(|one, next| one.id < next.id));
        assert_eq!(condensed(&[], 12).len(), 1);
    }

    #[test]
    fn an_areas_figures_follow_from_its_rows() {
        let line = &floor()[0];
        let figures = summed(&line.entities, UnitsBasis::Workers);
        assert_eq!(
            figures,
            Figures {
                productive_minutes: Some(60.0),
                units: Some(24),
                average_utilization: Some(75.0),
                average_production_rate: Some(24.0),
            }
        );
        assert_eq!(summed(&line.entities, UnitsBasis::Workstations).units, Some(12));
        let none = summed(&[], UnitsBasis::Workers);
        assert_eq!((none.average_utilization, none.average_production_rate), (None, None));
    }
}
