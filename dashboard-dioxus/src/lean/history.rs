//! The browser's history for the router. What Dioxus brings for it comes with much that nobody here needs, such as
//! running JavaScript, and scrolls back before the page is as long again as it was.

use super::sorted_map::SortedMap;
use dioxus_history::History;
use js_sys::Function;
use js_sys::wasm_bindgen::prelude::Closure;
use js_sys::wasm_bindgen::{JsCast, JsValue};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use web_sys::{ScrollRestoration, Window};

/// For how many frames a page that is come back to is held where it was left: one or two seconds, in which its numbers
/// come and it becomes as long again as it was.
const HELD_FRAMES: u32 = 120;
/// Of how many entries it is known how far they were scrolled: more than anybody goes back.
const MAX_ENTRIES: usize = 100;
/// What people do who want to be elsewhere on the page.
const BY_HAND: [&str; 4] = ["wheel", "touchmove", "keydown", "pointerdown"];

/// The browser's history, and how far the page was scrolled at each of its entries.
pub(crate) struct BrowserHistory(Rc<Entries>);

struct Entries {
    window: Window,
    history: web_sys::History,
    /// Of the entry that is shown; each entry has its key as its state. Keys rise.
    key: Cell<u64>,
    scrolled_px: RefCell<SortedMap<u64, f64>>,
    /// Where the page is held, and for how many more frames.
    held: Cell<Option<(f64, u32)>>,
}

impl BrowserHistory {
    /// Takes over from the browser how far pages are scrolled. None where there is no browser.
    pub(crate) fn open() -> Option<Self> {
        let window = web_sys::window()?;
        let history = window.history().ok()?;
        history.set_scroll_restoration(ScrollRestoration::Manual).ok()?;
        let entries = Rc::new(Entries {
            window,
            history,
            key: Cell::new(js_sys::Date::now() as u64),
            scrolled_px: RefCell::default(),
            held: Cell::new(None),
        });
        entries.listen("scroll", |entries| entries.note());
        for event in BY_HAND {
            entries.listen(event, |entries| entries.held.set(None));
        }
        let opened = Self(entries);
        opened.0.replace(&opened.current_route());
        Some(opened)
    }
}

impl History for BrowserHistory {
    fn current_route(&self) -> String {
        let location = self.0.window.location();
        let path = location.pathname().unwrap_or_default();
        [path, location.search().unwrap_or_default(), location.hash().unwrap_or_default()].concat()
    }

    fn go_back(&self) {
        // A history that cannot be moved in leaves the page where it is, here and below.
        _ = self.0.history.back();
    }

    fn go_forward(&self) {
        _ = self.0.history.forward();
    }

    fn push(&self, route: String) {
        if route == self.current_route() {
            return;
        }
        let entries = &self.0;
        // The browser tells of scrolling only with the next frame.
        entries.note();
        entries.key.set((js_sys::Date::now() as u64).max(entries.key.get() + 1));
        _ = entries.history.push_state_with_url(&entries.state(), "", Some(&route));
        entries.scroll_to(0.0);
    }

    fn replace(&self, route: String) {
        self.0.replace(&route);
        self.0.scroll_to(0.0);
    }

    fn external(&self, url: String) -> bool {
        self.0.window.location().set_href(&url).is_ok()
    }

    fn updater(&self, callback: Arc<dyn Fn() + Send + Sync>) {
        self.0.listen("popstate", move |entries| {
            callback();
            entries.arrive();
        });
    }
}

impl Entries {
    fn listen(self: &Rc<Self>, event: &str, action: impl Fn(&Rc<Self>) + 'static) {
        let entries = Rc::clone(self);
        let listener: Box<dyn Fn()> = Box::new(move || action(&entries));
        let listener: Function = Closure::wrap(listener).into_js_value().unchecked_into();
        _ = self.window.add_event_listener_with_callback(event, &listener);
    }

    fn state(&self) -> JsValue {
        JsValue::from_f64(self.key.get() as f64)
    }

    fn replace(&self, route: &str) {
        _ = self.history.replace_state_with_url(&self.state(), "", Some(route));
    }

    fn scroll_to(&self, px: f64) {
        self.held.set(None);
        self.window.scroll_to_with_x_and_y(0.0, px);
    }

    /// Remembers how far the page is scrolled.
    fn note(&self) {
        if self.held.get().is_some() {
            return;
        }
        let mut scrolled_px = self.scrolled_px.borrow_mut();
        scrolled_px.insert(self.key.get(), self.window.scroll_y().unwrap_or_default());
        if scrolled_px.len() > MAX_ENTRIES {
            scrolled_px.remove_first();
        }
    }

    /// Scrolls to where the entry was left that the browser has moved to.
    fn arrive(self: &Rc<Self>) {
        if let Some(key) = self.history.state().ok().and_then(|state| state.as_f64()) {
            self.key.set(key as u64);
        }
        let px = self.scrolled_px.borrow().get(&self.key.get()).copied().unwrap_or_default();
        self.held.set(Some((px, HELD_FRAMES)));
        self.hold();
    }

    fn hold(self: &Rc<Self>) {
        let Some((px, frames)) = self.held.get() else { return };
        self.window.scroll_to_with_x_and_y(0.0, px);
        self.held.set(frames.checked_sub(1).map(|frames| (px, frames)));
        let entries = Rc::clone(self);
        let next: Box<dyn FnOnce()> = Box::new(move || entries.hold());
        _ = self.window.request_animation_frame(Closure::once_into_js(next).unchecked_ref());
    }
}
