//! What lies over a drawing and takes pointer and keys: one stop of the tab key, whatever number of things is below.
//!
//! It is a slider along what the chart shows. That is the one role with which screen readers hand over the arrow keys and
//! then read out where one is, so that the thousand things in a chart need no elements of their own.

use crate::chart::roving::Move;
use dioxus::prelude::*;
use web_sys::js_sys::wasm_bindgen::JsCast;

/// Takes pointer and keys. What is drawn in it (the mark of what is chosen) takes none itself.
#[component]
pub(crate) fn Layer(
    /// The chart's name and how the keys move in it.
    label: String,
    /// Where one is, from 0 to `last`.
    place: usize,
    last: usize,
    /// What is there, in words.
    text: String,
    on_move: EventHandler<Move>,
    /// A place as shares of width and height.
    on_point: EventHandler<(f64, f64)>,
    /// The pointer or the focus has gone.
    on_leave: EventHandler<()>,
    /// Enter was pressed.
    on_open: Option<EventHandler<()>>,
    children: Element,
) -> Element {
    let point = move |event: PointerEvent| {
        if let Some(place) = place_of(&event) {
            on_point.call(place);
        }
    };
    let press_key = move |event: KeyboardEvent| {
        // Keys with modifiers are the browser's: Alt and an arrow goes back in its history.
        if !event.modifiers().is_empty() {
            return;
        }
        if let Some(step) = Move::of(&event.key()) {
            event.prevent_default();
            on_move.call(step);
        } else if event.key() == Key::Enter
            && let Some(on_open) = on_open
        {
            on_open.call(());
        }
    };
    rsx! {
        div {
            class: "chart-layer",
            role: "slider",
            tabindex: 0,
            aria_label: label,
            aria_valuemin: 0,
            aria_valuemax: last as i64,
            aria_valuenow: place as i64,
            aria_valuetext: text,
            onpointermove: point,
            onpointerdown: point,
            onpointerleave: move |_| on_leave.call(()),
            onblur: move |_| on_leave.call(()),
            onkeydown: press_key,
            {children}
        }
    }
}

/// Where in the layer an event is; none where that cannot be told.
fn place_of(event: &PointerEvent) -> Option<(f64, f64)> {
    let data = event.data();
    let native = data.downcast::<web_sys::PointerEvent>()?;
    // Nothing in the layer takes pointers, so the event's target is the layer.
    let layer = native.target()?.dyn_into::<web_sys::Element>().ok()?;
    let x = share(native.offset_x(), layer.client_width())?;
    Some((x, share(native.offset_y(), layer.client_height())?))
}

/// How far along a length something is, from 0 to 1; none along no length.
fn share(offset_px: i32, length_px: i32) -> Option<f64> {
    (length_px > 0).then(|| (f64::from(offset_px) / f64::from(length_px)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_outside_the_layer_is_taken_to_its_edge() {
        assert_eq!([-1, 50, 120].map(|offset| share(offset, 100)), [0.0, 0.5, 1.0].map(Some));
        assert_eq!(share(5, 0), None);
    }
}
