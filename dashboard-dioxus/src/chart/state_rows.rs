//! What many entities were doing, step by step in a row for each, and how that is drawn with few elements: bands of rows,
//! one path for each state of a band.

use crate::chart::path::Pen;
use crate::chart::roving::Move;
use crate::chart::scale::Linear;
use crate::chart::series::WIDTH;
use crate::lean::instant::Instant;
use crate::model::{EVENT_TYPES, Span};
use domain::event::EventType;
use domain::state_steps::{StepGrid, state_of};
use std::rc::Rc;

/// A row: an entity, or the name of the area that those below it are in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StateRow {
    /// None for an area.
    pub(crate) id: Option<Rc<str>>,
    /// What people read.
    pub(crate) name: Rc<str>,
    /// A letter for each step up to the last in which anything was observed, as the API has them.
    pub(crate) states: Rc<str>,
}

/// Rows that are drawn together: few enough that little is drawn around those in view.
pub(crate) const BAND_ROWS: usize = 25;
/// Up to so many rows are all drawn; of more, the bands in view and one around them.
pub(crate) const ALL_DRAWN: usize = 100;

/// A span in which an entity was doing one thing, or in which nothing was observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StateSpan {
    /// The first instant, in ms since 1970.
    pub(crate) from_ms: f64,
    /// The instant after the last.
    pub(crate) to_ms: f64,
    pub(crate) state: Option<EventType>,
}

/// The window as instants, in ms.
pub(crate) fn window_ms(grid: StepGrid) -> [f64; 2] {
    let window = grid.window();
    [window.from_ms.0 as f64, window.to_ms.0 as f64]
}

/// Steps of a window, of so many ms.
pub(crate) fn step_grid(window: Span, step_ms: i64) -> StepGrid {
    use domain::time::{DurationMs, TimestampMs};
    let window =
        domain::window::Window { from_ms: TimestampMs(window.from.0), to_ms: TimestampMs(window.to.0) };
    StepGrid::new(window, DurationMs(step_ms.max(1)))
}

/// What is said of a row, in the order of time: alike steps as one span, and what nobody observed up to now.
pub(crate) fn spans(states: &str, grid: StepGrid, now_ms: f64) -> Vec<StateSpan> {
    let [from_ms, to_ms] = window_ms(grid);
    let mut spans = Vec::new();
    for_each_run(states, grid, &mut |from_ms, to_ms, state| spans.push(StateSpan { from_ms, to_ms, state }));
    let told_ms = spans.last().map_or(from_ms, |span| span.to_ms);
    let until_ms = now_ms.min(to_ms);
    if until_ms > told_ms {
        spans.push(StateSpan { from_ms: told_ms, to_ms: until_ms, state: None });
    }
    spans
}

/// The place of the span that holds an instant, or of the nearest before it.
pub(crate) fn span_at(spans: &[StateSpan], at_ms: f64) -> Option<usize> {
    spans.len().checked_sub(1)?;
    Some(spans.partition_point(|span| span.from_ms <= at_ms).saturating_sub(1))
}

fn for_each_run(states: &str, grid: StepGrid, visit: &mut dyn FnMut(f64, f64, Option<EventType>)) {
    let mut place = 0;
    for alike in states.as_bytes().chunk_by(|one, next| one == next) {
        let (from_ms, _) = grid.step(place);
        place += alike.len();
        let (_, to_ms) = grid.step(place - 1);
        visit(from_ms.0 as f64, to_ms.0 as f64, state_of(char::from(alike[0])));
    }
}

/// The upper and lower edge of a state in a row. Each is of another height, so that no colour is needed to tell them apart.
fn edges(state: EventType) -> [f64; 2] {
    match state {
        EventType::Working => [0.1, 0.9],
        EventType::Idle => [0.4, 0.9],
        EventType::Absent => [0.7, 0.9],
    }
}

/// A band's rows: what covers the hatching wherever anything was observed and beside the names of areas, then a path for
/// each of [`EVENT_TYPES`]. As high as there are rows, as wide as [`WIDTH`].
pub(crate) fn band_paths(rows: &[StateRow], grid: StepGrid) -> [String; 4] {
    let x = Linear::new(window_ms(grid), [0.0, WIDTH]);
    let mut observed = Pen::default();
    let mut states = EVENT_TYPES.map(|_| Pen::default());
    for (index, row) in rows.iter().enumerate() {
        let top = index as f64;
        if row.id.is_none() {
            observed.rectangle([0.0, WIDTH], [top, top + 1.0]);
            continue;
        }
        let mut covered: Option<[f64; 2]> = None;
        for_each_run(&row.states, grid, &mut |from_ms, to_ms, state| {
            let ends = [x.place(from_ms), x.place(to_ms)];
            let place = state.and_then(|state| EVENT_TYPES.iter().position(|known| *known == state));
            if let (Some(place), Some(state)) = (place, state) {
                let [upper, lower] = edges(state);
                states[place].rectangle(ends, [top + upper, top + lower]);
                covered = Some([covered.map_or(ends[0], |[left, _]| left), ends[1]]);
            } else if let Some(covered) = covered.take() {
                observed.rectangle(covered, [top, top + 1.0]);
            }
        });
        if let Some(covered) = covered {
            observed.rectangle(covered, [top, top + 1.0]);
        }
    }
    let [working, idle, absent] = states;
    [observed.path(), working.path(), idle.path(), absent.path()]
}

/// The bands of so many rows, each as its first row and the row after its last.
pub(crate) fn bands(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(BAND_ROWS).map(move |first| (first, (first + BAND_ROWS).min(rows)))
}

/// Which rows are in view: the first, and how many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RowsInView {
    first: usize,
    count: usize,
}

/// Before anybody scrolled: more than a window of the usual height shows.
const FIRST_VIEW_ROWS: usize = 2 * BAND_ROWS;

impl RowsInView {
    pub(crate) const FIRST: Self = Self { first: 0, count: FIRST_VIEW_ROWS };

    /// Scrolled to `top` of `height` with `visible` in view, in whole bands so that scrolling draws seldom.
    pub(crate) fn new(top: f64, height: f64, visible: f64, rows: usize) -> Self {
        let rows_in = |part: f64| if height > 0.0 { (part / height * rows as f64).max(0.0) } else { 0.0 };
        Self {
            first: rows_in(top) as usize / BAND_ROWS * BAND_ROWS,
            count: (rows_in(visible).ceil() as usize).next_multiple_of(BAND_ROWS) + BAND_ROWS,
        }
    }

    /// Whether a band is drawn.
    pub(crate) fn draws(self, (first, end): (usize, usize), rows: usize) -> bool {
        rows <= ALL_DRAWN || (end + BAND_ROWS > self.first && first < self.first + self.count + BAND_ROWS)
    }
}

/// The row of an entity at or after a row, else the last before it; none where there are only areas.
pub(crate) fn entity_row(rows: &[StateRow], at: usize) -> Option<usize> {
    let is_entity = |row: &StateRow| row.id.is_some();
    let after = rows.iter().skip(at).position(is_entity).map(|ahead| at + ahead);
    after.or_else(|| rows.iter().take(at).rposition(is_entity))
}

/// The row of an entity that a move leads to.
pub(crate) fn moved(rows: &[StateRow], row: usize, step: Move) -> usize {
    let next = step.across(row, rows.len());
    // Above an area's first row is the last one of the area before.
    let above = rows.iter().take(next + 1).rposition(|row| row.id.is_some()).filter(|_| next < row);
    above.or_else(|| entity_row(rows, next)).unwrap_or(row)
}

/// A span's ends as the calendar has them.
pub(crate) fn ends(span: &StateSpan) -> [Instant; 2] {
    [Instant::from_ms(span.from_ms), Instant::from_ms(span.to_ms)]
}

#[cfg(test)]
#[path = "state_rows/tests.rs"]
mod tests;
