//! The timeline of the floor: who stands where, what it says, and how one zooms into it by mouse and by keyboard.

use anyhow::{Context as _, Result};
use browser_driver::{Chrome, Page};
use serde_json::{Value, json};

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _};

const DAY: &str = "/?factory=plant&window=2026-01-05";
/// The names of areas and entities from above to below.
const NAMES: &str = "[...document.querySelectorAll('.state-rows .heatmap-names > *')].map((one) => one.textContent).join(', ')";
/// The cells of the timeline's table, row by row, without the date.
const ROWS: &str = "[...document.querySelectorAll('.state-rows .chart-table tbody tr')].map((row) =>
    [...row.cells].map((cell) => cell.textContent.replace('Mon, 5 Jan 2026, ', '')).join(' '))";
const WINDOW: &str = "new URLSearchParams(location.search).get('window')";

fn seen(id: &str, at: &str, minutes: u32, doing: &str) -> Value {
    let kind = if id.starts_with('W') { "WORKER" } else { "WORKSTATION" };
    json!({
        "timestamp": format!("2026-01-05T{at}:00Z"), "entityType": kind, "entityId": id, "eventType": doing,
        "durationMinutes": minutes, "unitsProduced": 1
    })
}

/// A factory with workers in two areas and in none.
async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let events = json!([
        seen("W1", "08:00", 60, "WORKING"),
        seen("W2", "08:00", 30, "WORKING"),
        seen("W2", "08:30", 15, "IDLE"),
        seen("W2", "10:00", 10, "ABSENT"),
        seen("W3", "09:00", 60, "IDLE"),
        seen("W10", "08:00", 60, "WORKING"),
        seen("S1", "08:00", 30, "WORKING"),
    ]);
    andon.ingest("plant", events).await?;
    for (id, name, area) in
        [("W1", Some("Zoe"), "Paint"), ("W2", None, "Assembly"), ("W10", None, "Assembly")]
    {
        let update = "mutation($id: ID!, $input: UpdateEntityInput!) {
            updateWorker(factoryId: \"plant\", workerId: $id, input: $input) { id }
        }";
        andon.graphql(update, json!({ "id": id, "input": { "name": name, "area": area } })).await?;
    }
    Ok(andon)
}

async fn open<'chrome>(chrome: &'chrome Chrome, andon: &Andon, more: &str) -> Result<Page<'chrome>> {
    let page = chrome.open(&andon.url(&format!("{DAY}{more}"))).await?;
    page.wait_for_connection("live").await?;
    page.wait_for("[data-testid='floor-timeline']").await?;
    Ok(page)
}

async fn table(page: &Page<'_>) -> Result<Vec<String>> {
    page.wait_for(".state-rows .chart-table-switch").await?;
    page.click(".state-rows .chart-table-switch").await?;
    page.wait_for(".state-rows .chart-table tbody tr").await?;
    Ok(serde_json::from_value(page.evaluate(ROWS).await?)?)
}

/// The places at these shares of a chart's width, in CSS pixels, in the row at a share of its height.
async fn places(page: &Page<'_>, chart: &str, shares: [f64; 2], height: f64) -> Result<[(f64, f64); 2]> {
    let layer = format!("{chart} .chart-layer");
    page.wait_for(&layer).await?;
    let [x, y, width, tall] = ["x", "y", "width", "height"].map(|side| format!("box.{side}"));
    let script = format!(
        "(() => {{
            const layer = document.querySelector('{layer}');
            layer.scrollIntoView({{ block: 'center', behavior: 'instant' }});
            const box = layer.getBoundingClientRect();
            return [{x}, {y}, {width}, {tall}];
        }})()"
    );
    // What still moves would be elsewhere when the button goes down.
    let mut before = Value::Null;
    let sides = loop {
        let now = page.evaluate(&script).await?;
        if now == before {
            break now;
        }
        before = now;
    };
    let side = |index: usize| sides[index].as_f64().context("a side");
    let y = side(1)? + height * side(3)?;
    Ok([(side(0)? + shares[0] * side(2)?, y), (side(0)? + shares[1] * side(2)?, y)])
}

/// That the window of the address is one of the morning, whose ends may be a step of five minutes off: pixels are wide.
fn is_window(from: [&str; 2], to: [&str; 2]) -> String {
    let either = |[one, other]: [&str; 2]| format!("2026-01-05T({one}|{other})Z");
    format!("/^{}\\.\\.{}$/.test({WINDOW})", either(from), either(to))
}

#[tokio::test]
async fn each_row_of_the_floors_timeline_stands_below_its_area_and_the_table_says_what_was_counted()
-> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    let expected = "Assembly (2), W2, W10, Paint (1), Zoe, No area (1), W3";
    page.wait_until(&format!("{NAMES} === '{expected}'")).await?;
    let rows = table(&page).await?;
    assert_eq!(
        rows[..7],
        [
            "W2 00:00 08:00 No data",
            "W2 08:00 08:30 Working",
            "W2 08:30 08:46 Idle",
            "W2 08:46 10:00 No data",
            "W2 10:00 10:10 Absent",
            "W2 10:10 Tue, 6 Jan 2026, 00:00 No data",
            "W10 00:00 08:00 No data",
        ]
    );

    page.show(&andon.url(&format!("{DAY}&sort=-units&area=Assembly"))).await?;
    page.wait_until(&format!("{NAMES} === 'W10, W2'")).await?;
    page.evaluate(
        "(() => {
            const picker = document.querySelector(\"[data-testid='floor-chart-of']\");
            picker.value = 'workstation';
            picker.dispatchEvent(new Event('change', { bubbles: true }));
        })()",
    )
    .await?;
    page.wait_until("new URLSearchParams(location.search).get('chart-of') === 'workstation'").await?;
    page.show(&andon.url(&format!("{DAY}&chart-of=workstation"))).await?;
    page.wait_until(&format!("{NAMES} === 'S1'")).await?;
    let rows = table(&page).await?;
    assert_eq!(rows[1], "S1 08:00 08:30 In use");
    close(chrome).await
}

#[tokio::test]
async fn a_drag_across_a_timeline_zooms_into_its_range_and_the_way_back_returns() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    page.wait_for_number("productive-minutes", 150.0).await?;
    // From 8:21 to 9:39.
    let [from, to] = places(&page, ".state-rows", [501.0 / 1_440.0, 579.0 / 1_440.0], 0.5).await?;
    page.drag(from, to).await?;
    page.wait_until(&is_window(["08:15", "08:20"], ["09:40", "09:45"])).await?;
    page.wait_for("[data-testid='floor-timeline']").await?;
    page.wait_until(
        "Number(document.querySelector(\"[data-testid='productive-minutes']\").dataset.value) < 110",
    )
    .await?;

    page.evaluate("history.back()").await?;
    page.wait_until(&format!("{WINDOW} === '2026-01-05'")).await?;
    page.wait_for_number("productive-minutes", 150.0).await?;
    // A click is no drag: it opens nothing and zooms nowhere.
    let [at, _] = places(&page, ".state-rows", [0.36, 0.4], 0.9).await?;
    page.click_at(at.0, at.1).await?;
    page.wait_until("document.querySelector('.state-rows .heatmap-reading').textContent.startsWith('W3')")
        .await?;
    assert_eq!(page.evaluate(WINDOW).await?, "2026-01-05");

    page.show(&andon.url("/worker?factory=plant&window=2026-01-05&id=W2")).await?;
    let [from, to] = places(&page, ".timeline", [501.0 / 1_440.0, 579.0 / 1_440.0], 0.5).await?;
    page.drag(from, to).await?;
    page.wait_until(&is_window(["08:15", "08:20"], ["09:40", "09:45"])).await?;
    // What is zoomed into has room for how long it was.
    page.wait_until("document.querySelector('.timeline-value > span')?.checkVisibility() === true").await?;
    assert!(page.text(".timeline-value").await?.ends_with("min"));
    page.evaluate("history.back()").await?;
    page.wait_until(&format!("{WINDOW} === '2026-01-05' && location.pathname === '/worker'")).await?;
    close(chrome).await
}

#[tokio::test]
async fn the_keyboard_alone_selects_a_range_zooms_into_it_and_opens_a_row() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    page.wait_until(&format!("{NAMES}.startsWith('Assembly')")).await?;
    page.evaluate("document.querySelector('.state-rows .chart-layer').focus()").await?;
    let reading = "document.querySelector('.state-rows .heatmap-reading').textContent";
    let says = |text: &str| format!("{reading}.replace(/Mon, 5 Jan 2026, /g, '') === {}", json!(text));
    page.press("ArrowRight").await?;
    page.wait_until(&says("W200:00 to 08:00 (8 h)No data")).await?;
    page.press("ArrowRight").await?;
    page.wait_until(&says("W208:00 to 08:30 (30 min)Working")).await?;
    page.press("Shift+ArrowRight").await?;
    page.wait_until(&says("Selected: 08:00 to 09:00")).await?;
    page.press("Escape").await?;
    page.wait_until(&says("W208:00 to 08:30 (30 min)Working")).await?;
    page.press("Shift+ArrowRight").await?;
    page.press("Shift+ArrowRight").await?;
    page.wait_until(&says("Selected: 08:00 to 10:00")).await?;
    page.press("Enter").await?;
    page.wait_until(&format!("{WINDOW} === '2026-01-05T08:00Z..2026-01-05T10:00Z'")).await?;
    // The chart of the new window has the focus, and so has the one to which the way back leads.
    page.wait_for(".state-rows .chart-layer:focus").await?;
    page.press("End").await?;
    page.press("ArrowRight").await?;
    page.wait_until(&format!("{reading}.startsWith('W2')")).await?;
    page.evaluate("history.back()").await?;
    page.wait_until(&format!("{WINDOW} === '2026-01-05'")).await?;
    page.wait_for(".state-rows .chart-layer:focus").await?;
    // Down over the name of an area: W2, W10, Zoe.
    for key in ["ArrowDown", "ArrowDown", "ArrowDown"] {
        page.press(key).await?;
    }
    page.wait_until(&format!("{reading}.startsWith('Zoe')")).await?;
    page.press("Enter").await?;
    page.wait_until("location.pathname === '/worker' && location.search.includes('id=W1')").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_chart_that_is_zoomed_into_by_keyboard_keeps_the_focus_and_one_that_was_left_takes_none()
-> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/worker?factory=plant&window=2026-01-05&id=W2")).await?;
    page.wait_for_connection("live").await?;
    let layer = ".timeline .chart-layer";
    page.wait_for(layer).await?;
    page.evaluate(&format!("document.querySelector('{layer}').focus()")).await?;
    for key in ["Home", "ArrowRight", "Shift+ArrowRight", "Enter"] {
        page.press(key).await?;
    }
    page.wait_until(&format!("{WINDOW} === '2026-01-05T08:00Z..2026-01-05T09:00Z'")).await?;
    page.wait_for(&format!("{layer}:focus")).await?;

    page.evaluate("document.activeElement.blur()").await?;
    page.evaluate("history.back()").await?;
    page.wait_until(&format!("{WINDOW} === '2026-01-05'")).await?;
    page.wait_until("document.querySelector('.timeline .chart-time-axis')?.textContent.includes('21:00')")
        .await?;
    assert_eq!(page.evaluate("document.activeElement === document.body").await?, true);
    close(chrome).await
}

#[tokio::test]
async fn the_hours_are_the_second_tab_and_an_address_of_their_own() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    let selected = "document.querySelector('[role=tab][aria-selected=true]').textContent";
    assert_eq!(page.evaluate(selected).await?, "Timeline");
    page.click_named("tab", "By hour").await?;
    page.wait_for("[data-testid='heatmap']").await?;
    assert_eq!(page.evaluate(selected).await?, "By hour");
    assert_eq!(page.evaluate("document.querySelector('.state-rows') === null").await?, true);
    let link = page.evaluate("location.href").await?;
    let link = link.as_str().context("an address")?;
    assert!(link.contains("chart=hours"), "{link}");

    let again = chrome.open(link).await?;
    again.wait_for("[data-testid='heatmap']").await?;
    again.click_named("tab", "Timeline").await?;
    again.wait_for("[data-testid='floor-timeline']").await?;
    close(chrome).await
}
