use crate::api::{Answer, Panel};
use crate::components::figure::Figure;
use crate::components::notice::Refused;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::format::Quantity;
use crate::model::FactorySummary;
use crate::words::figure as words;
use dioxus::prelude::*;

/// The factory as a whole. `window` says which window the figures are about.
#[component]
pub(crate) fn Summary(answer: Answer<FactorySummary>, window: String) -> Element {
    let panel = answer.read();
    let revision = panel.shown().map(|summary| summary.revision);
    let how = |explanation| words::how(explanation, &window);
    rsx! {
        PanelFrame { title: words::FACTORY, revision,
            match &*panel {
                Panel::Waiting => rsx! { Skeleton { lines: 2 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                Panel::Showing(summary) => rsx! {
                    dl { class: "summary",
                        Figure {
                            testid: "productive-minutes",
                            label: words::PRODUCTIVE_TIME,
                            how: how(words::HOW_PRODUCTIVE_TIME),
                            quantity: Quantity::Duration,
                            value: summary.productive_minutes,
                        }
                        Figure {
                            testid: "units-produced",
                            label: words::UNITS_PRODUCED,
                            how: how(words::how_units_produced(summary.units_basis)),
                            quantity: Quantity::Count,
                            value: summary.units as f64,
                        }
                        Figure {
                            testid: "average-utilization",
                            label: words::AVERAGE_UTILIZATION,
                            how: how(words::HOW_AVERAGE_UTILIZATION),
                            quantity: Quantity::Percent,
                            value: summary.average_utilization,
                        }
                        Figure {
                            testid: "average-production-rate",
                            label: words::AVERAGE_PRODUCTION_RATE,
                            how: how(words::HOW_AVERAGE_PRODUCTION_RATE),
                            quantity: Quantity::PerHour,
                            value: summary.average_production_rate,
                        }
                    }
                },
            }
        }
    }
}
