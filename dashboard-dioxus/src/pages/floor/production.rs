use super::export::series_csv;
use super::steps::{self, UNITS, UTILIZATION};
use crate::api::{Answer, Panel};
use crate::chart::series::{Mark, Series as ChartSeries};
use crate::chart::series_chart::SeriesChart;
use crate::chart::time_axis::Frame;
use crate::components::export_button::ExportButton;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::{Memo, use_memo};
use crate::model::window::WindowChoice;
use crate::model::{Series, Span};
use crate::words::floor as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// Units of each step as bars, and utilization as a line over them. `now_ms` is coarse: each change of it draws the
/// chart again.
#[component]
pub(super) fn Production(series: Answer<Series>, now_ms: Memo<f64>) -> Element {
    let context = use_page_context();
    let drawn = use_memo(move || series.with(drawn));
    let panel = series.read();
    let revision = panel.shown().map(|series| series.revision);
    let choice = context.factory_window();
    let is_all_time = choice.as_ref().is_some_and(|choice| choice.window == WindowChoice::AllTime);
    let file = choice
        .filter(|_| panel.shown().is_some())
        .map(|choice| vec![choice.factory_id, words::SERIES_FILE.to_owned(), choice.window.to_string()]);
    let tools = rsx! {
        if let Some(name) = file {
            ExportButton {
                testid: "export-series",
                class: "button floor-export",
                name,
                table: move |()| series.peek().shown().map(|series| series_csv(series, &context.zone())).unwrap_or_default(),
            }
        }
    };
    rsx! {
        PanelFrame { title: words::PRODUCTION, revision, outdated: series.outdated(), tools,
            match &*panel {
                _ if is_all_time => rsx! { Empty { text: words::NO_COURSE } },
                Panel::Waiting => rsx! { Skeleton { lines: 8 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| series.retry() } },
                Panel::Showing(_) => rsx! {
                    if let Some((window, lines)) = drawn() {
                        SeriesChart {
                            title: words::PRODUCTION,
                            frame: Frame {
                                from_ms: window.from.ms(),
                                to_ms: window.to.ms(),
                                now_ms: Some(now_ms()),
                                zone: context.zone(),
                            },
                            series: lines,
                        }
                    }
                },
            }
        }
    }
}

fn drawn(series: &Series) -> (Span, Rc<[ChartSeries]>) {
    let units = ChartSeries {
        name: UNITS.name.into(),
        measure: UNITS,
        mark: Mark::Bars,
        steps: steps::steps(series, |point| Some(point.units as f64)),
    };
    let utilization = ChartSeries {
        name: UTILIZATION.name.into(),
        measure: UTILIZATION,
        mark: Mark::Line,
        steps: steps::steps(series, |point| point.utilization),
    };
    (series.window, [units, utilization].into())
}
