//! What takes long to draw, drawn in parts: in between, the browser shows what is there and takes in what people do.

use dioxus::prelude::*;
use gloo_timers::future::TimeoutFuture;

/// How many rows are drawn at once: some 20 ms on a slow machine.
const STEP_ROWS: usize = 12;
/// The time between two steps, in ms: about a frame, in which the browser lays the rows out.
const STEP_MS: u32 = 16;

/// How many rows of a list may be drawn by now: some at first, and more with every step, until all that are wanted are. From
/// then on all always are, so that no row that is read goes when others come above it.
pub(crate) fn use_gradual(wanted: usize) -> usize {
    let mut allowed = use_signal(|| STEP_ROWS);
    let mut was_whole = use_hook(|| CopyValue::new(false));
    // Only a browser has timers; a page that is drawn as text is drawn at once.
    if cfg!(not(target_arch = "wasm32")) || *was_whole.peek() {
        return wanted;
    }
    let drawn = allowed();
    if drawn < wanted {
        spawn(async move {
            TimeoutFuture::new(STEP_MS).await;
            allowed.set(drawn + STEP_ROWS);
        });
    } else if wanted > 0 {
        was_whole.set(true);
    }
    drawn.min(wanted)
}

/// Whether it is time to draw what can wait: it comes in a task of its own, after what is drawn now.
pub(crate) fn use_later() -> bool {
    let mut is_time = use_signal(|| cfg!(not(target_arch = "wasm32")));
    use_hook(|| {
        if cfg!(target_arch = "wasm32") {
            spawn(async move {
                TimeoutFuture::new(0).await;
                is_time.set(true);
            });
        }
    });
    is_time()
}
