use crate::chart::heatmap::index_at;
use crate::chart::layer::{Layer, selected_mark};
use crate::chart::roving::Move;
use crate::chart::series::WIDTH;
use crate::chart::timeline::{Track, TrackLayout, longest_ms};
use crate::chart::timeline_chart::{Chosen, selection, span_details, state_of, state_word, told};
use crate::chart::zoom::{Canvas, Gesture, Purpose, Selected};
use crate::lean::number::percent;
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::words::chart as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// The tracks as a place to choose and to select in.
#[derive(Clone)]
struct Tracks {
    layouts: Shared<Vec<TrackLayout>>,
    tracks: Rc<[Track]>,
    chosen: Signal<Chosen>,
    purpose: Purpose,
}

impl Canvas for Tracks {
    fn row_at(&self, share: f64) -> usize {
        index_at(share, self.tracks.len()).unwrap_or_default()
    }

    fn window(&self, row: usize) -> [f64; 2] {
        self.tracks.get(row).map_or([0.0; 2], |track| [track.from_ms, track.to_ms])
    }

    fn instant_at(&self, row: usize, share: f64) -> f64 {
        let [from_ms, to_ms] = self.window(row);
        // Tracks begin together, and the longest takes the whole width.
        (from_ms + share * longest_ms(&self.tracks)).min(to_ms)
    }

    fn chosen(&self) -> (usize, f64) {
        let (track, index) = self.told();
        let span = self.layouts.get(track).and_then(|layout| layout.spans.get(index));
        (track, span.map_or(self.window(track)[0], |span| span.from_ms))
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }
}

impl Tracks {
    /// The track and the span that are told; before anybody chooses, the last that was observed.
    fn told(&self) -> (usize, usize) {
        told(&self.layouts, *self.chosen.peek()).unwrap_or_else(|| {
            (self.layouts.iter().position(|layout| !layout.spans.is_empty()).unwrap_or(0), 0)
        })
    }

    fn choose(&mut self, track: usize, span: Option<usize>) {
        let span = span.and_then(|span| self.layouts.get(track)?.spans.get(span));
        let choice = span.map(|span| (track, span.from_ms));
        if *self.chosen.peek() != choice {
            self.chosen.set(choice);
        }
    }

    fn step(&mut self, step: Move) {
        let (track, index) = self.told();
        let next = step.across(track, self.layouts.len());
        let count = self.layouts.get(track).map_or(0, |layout| layout.spans.len());
        let span = if next == track {
            Some(step.along(index, count))
        } else {
            self.middle_of(track, index).and_then(|share| self.layouts.get(next)?.span_at(share))
        };
        self.choose(next, span);
    }

    fn point(&mut self, x: f64, y: f64) {
        let track = self.row_at(y);
        let span = self.layouts.get(track).and_then(|layout| layout.span_at(x));
        self.choose(track, span);
    }

    /// Where a span's middle is drawn, as a share of the width.
    fn middle_of(&self, track: usize, span: usize) -> Option<f64> {
        let [left, right] = self.layouts.get(track)?.spans.get(span)?.places;
        Some(f64::midpoint(left, right) / WIDTH)
    }
}

/// Where a stretch is in the rows that hold a part of it, as shares of the width.
fn marked_rows(all: &Tracks, [from_ms, to_ms]: [f64; 2], length_ms: f64) -> Vec<([f64; 2], usize)> {
    let part = |row: usize| {
        let [begin_ms, end_ms] = all.window(row);
        let ends = [from_ms.max(begin_ms), to_ms.min(end_ms)];
        (ends[0] < ends[1]).then(|| (ends.map(|at_ms| (at_ms - begin_ms) / length_ms), row))
    };
    (0..all.tracks.len()).filter_map(part).collect()
}

/// Takes pointer and keys, and marks what is chosen and selected.
#[component]
pub(super) fn TimelineCursor(
    title: Rc<str>,
    layouts: Shared<Vec<TrackLayout>>,
    tracks: Rc<[Track]>,
    zone: Zone,
    working: &'static str,
    chosen: Signal<Chosen>,
    selected: Signal<Option<Selected>>,
    purpose: Purpose,
    marked: Option<[f64; 2]>,
    on_zoom: EventHandler<[f64; 2]>,
) -> Element {
    let count = layouts.iter().map(|layout| layout.spans.len()).sum::<usize>();
    let Some(last) = count.checked_sub(1) else { return rsx! {} };
    let is_chosen = chosen().is_some();
    let all = Tracks { layouts: layouts.clone(), tracks: tracks.clone(), chosen, purpose };
    let (track, index) = all.told();
    let span = layouts.get(track).and_then(|layout| layout.spans.get(index));
    let before = layouts.iter().take(track).map(|layout| layout.spans.len()).sum::<usize>();
    let selection_of = {
        let (tracks, zone) = (tracks.clone(), zone.clone());
        move |selected| selection(&tracks, &zone, selected)
    };
    let selection = selection_of(selected());
    let text = selection.as_ref().map(|(_, text)| text.clone()).or_else(|| {
        let details = span_details(&tracks, &zone, track, span?).join(", ");
        Some(format!("{}: {details}", state_word(state_of(&tracks, track, span?), working)))
    });
    let (rows, length_ms) = (layouts.len(), longest_ms(&tracks));
    let band = |row: usize| [row as f64 / rows as f64, 1.0 / rows as f64];
    let mark = selection.zip(selected()).map(|((ends, _), Selected { row, .. })| {
        let [from_ms, _] = all.window(row);
        (ends.map(|at_ms| (at_ms - from_ms) / length_ms), band(row))
    });
    let marked = marked.map(|ends| marked_rows(&all, ends, length_ms)).unwrap_or_default();
    let keys_select = if purpose == Purpose::Zoom { words::KEYS_SELECT } else { words::KEYS_CHOOSE };
    // What is pointed at or read as a whole, where there is nothing to zoom into.
    let whole_span = |all: &Tracks| {
        let (track, index) = all.told();
        let span = all.layouts.get(track).and_then(|layout| layout.spans.get(index));
        span.filter(|_| all.purpose == Purpose::Choose).map(|span| [span.from_ms, span.to_ms])
    };
    let opened = all.clone();
    let (mut by_key, mut by_pointer, by_gesture) = (all.clone(), all.clone(), all);
    rsx! {
        Layer {
            title,
            keys: format!("{} {}", if rows > 1 { words::KEYS_ACROSS } else { words::KEYS_ALONG }, keys_select),
            place: before + index,
            last,
            text: text.unwrap_or_default(),
            on_move: move |step| by_key.step(step),
            on_point: move |(x, y)| by_pointer.point(x, y),
            on_leave: move |()| {
                chosen.set(None);
                selected.set(None);
            },
            on_open: move |()| {
                let selection = selection_of(*selected.peek());
                if let Some(ends) = selection.map(|(ends, _)| ends).or_else(|| whole_span(&opened)) {
                    selected.set(None);
                    on_zoom.call(ends);
                }
            },
            on_select: move |gesture: Gesture| {
                let before = *selected.peek();
                let (after, zoomed) = Selected::after(before, gesture, &by_gesture);
                if after != before {
                    selected.set(after);
                }
                let is_click = gesture == Gesture::Release && before.is_some_and(|before| before.is_dragged());
                let clicked = || if is_click { whole_span(&by_gesture) } else { None };
                if let Some(ends) = zoomed.or_else(clicked) {
                    on_zoom.call(ends);
                }
            },
            if let Some(span) = span.filter(|_| is_chosen) {
                div {
                    class: "timeline-cursor",
                    left: percent(span.places[0] / WIDTH),
                    width: percent(span.width()),
                    top: percent(band(track)[0]),
                    height: percent(band(track)[1]),
                }
            }
            for (ends, row) in marked {
                div {
                    class: "chart-selected chart-chosen",
                    left: percent(ends[0]),
                    width: percent(ends[1] - ends[0]),
                    top: percent(band(row)[0]),
                    height: percent(band(row)[1]),
                }
            }
            if let Some((ends, rows)) = mark {
                {selected_mark(ends, rows)}
            }
        }
    }
}
