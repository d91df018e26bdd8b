//! What the pages say, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn factories() -> Value {
    json!({ "factories": [
        { "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" },
        { "factoryId": "other", "name": "Other", "timeZone": "UTC", "unitsBasis": "WORKERS" },
    ] })
}

fn workers(rows: &Value) -> Value {
    json!({ "workerMetrics": {
        "window": null, "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "snapshot": true, "removedWorkerIds": [], "workers": rows,
    } })
}

fn worker() -> Value {
    json!({
        "workerId": "W1", "name": "Anna", "area": "Line 1", "workingMinutes": 0, "idleMinutes": 70.25,
        "absentMinutes": 0.0, "overlapMinutes": 0.0, "contestedMinutes": 0.0, "correctedMinutes": 0.0, "utilization": null, "unitsProduced": 1400,
        "unitsPerHour": 8.213_410_114, "meanConfidence": null, "lastSeenAt": "2026-01-05T08:00:00.000Z",
        "current": {
            "eventType": "IDLE", "since": "2026-01-05T07:00:00.000Z", "until": "2026-01-05T08:00:00.000Z",
            "confidence": 0.9,
        },
    })
}

fn floor() -> TestPage {
    let mut page = TestPage::at("/?factory=plant&window=all-time");
    page.answer("Factories", &factories());
    page
}

#[test]
fn a_row_carries_its_numbers_for_people_and_for_machines() {
    let mut page = floor();
    page.answer("WorkerMetrics", &workers(&json!([worker()])));
    let cell = |field: &str, value: &str, text: &str| {
        format!(r#"<td data-field="{field}"{value}><span class="changing">{text}</span></td>"#)
    };
    page.shows(&[
        r#"data-testid="worker-row-W1" data-state="idle""#,
        r#"href="/worker?factory=plant&#38;window=all-time&#38;id=W1""#,
        r#"Anna <span class="entity-id">W1</span>"#,
        &cell("working", r#" data-value="0""#, "0.0\u{a0}min"),
        &cell("idle", r#" data-value="70.25""#, "1:10\u{a0}h"),
        r#"<td data-field="utilization"><span class="entity-rows-bar" aria-hidden="true"></span><span class="changing">-"#,
        &cell("units", r#" data-value="1400""#, "1\u{202f}400"),
        &cell("units-per-hour", r#" data-value="8.213410114""#, "8.2"),
    ]);
}

#[test]
fn a_ratio_without_a_basis_is_a_dash_in_the_summary_too() {
    let mut page = floor();
    page.answer(
        "FactoryMetrics",
        &json!({ "factoryMetrics": {
        "window": null, "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "productiveMinutes": 0.0, "idleMinutes": 0.0, "absentMinutes": 0.0,
        "unitsBasis": "WORKERS", "unitsProduced": 0, "workerUnitsProduced": 0, "workstationUnitsProduced": 0,
        "averageUtilization": null, "utilization": null, "averageProductionRate": null, "activeWorkers": 0,
        "activeWorkstations": 0,
    } }),
    );
    page.shows(&[
        r#"data-testid="units-produced" data-value="0"><span class="changing">0</span></dd>"#,
        r#"data-testid="average-utilization"><span class="changing">-</span></dd>"#,
        r#"data-testid="average-production-rate"><span class="changing">-</span></dd>"#,
    ]);
}

#[test]
fn a_refusal_stands_in_the_panel_in_place_of_its_rows() {
    let mut page = floor();
    page.answer("WorkerMetrics", &workers(&json!([worker()])));
    page.refuse("WorkerMetrics", "There is no factory \"x\".");
    page.shows(&["There is no factory &#34;x&#34;.", "Try again"]);
    assert!(!page.html().contains("worker-row-"));
}

#[test]
fn an_empty_table_says_so_in_words() {
    let mut page = floor();
    page.answer("WorkerMetrics", &workers(&json!([])));
    page.shows(&["No worker was seen in this window.", "Loading…"]);
}

#[test]
fn a_changed_number_is_marked_and_an_unchanged_one_is_not() {
    let mut page = floor();
    page.answer("WorkerMetrics", &workers(&json!([worker()])));
    let mut changed = worker();
    changed["unitsProduced"] = json!(1_401);
    page.answer("WorkerMetrics", &workers(&json!([&changed])));
    page.shows(&[
        "<span class=\"changing changing-marked\">1\u{202f}401</span>",
        "<span class=\"changing\">1:10\u{a0}h</span>",
    ]);
    // Another class has the mark begin anew.
    changed["unitsProduced"] = json!(1_402);
    page.answer("WorkerMetrics", &workers(&json!([changed])));
    page.shows(&["<span class=\"changing changing-marked changing-again\">1\u{202f}402</span>"]);
}

#[test]
fn the_first_factory_is_asked_about_when_the_address_names_none() {
    let mut page = TestPage::at("/");
    assert_eq!(page.asked("FactoryMetrics").len(), 0);
    page.answer("Factories", &factories());
    let expected = json!({ "factoryId": "plant", "window": { "period": "TODAY" } });
    assert_eq!(page.asked("FactoryMetrics"), [&expected]);
    // Who needs attention is asked apart, of the last two hours.
    let recent = json!({ "factoryId": "plant", "window": { "lastMinutes": 120 } });
    assert_eq!(page.asked("WorkstationMetrics"), [&expected, &recent]);
}

#[test]
fn without_a_factory_the_page_says_how_to_begin() {
    let mut page = TestPage::at("/");
    page.answer("Factories", &json!({ "factories": [] }));
    page.shows(&["There is no factory yet"]);
}

#[test]
fn a_list_of_factories_that_cannot_be_had_says_why() {
    let mut page = TestPage::at("/");
    page.refuse("Factories", "The database is away.");
    page.shows(&["The database is away."]);
}

#[test]
fn every_page_has_one_heading_and_a_main_part() {
    for address in
        ["/", "/worker?id=W1", "/workstation?id=S1", "/compare?ids=W1,W2", "/events", "/board", "/nowhere"]
    {
        let html = TestPage::at(address).html();
        assert_eq!(html.matches("<h1").count(), 1, "{address}: {html}");
        assert_eq!(html.matches("<main").count(), 1, "{address}: {html}");
    }
}
