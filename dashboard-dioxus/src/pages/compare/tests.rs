//! What the page that compares says, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn factories() -> Value {
    json!({ "factories": [{ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" }] })
}

fn station(id: &str, utilization: f64, units: i64) -> Value {
    json!({
        "workstationId": id, "name": null, "area": null, "occupiedMinutes": 60, "idleMinutes": 20,
        "absentMinutes": 0.0, "overlapMinutes": 0.0, "contestedMinutes": 0.0, "correctedMinutes": 0.0, "utilization": utilization, "unitsProduced": units,
        "throughputPerHour": 8.0, "meanConfidence": null, "lastSeenAt": "2026-01-05T08:00:00.000Z",
        "current": null,
    })
}

#[test]
fn those_of_the_address_are_compared_each_in_a_column_and_the_best_is_marked_in_words() {
    let mut page = TestPage::at("/compare?factory=plant&window=2026-01-05&kind=workstation&ids=S2,S1,S77,S2");
    page.answer("Factories", &factories());
    page.answer(
        "WorkstationMetrics",
        &json!({ "workstationMetrics": {
            "window": { "from": "2026-01-05T00:00:00.000Z", "to": "2026-01-06T00:00:00.000Z" },
            "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "snapshot": true, "removedWorkstationIds": [],
            "workstations": [station("S1", 75.0, 4), station("S2", 25.0, 4)],
        } }),
    );
    assert!(page.asked("Timeline").is_empty(), "of who was never seen the server can tell nothing");
    page.answer(
        "FactoryEntities",
        &json!({ "factory": { "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "workers": [], "workstations": [
            { "workstationId": "S1", "name": null, "area": null },
            { "workstationId": "S2", "name": null, "area": null },
        ] } }),
    );
    let asked = page.asked("Timeline");
    assert_eq!(asked.iter().map(|asked| &asked["id"]).collect::<Vec<_>>(), ["S2", "S1"]);
    assert_eq!(page.asked("EntitySeries").len(), 1, "one operation for all of them");
    assert_eq!(page.asked("EntitySeries")[0]["ids"], json!(["S2", "S1"]));
    page.shows(&[
        r#"class="compare-best" data-id="S1" data-value="75""#,
        r#"data-id="S2" data-value="25""#,
        "Remove S1",
    ]);
    let html = page.html();
    assert_eq!(html.matches("compare-best-word").count(), 1, "equal figures have no best: {html}");
}

#[test]
fn a_page_without_anybody_says_what_to_do() {
    let mut page = TestPage::at("/compare?factory=plant&window=today");
    page.answer("Factories", &factories());
    page.shows(&["Choose two to four workers or workstations to compare."]);
    assert!(page.asked("WorkerMetrics").is_empty());
}
