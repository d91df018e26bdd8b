use crate::api::operation::Workstation;
use crate::components::metric_cell::MetricCell;
use crate::components::metric_table::{EntityCell, MetricTable};
use crate::components::panel_frame::{PanelFrame, PanelRefused, PanelWaiting};
use crate::format::Quantity;
use crate::live::{Live, Panel};
use dioxus::prelude::*;
use std::rc::Rc;

const COLUMNS: &[&str] = &["Workstation", "Occupied", "Utilization", "Units", "Throughput/hour"];

/// The metrics of each workstation seen in the window.
#[component]
pub(crate) fn WorkstationTable() -> Element {
    let live = use_context::<Live>();
    let panel = live.workstations.read();
    let revision = if let Panel::Showing(table) = &*panel { Some(table.revision()) } else { None };
    rsx! {
        PanelFrame { title: "Workstations", revision,
            match &*panel {
                Panel::Waiting => rsx! { PanelWaiting {} },
                Panel::Refused(reason) => rsx! { PanelRefused { reason } },
                Panel::Showing(table) if table.rows().len() == 0 => rsx! {
                    p { class: "panel-note", "No workstation was seen in this window." }
                },
                Panel::Showing(table) => rsx! {
                    MetricTable { columns: COLUMNS,
                        for workstation in table.rows() {
                            WorkstationRow { key: "{workstation.workstation_id}", workstation: Rc::clone(workstation) }
                        }
                    }
                },
            }
        }
    }
}

/// One workstation: drawn again only when this workstation's numbers changed.
#[component]
fn WorkstationRow(workstation: Rc<Workstation>) -> Element {
    rsx! {
        tr { "data-testid": "workstation-row-{workstation.workstation_id}",
            EntityCell { id: workstation.workstation_id.clone(), name: workstation.name.clone() }
            MetricCell { field: "occupied", quantity: Quantity::Minutes, value: workstation.occupied_minutes }
            MetricCell { field: "utilization", quantity: Quantity::Percent, value: workstation.utilization }
            MetricCell { field: "units", quantity: Quantity::Count, value: workstation.units_produced as f64 }
            MetricCell {
                field: "throughput-per-hour",
                quantity: Quantity::PerHour,
                value: workstation.throughput_per_hour,
            }
        }
    }
}
