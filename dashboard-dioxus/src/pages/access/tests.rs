//! What the page of people and devices says, drawn as text.

use super::person::persons;
use super::token::{has_ended, in_order};
use crate::api::operation::{Grant, Token};
use crate::testing::TestPage;
use serde_json::{Value, json};

fn me(is_open: bool, grants: &Value) -> Value {
    json!({ "name": "Kim", "isOperator": false, "accessOpen": is_open, "grants": grants })
}

fn opened(me: &Value) -> TestPage {
    let mut page = TestPage::at("/access?factory=plant");
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    page.answer("Factories", &json!({ "factories": [factory], "me": me }));
    page
}

fn of_admin() -> TestPage {
    opened(&me(false, &json!([{ "factoryId": "plant", "role": "ADMIN", "workerId": null }])))
}

fn grant(name: &str, role: &str) -> Value {
    let principal = json!({ "name": name, "kind": "PERSON", "isOperator": false, "disabledAt": null });
    json!({ "principal": principal, "role": role, "workerId": null, "fromGroups": false })
}

fn token(id: &str, kind: &str, name: &str) -> Value {
    json!({
        "id": id, "kind": kind, "name": name, "roles": [if kind == "DEVICE" { "DEVICE" } else { "VIEWER" }],
        "createdAt": "1969-12-01T00:00:00Z", "expiresAt": "1970-12-01T00:00:00Z", "lastUsedAt": null, "revokedAt": null
    })
}

fn with(mut value: Value, field: &str, to: Value) -> Value {
    value[field] = to;
    value
}

#[test]
fn people_are_listed_once_with_all_their_roles() {
    let mut page = of_admin();
    assert_eq!(page.asked("Grants"), [&json!({ "factoryId": "plant" })]);
    let mut device = grant("cam-7", "DEVICE");
    device["principal"]["kind"] = json!("DEVICE");
    let mut grants = vec![grant("Lee", "VIEWER"), grant("Kim", "ADMIN"), grant("Kim", "SUPERVISOR"), device];
    grants[0]["workerId"] = json!("W1");
    grants[2]["fromGroups"] = json!(true);
    page.answer("Grants", &json!({ "grants": grants }));
    page.answer("Tokens", &json!({ "tokens": [] }));
    page.shows(&[
        r#"data-testid="person-Kim""#,
        "Remove Admin from Kim",
        "by groups",
        "is worker W1",
        "Remove Viewer from Lee",
        "No device and no program has a token",
    ]);
    let html = page.html();
    assert_eq!(html.matches(r#"data-testid="person-"#).count(), 2, "{html}");
    assert!(!html.contains("Remove Supervisor from Kim"), "what groups give cannot be taken away here");
    assert!(html.find("person-Kim") < html.find("person-Lee"));
}

#[test]
fn tokens_say_whose_they_are_what_they_permit_and_until_when() {
    let mut page = of_admin();
    page.answer("Grants", &json!({ "grants": [] }));
    let tokens = json!([
        token("3", "SERVICE", "report"),
        with(token("1", "DEVICE", "cam-10"), "expiresAt", json!("1970-01-03T12:00:00Z")),
        with(token("2", "DEVICE", "cam-9"), "lastUsedAt", json!("1969-12-31T23:00:00Z")),
        with(token("4", "DEVICE", "cam-1"), "revokedAt", json!("1969-12-31T23:00:00Z")),
    ]);
    page.answer("Tokens", &json!({ "tokens": tokens }));
    page.shows(&[
        "Nobody has a role in this factory yet.",
        "in 2 days",
        "1 h 0 min ago",
        "Never",
        "Program",
        "Viewer",
        "New token for cam-9",
        "Revoke the token of report",
        "Show 1 that ended",
    ]);
    let html = page.html();
    let place = |name: &str| html.find(&format!("token-{name}\"")).unwrap();
    assert!(["cam-9", "cam-10", "report"].map(place).is_sorted(), "{html}");
    assert!(!html.contains("token-cam-1\""), "one that was revoked is in nobody's way");
}

#[test]
fn a_token_ends_when_it_is_revoked_and_when_it_expires() {
    let read = |token: Value| serde_json::from_value::<Token>(token).unwrap();
    let expiring = read(with(token("1", "DEVICE", "a"), "expiresAt", json!("1970-01-01T00:00:01Z")));
    assert!(!has_ended(&expiring, 999.0));
    assert!(has_ended(&expiring, 1_000.0));
    let revoked = read(with(token("1", "DEVICE", "a"), "revokedAt", json!("1970-01-01T00:00:00Z")));
    assert!(has_ended(&revoked, 0.0));
}

#[test]
fn of_two_tokens_of_one_device_the_newer_stands_first() {
    let old = token("1", "DEVICE", "cam-7");
    let new = with(token("2", "DEVICE", "cam-7"), "createdAt", json!("1970-01-01T00:00:00Z"));
    let tokens: Vec<Token> = serde_json::from_value(json!([old, new])).unwrap();
    let ids: Vec<String> = in_order(tokens).into_iter().map(|token| token.id).collect();
    assert_eq!(ids, ["2", "1"]);
}

#[test]
fn people_stand_in_the_order_of_their_names() {
    let grants: Vec<Grant> =
        serde_json::from_value(json!([grant("Person 10", "VIEWER"), grant("Person 9", "VIEWER")])).unwrap();
    let names: Vec<String> = persons(&grants).into_iter().map(|person| person.name).collect();
    assert_eq!(names, ["Person 9", "Person 10"]);
}

#[test]
fn who_may_not_see_the_page_is_told_who_may_and_nothing_is_asked() {
    let page = opened(&me(false, &json!([{ "factoryId": "plant", "role": "SUPERVISOR", "workerId": null }])));
    page.shows(&["not-permitted", "This page is for those with the role Admin in this factory."]);
    assert!(page.asked("Grants").is_empty() && page.asked("Tokens").is_empty());
}

#[test]
fn the_menu_has_the_pages_that_one_may_see() {
    const PAGES: [&str; 3] = ["People and devices", "Audit log", "Who looked at me"];
    let menu = |caller: &Value| {
        let mut page = TestPage::at("/?factory=plant");
        let factory =
            json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
        page.answer("Factories", &json!({ "factories": [factory], "me": caller }));
        let html = page.html();
        let (_, panel) = html.split_once(r#"id="account""#).unwrap();
        PAGES.map(|name| panel.contains(&format!(">{name}</a>")))
    };
    let granted = |role: &str, worker: Option<&str>| {
        me(false, &json!([{ "factoryId": "plant", "role": role, "workerId": worker }]))
    };
    assert_eq!(menu(&granted("ADMIN", None)), [true; 3]);
    assert_eq!(menu(&granted("VIEWER", None)), [false; 3]);
    assert_eq!(menu(&granted("VIEWER", Some("W1"))), [false, false, true]);
    assert_eq!(menu(&me(true, &json!([]))), [true; 3], "everybody sees everything of an open server");
    let elsewhere = me(false, &json!([{ "factoryId": "other", "role": "ADMIN", "workerId": "W1" }]));
    assert_eq!(menu(&elsewhere), [false; 3]);
    let mut operator = me(false, &json!([]));
    operator["isOperator"] = json!(true);
    assert_eq!(menu(&operator), [false, true, false]);
}

#[test]
fn only_somebody_who_has_signed_in_can_sign_out() {
    let page = of_admin();
    page.shows(&["Signed in as Kim", r#"action="/auth/sign-out""#, "Sign out"]);
    let open = me(true, &json!([]));
    let page = opened(&open);
    page.shows(&["Open server", "Everybody who reaches this server may see and change everything."]);
    assert!(!page.html().contains("Sign out"));
}
