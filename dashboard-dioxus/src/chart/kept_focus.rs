//! The focus of a chart that another one replaces: who zooms in by keyboard goes on in the chart of the new window.

use crate::live::clock::now_ms;
use dioxus::core::provide_root_context;
use dioxus::prelude::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How long the next chart may take to appear, in ms: as long as somebody waits for an answer. A focus that moves later
/// comes as a surprise.
const WITHIN_MS: f64 = 10_000.0;

/// The name of a chart that went while it had the focus, and when that was, in ms since 1970.
type Gone = (Rc<str>, f64);

/// The chart that went last while it had the focus.
#[derive(Clone, Default)]
struct LastFocused(Rc<RefCell<Option<Gone>>>);

/// The focus of one chart.
#[derive(Clone)]
pub(super) struct KeptFocus {
    has_focus: Rc<Cell<bool>>,
    is_wanted: bool,
}

/// Hands the focus of this component on to the next chart with the same name.
pub(super) fn use_kept_focus(title: &Rc<str>) -> KeptFocus {
    let (kept, last) = use_hook(|| {
        let last = try_consume_context::<LastFocused>()
            .unwrap_or_else(|| provide_root_context(LastFocused::default()));
        let is_it = |(name, at_ms): &mut Gone| name == title && now_ms() - *at_ms <= WITHIN_MS;
        let is_wanted = last.0.borrow_mut().take_if(is_it).is_some();
        (KeptFocus { has_focus: Rc::default(), is_wanted }, last)
    });
    let (title, has_focus) = (Rc::clone(title), Rc::clone(&kept.has_focus));
    use_drop(move || {
        if has_focus.get() {
            last.0.replace(Some((title, now_ms())));
        }
    });
    kept
}

impl KeptFocus {
    /// The chart has the focus or has it no longer.
    pub(super) fn set(&self, has_focus: bool) {
        self.has_focus.set(has_focus);
    }

    /// Takes the focus of the chart before, unless somebody has put it elsewhere since.
    pub(super) fn take(&self, chart: Rc<MountedData>) {
        if self.is_wanted && is_nothing_focused() {
            spawn(async move {
                // A chart that is gone again cannot take the focus.
                _ = chart.set_focus(true).await;
            });
        }
    }
}

fn is_nothing_focused() -> bool {
    let page = web_sys::window().and_then(|window| window.document());
    page.and_then(|page| page.active_element()).is_none_or(|focused| focused.tag_name() == "BODY")
}
