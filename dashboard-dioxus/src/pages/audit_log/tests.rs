//! What the audit log says, drawn as text, and what it asks.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn opened(address: &'static str, is_operator: bool, grants: &Value) -> TestPage {
    let mut page = TestPage::at(address);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    let me = json!({ "name": "Kim", "isOperator": is_operator, "accessOpen": false, "grants": grants });
    page.answer("Factories", &json!({ "factories": [factory], "me": me }));
    page
}

fn admin() -> Value {
    json!([{ "factoryId": "plant", "role": "ADMIN", "workerId": null }])
}

fn entry(number: i64, action: &str, outcome: &str) -> Value {
    json!({ "node": {
        "number": number, "at": "2026-01-05T08:00:30Z", "principal": "Kim", "action": action, "outcome": outcome,
        "target": "cam-7", "details": r#"{"role":"device","worker":null,"validDays":365}"#, "address": "10.0.0.7", "times": 1_200
    } })
}

#[test]
fn entries_say_who_did_what_to_whom_and_lead_on_to_older_ones() {
    let mut page = opened("/access?page=audit-log&factory=plant", false, &admin());
    assert_eq!(page.asked("AuditLog"), [&json!({ "factoryId": "plant", "filter": {}, "first": 50 })]);
    let log = json!({
        "edges": [entry(2, "REVOKE_TOKEN", "DONE"), entry(1, "DENIED", "REFUSED")],
        "pageInfo": { "hasNextPage": true, "endCursor": "c1" }
    });
    page.answer("AuditLog", &json!({ "auditLog": log }));
    page.shows(&[
        "Mon 5 Jan 2026, 08:00:30",
        "Revoked a token",
        r#"<span class="audit-refused">Refused</span>"#,
        "cam-7",
        "role: device, validDays: 365",
        "10.0.0.7",
        "1\u{202f}200",
        "audit-older",
        "after=c1",
    ]);
    assert!(!page.html().contains("audit-newest"), "the first page is the newest");
    assert!(!page.html().contains("audit-about"), "only operators see the server's own entries");
}

#[test]
fn the_address_says_which_entries_are_asked_for() {
    let page = opened("/access?page=audit-log&factory=plant&action=DECIDE&by=Lee&after=c7", false, &admin());
    let filter = json!({ "actions": ["DECIDE"], "principal": "Lee" });
    assert_eq!(
        page.asked("AuditLog"),
        [&json!({ "factoryId": "plant", "filter": filter, "first": 50, "after": "c7" })]
    );
    page.shows(&["audit-newest"]);
}

#[test]
fn an_operator_may_ask_for_the_entries_of_the_server_itself() {
    let page = opened("/access?page=audit-log&factory=plant&about=server", true, &json!([]));
    assert_eq!(page.asked("AuditLog"), [&json!({ "filter": {}, "first": 50 })]);
    page.shows(&["The server itself", "Signed in"]);
    assert!(!page.html().contains("Gave a role"), "that is in the log of a factory");
}

#[test]
fn an_empty_log_says_whether_a_filter_makes_it_so() {
    let none =
        json!({ "auditLog": { "edges": [], "pageInfo": { "hasNextPage": false, "endCursor": null } } });
    let mut page = opened("/access?page=audit-log&factory=plant", false, &admin());
    page.answer("AuditLog", &none);
    page.shows(&["Nothing is in the log yet."]);
    let mut page = opened("/access?page=audit-log&factory=plant&by=Nobody", false, &admin());
    page.answer("AuditLog", &none);
    page.shows(&["Nothing in the log matches."]);
}

#[test]
fn who_may_not_see_it_asks_for_nothing() {
    let page = opened("/access?page=audit-log&factory=plant", false, &json!([]));
    page.shows(&["not-permitted"]);
    assert!(page.asked("AuditLog").is_empty());
}
