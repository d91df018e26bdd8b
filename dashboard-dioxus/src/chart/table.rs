//! The same numbers as a table, made only when somebody asks for them.

use crate::words::chart as words;
use dioxus::prelude::*;

/// The button that shows and hides a table.
#[component]
pub(crate) fn TableSwitch(is_open: Signal<bool>) -> Element {
    rsx! {
        button {
            class: "chart-table-switch",
            r#type: "button",
            aria_expanded: if is_open() { "true" } else { "false" },
            onclick: move |_| is_open.toggle(),
            if is_open() { {words::HIDE_TABLE} } else { {words::SHOW_TABLE} }
        }
    }
}

/// The table itself, which scrolls within the chart's width.
#[component]
pub(crate) fn ChartTable(title: String, columns: Vec<String>, children: Element) -> Element {
    rsx! {
        // What scrolls must be reachable by keys.
        div { class: "chart-table-scroll", role: "region", tabindex: 0, aria_label: words::table(&title),
            table { class: "chart-table",
                caption { class: "chart-table-caption", "{title}" }
                thead {
                    tr {
                        for column in columns {
                            th { scope: "col", {column} }
                        }
                    }
                }
                tbody { {children} }
            }
        }
    }
}
