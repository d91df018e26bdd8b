use crate::chart::heatmap::{
    BAND_ROWS, BandPaths, Cell, Column, Row, SHADES, band_paths, begun, index_at, place_in, shade_span,
};
use crate::chart::layer::{Layer, bring_into_view};
use crate::chart::roving::Move;
use crate::chart::table::{ChartTable, TableSwitch};
use crate::chart::time_axis::{TimeAxis, time_labels};
use crate::lean::instant::Instant;
use crate::lean::number::percent;
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::words::chart as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// Utilization of many entities, hour by hour: the darker, the more; what nobody observed is hatched. The reading stays in
/// view while the rows scroll. Rows are opened by their names or, from the cell that is chosen, by Enter.
#[component]
pub(crate) fn Heatmap(
    #[props(into)] title: Rc<str>,
    columns: Rc<[Column]>,
    rows: Rc<[Row]>,
    /// Columns that begin later are yet to come. Let it be coarse: every change of it draws the heatmap again.
    now_ms: Option<f64>,
    /// The factory's clock.
    zone: Zone,
    /// Told a row's id.
    on_open: EventHandler<String>,
) -> Element {
    let chosen = use_signal(|| None);
    let past = begun(&columns, now_ms);
    let grid = Shared::new(Grid { columns: columns.clone(), rows: rows.clone(), past, zone: zone.clone() });
    let span = columns.first().zip(columns.last()).map(|(first, last)| (first.from_ms, last.to_ms));
    let share = |at_ms: f64| place_in(&columns, at_ms) / columns.len() as f64;
    let labels = span.map(|(from_ms, to_ms)| time_labels(from_ms, to_ms, &zone, share));
    let hatched = percent(past as f64 / columns.len().max(1) as f64);
    rsx! {
        figure { class: "heatmap", aria_label: title.to_string(),
            // Above a thousand rows rather than below them.
            div { class: "heatmap-key",
                Legend {}
                HeatmapTable { title: title.clone(), grid: grid.clone() }
            }
            div { class: "heatmap-head",
                HeatmapReading { grid: grid.clone(), chosen }
                div { class: "heatmap-line",
                    div { class: "heatmap-corner" }
                    div { class: "heatmap-times",
                        TimeAxis { labels: labels.unwrap_or_default() }
                    }
                }
            }
            div { class: "heatmap-body", style: "--heatmap-columns: {columns.len()}",
                for (band , rows) in rows.chunks(BAND_ROWS).enumerate() {
                    div {
                        key: "{band}",
                        class: "heatmap-band",
                        style: "--heatmap-rows: {rows.len()}",
                        HeatmapNames { names: rows.iter().map(|row| (row.id.clone(), row.name.clone())).collect::<Rc<[_]>>(), on_open }
                        HeatmapBand {
                            paths: band_paths(rows, columns.len()),
                            columns: columns.len(),
                            rows: rows.len(),
                            hatched: hatched.clone(),
                        }
                    }
                }
                div { class: "heatmap-over",
                    HeatmapCursor { title: title.clone(), grid, chosen, on_open }
                }
            }
        }
    }
}

/// What the parts of a heatmap read.
#[derive(Debug)]
struct Grid {
    columns: Rc<[Column]>,
    rows: Rc<[Row]>,
    /// How many columns have begun.
    past: usize,
    zone: Zone,
}

/// A cell that is chosen, by key or by pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Chosen {
    row: usize,
    column: usize,
    /// A cell that a key chose is brought into view; under the pointer it is in view.
    is_by_key: bool,
}

impl Grid {
    /// The row and column of a choice, taken back into the grid that new data may have made smaller.
    fn within(&self, chosen: Option<Chosen>) -> Option<(usize, usize)> {
        let (last_row, last_column) = (self.rows.len().checked_sub(1)?, self.columns.len().checked_sub(1)?);
        chosen.map(|chosen| (chosen.row.min(last_row), chosen.column.min(last_column)))
    }

    /// What a cell holds, in words.
    fn value(&self, row: usize, column: usize) -> String {
        let cell = self.rows.get(row).and_then(|row| row.cells.get(column)).copied();
        match cell.unwrap_or(Cell::NotObserved) {
            Cell::Percent(percent) => words::percent(percent),
            Cell::NoValue => words::NO_VALUE.to_owned(),
            Cell::NotObserved if column >= self.past => words::NOT_YET.to_owned(),
            Cell::NotObserved => words::NOT_OBSERVED.to_owned(),
        }
    }

    fn when(&self, column: usize) -> String {
        self.columns
            .get(column)
            .map(|column| self.zone.span(Instant::from_ms(column.from_ms), Instant::from_ms(column.to_ms)))
            .unwrap_or_default()
    }

    fn name(&self, row: usize) -> &str {
        self.rows.get(row).map_or("", |row| &row.name)
    }
}

/// The names of a band's rows. Not in the order of the tab key, which would have a thousand stops: the keys reach rows
/// through the cells.
#[component]
fn HeatmapNames(names: Rc<[(Rc<str>, Rc<str>)]>, on_open: EventHandler<String>) -> Element {
    rsx! {
        div { class: "heatmap-names",
            for (id , name) in names.iter().cloned() {
                button {
                    key: "{id}",
                    class: "heatmap-name",
                    r#type: "button",
                    tabindex: -1,
                    title: "{name}",
                    onclick: move |_| on_open.call(id.to_string()),
                    "{name}"
                }
            }
        }
    }
}

#[component]
fn HeatmapBand(paths: BandPaths, columns: usize, rows: usize, hatched: String) -> Element {
    rsx! {
        div { class: "heatmap-cells",
            div { class: "chart-hatch", width: hatched }
            svg {
                class: "chart-drawing",
                view_box: "0 0 {columns} {rows}",
                preserve_aspect_ratio: "none",
                // The layer above speaks for all bands.
                "aria-hidden": "true",
                for (layer , path) in paths.iter().enumerate() {
                    path { class: "heatmap-shade", "data-shade": layer as i64, d: "{path}" }
                }
            }
            // Lines between the cells: one background instead of a stroke around each.
            div { class: "heatmap-lines" }
        }
    }
}

#[component]
fn HeatmapReading(grid: Shared<Grid>, chosen: ReadSignal<Option<Chosen>>) -> Element {
    rsx! {
        p { class: "heatmap-reading",
            if let Some((row, column)) = grid.within(chosen()) {
                b { {grid.name(row)} }
                span { {grid.when(column)} }
                b { {grid.value(row, column)} }
            } else if grid.rows.is_empty() {
                {words::NOTHING_OBSERVED}
            }
        }
    }
}

#[component]
fn HeatmapCursor(
    title: Rc<str>,
    grid: Shared<Grid>,
    chosen: Signal<Option<Chosen>>,
    on_open: EventHandler<String>,
) -> Element {
    let mark_id = use_hook(|| format!("heatmap-cursor-{}", dioxus::core::current_scope_id().0));
    use_effect({
        let mark_id = mark_id.clone();
        move || {
            if chosen().is_some_and(|chosen| chosen.is_by_key) {
                bring_into_view(&mark_id);
            }
        }
    });
    let (rows, columns) = (grid.rows.len(), grid.columns.len());
    let Some(last) = (rows * columns).checked_sub(1) else { return rsx! {} };
    let place = grid.within(chosen());
    let (row, column) = place.unwrap_or_default();
    let mut choose = move |choice: Chosen| {
        if *chosen.peek() != Some(choice) {
            chosen.set(Some(choice));
        }
    };
    let (below_keys, below_enter) = (grid.clone(), grid.clone());
    rsx! {
        Layer {
            title,
            keys: words::KEYS_OPEN,
            place: row * columns + column,
            last,
            text: format!("{}, {}: {}", grid.name(row), grid.when(column), grid.value(row, column)),
            on_move: move |step: Move| {
                // The first key shows where one is, the next ones move.
                let next = below_keys.within(*chosen.peek()).map(|(row, column)| {
                    (step.across(row, rows), step.along(column, columns))
                });
                let (row, column) = next.unwrap_or_default();
                choose(Chosen { row, column, is_by_key: true });
            },
            on_point: move |(x, y)| {
                if let (Some(row), Some(column)) = (index_at(y, rows), index_at(x, columns)) {
                    choose(Chosen { row, column, is_by_key: false });
                }
            },
            on_leave: move |()| chosen.set(None),
            on_open: move |()| {
                let row = below_enter.within(*chosen.peek()).and_then(|(row, _)| below_enter.rows.get(row));
                if let Some(row) = row {
                    on_open.call(row.id.to_string());
                }
            },
            if place.is_some() {
                div {
                    id: mark_id,
                    class: "heatmap-cursor",
                    left: percent(column as f64 / columns as f64),
                    width: percent(1.0 / columns as f64),
                    top: percent(row as f64 / rows as f64),
                    height: percent(1.0 / rows as f64),
                }
            }
        }
    }
}

#[component]
fn Legend() -> Element {
    rsx! {
        p { class: "heatmap-legend",
            for shade in 0..SHADES {
                span { class: "heatmap-legend-item",
                    span { class: "heatmap-sample", "data-shade": shade as i64 + 1 }
                    {words::shade(shade_span(shade))}
                }
            }
            span { class: "heatmap-legend-item",
                span { class: "heatmap-sample", "data-shade": 0 }
                {words::NO_VALUE}
            }
            span { class: "heatmap-legend-item",
                span { class: "heatmap-sample heatmap-sample-unobserved" }
                {words::NOT_OBSERVED}
            }
        }
    }
}

#[component]
fn HeatmapTable(title: Rc<str>, grid: Shared<Grid>) -> Element {
    let is_open = use_signal(|| false);
    let columns = || {
        let times = (0..grid.columns.len()).map(|column| grid.when(column));
        std::iter::once(words::ROW.to_owned()).chain(times).collect::<Vec<_>>()
    };
    rsx! {
        TableSwitch { is_open }
        if is_open() {
            ChartTable { title: "{title}", columns: columns(),
                for (index , row) in grid.rows.iter().enumerate() {
                    tr { key: "{row.id}",
                        th { scope: "row", "{row.name}" }
                        for column in 0..grid.columns.len() {
                            td { {grid.value(index, column)} }
                        }
                    }
                }
            }
        }
    }
}
