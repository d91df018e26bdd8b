//! What the panels say, drawn as text.

use crate::api::operation::{FactorySummary, Worker};
use crate::api::session::{Event, Topic};
use crate::components::summary::Summary;
use crate::components::worker_table::WorkerTable;
use crate::components::workstation_table::WorkstationTable;
use crate::live::Live;
use crate::live::table::Delivery;
use dioxus::prelude::*;

/// The page's panels after these events.
fn drawn(events: Vec<Event>) -> String {
    let mut page = VirtualDom::new_with_props(Panels, PanelsProps { events });
    page.rebuild_in_place();
    dioxus_ssr::render(&page)
}

#[component]
fn Panels(events: Vec<Event>) -> Element {
    let live = use_context_provider(Live::new);
    use_hook(|| events.into_iter().for_each(|event| live.apply(event, 0.0)));
    rsx! {
        Summary {}
        WorkerTable {}
        WorkstationTable {}
    }
}

fn worker() -> Worker {
    Worker {
        worker_id: "W1".to_owned(),
        name: Some("Anna".to_owned()),
        working_minutes: 0.0,
        idle_minutes: 70.25,
        utilization: None,
        units_produced: 1_400,
        units_per_hour: Some(8.213_410_114),
    }
}

fn workers(rows: Vec<Worker>) -> Event {
    Event::Workers(Delivery { revision: 3, snapshot: true, rows, removed_ids: Vec::new() })
}

#[test]
fn a_row_carries_its_numbers_for_people_and_for_machines() {
    let page = drawn(vec![workers(vec![worker()])]);
    for expected in [
        r#"<tr data-testid="worker-row-W1">"#,
        r#"<th scope="row">Anna <span class="entity-id">W1</span></th>"#,
        "<td data-field=\"working\" data-value=\"0\">0.0\u{a0}min</td>",
        "<td data-field=\"idle\" data-value=\"70.25\">70.3\u{a0}min</td>",
        r#"<td data-field="utilization">-</td>"#,
        "<td data-field=\"units\" data-value=\"1400\">1\u{202f}400</td>",
        r#"<td data-field="units-per-hour" data-value="8.213410114">8.2</td>"#,
    ] {
        assert!(page.contains(expected), "{expected} is not in {page}");
    }
}

#[test]
fn a_ratio_without_a_basis_is_a_dash_in_the_summary_too() {
    let summary = FactorySummary {
        revision: 3,
        productive_minutes: 0.0,
        units_produced: 0,
        average_utilization: None,
        average_production_rate: None,
    };
    let page = drawn(vec![Event::Summary(summary)]);
    for expected in [
        r#"data-testid="units-produced" data-value="0">0</dd>"#,
        r#"data-testid="average-utilization">-</dd>"#,
        r#"data-testid="average-production-rate">-</dd>"#,
    ] {
        assert!(page.contains(expected), "{expected} is not in {page}");
    }
}

#[test]
fn a_refusal_stands_in_the_panel_in_place_of_its_rows() {
    let refused = Event::Refused(Topic::Workers, "There is no factory \"x\".".to_owned());
    let page = drawn(vec![workers(vec![worker()]), refused]);
    assert!(page.contains("There is no factory &#34;x&#34;."), "{page}");
    assert!(!page.contains("worker-row-"), "{page}");
}

#[test]
fn an_empty_table_says_so_in_words() {
    let page = drawn(vec![workers(Vec::new())]);
    assert!(page.contains("No worker was seen in this window."), "{page}");
    assert!(page.contains("Loading…"), "{page}");
}
