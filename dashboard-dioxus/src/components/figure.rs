use crate::components::changing::Changing;
use crate::components::explained::Explained;
use crate::components::metric_cell::raw;
use crate::words::quantity::Quantity;
use dioxus::prelude::*;

/// A number that stands for itself, under its name; the name says how it is computed. What belongs to it, such as a
/// change or a small chart, stands below. It belongs into a `dl`.
#[component]
pub(crate) fn Figure(
    testid: &'static str,
    label: String,
    how: String,
    quantity: Quantity,
    value: Option<f64>,
    children: Element,
) -> Element {
    let text = quantity.text(value);
    let length = format!("--figure-length: {}", text.chars().count());
    rsx! {
        div { class: "figure",
            dt { class: "figure-label",
                Explained { how, {label} }
            }
            dd { class: "figure-value", style: length, "data-testid": testid, "data-value": raw(value),
                Changing { text }
            }
            dd { class: "figure-below", {children} }
        }
    }
}
