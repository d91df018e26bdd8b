//! What lies over a drawing and takes pointer and keys: one stop of the tab key, whatever number of things is below.
//!
//! It is a slider along what the chart shows. That is the one role with which screen readers hand over the arrow keys and
//! then read out where one is, so that the thousand things in a chart need no elements of their own.

use crate::chart::kept_focus::use_kept_focus;
use crate::chart::roving::Move;
use crate::chart::zoom::Gesture;
use crate::lean::number::percent;
use dioxus::prelude::*;
use std::rc::Rc;
use web_sys::js_sys::wasm_bindgen::JsCast;

/// Takes pointer and keys. What is drawn in it (the mark of what is chosen) takes none itself.
#[component]
pub(crate) fn Layer(
    /// The chart's name, by which the chart that replaces it is found.
    title: Rc<str>,
    /// How the keys move in it, in words.
    keys: String,
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
    /// A stretch is selected; left out where none can be.
    on_select: Option<EventHandler<Gesture>>,
    children: Element,
) -> Element {
    let focus = use_kept_focus(&title);
    let (focused, blurred) = (focus.clone(), focus.clone());
    let select = move |gesture| {
        if let Some(on_select) = on_select {
            on_select.call(gesture);
        }
    };
    let point = move |event: PointerEvent| {
        if let Some((x, y)) = place_of(&event) {
            on_point.call((x, y));
            select(Gesture::Drag(x));
        }
    };
    let press = move |event: PointerEvent| {
        let Some((x, y)) = place_of(&event) else { return };
        on_point.call((x, y));
        if on_select.is_some() && hold_pointer(&event) {
            select(Gesture::Press(x, y));
        }
    };
    let press_key = move |event: KeyboardEvent| {
        let step = Move::of(&event.key());
        if let (Some(step), Some(on_select)) = (step, on_select)
            && event.modifiers() == Modifiers::SHIFT
        {
            event.prevent_default();
            on_select.call(Gesture::Extend(step));
            return;
        }
        // Other keys with modifiers are the browser's: Alt and an arrow goes back in its history.
        if !event.modifiers().is_empty() {
            return;
        }
        if let Some(step) = step {
            event.prevent_default();
            on_move.call(step);
        } else if event.key() == Key::Escape {
            select(Gesture::Cancel);
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
            aria_label: "{title}. {keys}",
            aria_valuemin: 0,
            aria_valuemax: last as i64,
            aria_valuenow: place as i64,
            aria_valuetext: text,
            "data-selects": on_select.is_some().then_some("true"),
            onpointermove: point,
            onpointerdown: press,
            onpointerup: move |_| select(Gesture::Release),
            onpointercancel: move |_| select(Gesture::Cancel),
            onpointerleave: move |_| on_leave.call(()),
            onmounted: move |event| focus.take(event.data()),
            onfocus: move |_| focused.set(true),
            onblur: move |_| {
                blurred.set(false);
                on_leave.call(());
            },
            onkeydown: press_key,
            {children}
        }
    }
}

/// Takes the pointer's events until its button goes up, wherever it goes; only if it is the main button or a finger.
fn hold_pointer(event: &PointerEvent) -> bool {
    const MAIN_BUTTON: i16 = 0;
    let data = event.data();
    let Some(native) = data.downcast::<web_sys::PointerEvent>() else { return false };
    let layer = native.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    // A pointer that is gone already cannot be held.
    native.button() == MAIN_BUTTON
        && layer.is_some_and(|layer| layer.set_pointer_capture(native.pointer_id()).is_ok())
}

/// Scrolls as little as shows the element.
pub(crate) fn bring_into_view(id: &str) {
    let page = web_sys::window().and_then(|window| window.document());
    if let Some(element) = page.and_then(|page| page.get_element_by_id(id)) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// What is selected to be zoomed into, from and to these shares of the width; `rows` are the upper edge and the height.
pub(crate) fn selected_mark([from, to]: [f64; 2], [top, height]: [f64; 2]) -> Element {
    rsx! {
        div {
            class: "chart-selected",
            left: percent(from),
            width: percent(to - from),
            top: percent(top),
            height: percent(height),
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
