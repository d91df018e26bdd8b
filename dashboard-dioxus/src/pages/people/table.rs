//! The table itself: one row for each worker and workstation.

use super::roster::Roster;
use crate::components::export_button::ExportButton;
use crate::components::gradual::use_gradual;
use crate::components::metric_table::{Column, MetricTable, TEXT};
use crate::components::notice::Empty;
use crate::components::page_context::use_page_context;
use crate::components::rename::{Editable, Rename};
use crate::components::window_event::use_window_event;
use crate::lean::csv::{Cell, Csv};
use crate::lean::letter_case::lower;
use crate::lean::memo::use_memo;
use crate::model::{EntityName, Slug};
use crate::route::{Address, Selection};
use crate::words::{NO_VALUE, entity, people as words};
use dioxus::prelude::*;

/// The most rows that are drawn before somebody asks for all: more would make a browser pause.
const MOST_DRAWN: usize = 200;
const COLUMNS: &[Column] = &[
    Column::text(words::ID),
    Column::text(words::NAME),
    Column::text(words::AREA),
    Column::text(words::KIND),
];

/// What can be done with the whole table.
#[component]
pub(super) fn Tools(roster: Roster) -> Element {
    let context = use_page_context();
    let name = context.factory_window().map(|choice| vec![choice.factory_id, "people".to_owned()]);
    rsx! {
        if let Some(name) = name {
            ExportButton { testid: "export-people", name, table: move |()| csv(&roster.listed.peek()) }
        }
    }
}

/// Those who are wanted, or all. `ondrawn` is told once the rows are there.
#[component]
pub(super) fn PeopleTable(roster: Roster, wanted: Signal<String>, ondrawn: EventHandler<()>) -> Element {
    let context = use_page_context();
    let mut are_all_drawn = use_signal(|| false);
    // Paper has room for all of them.
    use_window_event("beforeprint", move || are_all_drawn.set(true));
    let shown = use_memo(move || found(&roster.listed.read(), &wanted.read()));
    let shown = shown.read();
    let most = shown.len().min(MOST_DRAWN);
    let most_drawn = use_gradual(most);
    let drawn = if are_all_drawn() { shown.len() } else { most_drawn };
    let is_whole = drawn >= most;
    use_effect(use_reactive!(|is_whole| {
        if is_whole {
            ondrawn.call(());
        }
    }));
    let selected = roster.selected.read();
    let selection = context.selection();
    rsx! {
        if shown.is_empty() {
            Empty { text: words::NOT_FOUND }
        } else {
            MetricTable { label: words::LIST, columns: COLUMNS,
                for named in shown[..drawn].iter() {
                    Row {
                        key: "{named.kind.slug()} {named.id}",
                        roster,
                        is_selected: selected.get(&(named.kind, named.id.clone())).is_some(),
                        named: named.clone(),
                        selection: selection.clone(),
                    }
                }
            }
        }
        if !are_all_drawn() && shown.len() > MOST_DRAWN {
            button { class: "button", r#type: "button", "data-testid": "people-all", onclick: move |_| are_all_drawn.set(true),
                {words::show_all(shown.len())}
            }
        }
    }
}

#[component]
fn Row(roster: Roster, named: EntityName, is_selected: bool, selection: Selection) -> Element {
    let EntityName { kind, id, name, area } = named;
    let key = (kind, id.clone());
    let onrenamed = move |entity| roster.take_over(vec![entity]);
    let text = |text: Option<&str>| text.unwrap_or(NO_VALUE).to_owned();
    rsx! {
        tr { class: "person", "data-testid": "person-{kind.slug()}-{id}",
            th { class: "people-id", scope: "row",
                label { class: "people-tick",
                    input {
                        r#type: "checkbox",
                        aria_label: words::select(kind, &id),
                        checked: is_selected,
                        onchange: move |_| roster.toggle(key.clone()),
                    }
                }
                Link { class: "entity-link", to: Address::entity(kind, &id, selection), "{id}" }
            }
            td { class: TEXT, "data-field": "name",
                Rename { kind, id: id.clone(), what: Editable::Name, value: name.clone(), onrenamed,
                    span { class: "person-text", {text(name.as_deref())} }
                }
            }
            td { class: TEXT, "data-field": "area",
                Rename { kind, id: id.clone(), what: Editable::Area, value: area.clone(), onrenamed,
                    span { class: "person-text", {text(area.as_deref())} }
                }
            }
            td { class: TEXT, "data-field": "kind", {entity::kind(kind)} }
        }
    }
}

/// Those of whom something holds what is wanted, whatever its case.
pub(super) fn found(listed: &[EntityName], wanted: &str) -> Vec<EntityName> {
    let wanted = lower(wanted.trim());
    let holds = |text: &str| lower(text).contains(&wanted);
    let is_found = |named: &&EntityName| {
        let texts = [named.name.as_deref(), named.area.as_deref(), Some(entity::kind(named.kind))];
        wanted.is_empty() || holds(&named.id) || texts.into_iter().flatten().any(holds)
    };
    listed.iter().filter(is_found).cloned().collect()
}

/// The table as a file that can be pasted again.
fn csv(listed: &[EntityName]) -> String {
    let header = Csv::new(&[words::ID, words::NAME, words::AREA, words::KIND]);
    let row = |csv: Csv, named: &EntityName| {
        let EntityName { kind, id, name, area } = named;
        let text = [
            id.as_str(),
            name.as_deref().unwrap_or_default(),
            area.as_deref().unwrap_or_default(),
            entity::kind(*kind),
        ];
        csv.row(&text.map(Cell::Text))
    };
    listed.iter().fold(header, row).text()
}

#[cfg(test)]
mod unit {
    use super::super::pasted::read;
    use super::*;
    use domain::event::EntityType;

    fn listed() -> Vec<EntityName> {
        let named = |kind, id: &str, name: Option<&str>, area: Option<&str>| EntityName {
            kind,
            id: id.to_owned(),
            name: name.map(str::to_owned),
            area: area.map(str::to_owned),
        };
        vec![
            named(EntityType::Worker, "W1", Some("Kowalska, \"Ada\""), Some("Line 1")),
            named(EntityType::Worker, "W2", None, Some("=Line; 2")),
            named(EntityType::Workstation, "S1", Some("-Press"), None),
        ]
    }

    #[test]
    fn whoever_is_wanted_is_found_by_id_name_area_or_kind() {
        let ids = |wanted| found(&listed(), wanted).into_iter().map(|named| named.id).collect::<Vec<_>>();
        assert_eq!(ids("  "), ["W1", "W2", "S1"]);
        assert_eq!(ids("ADA"), ["W1"]);
        assert_eq!(ids("line"), ["W1", "W2"]);
        assert_eq!(ids("workstation"), ["S1"]);
        assert!(ids("nobody").is_empty());
    }

    #[test]
    fn the_file_that_is_saved_can_be_pasted_again() {
        let pasted = read(&csv(&listed()));
        let texts = |text: &Option<String>| text.clone().unwrap_or_default();
        let said: Vec<_> =
            listed().iter().map(|one| (one.id.clone(), texts(&one.name), texts(&one.area))).collect();
        let read: Vec<_> =
            pasted.rows.iter().map(|row| (row.id.clone(), texts(&row.name), texts(&row.area))).collect();
        assert_eq!(read, said);
        assert_eq!(pasted.rows[2].kind.as_deref(), Some("Workstation"));
        assert!(pasted.unused.is_empty());
    }
}
