//! Events of the browser's window, which come while no component is being drawn.

use dioxus::prelude::*;
use futures_channel::mpsc::{self, UnboundedSender};
use futures_util::StreamExt;
use std::rc::Rc;
use web_sys::wasm_bindgen::JsCast;
use web_sys::wasm_bindgen::closure::Closure;

/// Where the browser's callbacks send events, for the component that calls this to handle them in its own scope.
pub(crate) fn event_channel<T: 'static>(mut handle: impl FnMut(T) + 'static) -> UnboundedSender<T> {
    let (sender, mut events) = mpsc::unbounded();
    spawn(async move {
        while let Some(event) = events.next().await {
            handle(event);
        }
    });
    sender
}

/// Whether the page is being printed, which draws all that scrolling would: paper does not scroll.
pub(crate) fn use_is_printing() -> Signal<bool> {
    let mut is_printing = use_signal(|| false);
    use_window_event("beforeprint", move || is_printing.set(true));
    use_window_event("afterprint", move || is_printing.set(false));
    is_printing
}

/// Calls whenever the window tells of such an event, for as long as the component lives.
pub(crate) fn use_window_event(event: &'static str, mut handle: impl FnMut() + 'static) {
    let listener = use_hook(|| {
        if cfg!(not(target_arch = "wasm32")) {
            return None;
        }
        let told = event_channel(move |()| handle());
        // The component may be gone already.
        let on_event = Closure::<dyn Fn()>::new(move || _ = told.unbounded_send(()));
        let window = web_sys::window()?;
        window.add_event_listener_with_callback(event, on_event.as_ref().unchecked_ref()).ok()?;
        Some(Rc::new(on_event))
    });
    use_drop(move || {
        if let Some(on_event) = listener
            && let Some(window) = web_sys::window()
        {
            // What is not listening any more need not be removed.
            _ = window.remove_event_listener_with_callback(event, (*on_event).as_ref().unchecked_ref());
        }
    });
}
