use crate::components::metric_cell::raw;
use crate::format::Quantity;
use dioxus::prelude::*;

/// A number that stands for itself, under its name.
#[component]
pub(crate) fn MetricTile(
    testid: &'static str,
    label: &'static str,
    quantity: Quantity,
    value: Option<f64>,
) -> Element {
    rsx! {
        div { class: "metric-tile",
            dt { class: "metric-label", {label} }
            dd { class: "metric-value", "data-testid": testid, "data-value": raw(value), {quantity.text(value)} }
        }
    }
}
