//! The time of day, for what changes with it alone.

use crate::lean::memo::use_read_only;
use dioxus::prelude::*;
use gloo_timers::future::TimeoutFuture;

/// The time in ms since 1970, told anew every so many ms for as long as the component lives. Only those who read it
/// are drawn again.
pub(crate) fn use_clock(step_ms: u32) -> ReadSignal<f64> {
    let mut clock = use_signal(now_ms);
    use_future(move || async move {
        // Only a browser has timers; a page that is drawn as text stands still.
        while cfg!(target_arch = "wasm32") {
            TimeoutFuture::new(step_ms).await;
            clock.set(now_ms());
        }
    });
    use_read_only(clock)
}

/// The time in ms since 1970.
pub(crate) fn now_ms() -> f64 {
    if cfg!(target_arch = "wasm32") { js_sys::Date::now() } else { 0.0 }
}
