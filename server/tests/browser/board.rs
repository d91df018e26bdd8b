//! The board of a television: it goes round the areas, its numbers are the server's, and nobody takes old ones for new.

use std::path::Path;

use anyhow::Result;
use browser_driver::Page;
use serde_json::{Value, json};
use test_harness::soon;

use crate::{
    andon::Andon, browser, close, dashboard::Dashboard as _, devices::sender, live::worked, pages::PICTURES,
};

const BOARD: &str = "/board?factory=plant&window=all-time&rotate=1";

/// Two areas, and somebody who has none.
async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "Europe/Berlin").await?;
    let idle = json!({
        "timestamp": "2026-01-05T09:00:00Z", "entityType": "WORKER", "entityId": "W2",
        "eventType": "IDLE", "durationMinutes": 10
    });
    let occupied = json!({
        "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKSTATION", "entityId": "S1",
        "eventType": "WORKING", "durationMinutes": 45, "unitsProduced": 9
    });
    let events = json!([
        worked("W1", "2026-01-05T08:00:00Z", 30, 12),
        worked("W2", "2026-01-05T08:00:00Z", 20, 7),
        idle,
        worked("W3", "2026-01-05T08:00:00Z", 10, 3),
        occupied
    ]);
    andon.ingest("plant", events).await?;
    for (kind, id, area) in
        [("Worker", "W1", "Assembly"), ("Worker", "W2", "Assembly"), ("Workstation", "S1", "Paint")]
    {
        let argument = format!("{}Id", kind.to_lowercase());
        let mutation = format!(
            "mutation($id: ID!, $input: UpdateEntityInput!) {{
                update{kind}(factoryId: \"plant\", {argument}: $id, input: $input) {{ id }}
            }}"
        );
        andon.graphql(&mutation, json!({ "id": id, "input": { "area": area } })).await?;
    }
    Ok(andon)
}

async fn wait_for_area(page: &Page<'_>, area: &str) -> Result<()> {
    page.wait_until(&format!("document.querySelector('h1').innerText === '{area}'")).await
}

#[tokio::test]
async fn the_board_goes_round_the_areas_with_the_numbers_that_the_server_has_for_each() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(BOARD)).await?;
    page.wait_for_connection("live").await?;
    for area in ["Assembly", "Paint"] {
        let asked = "query($area: String) { factoryMetrics(factoryId: \"plant\", area: $area) {
            productiveMinutes unitsProduced averageUtilization averageProductionRate
        } }";
        let data = andon.graphql(asked, json!({ "area": area })).await?;
        let metrics = &data["factoryMetrics"];
        let figures = [
            ("productive-minutes", "productiveMinutes"),
            ("units-produced", "unitsProduced"),
            ("average-utilization", "averageUtilization"),
            ("average-production-rate", "averageProductionRate"),
        ];
        let told = figures.map(|(test_id, field)| {
            let value = match &metrics[field] {
                Value::Null => "undefined".to_owned(),
                value => value.to_string(),
            };
            let shown = format!("document.querySelector('[data-testid={test_id}]').dataset.value");
            format!("({shown} === undefined ? undefined : Number({shown})) === {value}")
        });
        // At once, because the board goes on.
        page.wait_until(&format!(
            "document.querySelector('h1').innerText === '{area}' && {}",
            told.join(" && ")
        ))
        .await?;
    }
    wait_for_area(&page, "No area").await?;
    wait_for_area(&page, "Assembly").await?;
    close(chrome).await
}

#[tokio::test]
async fn the_board_says_why_its_figures_are_provisional_and_when_they_are_final() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    // The second event of a device came before its first.
    andon.send("plant", json!([worked("W1", "2026-01-05T09:00:00Z", 30, 12)]), &sender("edge-1", 2)).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/board?factory=plant&window=2026-01-05&rotate=600")).await?;
    page.wait_for("[data-testid=finality][data-state=provisional]").await?;
    let said = page.text("[data-testid=finality]").await?;
    assert_eq!(said, "Provisional Events of a device that reports from it are missing.");
    page.screenshot(&Path::new(PICTURES).join("board-provisional.png")).await?;
    page.mark().await?;
    andon.send("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)]), &sender("edge-1", 1)).await?;
    page.wait_for("[data-testid=finality][data-state=final]").await?;
    assert_eq!(page.text("[data-testid=finality]").await?, "Final");
    page.wait_for_number("units-produced", 24.0).await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

#[tokio::test]
async fn a_tile_shows_its_state_and_its_numbers() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=600")).await?;
    page.wait_for_cell("board-worker-W2", "units", 7.0).await?;
    page.wait_for_cell("board-worker-W2", "utilization", 200.0 / 3.0).await?;
    let tile = page.text("[data-testid=board-worker-W2]").await?;
    // Seen last long ago.
    assert!(tile.contains("No data") && tile.contains("\u{a0}d"), "{tile}");
    andon.ingest("plant", json!([worked("W2", "2026-01-05T10:00:00Z", 30, 5)])).await?;
    page.wait_for_cell("board-worker-W2", "units", 12.0).await?;
    close(chrome).await
}

#[tokio::test]
async fn the_whole_board_says_that_it_is_not_live_and_recovers() -> Result<()> {
    let mut andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(BOARD)).await?;
    page.wait_for("[data-testid=board][data-trusted=true] [data-testid=board-worker-W1]").await?;
    page.mark().await?;
    andon.kill().await?;
    page.wait_for("[data-testid=board][data-trusted=false] [data-testid=board-not-live]").await?;
    let said = page.text("[data-testid=board-not-live]").await?;
    assert!(said.contains("Not live") && said.contains(" old."), "{said}");
    page.screenshot(&Path::new(PICTURES).join("board-not-live.png")).await?;
    andon.start_again().await?;
    page.wait_for("[data-testid=board][data-trusted=true]").await?;
    page.wait_until("document.querySelector('[data-testid=board-not-live]') === null").await?;
    page.wait_for("[data-testid=board-worker-W1]").await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

#[tokio::test]
async fn the_screen_is_kept_awake_and_the_pointer_is_hidden_when_nobody_moves_it() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=600")).await?;
    page.wait_for("[data-testid=board-worker-W1]").await?;
    page.wait_for("[data-screen=kept]").await?;
    page.wait_for(".board-unattended").await?;
    page.move_mouse(300.0, 300.0).await?;
    page.wait_until("document.querySelector('.board-unattended') === null").await?;
    page.click_named("link", "Set up areas").await?;
    page.wait_for("[data-testid=person-worker-W3]").await?;
    close(chrome).await
}

#[tokio::test]
async fn the_screen_is_asked_for_again_when_the_board_is_back_in_view() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=600")).await?;
    page.wait_for("[data-screen=kept]").await?;
    page.evaluate(
        "(() => {
            const locks = navigator.wakeLock, request = locks.request.bind(locks);
            window.granted = [];
            locks.request = async (kind) => {
                const lock = await request(kind);
                window.granted.push(lock);
                return lock;
            };
        })()",
    )
    .await?;
    // A browser lets go of the screen by itself, and says this when the page is looked at again.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))").await?;
    page.wait_until("window.granted.length === 1 && !window.granted[0].released").await?;
    page.click_named("link", "To the floor").await?;
    page.wait_until("window.granted[0].released").await?;
    close(chrome).await
}

#[tokio::test]
async fn an_area_that_is_set_is_a_page_of_the_board() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/people?factory=plant&window=all-time")).await?;
    page.click("[data-testid=person-worker-W3] [data-testid=rename-area]").await?;
    page.wait_for("[data-testid=rename-area-field]").await?;
    page.type_text("Paint").await?;
    page.press("Enter").await?;
    page.wait_until("document.querySelector('[data-testid=person-worker-W3]').innerText.includes('Paint')")
        .await?;
    page.show(&andon.url("/board?factory=plant&window=all-time&area=Paint")).await?;
    page.wait_for("[data-testid=board-worker-W3]").await?;
    close(chrome).await
}

/// Elements, listeners and memory of the page while it shows an area.
async fn held_by(page: &Page<'_>, area: &str) -> Result<(u64, u64, u64)> {
    loop {
        wait_for_area(page, area).await?;
        let memory = page.memory().await?;
        // On a busy machine the board may have gone on before the measurement ended.
        if page.text("h1").await? == area {
            return Ok((memory.dom_nodes, memory.event_listeners, memory.webassembly_bytes));
        }
    }
}

#[tokio::test]
async fn going_round_piles_nothing_up() -> Result<()> {
    const ROUNDS: usize = 3;
    let andon = plant().await?;
    let chrome = browser().await?;
    // Long enough to measure one area before the next, on a busy machine too.
    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=5")).await?;
    let mut held = Vec::new();
    for _ in 0..ROUNDS {
        for area in ["Assembly", "Paint", "No area"] {
            wait_for_area(&page, area).await?;
        }
        held.push(soon("a measurement of one area", held_by(&page, "Assembly")).await?);
    }
    // The first round makes what all others use again.
    assert_eq!(held[1], held[ROUNDS - 1], "elements, listeners and memory after each round: {held:?}");
    close(chrome).await
}

#[tokio::test]
async fn arrows_turn_the_board_the_space_bar_holds_it_and_an_address_shows_one_area_alone() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=600")).await?;
    wait_for_area(&page, "Assembly").await?;
    page.press("ArrowRight").await?;
    wait_for_area(&page, "Paint").await?;
    page.press("ArrowLeft").await?;
    page.press("ArrowLeft").await?;
    wait_for_area(&page, "No area").await?;
    page.press("Space").await?;
    page.wait_until("document.querySelector('[data-testid=board-hold]').ariaPressed === 'true'").await?;

    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=1&area=Paint")).await?;
    page.wait_for("[data-testid=board-workstation-S1]").await?;
    wait_for_area(&page, "Paint").await?;
    page.wait_for_number("units-produced", 0.0).await?;
    assert_eq!(page.evaluate("document.querySelectorAll('[data-testid=board-progress]').length").await?, 0);
    close(chrome).await
}

#[tokio::test]
async fn a_board_without_names_calls_everybody_by_the_id() -> Result<()> {
    let andon = plant().await?;
    let named = "mutation { updateWorker(factoryId: \"plant\", workerId: \"W1\", input: { name: \"Ada\" }) { workerId } }";
    andon.graphql(named, json!({})).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=600")).await?;
    let tile = "document.querySelector('[data-testid=board-worker-W1]').innerText";
    page.wait_until(&format!("{tile}.includes('Ada')")).await?;
    page.click_named("link", "Hide names").await?;
    page.wait_until(&format!("!{tile}.includes('Ada') && {tile}.includes('W1')")).await?;
    assert_eq!(page.evaluate("new URLSearchParams(location.search).get('names')").await?, "off");
    close(chrome).await
}

#[tokio::test]
async fn many_people_are_a_summary_first_and_then_those_who_need_attention() -> Result<()> {
    const WORKERS: usize = 160;
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let at = (chrono::Utc::now() - chrono::TimeDelta::minutes(40)).to_rfc3339();
    let event = |number: usize| {
        let mut event = worked(&format!("W{number}"), &at, 39, 12);
        if number == 7 {
            event["eventType"] = "IDLE".into();
            event["unitsProduced"] = 0.into();
        }
        event
    };
    andon.ingest("plant", (1..=WORKERS).map(event).collect::<Vec<Value>>().into()).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/board?factory=plant&window=all-time&rotate=600")).await?;
    page.wait_for("[data-testid=board-summary]").await?;
    let count =
        "document.querySelector('.board-head [data-testid=board-count-working]').dataset.value === '159'";
    page.wait_until(count).await?;
    page.wait_for("[data-testid=board-progress]").await?;
    page.press("ArrowRight").await?;
    page.wait_for("[data-testid=board-worker-W7][data-state=idle]").await?;
    wait_for_area(&page, "Needs attention").await?;
    assert_eq!(page.evaluate("document.querySelectorAll('.board-tile').length").await?, 1);
    close(chrome).await
}
