//! Keeps a television's screen awake for as long as the board is in view.

use crate::components::window_event::event_channel;
use crate::lean::memo::use_read_only;
use dioxus::prelude::*;
use js_sys::{Function, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::wasm_bindgen::{JsCast, JsValue};

/// What the browser says about the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScreenLock {
    /// It has not answered yet.
    Asked,
    SharedRow,
    /// It does not keep the screen awake: an old one, or one that grants it to encrypted pages alone.
    Unavailable,
}

impl ScreenLock {
    /// The name by which tests know it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::SharedRow => "kept",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Browsers let go of the screen whenever the page is out of view, so it is asked for again when the page is back.
const BACK_IN_VIEW: &str = "visibilitychange";

type Told = Closure<dyn Fn(JsValue)>;

/// What is held in the browser, and given back with the board.
struct Held {
    granted: Told,
    refused: Told,
    lock: Rc<RefCell<Option<JsValue>>>,
}

/// Asks for the screen to stay on while the component lives, and tells what became of it.
pub(crate) fn use_wake_lock() -> ReadSignal<ScreenLock> {
    let mut screen_lock = use_signal(|| ScreenLock::Asked);
    let held = use_hook(|| {
        if cfg!(not(target_arch = "wasm32")) {
            return None;
        }
        let told = event_channel(move |answer| screen_lock.set(answer));
        let lock = Rc::new(RefCell::new(None));
        let (kept, is_granted, is_refused) = (Rc::clone(&lock), told.clone(), told.clone());
        let granted = Told::new(move |sentinel: JsValue| {
            *kept.borrow_mut() = Some(sentinel);
            // The component may be gone already, here and below.
            _ = is_granted.unbounded_send(ScreenLock::SharedRow);
        });
        let refused = Told::new(move |_| _ = is_refused.unbounded_send(ScreenLock::Unavailable));
        let held = Rc::new(Held { granted, refused, lock });
        let asked = Rc::clone(&held);
        let ask = move || {
            if asked.ask().is_err() {
                _ = told.unbounded_send(ScreenLock::Unavailable);
            }
        };
        ask();
        let on_change = Closure::<dyn Fn()>::new(move || {
            if is_in_view() {
                ask();
            }
        });
        if let Some(page) = page() {
            // A page that cannot be listened to keeps what it was granted.
            _ = page.add_event_listener_with_callback(BACK_IN_VIEW, on_change.as_ref().unchecked_ref());
        }
        Some((held, Rc::new(on_change)))
    });
    use_drop(move || {
        let Some((held, on_change)) = held else { return };
        if let Some(page) = page() {
            // What is not listening any more need not be removed.
            _ = page.remove_event_listener_with_callback(BACK_IN_VIEW, (*on_change).as_ref().unchecked_ref());
        }
        held.give_back();
    });
    use_read_only(screen_lock)
}

impl Held {
    /// Fails where the browser knows nothing of it.
    fn ask(&self) -> Result<(), JsValue> {
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
        let locks = Reflect::get(&navigator, &"wakeLock".into())?;
        let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
        let answer = request.call1(&locks, &"screen".into())?;
        let then: Function = Reflect::get(&answer, &"then".into())?.dyn_into()?;
        then.call2(&answer, self.granted.as_ref(), self.refused.as_ref()).map(drop)
    }

    fn give_back(&self) {
        let Some(sentinel) = self.lock.borrow_mut().take() else { return };
        let release = Reflect::get(&sentinel, &"release".into()).and_then(JsCast::dyn_into::<Function>);
        if let Ok(release) = release {
            // A lock that the browser took back already is given back for nothing.
            _ = release.call0(&sentinel);
        }
    }
}

fn page() -> Option<web_sys::Document> {
    web_sys::window().and_then(|window| window.document())
}

fn is_in_view() -> bool {
    let hidden = page().and_then(|page| Reflect::get(&page, &"hidden".into()).ok());
    hidden.and_then(|hidden| hidden.as_bool()) == Some(false)
}
