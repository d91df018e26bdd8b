use crate::chart::scale::Linear;
use crate::chart::series::WIDTH;
use crate::chart::state_rows::{
    RowsInView, StateRow, StateSpan, band_paths, bands, ends, entity_row, span_at, spans, window_ms,
};
use crate::chart::state_rows_cursor::StateCursor;
use crate::chart::state_rows_table::StateTable;
use crate::chart::time_axis::{TimeAxis, TimeLabel, time_labels};
use crate::chart::timeline_chart::{class, legend, state_word};
use crate::chart::zoom::Selected;
use crate::components::window_event::use_window_event;
use crate::lean::instant::Instant;
use crate::lean::number::{percent, short};
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::model::EVENT_TYPES;
use crate::words::{chart as words, time};
use dioxus::prelude::*;
use domain::state_steps::StepGrid;
use std::rc::Rc;

/// What many entities were doing, one row for each, below the name of its area. The reading and the times stay in view while
/// the rows scroll. Rows are opened by their names or, from the span that is chosen, by Enter.
#[component]
pub(crate) fn StateRows(
    #[props(into)] title: Rc<str>,
    grid: StepGrid,
    rows: Rc<[StateRow]>,
    /// What is later is yet to come. Let it be coarse: every change of it draws the rows again.
    now_ms: f64,
    /// The factory's clock.
    zone: Zone,
    /// What working is called; a workstation is in use.
    working: &'static str,
    /// Told a row's id.
    on_open: EventHandler<String>,
    /// Told two instants in ms between which more is to be seen.
    on_zoom: EventHandler<[f64; 2]>,
) -> Element {
    let mut view = use_signal(|| RowsInView::FIRST);
    let chosen = use_signal(|| None);
    let selected = use_signal(|| None);
    let count = rows.len();
    let drawn = Shared::new(Drawn { grid, rows, now_ms, zone, working });
    rsx! {
        div {
            class: "state-rows-scroll",
            onscroll: move |event| {
                let data = event.data();
                let (height, visible) = (f64::from(data.scroll_height()), f64::from(data.client_height()));
                let now = RowsInView::new(data.scroll_top(), height, visible, count);
                if *view.peek() != now {
                    view.set(now);
                }
            },
            figure { class: "heatmap state-rows", aria_label: "{title}",
                div { class: "heatmap-key",
                    {legend(working)}
                    p { class: "state-rows-how", {words::HOW_TO_ZOOM} }
                    StateTable { title: title.clone(), drawn: drawn.clone() }
                }
                div { class: "heatmap-head",
                    StateReading { drawn: drawn.clone(), chosen, selected }
                    div { class: "heatmap-line",
                        div { class: "heatmap-corner" }
                        div { class: "heatmap-times",
                            TimeAxis { labels: drawn.labels() }
                        }
                    }
                }
                div { class: "heatmap-body",
                    Bands { drawn: drawn.clone(), view, on_open }
                    div { class: "heatmap-over",
                        StateCursor { title: title.clone(), drawn: drawn.clone(), chosen, selected, on_open, on_zoom }
                    }
                }
            }
        }
    }
}

/// What the parts of the chart read.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) grid: StepGrid,
    pub(super) rows: Rc<[StateRow]>,
    now_ms: f64,
    pub(super) zone: Zone,
    pub(super) working: &'static str,
}

/// An instant in a row that is chosen, by key or by pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Chosen {
    pub(super) row: usize,
    pub(super) at_ms: f64,
    /// A row that a key chose is brought into view; under the pointer it is in view.
    pub(super) is_by_key: bool,
}

impl Drawn {
    /// Where an instant stands, as a share of the width.
    pub(super) fn x(&self) -> Linear {
        Linear::new(window_ms(self.grid), [0.0, 1.0])
    }

    fn labels(&self) -> Vec<TimeLabel> {
        let ([from_ms, to_ms], x) = (window_ms(self.grid), self.x());
        time_labels(from_ms, to_ms, &self.zone, |at_ms| x.place(at_ms))
    }

    /// What is said of a row.
    pub(super) fn spans(&self, row: usize) -> Vec<StateSpan> {
        self.rows.get(row).map(|row| spans(&row.states, self.grid, self.now_ms)).unwrap_or_default()
    }

    /// The chosen row and the span in it, taken back into rows that new data may have made fewer.
    pub(super) fn within(&self, chosen: Option<Chosen>) -> Option<(usize, StateSpan)> {
        let chosen = chosen?;
        let row = entity_row(&self.rows, chosen.row.min(self.rows.len().checked_sub(1)?))?;
        let spans = self.spans(row);
        Some((row, *spans.get(span_at(&spans, chosen.at_ms)?)?))
    }

    /// What a row is called.
    pub(super) fn name(&self, row: usize) -> &str {
        self.rows.get(row).map_or("", |row| &row.name)
    }

    /// What is selected, in words; none where that is too little.
    pub(super) fn selection(&self, selected: Option<Selected>) -> Option<([f64; 2], String)> {
        let zoomed = selected?.zoomed(window_ms(self.grid))?;
        let [from, to] = zoomed.map(Instant::from_ms);
        Some((zoomed, words::selected(&self.zone.span(from, to))))
    }

    /// When a span is, and how long.
    pub(super) fn when(&self, span: &StateSpan) -> String {
        let [from, to] = ends(span);
        format!("{} ({})", self.zone.span(from, to), time::length(span.to_ms - span.from_ms))
    }
}

/// The bands, of which those in view are drawn: scrolling draws no other again.
#[component]
fn Bands(drawn: Shared<Drawn>, view: ReadSignal<RowsInView>, on_open: EventHandler<String>) -> Element {
    let mut is_printing = use_signal(|| false);
    use_window_event("beforeprint", move || is_printing.set(true));
    use_window_event("afterprint", move || is_printing.set(false));
    let count = drawn.rows.len();
    rsx! {
        for (first , end) in bands(count) {
            div { key: "{first}", class: "heatmap-band", style: "--heatmap-rows: {end - first}",
                // Paper does not scroll.
                if is_printing() || view().draws((first, end), count) {
                    Band { drawn: drawn.clone(), first, end, on_open }
                }
            }
        }
    }
}

/// The rows of a band: their names, not in the order of the tab key, which would have a thousand stops, and one drawing.
#[component]
fn Band(drawn: Shared<Drawn>, first: usize, end: usize, on_open: EventHandler<String>) -> Element {
    let rows = drawn.rows.get(first..end).unwrap_or_default();
    let [from_ms, to_ms] = window_ms(drawn.grid);
    let past = drawn.x().place(drawn.now_ms.max(from_ms).min(to_ms));
    let [observed, states @ ..] = band_paths(rows, drawn.grid);
    rsx! {
        div { class: "heatmap-names",
            for row in rows.iter().cloned() {
                if let Some(id) = row.id {
                    button {
                        class: "heatmap-name",
                        r#type: "button",
                        tabindex: -1,
                        title: "{row.name}",
                        onclick: move |_| on_open.call(id.to_string()),
                        "{row.name}"
                    }
                } else {
                    span { class: "state-rows-area", title: "{row.name}", "{row.name}" }
                }
            }
        }
        div { class: "heatmap-cells",
            div { class: "chart-hatch", width: percent(past) }
            svg {
                class: "chart-drawing",
                view_box: "0 0 {short(WIDTH)} {rows.len()}",
                preserve_aspect_ratio: "none",
                // The layer above speaks for all bands.
                "aria-hidden": "true",
                path { class: "state-rows-observed", d: "{observed}" }
                for (state , path) in EVENT_TYPES.into_iter().zip(states) {
                    path { class: class(Some(state)), d: "{path}" }
                }
            }
        }
    }
}

#[component]
fn StateReading(
    drawn: Shared<Drawn>,
    chosen: ReadSignal<Option<Chosen>>,
    selected: ReadSignal<Option<Selected>>,
) -> Element {
    rsx! {
        p { class: "heatmap-reading",
            if let Some((_, text)) = drawn.selection(selected()) {
                b { {text} }
            } else if let Some((row, span)) = drawn.within(chosen()) {
                b { {drawn.name(row)} }
                span { {drawn.when(&span)} }
                b { {state_word(span.state, drawn.working)} }
            }
        }
    }
}
