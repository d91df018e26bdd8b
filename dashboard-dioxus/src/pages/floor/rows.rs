use super::export::rows_csv;
use super::ranking::{Column, Line, Ranking, in_order, ranked};
use crate::api::{Answer, Panel};
use crate::components::changing::use_changing;
use crate::components::explained::Explained;
use crate::components::export_button::ExportButton;
use crate::components::gradual::use_gradual;
use crate::components::metric_cell::raw;
use crate::components::metric_table::entity_link;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::rename::{Editable, Rename};
use crate::components::skeleton::Skeleton;
use crate::components::state_mark::StateMark;
use crate::components::window_event::use_is_printing;
use crate::lean::memo::{Memo, use_memo};
use crate::lean::number::percent;
use crate::lean::shared::Shared;
use crate::live::table::Table;
use crate::model::{EntityMetrics, Presence, Slug};
use crate::route::{Address, FloorAddress, replace_by};
use crate::words::quantity::Quantity;
use crate::words::{entity, figure, floor as words, time};
use dioxus::prelude::*;
use domain::event::EntityType;
use std::ops::Range;
use std::rc::Rc;

/// Up to so many rows are all drawn; of more, those in view and around it.
const ALL_DRAWN: usize = 100;
/// Rows that are drawn above and below those in view, so that scrolling shows no gaps.
const AROUND: usize = 10;
/// Rows are taken in and out by so many, so that scrolling draws seldom.
const BATCH: usize = 10;
/// Rows are higher than this on every screen, in CSS pixels.
const LEAST_HEIGHT_PX: f64 = 30.0;
/// The height of a window whose height is not told, in CSS pixels.
const USUAL_HEIGHT_PX: f64 = 1_080.0;

/// Every worker, or every workstation, with what is seen of it now and its numbers in the window.
#[component]
pub(super) fn Rows(
    kind: EntityType,
    address: ReadSignal<FloorAddress>,
    answer: Answer<Table<EntityMetrics>>,
    clock: ReadSignal<f64>,
) -> Element {
    let context = use_page_context();
    let ranking = use_memo(move || Ranking::parse(address.read().selection.sort(kind)));
    let count = use_memo(move || answer.with(|table| table.rows().len()));
    // Numbers change at once, but rows change places only with the clock: nobody can read rows that jump.
    let order = use_memo(move || {
        let (ranking, now_ms, unseen_after_ms) = (ranking(), clock(), context.unseen_after_ms());
        count();
        let panel = answer.peek();
        let lines =
            panel.shown().map(|table| ranked(table, ranking, now_ms, unseen_after_ms)).unwrap_or_default();
        lines.iter().map(|line| line.row.id.clone()).collect::<Rc<[String]>>()
    });
    let lines = use_memo(move || {
        let (ranking, now_ms, unseen_after_ms) = (ranking(), clock(), context.unseen_after_ms());
        let lines = answer.with(|table| {
            in_order(table, &order.read(), now_ms, unseen_after_ms)
                .unwrap_or_else(|| ranked(table, ranking, now_ms, unseen_after_ms))
        });
        Rc::<[Line]>::from(lines.unwrap_or_default())
    });
    let panel = answer.read();
    let revision = panel.shown().map(Table::revision);
    let file = context
        .factory_window()
        .map(|choice| vec![choice.factory_id, [kind.slug(), "s"].concat(), choice.window.to_string()]);
    let tools = rsx! {
        if let Some(count) = count() {
            span { class: "page-note", "data-testid": "{kind.slug()}-count", {count.to_string()} }
        }
        AllColumns { address }
        if let Some(name) = file {
            ExportButton {
                testid: "export-{kind.slug()}s",
                class: "button floor-export",
                name,
                table: move |()| rows_csv(kind, &lines.peek(), &context.zone()),
            }
        }
    };
    rsx! {
        PanelFrame { title: entity::kinds(kind), revision, tools,
            match &*panel {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                Panel::Showing(table) if table.is_empty() => rsx! { Empty { text: entity::none_seen(kind) } },
                Panel::Showing(_) => rsx! { RowTable { kind, address, lines, ranking } },
            }
        }
    }
}

/// Which rows are in view.
#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    first: usize,
    count: usize,
}

impl View {
    /// Of so many rows of equal height, scrolled to `top` of `height` with `visible` in view.
    fn new(top: f64, height: f64, visible: f64, rows: usize) -> Self {
        let rows_in = |part: f64| if height > 0.0 { (part / height * rows as f64).max(0.0) } else { 0.0 };
        let first = rows_in(top).floor() as usize;
        Self {
            first: first / BATCH * BATCH,
            count: (rows_in(visible).ceil() as usize).next_multiple_of(BATCH),
        }
    }

    /// Before anybody has scrolled: as many as a window of this height can show.
    fn of_window(height_px: f64) -> Self {
        Self { first: 0, count: ((height_px / LEAST_HEIGHT_PX) as usize).next_multiple_of(BATCH) }
    }

    /// The rows to draw.
    fn drawn(self, rows: usize) -> Range<usize> {
        if rows <= ALL_DRAWN {
            return 0..rows;
        }
        let last = rows.min(self.first + self.count + BATCH + AROUND);
        self.first.saturating_sub(AROUND).min(last)..last
    }
}

fn window_height_px() -> f64 {
    let window = if cfg!(target_arch = "wasm32") { web_sys::window() } else { None };
    let height = window.and_then(|window| window.inner_height().ok()).and_then(|height| height.as_f64());
    height.unwrap_or(USUAL_HEIGHT_PX)
}

#[component]
fn RowTable(
    kind: EntityType,
    address: ReadSignal<FloorAddress>,
    lines: Memo<Rc<[Line]>>,
    ranking: Memo<Option<Ranking>>,
) -> Element {
    let mut view = use_signal(|| View::of_window(window_height_px()));
    let is_printing = use_is_printing();
    let lines = lines();
    let is_long = lines.len() > ALL_DRAWN;
    let rows = lines.len();
    let in_view = view().drawn(rows);
    let most_drawn = use_gradual(in_view.len());
    let drawn = if is_printing() { 0..rows } else { in_view.start..in_view.start + most_drawn };
    let space = format!("--entity-rows-above: {}; --entity-rows-below: {}", drawn.start, rows - drawn.end);
    let class =
        if address.read().columns == ALL_COLUMNS { "entity-rows entity-rows-all" } else { "entity-rows" };
    rsx! {
        div {
            class: if is_long { "entity-rows-scroll entity-rows-long" } else { "entity-rows-scroll" },
            onscroll: move |event| {
                let data = event.data();
                let now = View::new(
                    data.scroll_top(),
                    f64::from(data.scroll_height()),
                    f64::from(data.client_height()),
                    rows,
                );
                if *view.peek() != now {
                    view.set(now);
                }
            },
            // The roles hold although the parts are laid out as a grid.
            table {
                class,
                style: widths(&lines),
                role: "table",
                aria_label: entity::kinds(kind),
                aria_rowcount: is_long.then(|| (rows + 1).to_string()),
                Head { kind, address, ranking }
                tbody { class: "entity-rows-body", role: "rowgroup", style: (drawn.len() < rows).then_some(space),
                    for (index , line) in lines.iter().enumerate().take(drawn.end).skip(drawn.start) {
                        EntityLine {
                            key: "{line.row.id}",
                            row: line.row.clone(),
                            presence: line.presence,
                            elapsed_minutes: line.elapsed_minutes,
                            row_index: is_long.then_some(index + 2),
                        }
                    }
                }
            }
        }
    }
}

#[component]
fn Head(kind: EntityType, address: ReadSignal<FloorAddress>, ranking: Memo<Option<Ranking>>) -> Element {
    let current = ranking();
    let press = move |column| {
        let sort = Ranking::pressed(*ranking.peek(), column).slug();
        // In place of the address before: the way back leads to another page, not to another order.
        let address = address.peek().clone();
        let selection = address.selection.sorted(kind, sort);
        replace_by(FloorAddress { selection, ..address }.into());
    };
    rsx! {
        thead { class: "entity-rows-head", role: "rowgroup",
            tr { class: "entity-rows-row", role: "row",
                for column in Column::ALL {
                    th {
                        key: "{column.slug()}",
                        class: "entity-rows-cell",
                        role: "columnheader",
                        scope: "col",
                        "data-column": column.slug(),
                        aria_sort: Ranking::aria_sort(current, column),
                        Explained { how: title(kind, column).1, onpress: move |()| press(column), {title(kind, column).0} }
                    }
                }
            }
        }
    }
}

/// The name of a column and how its numbers come about.
fn title(kind: EntityType, column: Column) -> (&'static str, &'static str) {
    match (column, kind) {
        (Column::Name, _) => (entity::kind(kind), words::HOW_NAME),
        (Column::Now, _) => (words::STATE_NOW, words::HOW_STATE_NOW),
        (Column::Utilization, _) => (figure::UTILIZATION, figure::HOW_UTILIZATION),
        (Column::Units, _) => (figure::UNITS, figure::HOW_UNITS),
        (Column::Rate, EntityType::Worker) => (figure::UNITS_PER_HOUR, figure::HOW_UNITS_PER_HOUR),
        (Column::Rate, EntityType::Workstation) => (figure::UNITS_PER_HOUR, figure::HOW_THROUGHPUT_PER_HOUR),
        (Column::Productive, EntityType::Worker) => (figure::WORKING, figure::HOW_WORKING),
        (Column::Productive, EntityType::Workstation) => (figure::IN_USE, figure::HOW_IN_USE),
        (Column::Idle, _) => (figure::IDLE, figure::HOW_IDLE),
        (Column::Overlap, _) => (figure::DOUBLE_COVERAGE, figure::HOW_DOUBLE_COVERAGE),
        (Column::Confidence, _) => (words::CONFIDENCE, figure::HOW_MEAN_CONFIDENCE),
        (Column::Area, _) => (words::AREA, words::HOW_AREA),
    }
}

/// One worker or workstation: drawn again only when its numbers or its state changed.
#[component]
fn EntityLine(
    row: Shared<EntityMetrics>,
    presence: Presence,
    elapsed_minutes: Option<u32>,
    row_index: Option<usize>,
) -> Element {
    let context = use_page_context();
    let (time_field, rate_field) = match row.kind {
        EntityType::Worker => ("working", "units-per-hour"),
        EntityType::Workstation => ("occupied", "throughput-per-hour"),
    };
    let numbers = [
        ("utilization", Quantity::Percent, row.utilization),
        ("units", Quantity::Count, Some(row.units as f64)),
        (rate_field, Quantity::PerHour, row.units_per_hour),
        (time_field, Quantity::Duration, Some(row.productive_minutes)),
        ("idle", Quantity::Duration, Some(row.idle_minutes)),
        ("overlap", Quantity::Duration, Some(row.overlap_minutes)),
        ("confidence", Quantity::Confidence, row.mean_confidence),
    ];
    let texts = numbers.map(|(_, quantity, value)| quantity.text(value));
    let classes = use_changing(&texts);
    rsx! {
        tr {
            class: "entity-rows-row",
            role: "row",
            "data-testid": "{row.kind.slug()}-row-{row.id}",
            "data-state": presence.slug(),
            aria_rowindex: row_index.map(|index| index.to_string()),
            th { scope: "row",
                Rename { kind: row.kind, id: row.id.clone(), what: Editable::Name, value: row.name.clone(),
                    {entity_link(row.kind, &row.id, row.name.as_deref(), context.selection())}
                }
            }
            td { "data-field": "now", "data-value": presence.slug(),
                StateMark { kind: row.kind, presence }
                if let Some(minutes) = elapsed_minutes {
                    span { class: "entity-rows-elapsed", {time::elapsed(minutes)} }
                }
            }
            for (index , ((field , quantity , value) , text)) in numbers.into_iter().zip(texts).enumerate() {
                td { "data-field": field, "data-value": raw(value),
                    if quantity == Quantity::Percent {
                        {bar(value)}
                    }
                    span { class: classes[index], {text} }
                }
            }
            td { "data-field": "area", {row.area.clone()} }
        }
    }
}

/// A thin bar as long as the percentage beside it.
fn bar(value: Option<f64>) -> Element {
    rsx! {
        span { class: "entity-rows-bar", aria_hidden: "true",
            if let Some(value) = value {
                span { class: "entity-rows-part", width: percent(value / 100.0) }
            }
        }
    }
}

/// How wide the columns of numbers are, in characters: as wide as the longest number of each.
fn widths(lines: &[Line]) -> String {
    let highest =
        |value: fn(&EntityMetrics) -> f64| lines.iter().map(|line| value(&line.row)).fold(0.0, f64::max);
    let units = Quantity::Count.longest_text(highest(|row| row.units as f64));
    let rate = Quantity::PerHour.longest_text(highest(|row| row.units_per_hour.unwrap_or_default()));
    let minutes = |row: &EntityMetrics| row.productive_minutes.max(row.idle_minutes).max(row.overlap_minutes);
    let time = Quantity::Duration.longest_text(highest(minutes));
    format!("--units-width: {units}; --rate-width: {rate}; --time-width: {time}")
}

/// What an address calls every column.
const ALL_COLUMNS: &str = "all";

/// Whether the columns that are seldom looked at are shown too.
#[component]
fn AllColumns(address: ReadSignal<FloorAddress>) -> Element {
    let is_on = address.read().columns == ALL_COLUMNS;
    let other = if is_on { String::new() } else { ALL_COLUMNS.to_owned() };
    let press = move |_| {
        let address = FloorAddress { columns: other.clone(), ..address.peek().clone() };
        replace_by(Address::from(address));
    };
    rsx! {
        button {
            class: "button floor-export entity-rows-columns",
            r#type: "button",
            aria_pressed: is_on,
            onclick: press,
            {figure::DOUBLE_COVERAGE}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_number() {
        let row = |units, productive_minutes| EntityMetrics {
            units,
            productive_minutes,
            units_per_hour: Some(1_234.5),
            ..EntityMetrics::unseen(EntityType::Worker, "W1")
        };
        let table = Table::of(vec![row(1_234_567, 675_863.0)]);
        let lines = ranked(&table, None, 0.0, 0.0);
        assert_eq!(widths(&lines), "--units-width: 9; --rate-width: 7; --time-width: 11");
        assert_eq!(widths(&[]), "--units-width: 1; --rate-width: 3; --time-width: 8");
    }

    #[test]
    fn few_rows_are_all_drawn_and_of_many_those_in_view_and_around() {
        let view = View::new(3_000.0, 30_000.0, 900.0, 1_000);
        assert_eq!(view, View { first: 100, count: 30 });
        assert_eq!(view.drawn(1_000), 90..150);
        assert_eq!(view.drawn(100), 0..100);
        assert_eq!(View::of_window(1_080.0).drawn(1_000), 0..60);
    }

    proptest! {
        #[test]
        fn what_is_in_view_is_drawn(rows in 101_usize..3_000, scrolled in 0.0_f64..1.0, visible in 1.0_f64..40.0) {
            let height = rows as f64 * 30.0;
            let seen = visible * 30.0;
            let top = scrolled * (height - seen);
            let drawn = View::new(top, height, seen, rows).drawn(rows);
            let (first, last) = ((top / 30.0) as usize, (((top + seen) / 30.0) as usize).min(rows - 1));
            prop_assert!(drawn.contains(&first) && drawn.contains(&last), "{first} to {last} in {drawn:?}");
            prop_assert!(drawn.len() <= 50 + 2 * AROUND + 2 * BATCH);
        }

        #[test]
        fn rows_that_have_become_fewer_are_never_drawn_past_their_end(first in 0_usize..5_000, rows in 0_usize..500) {
            let drawn = View { first, count: 40 }.drawn(rows);
            prop_assert!(drawn.start <= drawn.end && drawn.end <= rows);
        }
    }
}
