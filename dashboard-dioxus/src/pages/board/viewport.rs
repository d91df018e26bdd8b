//! The size of the window, as it changes.

use super::layout::Viewport;
use crate::components::window_event::use_window_event;
use crate::lean::memo::use_read_only;
use dioxus::prelude::*;

/// The room that the board has, told anew when the window changes its size.
pub(crate) fn use_viewport() -> ReadSignal<Viewport> {
    let mut viewport = use_signal(measured);
    use_window_event("resize", move || viewport.set(measured()));
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
