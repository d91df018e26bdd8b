use dioxus::prelude::*;

/// A table of numbers, one row for each entity.
#[component]
pub(crate) fn MetricTable(columns: &'static [&'static str], children: Element) -> Element {
    rsx! {
        table { class: "metric-table",
            thead {
                tr {
                    for column in columns.iter().copied() {
                        th { key: "{column}", scope: "col", {column} }
                    }
                }
            }
            tbody { {children} }
        }
    }
}

/// The head of a row: the name if there is one, and always the id.
#[component]
pub(crate) fn EntityCell(id: String, name: Option<String>) -> Element {
    rsx! {
        th { scope: "row",
            if let Some(name) = name {
                "{name} "
                span { class: "entity-id", "{id}" }
            } else {
                "{id}"
            }
        }
    }
}
