use crate::chart::path;
use crate::chart::scale::Linear;
use crate::chart::series::{Measure, Step};
use crate::lean::number::{percent, short};
use crate::words::chart as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// The view box of the drawing: wide enough that a tenth of it is not seen.
const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 40.0;
/// What the line's thickness and the last point's mark need above and below, of the height.
const MARGIN: f64 = 4.0;

/// The course of one value beside its number: a line with gaps, its last point marked. The line stands on 0, so that
/// its height can be compared.
#[component]
pub(crate) fn Sparkline(
    measure: Measure,
    /// The window, in ms since 1970.
    from_ms: f64,
    to_ms: f64,
    steps: Rc<[Step]>,
) -> Element {
    let x = Linear::new([from_ms, to_ms], [0.0, WIDTH]);
    let highest = steps.iter().filter_map(|step| step.value).fold(0.0, f64::max);
    let top = measure.ceiling.unwrap_or(0.0).max(highest);
    // A line of zeros lies at the bottom, not at the top.
    let top = if top > 0.0 { top } else { 1.0 };
    let y = Linear::new([0.0, top], [HEIGHT - MARGIN, MARGIN]);
    let last = steps.iter().rev().find_map(|step| Some((step, step.value?)));
    let label = words::sparkline(measure.name, last.map(|(_, value)| measure.text(Some(value))).as_deref());
    rsx! {
        span { class: "sparkline", role: "img", aria_label: label,
            svg {
                class: "sparkline-drawing",
                view_box: "0 0 {short(WIDTH)} {short(HEIGHT)}",
                preserve_aspect_ratio: "none",
                "aria-hidden": "true",
                path { class: "sparkline-area", d: path::area(&steps, &x, &y) }
                path { class: "sparkline-line", d: path::line(&steps, &x, &y) }
            }
            if let Some((step, value)) = last {
                span {
                    class: "sparkline-last",
                    left: percent(x.place(step.middle_ms()) / WIDTH),
                    top: percent(y.place(value) / HEIGHT),
                }
            }
        }
    }
}
