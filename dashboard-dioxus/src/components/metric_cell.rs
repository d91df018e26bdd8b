use crate::components::changing::Changing;
use crate::words::quantity::Quantity;
use dioxus::prelude::*;

/// A number in a table.
#[component]
pub(crate) fn MetricCell(field: &'static str, quantity: Quantity, value: Option<f64>) -> Element {
    rsx! {
        td { "data-field": field, "data-value": raw(value),
            Changing { text: quantity.text(value) }
        }
    }
}

/// The number as it was sent, for machines that read the page; the attribute is absent when there is none.
pub(crate) fn raw(value: Option<f64>) -> Option<String> {
    value.map(|value| value.to_string())
}
