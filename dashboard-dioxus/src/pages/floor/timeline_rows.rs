//! Who stands where in the timeline of the floor: below the name of the area, there in the order of the page or of the names.

use crate::chart::state_rows::StateRow;
use crate::lean::order;
use crate::lean::sorted_map::SortedMap;
use crate::model::{EntityName, EntityStates, StateSet};
use crate::words::chart::area_rows;
use crate::words::entity_page::NO_AREA;
use domain::event::EntityType;
use domain::id_order;
use std::cmp::Ordering;
use std::rc::Rc;

/// An entity with what it is sorted by.
struct Placed<'a> {
    states: &'a EntityStates,
    name: &'a str,
    area: Option<&'a str>,
    /// Its place in the order of the page.
    place: Option<usize>,
}

/// A row for each entity, and one for each area where there are several. `ranked` are ids in the order that the page has for
/// them; empty where it has none. Whoever has no area comes last.
pub(super) fn rows(
    set: &StateSet,
    names: &[EntityName],
    kind: EntityType,
    ranked: &[String],
) -> Rc<[StateRow]> {
    let (mut known, mut places) = (SortedMap::default(), SortedMap::default());
    for name in names.iter().filter(|name| name.kind == kind) {
        known.insert(name.id.as_str(), name);
    }
    for (place, id) in ranked.iter().enumerate() {
        places.insert(id.as_str(), place);
    }
    let placed = |states| {
        let id = id_of(states);
        let name = known.get(&id).copied();
        Placed {
            states,
            name: name.and_then(|name| name.name.as_deref()).unwrap_or(id),
            area: name.and_then(|name| name.area.as_deref()),
            place: places.get(&id).copied(),
        }
    };
    let mut entities: Vec<Placed<'_>> = set.timelines.iter().map(placed).collect();
    order::sort(&mut entities, compared);
    let has_areas = entities.first().map(|entity| entity.area) != entities.last().map(|entity| entity.area);
    let mut rows = Vec::with_capacity(entities.len());
    for alike in entities.chunk_by(|one, next| one.area == next.area) {
        if has_areas {
            let name = area_rows(alike[0].area.unwrap_or(NO_AREA), alike.len()).into();
            rows.push(StateRow { id: None, name, states: Rc::from("") });
        }
        rows.extend(alike.iter().map(|entity| StateRow {
            id: Some(id_of(entity.states).into()),
            name: entity.name.into(),
            states: entity.states.states.clone(),
        }));
    }
    rows.into()
}

fn id_of(states: &EntityStates) -> &str {
    &states.id
}

fn compared(one: &Placed<'_>, other: &Placed<'_>) -> Ordering {
    let by_area = match (one.area, other.area) {
        (Some(one), Some(other)) => id_order::compare(one, other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    let by_place = || match (one.place, other.place) {
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    let by_name = || id_order::compare(one.name, other.name);
    by_area
        .then_with(by_place)
        .then_with(by_name)
        .then_with(|| id_order::compare(id_of(one.states), id_of(other.states)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::Span;

    fn set(ids: &[&str]) -> StateSet {
        let timeline = |id: &&str| EntityStates { id: (*id).to_owned(), states: "WI".into() };
        StateSet {
            window: Span { from: Instant(0), to: Instant(3_600_000) },
            step_ms: 300_000,
            revision: 1,
            timelines: ids.iter().map(timeline).collect(),
        }
    }

    fn known(id: &str, name: Option<&str>, area: Option<&str>) -> EntityName {
        EntityName {
            kind: EntityType::Worker,
            id: id.to_owned(),
            name: name.map(str::to_owned),
            area: area.map(str::to_owned),
        }
    }

    fn shown(rows: &[StateRow]) -> Vec<String> {
        let row = |row: &StateRow| match &row.id {
            Some(id) => format!("{id} {}", row.name),
            None => row.name.replace(['\u{2068}', '\u{2069}'], ""),
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn rows_stand_below_their_area_in_the_order_of_their_names() {
        let names = [
            known("W1", Some("Zoe"), Some("Line 10")),
            known("W2", None, Some("Line 2")),
            known("W3", Some("Ada"), Some("Line 10")),
            known("W10", None, Some("Line 2")),
            EntityName { kind: EntityType::Workstation, ..known("W4", Some("a machine"), Some("Line 1")) },
        ];
        let rows = rows(&set(&["W1", "W2", "W3", "W4", "W10"]), &names, EntityType::Worker, &[]);
        assert_eq!(
            shown(&rows),
            ["Line 2 (2)", "W2 W2", "W10 W10", "Line 10 (2)", "W3 Ada", "W1 Zoe", "No area (1)", "W4 W4"]
        );
        assert_eq!((&*rows[0].states, &*rows[1].states), ("", "WI"));
    }

    #[test]
    fn the_order_of_the_page_holds_within_an_area_and_one_area_needs_no_name() {
        let names = ["W1", "W2", "W3"].map(|id| known(id, None, Some("Paint")));
        let ranked = ["W3", "W1"].map(str::to_owned);
        let rows = rows(&set(&["W1", "W2", "W3"]), &names, EntityType::Worker, &ranked);
        assert_eq!(shown(&rows), ["W3 W3", "W1 W1", "W2 W2"]);
        assert!(super::rows(&set(&[]), &names, EntityType::Worker, &[]).is_empty());
    }
}
