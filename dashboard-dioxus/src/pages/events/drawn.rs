//! How much of a long list of events is drawn: as far as somebody has scrolled, and a good deal further.

use super::list::PAGE_EVENTS;
use crate::components::gradual::use_gradual;
use crate::components::window_event::{use_is_printing, use_window_event};
use dioxus::prelude::*;

/// A page is always drawn whole. What the feed has put above it makes the list longer.
const LEAST: usize = PAGE_EVENTS as usize;
/// Rows are taken in and out by so many, so that scrolling draws seldom.
const BATCH: usize = 20;
/// Rows are higher than this on every screen, in CSS pixels.
const LEAST_HEIGHT_PX: f64 = 24.0;

/// How many of so many rows are drawn, from the top; on paper all are.
pub(super) fn use_drawn(rows: usize) -> usize {
    let mut wanted = use_signal(|| LEAST);
    use_window_event("scroll", move || {
        let now = wanted_at(web_sys::window().as_ref());
        if *wanted.peek() != now {
            wanted.set(now);
        }
    });
    let is_printing = use_is_printing();
    let drawn = use_gradual(wanted().min(rows));
    if is_printing() { rows } else { drawn }
}

/// To the end of what is in view, and a window further.
fn wanted_at(window: Option<&web_sys::Window>) -> usize {
    let number = |told: Option<f64>| told.unwrap_or_default();
    let top_px = number(window.and_then(|window| window.scroll_y().ok()));
    let height_px = number(window.and_then(|window| window.inner_height().ok()?.as_f64()));
    wanted(top_px, height_px)
}

fn wanted(top_px: f64, height_px: f64) -> usize {
    let rows = ((top_px + 2.0 * height_px) / LEAST_HEIGHT_PX).ceil() as usize;
    rows.next_multiple_of(BATCH).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_drawn_whole_and_more_where_somebody_scrolls() {
        assert_eq!(wanted(0.0, 1_080.0), 100);
        assert_eq!(wanted(2_400.0, 1_080.0), 200);
        assert_eq!(wanted(0.0, 0.0), 100);
    }
}
