use crate::api::operation::Worker;
use crate::components::metric_cell::MetricCell;
use crate::components::metric_table::{EntityCell, MetricTable};
use crate::components::panel_frame::{PanelFrame, PanelRefused, PanelWaiting};
use crate::format::Quantity;
use crate::live::{Live, Panel};
use dioxus::prelude::*;
use std::rc::Rc;

const COLUMNS: &[&str] = &["Worker", "Working", "Idle", "Utilization", "Units", "Units/hour"];

/// The metrics of each worker seen in the window.
#[component]
pub(crate) fn WorkerTable() -> Element {
    let live = use_context::<Live>();
    let panel = live.workers.read();
    let revision = if let Panel::Showing(table) = &*panel { Some(table.revision()) } else { None };
    rsx! {
        PanelFrame { title: "Workers", revision,
            match &*panel {
                Panel::Waiting => rsx! { PanelWaiting {} },
                Panel::Refused(reason) => rsx! { PanelRefused { reason } },
                Panel::Showing(table) if table.rows().len() == 0 => rsx! {
                    p { class: "panel-note", "No worker was seen in this window." }
                },
                Panel::Showing(table) => rsx! {
                    MetricTable { columns: COLUMNS,
                        for worker in table.rows() {
                            WorkerRow { key: "{worker.worker_id}", worker: Rc::clone(worker) }
                        }
                    }
                },
            }
        }
    }
}

/// One worker: drawn again only when this worker's numbers changed.
#[component]
fn WorkerRow(worker: Rc<Worker>) -> Element {
    rsx! {
        tr { "data-testid": "worker-row-{worker.worker_id}",
            EntityCell { id: worker.worker_id.clone(), name: worker.name.clone() }
            MetricCell { field: "working", quantity: Quantity::Minutes, value: worker.working_minutes }
            MetricCell { field: "idle", quantity: Quantity::Minutes, value: worker.idle_minutes }
            MetricCell { field: "utilization", quantity: Quantity::Percent, value: worker.utilization }
            MetricCell { field: "units", quantity: Quantity::Count, value: worker.units_produced as f64 }
            MetricCell { field: "units-per-hour", quantity: Quantity::PerHour, value: worker.units_per_hour }
        }
    }
}
