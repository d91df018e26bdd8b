use crate::components::explained::Explained;
use crate::components::metric_cell::raw;
use crate::words::quantity::Quantity;
use dioxus::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

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
    rsx! {
        div { class: "figure",
            dt { class: "figure-label",
                Explained { how, {label} }
            }
            dd { class: "figure-value", "data-testid": testid, "data-value": raw(value),
                Changing { text: quantity.text(value) }
            }
            dd { class: "figure-below", {children} }
        }
    }
}

/// A text that is marked for a moment when it has changed.
#[component]
pub(crate) fn Changing(text: String) -> Element {
    let known = use_hook(|| Rc::new(RefCell::new((text.clone(), 0_u32))));
    let changes = {
        let mut known = known.borrow_mut();
        if known.0 != text {
            *known = (text.clone(), known.1 + 1);
        }
        known.1
    };
    rsx! {
        // A new element for each change, so that the mark begins anew.
        for change in [changes] {
            span { key: "{change}", class: if change > 0 { "changing changing-marked" } else { "changing" }, "{text}" }
        }
    }
}
