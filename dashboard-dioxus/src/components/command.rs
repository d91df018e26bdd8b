use crate::words::first_steps as words;
use dioxus::prelude::*;
use futures_channel::oneshot;
use js_sys::{Function, Promise, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::wasm_bindgen::{JsCast, JsValue};

/// A command for a terminal, or another text that is taken elsewhere, and a button that copies it.
#[component]
pub(crate) fn Command(
    testid: &'static str,
    #[props(default = words::COMMAND)] label: &'static str,
    text: String,
) -> Element {
    let mut said = use_signal(|| None);
    let copied = text.clone();
    rsx! {
        div { class: "command",
            // What scrolls must be reachable by keys.
            pre { class: "command-text", tabindex: "0", role: "group", aria_label: label,
                code { "data-testid": testid, "{text}" }
            }
            button {
                class: "button",
                r#type: "button",
                "data-testid": "{testid}-copy",
                onclick: move |_| {
                    let text = copied.clone();
                    async move {
                        let is_copied = copy(&text).await;
                        said.set(Some(if is_copied { words::COPIED } else { words::NOT_COPIED }));
                    }
                },
                {words::COPY}
            }
            p { class: "command-said", role: "status", {said()} }
        }
    }
}

/// Puts text into the clipboard; false where the browser does not let the page, such as on an address without TLS.
pub(crate) async fn copy(text: &str) -> bool {
    let Ok(promise) = begin_copy(text) else { return false };
    let (sender, outcome) = oneshot::channel();
    let sender = Rc::new(RefCell::new(Some(sender)));
    let tell = |is_copied: bool| {
        let sender = Rc::clone(&sender);
        Closure::<dyn FnMut(JsValue)>::new(move |_| {
            if let Some(sender) = sender.borrow_mut().take() {
                // Nobody listens any more when the page was left.
                _ = sender.send(is_copied);
            }
        })
    };
    let (done, refused) = (tell(true), tell(false));
    // What the new promise becomes is nobody's concern: both outcomes are told.
    _ = promise.then2(&done, &refused);
    outcome.await.unwrap_or_default()
}

/// Looked up by name, because the browser has no clipboard at all where it does not trust the page.
fn begin_copy(text: &str) -> Result<Promise, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let clipboard = Reflect::get(&navigator, &"clipboard".into())?;
    if clipboard.is_undefined() {
        return Err(clipboard);
    }
    let write: Function = Reflect::get(&clipboard, &"writeText".into())?.dyn_into()?;
    write.call1(&clipboard, &text.into())?.dyn_into()
}
