//! What the page of decisions says, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn decision(number: i32, more: &Value) -> Value {
    let mut decision = json!({
        "number": number, "correction": null, "standing": null, "retraction": null, "withdrawal": null,
        "madeAt": "2026-01-05T09:00:00.000Z", "madeBy": "anonymous", "note": "It stood still.", "withdrawnBy": null, "revision": 9,
        "progress": { "state": "APPLIED", "appliedBefore": null, "events": 12 },
    });
    decision.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    decision
}

fn correction(id: &str) -> Value {
    json!({ "correction": {
        "entityType": "WORKER", "entityIds": [id], "area": null, "from": "2026-01-05T08:00:00.000Z",
        "to": "2026-01-05T08:20:00.000Z", "state": "IDLE", "units": null,
    } })
}

fn page(decisions: &[Value], next: Option<&str>) -> Value {
    let edges: Vec<Value> = decisions.iter().map(|node| json!({ "node": node })).collect();
    json!({ "decisions": { "edges": edges, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } })
}

fn feed(revision: i64, decisions: &[Value]) -> Value {
    json!({ "decisions": { "revision": revision, "decisions": decisions } })
}

fn opened(address: &'static str) -> TestPage {
    let mut page = TestPage::at(address);
    let factories = json!({ "factories": [{ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" }] });
    page.answer("Factories", &factories);
    page
}

#[test]
fn the_list_is_asked_once_the_feed_has_begun_and_says_what_was_decided() {
    let mut page_ = opened("/decisions?factory=plant");
    assert!(page_.asked("Decisions").is_empty());
    page_.answer("DecisionFeed", &feed(3, &[]));
    page_.answer("Decisions", &page(&[decision(2, &correction("W1"))], Some("2")));
    page_.shows(&[
        "Worker W1: idle; Mon 5 Jan 2026, 08:00 to 08:20.",
        "It stood still.",
        "anonymous",
        "withdraw-2",
        "Show older",
    ]);
}

#[test]
fn what_is_decided_elsewhere_comes_by_itself_and_only_if_it_passes() {
    let mut page_ = opened("/decisions?factory=plant&of=worker&id=W1&force=in-force");
    page_.answer("DecisionFeed", &feed(3, &[]));
    let filter = json!({ "entityType": "WORKER", "entityId": "W1", "live": true });
    assert_eq!(page_.asked("Decisions")[0]["filter"], filter);
    page_.answer("Decisions", &page(&[decision(1, &correction("W1"))], None));
    page_.shows(&["decision-1", "Only those about worker W1."]);
    let mut withdrawn = decision(1, &correction("W1"));
    withdrawn["withdrawnBy"] = json!(4);
    let delivered = [
        withdrawn,
        decision(2, &correction("W2")),
        decision(3, &correction("W1")),
        decision(4, &json!({ "withdrawal": 1 })),
    ];
    page_.answer("DecisionFeed", &feed(7, &delivered));
    let html = page_.html();
    assert!(html.contains("decision-3"), "{html}");
    for gone in ["decision-1\"", "decision-2\"", "decision-4\""] {
        assert!(!html.contains(gone), "{gone} in {html}");
    }
}

#[test]
fn how_far_the_figures_follow_is_told_until_all_of_them_do() {
    let mut page_ = opened("/decisions?factory=plant");
    page_.answer("DecisionFeed", &feed(3, &[]));
    let mut applying = decision(1, &correction("W1"));
    applying["progress"]["state"] = json!("APPLYING");
    applying["progress"]["appliedBefore"] = json!("2026-01-05T08:10:00.000Z");
    let mut waiting = decision(2, &json!({ "withdrawal": 1 }));
    waiting["progress"]["state"] = json!("WAITING");
    page_.answer("Decisions", &page(&[waiting, applying.clone()], None));
    page_.shows(&[
        "Figures before Mon 5 Jan 2026, 08:10 follow it so far.",
        "Waits until those before it are applied.",
    ]);
    applying["progress"]["state"] = json!("APPLIED");
    page_.answer("DecisionFeed", &feed(4, &[applying]));
    assert!(!page_.html().contains("so far"), "{}", page_.html());
}
