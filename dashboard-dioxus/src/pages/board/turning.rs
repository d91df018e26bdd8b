//! Which page is in view: turned as time passes, by arrows, or held.

use super::pages::{Page, PageId, after, before, place_of};
use crate::components::keyboard::use_key;
use crate::lean::memo::{Memo, use_memo};
use crate::model::window_span::Direction;
use crate::route::BoardAddress;
use dioxus::prelude::*;
use gloo_timers::future::TimeoutFuture;

/// How long a page is shown unless the address says otherwise, in seconds: long enough to find a name on it.
const SHOWN_S: u16 = 15;
const MS_PER_SECOND: u32 = 1_000;

/// The page in view, and what changes it.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Turning {
    pub(super) shown: Memo<Option<Page>>,
    pub(super) is_held: Signal<bool>,
    pub(super) turn: Callback<Direction>,
}

/// Turns the pages; arrow keys turn them by hand, and the space bar holds them.
pub(super) fn use_turning(address: ReadSignal<BoardAddress>, pages: Memo<Vec<Page>>) -> Turning {
    let mut wanted = use_signal(|| None::<PageId>);
    let mut is_held = use_signal(|| false);
    let mut shown_for_s = use_hook(|| CopyValue::new(0_u16));
    let turn = use_callback(move |direction: Direction| {
        shown_for_s.set(0);
        let pages = pages.peek();
        let shown = pages.get(place_of(&pages, wanted.peek().as_ref())).map(|page| page.id.clone());
        let next = match direction {
            Direction::Back => before(&pages, shown.as_ref()),
            Direction::Forth => after(&pages, shown.as_ref()),
        };
        if *wanted.peek() != next {
            wanted.set(next);
        }
    });
    use_future(move || async move {
        // Only a browser has timers; a page that is drawn as text stands still.
        while cfg!(target_arch = "wasm32") {
            TimeoutFuture::new(MS_PER_SECOND).await;
            if *is_held.peek() {
                continue;
            }
            let shown_s = *shown_for_s.peek() + 1;
            if shown_s >= address.peek().rotate_s.unwrap_or(SHOWN_S) {
                turn.call(Direction::Forth);
            } else {
                shown_for_s.set(shown_s);
            }
        }
    });
    use_key("ArrowLeft", move || turn.call(Direction::Back));
    use_key("ArrowRight", move || turn.call(Direction::Forth));
    use_key(" ", move || is_held.toggle());
    let shown = use_memo(move || {
        let pages = pages.read();
        pages.get(place_of(&pages, wanted.read().as_ref())).cloned()
    });
    Turning { shown, is_held, turn }
}
