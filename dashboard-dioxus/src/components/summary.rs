use crate::components::metric_tile::MetricTile;
use crate::components::panel_frame::{PanelFrame, PanelRefused, PanelWaiting};
use crate::format::Quantity;
use crate::live::{Live, Panel};
use dioxus::prelude::*;

/// The factory as a whole.
#[component]
pub(crate) fn Summary() -> Element {
    let live = use_context::<Live>();
    let panel = live.summary.read();
    let revision = if let Panel::Showing(summary) = &*panel { Some(summary.revision) } else { None };
    rsx! {
        PanelFrame { title: "Factory", revision,
            match &*panel {
                Panel::Waiting => rsx! { PanelWaiting {} },
                Panel::Refused(reason) => rsx! { PanelRefused { reason } },
                Panel::Showing(summary) => rsx! {
                    dl { class: "summary",
                        MetricTile {
                            testid: "productive-minutes",
                            label: "Productive time",
                            quantity: Quantity::Duration,
                            value: summary.productive_minutes,
                        }
                        MetricTile {
                            testid: "units-produced",
                            label: "Units produced",
                            quantity: Quantity::Count,
                            value: summary.units_produced as f64,
                        }
                        MetricTile {
                            testid: "average-utilization",
                            label: "Average utilization",
                            quantity: Quantity::Percent,
                            value: summary.average_utilization,
                        }
                        MetricTile {
                            testid: "average-production-rate",
                            label: "Average production rate, units/h",
                            quantity: Quantity::PerHour,
                            value: summary.average_production_rate,
                        }
                    }
                },
            }
        }
    }
}
