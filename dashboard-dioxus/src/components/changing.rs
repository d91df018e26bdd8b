use dioxus::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

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
