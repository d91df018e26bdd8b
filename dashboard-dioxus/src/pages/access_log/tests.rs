//! What the page of who looked at somebody says, drawn as text.

use super::*;
use crate::testing::TestPage;
use serde_json::{Value, json};

fn opened(address: &'static str, grants: &Value) -> TestPage {
    let mut page = TestPage::at(address);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    let me = json!({ "name": "Kim", "isOperator": false, "accessOpen": false, "grants": grants });
    page.answer("Factories", &json!({ "factories": [factory], "me": me }));
    page
}

fn grant(role: &str, worker: Option<&str>) -> Value {
    json!({ "factoryId": "plant", "role": role, "workerId": worker })
}

fn log(entries: &Value) -> Value {
    json!({ "accessLog": { "edges": entries, "pageInfo": { "hasNextPage": false, "endCursor": null } } })
}

fn entry() -> Value {
    json!({
        "reader": "Lee", "question": "TIMELINE", "day": "2026-01-05", "firstAt": "2026-01-05T08:00:00Z",
        "lastAt": "2026-01-05T17:30:00Z", "times": 12
    })
}

#[test]
fn a_worker_sees_who_asked_about_them_and_has_nothing_to_choose() {
    let mut page = opened("/access?page=access-log&factory=plant", &json!([grant("VIEWER", Some("W1"))]));
    assert_eq!(page.asked("AccessLog"), [&json!({ "factoryId": "plant", "workerId": "W1", "first": 100 })]);
    assert!(page.asked("FactoryEntities").is_empty());
    page.answer("AccessLog", &log(&json!([{ "node": entry() }])));
    page.shows(&["About worker W1", "Mon 5 Jan 2026", "Lee", "Timeline", "08:00", "17:30", "access-log-csv"]);
    assert!(!page.html().contains("access-log-worker"));
}

#[test]
fn who_looks_after_the_factory_chooses_a_worker_first() {
    let mut page = opened("/access?page=access-log&factory=plant", &json!([grant("ADMIN", None)]));
    assert!(page.asked("AccessLog").is_empty());
    let known = json!({
        "revision": 1, "workers": [{ "workerId": "W1", "name": "Ada", "area": null }], "workstations": []
    });
    page.answer("FactoryEntities", &json!({ "factory": known }));
    page.shows(&["Choose a worker to see who asked about them.", "Ada (W1)"]);
    let page = opened("/access?page=access-log&factory=plant&about=W7", &json!([grant("ADMIN", None)]));
    assert_eq!(page.asked("AccessLog"), [&json!({ "factoryId": "plant", "workerId": "W7", "first": 100 })]);
}

#[test]
fn who_is_no_worker_and_looks_after_nothing_is_told_who_sees_the_page() {
    let page = opened("/access?page=access-log&factory=plant", &json!([grant("SUPERVISOR", None)]));
    page.shows(&["not-permitted"]);
    assert!(page.asked("AccessLog").is_empty());
}

#[test]
fn a_worker_whom_nobody_asked_about_is_told_so() {
    let mut page = opened("/access?page=access-log&factory=plant", &json!([grant("VIEWER", Some("W1"))]));
    page.answer("AccessLog", &log(&json!([])));
    page.shows(&["Nobody has asked about this worker in the last 180 days."]);
}

#[test]
fn the_file_has_a_line_for_each_day_reader_and_question() {
    let entry: AccessEntry = serde_json::from_value(entry()).unwrap();
    assert_eq!(
        csv(&[entry], &Zone::fixed("Europe/Berlin", 60)),
        "\u{feff}Day,Who,Asked about,First (Europe/Berlin),Last (Europe/Berlin),Times\r\n\
         2026-01-05,Lee,Timeline,09:00:00,18:30:00,12\r\n"
    );
}
