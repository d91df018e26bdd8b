//! What the board says, drawn as text.

use crate::testing::TestPage;
use serde_json::{Value, json};

fn worker(id: &str, area: Option<&str>) -> Value {
    json!({
        "workerId": id, "name": null, "area": area, "workingMinutes": 30.0, "idleMinutes": 10.0,
        "absentMinutes": 0.0, "overlapMinutes": 0.0, "contestedMinutes": 0.0, "correctedMinutes": 0.0, "utilization": 75.0, "unitsProduced": 12,
        "unitsPerHour": 24.0, "meanConfidence": null, "lastSeenAt": "1970-01-01T00:00:00.000Z",
        "current": {
            "eventType": "IDLE", "since": "1970-01-01T00:00:00.000Z", "until": "1970-01-01T00:01:00.000Z",
            "confidence": 0.9,
        },
    })
}

fn board(address: &'static str, workers: &[Value]) -> TestPage {
    let mut board = TestPage::at(address);
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    board.answer("Factories", &json!({ "factories": [factory] }));
    let nothing = json!({ "window": null, "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "snapshot": true });
    let (mut report, mut workstations) = (nothing.clone(), nothing);
    report["workers"] = workers.into();
    report["removedWorkerIds"] = json!([]);
    workstations["workstations"] = json!([]);
    workstations["removedWorkstationIds"] = json!([]);
    board.answer("WorkerMetrics", &json!({ "workerMetrics": report }));
    board.answer("WorkstationMetrics", &json!({ "workstationMetrics": workstations }));
    board
}

#[test]
fn the_first_area_is_shown_with_the_servers_figures_of_it() {
    let mut board =
        board("/board?factory=plant&window=all-time", &[worker("W2", None), worker("W1", Some("Paint"))]);
    assert_eq!(board.asked("FactoryMetrics"), [&json!({ "factoryId": "plant", "area": "Paint" })]);
    board.shows(&[
        "<h1>Paint</h1>",
        r#"data-testid="board-worker-W1""#,
        "Idle",
        "0\u{a0}min",
        "Page 1 of 2",
        // As it follows from the rows, until the server's figures are there.
        r#"data-testid="productive-minutes" data-value="30""#,
    ]);
    assert!(!board.html().contains("board-worker-W2"));
    board.answer(
        "FactoryMetrics",
        &json!({ "factoryMetrics": {
            "window": null, "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 }, "productiveMinutes": 31.0, "idleMinutes": 10.0, "absentMinutes": 0.0,
            "unitsBasis": "WORKERS", "unitsProduced": 12, "workerUnitsProduced": 12, "workstationUnitsProduced": 0,
            "averageUtilization": 75.0, "utilization": 75.0, "averageProductionRate": 24.0, "activeWorkers": 1,
            "activeWorkstations": 0,
        } }),
    );
    board.shows(&[r#"data-testid="productive-minutes" data-value="31""#]);
}

#[test]
fn a_factory_without_areas_is_one_page_under_its_own_name() {
    let board = board("/board?factory=plant&window=all-time", &[worker("W1", None)]);
    assert_eq!(board.asked("FactoryMetrics"), [&json!({ "factoryId": "plant" })]);
    board.shows(&["<h1>Plant</h1>"]);
    assert!(!board.html().contains("board-progress"), "a single page does not turn");
}

#[test]
fn a_board_without_anybody_says_so() {
    board("/board?factory=plant&window=today", &[])
        .shows(&["No worker or workstation has been seen in this window yet."]);
}

#[test]
fn who_sees_no_single_worker_is_shown_the_figures_of_all_and_the_workstations() {
    let mut board = TestPage::at("/board?factory=plant&window=all-time");
    let factory =
        json!({ "factoryId": "plant", "name": "Plant", "timeZone": "UTC", "unitsBasis": "WORKERS" });
    let grant = json!({ "factoryId": "plant", "role": "VIEWER", "workerId": null });
    let me = json!({ "name": "hall 3", "isOperator": false, "accessOpen": false, "grants": [grant] });
    board.answer("Factories", &json!({ "factories": [factory], "me": me }));
    board.answer("WorkstationMetrics", &json!({ "workstationMetrics": {
        "window": null, "revision": 3, "finality": { "state": "PROVISIONAL", "reasons": ["NOT_ENDED"], "closesAt": null, "lostEvents": 0 },
        "snapshot": true, "workstations": [], "removedWorkstationIds": [],
    } }));
    assert_eq!(board.asked("FactoryMetrics"), [&json!({ "factoryId": "plant" })]);
    board.shows(&["<h1>Plant</h1>", r#"data-testid="board-page""#]);
}
