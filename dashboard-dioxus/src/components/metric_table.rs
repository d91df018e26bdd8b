use crate::components::explained::Explained;
use crate::route::{Address, Selection};
use dioxus::prelude::*;
use domain::event::EntityType;

/// The head of a column.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Column {
    name: &'static str,
    /// How its numbers are computed.
    how: Option<&'static str>,
    class: Option<&'static str>,
}

impl Column {
    /// A column of numbers, which stand at its end.
    pub(crate) const fn number(name: &'static str, how: &'static str) -> Self {
        Self { name, how: Some(how), class: None }
    }

    /// A column of words, which stand at its beginning; its cells have the class [`TEXT`].
    pub(crate) const fn text(name: &'static str) -> Self {
        Self { name, how: None, class: Some(TEXT) }
    }
}

/// The class of a cell that holds words.
pub(crate) const TEXT: &str = "metric-table-text";

/// A table of numbers, one row for each entity. Where there is no room for its columns, a row is a block of its own, and its
/// cells say themselves which column they are of.
#[component]
pub(crate) fn MetricTable(label: String, columns: &'static [Column], children: Element) -> Element {
    let names = use_hook(|| names(columns));
    rsx! {
        div { class: "metric-table-frame",
            table { class: "metric-table metric-table-blocks", style: names, aria_label: label,
                thead {
                    tr {
                        for Column { name, how, class } in columns.iter().copied() {
                            th { key: "{name}", class, scope: "col",
                                if let Some(how) = how {
                                    Explained { how, {name} }
                                } else {
                                    {name}
                                }
                            }
                        }
                    }
                }
                tbody { {children} }
            }
        }
    }
}

/// The names of the columns as the stylesheet takes them.
fn names(columns: &[Column]) -> String {
    let name = |(index, column): (usize, &Column)| format!("--column-{}: '{}';", index + 1, column.name);
    columns.iter().enumerate().map(name).collect()
}

/// The head of a row: the name if there is one, and always the id; the way to the entity's page.
#[component]
pub(crate) fn EntityCell(
    kind: EntityType,
    id: String,
    name: Option<String>,
    selection: Selection,
) -> Element {
    rsx! {
        th { scope: "row", {entity_link(kind, &id, name.as_deref(), selection)} }
    }
}

/// What stands in it.
pub(crate) fn entity_link(kind: EntityType, id: &str, name: Option<&str>, selection: Selection) -> Element {
    rsx! {
        Link { class: "entity-link", to: Address::entity(kind, id, selection),
            if let Some(name) = name {
                "{name} "
                span { class: "entity-id", "{id}" }
            } else {
                "{id}"
            }
        }
    }
}
