//! The size of the window, as it changes.

use super::browser_event::event_channel;
use super::layout::Viewport;
use crate::lean::memo::use_read_only;
use dioxus::prelude::*;
use std::rc::Rc;
use web_sys::wasm_bindgen::JsCast;
use web_sys::wasm_bindgen::closure::Closure;

const RESIZED: &str = "resize";

/// The room that the board has, told anew when the window changes its size.
pub(crate) fn use_viewport() -> ReadSignal<Viewport> {
    let mut viewport = use_signal(measured);
    let listener = use_hook(|| {
        if cfg!(not(target_arch = "wasm32")) {
            return None;
        }
        let resized = event_channel(move |()| viewport.set(measured()));
        // The component may be gone already.
        let on_event = Closure::<dyn Fn()>::new(move || _ = resized.unbounded_send(()));
        let window = web_sys::window()?;
        window.add_event_listener_with_callback(RESIZED, on_event.as_ref().unchecked_ref()).ok()?;
        Some(Rc::new(on_event))
    });
    use_drop(move || {
        if let Some(on_event) = listener
            && let Some(window) = web_sys::window()
        {
            // What is not listening any more need not be removed.
            _ = window.remove_event_listener_with_callback(RESIZED, (*on_event).as_ref().unchecked_ref());
        }
    });
    use_read_only(viewport)
}

fn measured() -> Viewport {
    let window = if cfg!(target_arch = "wasm32") { web_sys::window() } else { None };
    let size = window.and_then(|window| {
        let (width, height) = (window.inner_width().ok()?, window.inner_height().ok()?);
        Some(Viewport { width_px: width.as_f64()?, height_px: height.as_f64()? })
    });
    size.unwrap_or(Viewport::TELEVISION)
}
