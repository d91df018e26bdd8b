use crate::api::{Answer, Panel};
use crate::components::metric_cell::MetricCell;
use crate::components::metric_table::{Column, EntityCell, MetricTable};
use crate::components::notice::{Empty, Refused};
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::format::Quantity;
use crate::live::table::{Kept, Table};
use crate::model::{EntityKind, EntityMetrics};
use crate::route::Address;
use crate::words::{entity, figure};
use dioxus::prelude::*;

const WORKER_COLUMNS: &[Column] = &[
    Column::text(entity::WORKER),
    Column::number(figure::WORKING, figure::HOW_WORKING),
    Column::number(figure::IDLE, figure::HOW_IDLE),
    Column::number(figure::UTILIZATION, figure::HOW_UTILIZATION),
    Column::number(figure::UNITS, figure::HOW_UNITS),
    Column::number(figure::UNITS_PER_HOUR, figure::HOW_UNITS_PER_HOUR),
];
const WORKSTATION_COLUMNS: &[Column] = &[
    Column::text(entity::WORKSTATION),
    Column::number(figure::OCCUPIED, figure::HOW_OCCUPIED),
    Column::number(figure::IDLE, figure::HOW_IDLE),
    Column::number(figure::UTILIZATION, figure::HOW_UTILIZATION),
    Column::number(figure::UNITS, figure::HOW_UNITS),
    Column::number(figure::THROUGHPUT_PER_HOUR, figure::HOW_THROUGHPUT_PER_HOUR),
];

/// The metrics of each worker, or of each workstation, seen in the window. `at` is where their links lead.
#[component]
pub(crate) fn EntityTable(kind: EntityKind, answer: Answer<Table<EntityMetrics>>, at: Address) -> Element {
    let panel = answer.read();
    let revision = panel.shown().map(Table::revision);
    let columns = match kind {
        EntityKind::Worker => WORKER_COLUMNS,
        EntityKind::Workstation => WORKSTATION_COLUMNS,
    };
    rsx! {
        PanelFrame { title: entity::kinds(kind), revision,
            match &*panel {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                Panel::Showing(table) if table.is_empty() => rsx! { Empty { text: entity::none_seen(kind) } },
                Panel::Showing(table) => rsx! {
                    MetricTable { label: entity::kinds(kind), columns,
                        for row in table.rows() {
                            EntityRow { key: "{row.id}", row: row.clone(), at: at.clone() }
                        }
                    }
                },
            }
        }
    }
}

/// One worker or workstation: drawn again only when its numbers changed.
#[component]
fn EntityRow(row: Kept<EntityMetrics>, at: Address) -> Element {
    let (time_field, rate_field) = match row.kind {
        EntityKind::Worker => ("working", "units-per-hour"),
        EntityKind::Workstation => ("occupied", "throughput-per-hour"),
    };
    rsx! {
        tr { "data-testid": "{row.kind}-row-{row.id}",
            EntityCell { kind: row.kind, id: row.id.clone(), name: row.name.clone(), at }
            MetricCell { field: time_field, quantity: Quantity::Minutes, value: row.productive_minutes }
            MetricCell { field: "idle", quantity: Quantity::Minutes, value: row.idle_minutes }
            MetricCell { field: "utilization", quantity: Quantity::Percent, value: row.utilization }
            MetricCell { field: "units", quantity: Quantity::Count, value: row.units as f64 }
            MetricCell { field: rate_field, quantity: Quantity::PerHour, value: row.units_per_hour }
        }
    }
}
