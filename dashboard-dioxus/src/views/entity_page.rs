use crate::api::operation::Entities;
use crate::api::{Panel, use_subscription};
use crate::clock::use_clock;
use crate::components::figure::Figure;
use crate::components::notice::{Empty, Refused};
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::components::state_mark::StateMark;
use crate::components::window_picker;
use crate::format::Quantity;
use crate::here::use_here;
use crate::live::table::Table;
use crate::model::{EntityKind, EntityMetrics, NOT_OBSERVED_AFTER_MS, Presence};
use crate::route::Address;
use crate::views::page_title::PageTitle;
use crate::words::{entity, figure};
use crate::zone::Zone;
use dioxus::prelude::*;

/// How often it is looked whether something seen has become old, in ms.
const CLOCK_STEP_MS: u32 = 10_000;

/// One worker or workstation in the window of the address.
#[component]
pub(crate) fn EntityPage(kind: EntityKind, at: ReadSignal<Address>) -> Element {
    let here = use_here();
    let entities = use_subscription::<Entities>(move || {
        let id = at.read().id.clone();
        if id.is_empty() { None } else { Some(here.choice()?.entities_with_ids(kind, vec![id])) }
    });
    let id = at.read().id.clone();
    let zone = here.zone();
    let window = window_picker::label(at.read().window, &zone);
    let panel = entities.read();
    let row = panel.shown().and_then(|table| table.row(&id));
    let title = row.map_or_else(|| id.clone(), |row| row.title().to_owned());
    rsx! {
        PageTitle { title: if title.is_empty() { entity::kind(kind).to_owned() } else { title },
            p { class: "page-note", "{entity::kind(kind)} {id} · {window}" }
        }
        if id.is_empty() {
            Empty { text: entity::NO_ID }
        } else {
            PanelFrame { title: entity::kind(kind), revision: panel.shown().map(Table::revision),
                match &*panel {
                    Panel::Waiting => rsx! { Skeleton { lines: 3 } },
                    Panel::Refused(reason) => rsx! { Refused { reason, onretry: move |()| entities.retry() } },
                    Panel::Showing(table) => match table.row(&id) {
                        None => rsx! { Empty { text: entity::not_in_window(kind, &id) } },
                        Some(row) => rsx! { Figures { metrics: (**row).clone(), window, zone } },
                    },
                }
            }
        }
    }
}

#[component]
fn Figures(metrics: EntityMetrics, window: String, zone: Zone) -> Element {
    let clock = use_clock(CLOCK_STEP_MS);
    let how = |explanation: &str| figure::how(explanation, &window);
    let (time, how_time, rate, how_rate) = match metrics.kind {
        EntityKind::Worker => {
            (figure::WORKING, figure::HOW_WORKING, figure::UNITS_PER_HOUR, figure::HOW_UNITS_PER_HOUR)
        }
        EntityKind::Workstation => (
            figure::OCCUPIED,
            figure::HOW_OCCUPIED,
            figure::THROUGHPUT_PER_HOUR,
            figure::HOW_THROUGHPUT_PER_HOUR,
        ),
    };
    let presence = Presence::of(metrics.current.as_ref(), clock(), NOT_OBSERVED_AFTER_MS);
    let last_seen = metrics.last_seen_at.map_or(entity::NEVER_SEEN.to_owned(), |at| zone.date_time(at));
    rsx! {
        p { class: "entity-page-now",
            StateMark { kind: metrics.kind, presence }
            span { class: "page-note", "{entity::LAST_SEEN} {last_seen}" }
            if let Some(area) = metrics.area.clone() {
                span { class: "page-note", "{entity::AREA} {area}" }
            }
        }
        dl { class: "summary",
            Figure { testid: "productive-minutes", label: time, how: how(how_time), quantity: Quantity::Duration, value: metrics.productive_minutes }
            Figure { testid: "idle-minutes", label: figure::IDLE, how: how(figure::HOW_IDLE), quantity: Quantity::Duration, value: metrics.idle_minutes }
            Figure { testid: "absent-minutes", label: figure::ABSENT, how: how(figure::HOW_ABSENT), quantity: Quantity::Duration, value: metrics.absent_minutes }
            Figure { testid: "utilization", label: figure::UTILIZATION, how: how(figure::HOW_UTILIZATION), quantity: Quantity::Percent, value: metrics.utilization }
            Figure { testid: "units-produced", label: figure::UNITS, how: how(figure::HOW_UNITS), quantity: Quantity::Count, value: metrics.units as f64 }
            Figure { testid: "units-per-hour", label: rate, how: how(how_rate), quantity: Quantity::PerHour, value: metrics.units_per_hour }
            Figure { testid: "overlap-minutes", label: figure::OVERLAP, how: how(figure::HOW_OVERLAP), quantity: Quantity::Duration, value: metrics.overlap_minutes }
            Figure { testid: "mean-confidence", label: figure::MEAN_CONFIDENCE, how: how(figure::HOW_MEAN_CONFIDENCE), quantity: Quantity::Confidence, value: metrics.mean_confidence }
        }
    }
}
