use crate::components::explained::Explained;
use crate::model::EntityKind;
use crate::route::{Address, Route};
use dioxus::prelude::*;

/// The head of a column: its name and how its numbers are computed.
pub(crate) type Column = (&'static str, Option<&'static str>);

/// A table of numbers, one row for each entity.
#[component]
pub(crate) fn MetricTable(label: String, columns: &'static [Column], children: Element) -> Element {
    rsx! {
        table { class: "metric-table", aria_label: label,
            thead {
                tr {
                    for (name, how) in columns.iter().copied() {
                        th { key: "{name}", scope: "col",
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

/// The head of a row: the name if there is one, and always the id; the way to the entity's page.
#[component]
pub(crate) fn EntityCell(kind: EntityKind, id: String, name: Option<String>, at: Address) -> Element {
    rsx! {
        th { scope: "row",
            Link { class: "entity-link", to: Route::entity(kind, &id, &at),
                if let Some(name) = name {
                    "{name} "
                    span { class: "entity-id", "{id}" }
                } else {
                    "{id}"
                }
            }
        }
    }
}
