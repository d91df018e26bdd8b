//! The window of a chart and the labels below it.

use crate::chart::time_tick::{TimeTick, time_ticks};
use crate::lean::number::percent;
use crate::lean::zone::Zone;
use dioxus::prelude::*;

/// The window that a chart shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    /// The first instant, in ms since 1970.
    pub(crate) from_ms: f64,
    /// The instant after the last.
    pub(crate) to_ms: f64,
    /// What is later is yet to come and not drawn as unobserved. Let it be coarse, such as the end of the last step that
    /// was delivered: every change of it draws the chart again.
    pub(crate) now_ms: Option<f64>,
    /// The factory's clock.
    pub(crate) zone: Zone,
}

/// Labels that a chart as wide as a laptop's window has room for.
const MOST_LABELS: usize = 12;
/// Of so many labels one stays in the narrowest chart.
const RANKS: usize = 4;
/// The part of the width that a label at an end needs for its half.
const END: f64 = 0.03;

/// A label below a chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeLabel {
    pub(crate) text: String,
    /// Its distance from the left as a share of the width.
    pub(crate) share: f64,
    /// From 0 to 3: the odd ones are left out where the chart is narrow, and all but 0 where it is as narrow as can be.
    rank: usize,
}

/// The labels of a window. `share` tells where an instant stands, from 0 to 1.
pub(crate) fn time_labels(
    from_ms: f64,
    to_ms: f64,
    zone: &Zone,
    share: impl Fn(f64) -> f64,
) -> Vec<TimeLabel> {
    let ticks = time_ticks(from_ms, to_ms, MOST_LABELS, zone);
    // A new date is among the labels that stay.
    let anchor = ticks.iter().position(|tick| tick.local.is_midnight()).unwrap_or(0);
    let label = |(index, tick): (usize, &TimeTick)| TimeLabel {
        text: tick.label(),
        share: share(tick.at_ms),
        rank: (index + RANKS - anchor % RANKS) % RANKS,
    };
    ticks.iter().enumerate().map(label).collect()
}

/// The labels of a time axis. Hidden from screen readers, which get the time with every reading.
#[component]
pub(crate) fn TimeAxis(labels: Vec<TimeLabel>) -> Element {
    rsx! {
        div { class: "chart-time-axis", aria_hidden: "true",
            for label in labels {
                span {
                    key: "{label.share}",
                    class: "chart-time-label",
                    "data-rank": label.rank as i64,
                    "data-end": end(label.share),
                    left: percent(label.share),
                    {label.text}
                }
            }
        }
    }
}

/// At which end of the axis a label stands, where it must not reach beyond it.
fn end(share: f64) -> Option<&'static str> {
    if share < END {
        Some("first")
    } else if share > 1.0 - END {
        Some("last")
    } else {
        None
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_new_date_is_among_the_labels_that_a_narrow_chart_keeps() {
        let monday = 1_767_571_200_000.0;
        let hours = |hours: f64| monday + hours * 3_600_000.0;
        let labels = time_labels(hours(15.0), hours(39.0), &Zone::fixed("UTC", 0), |at_ms| {
            (at_ms - hours(15.0)) / 86_400_000.0
        });
        let kept = |is_kept: fn(usize) -> bool| {
            let kept = labels.iter().filter(|label| is_kept(label.rank));
            kept.map(|label| label.text.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(kept(|rank| rank % 2 == 0), ["18:00", "Tue 6", "06:00", "12:00"]);
        assert_eq!(kept(|rank| rank == 0), ["Tue 6", "12:00"]);
        assert_eq!(labels[0].share, 0.0);
    }

    #[test]
    fn a_label_at_an_end_is_kept_inside() {
        assert_eq!([0.0, 0.5, 1.0].map(end), [Some("first"), None, Some("last")]);
    }
}
