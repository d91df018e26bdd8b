//! Keys that mean something anywhere on the page.

use dioxus::prelude::*;
use futures_channel::mpsc;
use futures_util::StreamExt;
use std::rc::Rc;
use web_sys::wasm_bindgen::JsCast;
use web_sys::wasm_bindgen::closure::Closure;

/// Where typing means writing.
const WRITING: [&str; 3] = ["INPUT", "TEXTAREA", "SELECT"];
/// What the space bar presses.
const PRESSED: [&str; 2] = ["BUTTON", "SUMMARY"];

/// Calls when a key is pressed anywhere on the page but where it already means something.
pub(crate) fn use_key(key: &'static str, mut pressed: impl FnMut() + 'static) {
    let listener = use_hook(|| {
        let (sender, mut presses) = mpsc::unbounded();
        spawn(async move {
            while presses.next().await.is_some() {
                pressed();
            }
        });
        if cfg!(not(target_arch = "wasm32")) {
            return None;
        }
        let on_event =
            Closure::<dyn Fn(web_sys::KeyboardEvent)>::new(move |event: web_sys::KeyboardEvent| {
                if event.key() == key && is_free(&event) {
                    event.prevent_default();
                    // The component may be gone already.
                    _ = sender.unbounded_send(());
                }
            });
        let window = web_sys::window()?;
        let function = on_event.as_ref().unchecked_ref();
        window.add_event_listener_with_callback("keydown", function).ok()?;
        Some(Rc::new(on_event))
    });
    use_drop(move || {
        if let Some(on_event) = listener
            && let Some(window) = web_sys::window()
        {
            // What is not listening any more need not be removed.
            _ = window.remove_event_listener_with_callback("keydown", (*on_event).as_ref().unchecked_ref());
        }
    });
}

fn is_free(event: &web_sys::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let is_taken = target.is_some_and(|element| {
        let name = element.tag_name();
        WRITING.contains(&&*name) || (event.key() == " " && PRESSED.contains(&&*name))
    });
    !is_taken && !event.ctrl_key() && !event.meta_key() && !event.alt_key()
}
