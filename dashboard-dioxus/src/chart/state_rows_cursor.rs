use crate::chart::heatmap::index_at;
use crate::chart::layer::{Layer, bring_into_view, selected_mark};
use crate::chart::roving::Move;
use crate::chart::state_rows::{StateSpan, entity_row, moved, span_at, window_ms};
use crate::chart::state_rows_chart::{Chosen, Drawn};
use crate::chart::timeline_chart::state_word;
use crate::chart::zoom::{Canvas, Gesture, Selected};
use crate::lean::number::percent;
use crate::lean::shared::Shared;
use crate::words::chart as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// The rows as a place to choose and to select in.
#[derive(Clone)]
struct Rows {
    drawn: Shared<Drawn>,
    chosen: Signal<Option<Chosen>>,
    selected: Signal<Option<Selected>>,
}

impl Canvas for Rows {
    fn row_at(&self, share: f64) -> usize {
        index_at(share, self.drawn.rows.len()).unwrap_or_default()
    }

    fn window(&self, _row: usize) -> [f64; 2] {
        window_ms(self.drawn.grid)
    }

    fn instant_at(&self, _row: usize, share: f64) -> f64 {
        let [from_ms, to_ms] = window_ms(self.drawn.grid);
        from_ms + share * (to_ms - from_ms)
    }

    fn chosen(&self) -> (usize, f64) {
        let chosen = self.drawn.within(*self.chosen.peek());
        chosen.map_or_else(|| (0, self.window(0)[0]), |(row, span)| (row, span.from_ms))
    }
}

impl Rows {
    /// What is told before anybody chooses.
    fn begin(&self) -> Option<Chosen> {
        let row = entity_row(&self.drawn.rows, 0)?;
        Some(Chosen { row, at_ms: self.window(row)[0], is_by_key: true })
    }

    fn step(&mut self, step: Move) {
        // The first key shows where one is, the next ones move.
        let next = self.drawn.within(*self.chosen.peek()).map(|at| stepped(&self.drawn, at, step));
        self.chosen.set(next.or_else(|| self.begin()));
    }

    fn point(&mut self, x: f64, y: f64) {
        let row = self.row_at(y);
        let is_entity = self.drawn.rows.get(row).is_some_and(|row| row.id.is_some());
        let at_ms = self.instant_at(row, x);
        let told = |chosen| self.drawn.within(chosen);
        let choice = is_entity.then_some(Chosen { row, at_ms, is_by_key: false });
        // Within one span nothing is drawn again.
        if told(*self.chosen.peek()) != told(choice) {
            self.chosen.set(choice);
        }
    }

    /// What to zoom into, if the gesture says so.
    fn select(&mut self, gesture: Gesture) -> Option<[f64; 2]> {
        let before = *self.selected.peek();
        let (after, zoomed) = Selected::after(before, gesture, self);
        if after != before {
            self.selected.set(after);
        }
        zoomed
    }

    fn leave(&mut self) {
        self.chosen.set(None);
        self.selected.set(None);
    }

    /// The id of the row that is chosen.
    fn chosen_id(&self) -> Option<String> {
        let (row, _) = self.drawn.within(*self.chosen.peek())?;
        self.drawn.rows.get(row)?.id.as_deref().map(str::to_owned)
    }

    /// What is told to screen readers.
    fn text(&self) -> String {
        if let Some((_, text)) = self.drawn.selection((self.selected)()) {
            return text;
        }
        let told = self.drawn.within((self.chosen)()).or_else(|| self.drawn.within(self.begin()));
        told.map_or_else(String::new, |(row, span)| {
            let state = state_word(span.state, self.drawn.working);
            format!("{}, {}: {state}", self.drawn.name(row), self.drawn.when(&span))
        })
    }
}

/// Takes pointer and keys, and marks what is chosen and selected.
#[component]
pub(super) fn StateCursor(
    title: Rc<str>,
    drawn: Shared<Drawn>,
    chosen: Signal<Option<Chosen>>,
    selected: Signal<Option<Selected>>,
    on_open: EventHandler<String>,
    on_zoom: EventHandler<[f64; 2]>,
) -> Element {
    let mark_id = use_hook(|| format!("state-rows-cursor-{}", dioxus::core::current_scope_id().0));
    use_effect({
        let mark_id = mark_id.clone();
        move || {
            if chosen().is_some_and(|chosen| chosen.is_by_key) {
                bring_into_view(&mark_id);
            }
        }
    });
    let rows = Rows { drawn: drawn.clone(), chosen, selected };
    let Some(last) = rows.begin().and(drawn.rows.len().checked_sub(1)) else { return rsx! {} };
    let place = drawn.within(chosen());
    let selection = drawn.selection(selected());
    let x = drawn.x();
    let shares = |ends: [f64; 2]| ends.map(|at_ms| x.place(at_ms));
    let (mut by_key, mut by_pointer, mut gone, mut by_gesture, mut opened) =
        (rows.clone(), rows.clone(), rows.clone(), rows.clone(), rows.clone());
    rsx! {
        Layer {
            title,
            keys: "{words::KEYS_OPEN} {words::KEYS_SELECT}",
            place: place.map_or(0, |(row, _)| row),
            last,
            text: rows.text(),
            on_move: move |step: Move| by_key.step(step),
            on_point: move |(x, y)| by_pointer.point(x, y),
            on_leave: move |()| gone.leave(),
            on_open: move |()| {
                let selection = opened.drawn.selection(*selected.peek());
                if let Some((ends, _)) = selection {
                    opened.select(Gesture::Cancel);
                    on_zoom.call(ends);
                } else if let Some(id) = opened.chosen_id() {
                    on_open.call(id);
                }
            },
            on_select: move |gesture: Gesture| {
                if let Some(ends) = by_gesture.select(gesture) {
                    on_zoom.call(ends);
                }
            },
            if let Some((row, span)) = place {
                {cursor(&mark_id, shares([span.from_ms, span.to_ms]), row, drawn.rows.len())}
            }
            if let Some((ends, _)) = selection {
                {selected_mark(shares(ends), [0.0, 1.0])}
            }
        }
    }
}

/// The mark of the span that is chosen.
fn cursor(id: &str, [from, to]: [f64; 2], row: usize, rows: usize) -> Element {
    rsx! {
        div {
            id,
            class: "heatmap-cursor",
            left: percent(from),
            width: percent(to - from),
            top: percent(row as f64 / rows as f64),
            height: percent(1.0 / rows as f64),
        }
    }
}

/// What a key leads to from a span of a row: the next span of the row, or the same time in another row.
fn stepped(drawn: &Drawn, (row, span): (usize, StateSpan), step: Move) -> Chosen {
    let next = moved(&drawn.rows, row, step);
    let spans = drawn.spans(row);
    let along = span_at(&spans, span.from_ms).and_then(|at| spans.get(step.along(at, spans.len())));
    let at_ms = along.filter(|_| next == row).map_or(span.from_ms, |span| span.from_ms);
    Chosen { row: next, at_ms, is_by_key: true }
}
