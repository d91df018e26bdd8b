use crate::chart::layer::Layer;
use crate::chart::path;
use crate::chart::scale::Linear;
use crate::chart::series::{Axis, HEIGHT, MOST_SERIES, Mark, Reading, Series, SeriesLayout, WIDTH, axis_of};
use crate::chart::table::{ChartTable, TableSwitch};
use crate::chart::time_axis::{Frame, TimeAxis, time_labels};
use crate::lean::instant::Instant;
use crate::lean::number::{percent, short};
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::words::chart as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// Values over time: bars for what adds up and lines for ratios, on one time axis; or up to four entities compared, each
/// with a colour, a dash and a mark of its own. The reading beside it tells the step under the pointer or, moved by the
/// arrow keys, the chosen one; before that the latest.
#[component]
pub(crate) fn SeriesChart(#[props(into)] title: Rc<str>, frame: Frame, series: Rc<[Series]>) -> Element {
    let layout = Shared::new(SeriesLayout::new(frame.from_ms, frame.to_ms, frame.now_ms, &series));
    let chosen_ms = use_signal(|| None);
    let x = Linear::new([frame.from_ms, frame.to_ms], [0.0, 1.0]);
    let labels = time_labels(frame.from_ms, frame.to_ms, &frame.zone, |at_ms| x.place(at_ms));
    let lines_count = series.iter().filter(|series| series.mark == Mark::Line).count();
    rsx! {
        figure {
            class: "series-chart",
            aria_label: title.to_string(),
            "data-lines": if lines_count > 1 { "several" },
            SeriesReading { layout: layout.clone(), series: series.clone(), zone: frame.zone.clone(), chosen_ms }
            div { class: "series-chart-body",
                if let Some(axis) = layout.axes.first() {
                    ValueAxis { axis: axis.clone() }
                }
                div { class: "series-chart-plot",
                    div { class: "chart-hatch", width: percent(past(&layout)) }
                    svg {
                        class: "chart-drawing series-chart-drawing",
                        view_box: "0 0 {short(WIDTH)} {short(HEIGHT)}",
                        preserve_aspect_ratio: "none",
                        role: "img",
                        "aria-label": words::drawing(&title),
                        path { class: "series-chart-observed", d: "{layout.observed}" }
                        path { class: "series-chart-grid", d: "{layout.grid}" }
                        for (index , path) in layout.paths.iter().enumerate() {
                            // A line that is alone stands on its area; several would hide each other's.
                            if series[index].mark == Mark::Line && lines_count == 1 && layout.paths.len() == 1 {
                                path { class: "series-chart-area", d: area(&layout, &series[index]) }
                            }
                            path {
                                class: if series[index].mark == Mark::Bars { "series-chart-bars" } else { "series-chart-line" },
                                "data-series": index as i64 + 1,
                                d: "{path}",
                            }
                        }
                    }
                    if let Some((start, width)) = layout.unfinished(frame.now_ms) {
                        div { class: "series-chart-unfinished", left: percent(start), width: percent(width), title: words::UNFINISHED }
                    }
                    if lines_count > 1 {
                        for (index , end) in layout.ends.iter().enumerate() {
                            if let (Mark::Line, Some((x, y))) = (series[index].mark, end) {
                                span {
                                    class: "series-chart-end",
                                    aria_hidden: "true",
                                    "data-series": index as i64 + 1,
                                    left: percent(*x),
                                    top: percent(*y),
                                    {MARKS[index]}
                                }
                            }
                        }
                    }
                    SeriesCursor {
                        title: title.clone(),
                        layout: layout.clone(),
                        series: series.clone(),
                        zone: frame.zone.clone(),
                        chosen_ms,
                    }
                }
                if let Some(axis) = layout.axes.get(1) {
                    ValueAxis { axis: axis.clone() }
                }
                div { class: "series-chart-times",
                    TimeAxis { labels }
                }
            }
            SeriesTable { title: title.clone(), layout: layout.clone(), series, zone: frame.zone }
        }
    }
}

/// The mark of each series, which tells it from the others without a colour.
const MARKS: [&str; MOST_SERIES] = ["●", "■", "▲", "◆"];

/// How much of the width is not yet to come, as a share.
fn past(layout: &SeriesLayout) -> f64 {
    layout.slots.last().map_or(0.0, |slot| {
        let (start, width) = layout.extent(slot);
        start + width
    })
}

fn area(layout: &SeriesLayout, series: &Series) -> String {
    let top = layout.axes.get(axis_of(&layout.axes, series)).map_or(1.0, |axis| axis.top);
    let x = Linear::new([layout.from_ms, layout.to_ms], [0.0, WIDTH]);
    path::area(&series.steps, &x, &Linear::new([0.0, top], [HEIGHT, 0.0]))
}

/// The labels of a value axis, its unit on top. Hidden from screen readers, which get values with their units.
#[component]
fn ValueAxis(axis: Axis) -> Element {
    rsx! {
        div { class: "series-chart-axis", aria_hidden: "true",
            span { class: "series-chart-unit", {axis.measure.unit} }
            for (text , top) in axis.labels {
                span { key: "{top}", class: "series-chart-value-label", top, {text} }
            }
        }
    }
}

/// The slot that is told: the chosen one, otherwise the latest.
fn told(layout: &SeriesLayout, chosen_ms: Option<f64>) -> Option<usize> {
    chosen_ms.and_then(|at_ms| layout.slot_of(at_ms)).or_else(|| layout.latest())
}

#[component]
fn SeriesReading(
    layout: Shared<SeriesLayout>,
    series: Rc<[Series]>,
    zone: Zone,
    chosen_ms: ReadSignal<Option<f64>>,
) -> Element {
    let slot = told(&layout, chosen_ms());
    let Some((index, slot)) = slot.and_then(|index| Some((index, layout.slots.get(index)?))) else {
        return rsx! {
            p { class: "series-chart-reading", {words::NOTHING_OBSERVED} }
        };
    };
    rsx! {
        p { class: "series-chart-reading",
            span { class: "series-chart-when", {zone.span(Instant::from_ms(slot.from_ms), Instant::from_ms(slot.to_ms))} }
            for (index , (series , reading)) in series.iter().zip(layout.readings(index)).enumerate() {
                span { class: "series-chart-value",
                    Sample { index, mark: series.mark }
                    "{series.name} "
                    b { {reading_text(series, *reading)} }
                }
            }
        }
    }
}

/// How a series looks, beside its name.
#[component]
fn Sample(index: usize, mark: Mark) -> Element {
    rsx! {
        svg {
            class: "series-chart-sample",
            view_box: "0 0 24 10",
            "aria-hidden": "true",
            if mark == Mark::Bars {
                path { class: "series-chart-bars", "data-series": index as i64 + 1, d: "M7 0H17V10H7Z" }
            } else {
                path { class: "series-chart-line", "data-series": index as i64 + 1, d: "M0 5H24" }
            }
        }
        if mark == Mark::Line {
            span { class: "series-chart-mark", aria_hidden: "true", "data-series": index as i64 + 1, {MARKS[index % MARKS.len()]} }
        }
    }
}

fn reading_text(series: &Series, reading: Reading) -> String {
    reading.map_or_else(|| words::NOT_OBSERVED.to_owned(), |value| series.measure.text(value))
}

/// A slot in words.
fn slot_text(layout: &SeriesLayout, series: &[Series], zone: &Zone, index: usize) -> String {
    let Some(slot) = layout.slots.get(index) else { return words::NOTHING_OBSERVED.to_owned() };
    let mut text = zone.span(Instant::from_ms(slot.from_ms), Instant::from_ms(slot.to_ms));
    if !slot.is_observed {
        return format!("{text}: {}", words::NOT_OBSERVED);
    }
    for (position, (series, reading)) in series.iter().zip(layout.readings(index)).enumerate() {
        text.push_str(if position == 0 { ": " } else { "; " });
        text.push_str(&words::named_value(&series.name, &reading_text(series, *reading)));
    }
    text
}

#[component]
fn SeriesCursor(
    title: Rc<str>,
    layout: Shared<SeriesLayout>,
    series: Rc<[Series]>,
    zone: Zone,
    chosen_ms: Signal<Option<f64>>,
) -> Element {
    let Some(last) = layout.slots.len().checked_sub(1) else { return rsx! {} };
    let place = told(&layout, chosen_ms()).unwrap_or(last);
    let mark = chosen_ms().and(layout.slots.get(place)).map(|slot| layout.extent(slot));
    let mut choose = move |layout: &SeriesLayout, slot: Option<usize>| {
        let at_ms = slot.and_then(|slot| layout.slots.get(slot)).map(|slot| slot.from_ms);
        // The pointer moves within a step most of the time.
        if *chosen_ms.peek() != at_ms {
            chosen_ms.set(at_ms);
        }
    };
    let (below_keys, below_pointer) = (layout.clone(), layout.clone());
    rsx! {
        Layer {
            title,
            keys: words::KEYS_ALONG,
            place,
            last,
            text: slot_text(&layout, &series, &zone, place),
            on_move: move |step: crate::chart::roving::Move| {
                let from = told(&below_keys, *chosen_ms.peek()).unwrap_or(last);
                choose(&below_keys, Some(step.along(from, last + 1)));
            },
            on_point: move |(x, _)| choose(&below_pointer, below_pointer.slot_at(x)),
            on_leave: move |()| chosen_ms.set(None),
            if let Some((left, width)) = mark {
                div { class: "series-chart-cursor", left: percent(left), width: percent(width) }
            }
        }
    }
}

#[component]
fn SeriesTable(title: Rc<str>, layout: Shared<SeriesLayout>, series: Rc<[Series]>, zone: Zone) -> Element {
    let is_open = use_signal(|| false);
    let columns = || {
        let names = series.iter().map(|series| series.name.to_string());
        [words::FROM.to_owned(), words::TO.to_owned()].into_iter().chain(names).collect::<Vec<_>>()
    };
    rsx! {
        TableSwitch { is_open }
        if is_open() {
            ChartTable { title: "{title}", columns: columns(),
                for (index , slot) in layout.slots.iter().enumerate() {
                    tr { key: "{slot.from_ms}",
                        th { scope: "row", {zone.exact(Instant::from_ms(slot.from_ms))} }
                        td { {zone.exact(Instant::from_ms(slot.to_ms))} }
                        for (series , reading) in series.iter().zip(layout.readings(index)) {
                            td { {reading_text(series, *reading)} }
                        }
                    }
                }
            }
        }
    }
}
