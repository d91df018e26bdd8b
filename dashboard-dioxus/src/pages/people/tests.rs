//! What the page of people and stations says, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn opened(workers: &Value, workstations: &Value) -> TestPage {
    let mut page = TestPage::at("/people?factory=plant");
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    page.answer("Factories", &json!({ "factories": [factory] }));
    assert_eq!(page.asked("FactoryEntities"), [&json!({ "factoryId": "plant" })]);
    let known = json!({ "revision": 1, "workers": workers, "workstations": workstations });
    page.answer("FactoryEntities", &json!({ "factory": known }));
    page
}

#[test]
fn everybody_is_listed_with_name_area_and_kind() {
    let page = opened(
        &json!([
            { "workerId": "W1", "name": "Ada", "area": "Line 1" }, { "workerId": "W2", "name": null, "area": null }
        ]),
        &json!([{ "workstationId": "S1", "name": null, "area": "Line 1" }]),
    );
    page.shows(&[
        "People and stations",
        r#"data-testid="person-worker-W1""#,
        r#"data-testid="person-worker-W2""#,
        r#"data-testid="person-workstation-S1""#,
        r#"<span class="person-text">Ada</span>"#,
        r#"<span class="person-text">Line 1</span>"#,
        r#"data-field="kind">Workstation</td>"#,
        "Select workstation S1",
        "Select some to give them one area.",
        "Paste from a spreadsheet",
        "export-people",
    ]);
    assert!(!page.html().contains("people-all"));
}

#[test]
fn an_empty_factory_says_how_to_begin() {
    let page = opened(&json!([]), &json!([]));
    page.shows(&["Nobody is known in this factory yet.", "people-pasted"]);
    assert!(!page.html().contains("people-set-area"));
}

#[test]
fn of_very_many_a_part_is_drawn_at_first() {
    let workers: Vec<Value> = (1..=201)
        .map(|number| json!({ "workerId": format!("W{number}"), "name": null, "area": null }))
        .collect();
    let page = opened(&json!(workers), &json!([]));
    page.shows(&["person-worker-W200", "Show all 201", "Select all 201"]);
    assert!(!page.html().contains("person-worker-W201"));
}

#[test]
fn the_page_says_how_old_its_list_is() {
    let mut page = opened(&json!([]), &json!([]));
    page.all_is_current();
    page.shows(&["Updated just now"]);
}
