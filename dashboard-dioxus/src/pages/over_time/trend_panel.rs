use super::trend;
use crate::api::{Answer, Panel};
use crate::chart::series::Series;
use crate::chart::series_chart::SeriesChart;
use crate::components::export_button::ExportButton;
use crate::components::notice::Refused;
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::Memo;
use crate::model::{EntitySeriesSet, Span};
use dioxus::prelude::*;
use std::rc::Rc;

/// What a trend draws, and over which window; none as long as there is no answer.
pub(crate) type Drawn = Option<(Span, Rc<[Series]>)>;

/// A course over time: its chart, and its numbers as a file called after `name`.
#[component]
pub(crate) fn TrendPanel(
    title: String,
    answer: Answer<EntitySeriesSet>,
    drawn: Memo<Drawn>,
    now_ms: ReadSignal<f64>,
    name: Vec<String>,
    table: Callback<(), String>,
) -> Element {
    let zone = use_page_context().zone();
    let tools = rsx! {
        ExportButton { name, table }
    };
    rsx! {
        PanelFrame { title: title.clone(), outdated: answer.outdated(), tools,
            match (&*answer.read(), drawn.cloned()) {
                (Panel::Refused(reason), _) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                (_, Some((window, series))) => rsx! {
                    SeriesChart { title, frame: trend::frame(window, now_ms(), zone), series }
                },
                (_, None) => rsx! { Skeleton { lines: 6 } },
            }
        }
    }
}
