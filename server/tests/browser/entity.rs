//! The pages of one worker or workstation, and of several beside each other: what they draw is what the API says, and
//! everything can be done by keyboard.

use anyhow::Result;
use browser_driver::{Chrome, Page};
use serde_json::{Value, json};

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _};

const DAY: &str = "factory=plant&window=2026-01-05";
const SEGMENTS: &str = "query($id: ID!) {
    timeline(factoryId: \"plant\", entityType: WORKER, entityId: $id, window: { day: \"2026-01-05\" }) {
        segments { from to eventType confidence modelVersion sourceId }
    }
}";
const POINTS: &str = "{
    entitySeries(
        factoryId: \"plant\", entityType: WORKER, entityIds: [\"W1\"], resolution: HOUR, window: { day: \"2026-01-05\" }
    ) { series { points { from to unitsProduced utilization } } }
}";
/// The cells of a chart's table, row by row.
const ROWS: &str = "[...document.querySelectorAll('CHART .chart-table tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))";

#[tokio::test]
async fn the_timelines_table_and_file_are_the_apis_segments_and_what_nobody_observed_is_called_so()
-> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "worker", "&id=W1").await?;
    let segments = segments(&andon, "W1").await?;
    assert_eq!(segments.len(), 4, "the data has what the test is about: {segments:?}");

    let rows = table(&page, ".timeline").await?;
    let (gaps, observed): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row[3] == "No data");
    let expected: Vec<[String; 7]> = segments.iter().map(row_of_segment).collect();
    assert_eq!(observed, expected);
    let gaps: Vec<_> =
        gaps.iter().map(|gap| format!("{} to {}{}{}", gap[1], gap[2], gap[4], gap[5])).collect();
    let date = |time: &str| format!("Mon, 5 Jan 2026, {time}");
    let gap = |from: &str, to: &str| format!("{} to {to}", date(from));
    assert_eq!(
        gaps,
        [gap("00:00", &date("08:00")), gap("08:45", &date("10:00")), gap("10:20", "Tue, 6 Jan 2026, 00:00")]
    );

    page.click(".panel[aria-label='Timeline'] [data-testid='export']").await?;
    let file = chrome.download(0).await?;
    assert_eq!(file.name, "andon-plant-W1-timeline-2026-01-05.csv");
    let text = String::from_utf8(file.content)?;
    let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 1 + segments.len(), "no line for what nobody observed: {lines:?}");
    assert_eq!(
        lines[1],
        "W1,2026-01-05 08:00:00,2026-01-05 08:00:00,2026-01-05 08:30:00,2026-01-05 08:30:00,Working,30,90,activity-1,cam-1"
    );
    close(chrome).await
}

#[tokio::test]
async fn the_arrow_keys_move_through_the_timeline_and_the_reading_tells_each_span() -> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "worker", "&id=W1").await?;
    page.wait_for(".timeline .chart-layer").await?;
    page.evaluate("document.querySelector('.timeline .chart-layer').focus()").await?;
    for (key, expected) in [
        ("Home", "No data, 00:00 to 08:00 (8 h)"),
        (
            "ArrowRight",
            "Working, 08:00 to 08:30 (30 min), confidence 0.90, model activity-1, contested: reports disagree",
        ),
        ("ArrowRight", "Idle, 08:30 to 08:45 (15 min), confidence 0.80, model activity-1"),
        ("ArrowRight", "No data, 08:45 to 10:00 (1 h 15 min)"),
        ("ArrowLeft", "Idle, 08:30 to 08:45 (15 min), confidence 0.80, model activity-1"),
        ("End", "No data, 10:20 to 24:00 (13 h 40 min)"),
    ] {
        page.press(key).await?;
        let reading = "[...document.querySelectorAll('.timeline-reading > span')].map((part) => \
                       (part.querySelector('b') ?? part).textContent.replace('Mon, 5 Jan 2026, ', '')).join(', ')";
        page.wait_until(&format!("{reading} === {}", json!(expected))).await?;
    }
    assert!(page.focused().await?.name.contains("Left and right arrows"));
    close(chrome).await
}

#[tokio::test]
async fn a_name_typed_in_place_is_everywhere_and_survives_a_reload() -> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "worker", "&id=W1").await?;
    focus_and_press(&page, "[data-testid='rename-name']", "Enter").await?;
    page.wait_for("[data-testid='rename-name-field']:focus").await?;
    page.type_text(&"x".repeat(65)).await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid='rename-complaint']").await?;
    page.press("Escape").await?;
    page.wait_for("[data-testid='rename-name']:focus").await?;
    assert_eq!(page.text("h1").await?, "W1");

    page.press("Enter").await?;
    page.wait_for("[data-testid='rename-name-field']:focus").await?;
    page.type_text("Ada Kowalska").await?;
    page.press("Enter").await?;
    page.wait_until("document.querySelector('h1').textContent === 'Ada Kowalska'").await?;
    focus_and_press(&page, "[data-testid='rename-area']", "Enter").await?;
    page.wait_for("[data-testid='rename-area-field']:focus").await?;
    page.type_text("Line 2").await?;
    page.press("Enter").await?;
    page.wait_until("document.querySelector(\"[data-testid='entity-area']\").textContent === 'Area Line 2'")
        .await?;

    page.show(&andon.url(&format!("/worker?{DAY}&id=W1"))).await?;
    page.wait_until("document.querySelector('h1').textContent === 'Ada Kowalska'").await?;
    page.show(&andon.url(&format!("/?{DAY}"))).await?;
    page.wait_until(
        "document.querySelector(\"[data-testid='worker-row-W1']\").textContent.includes('Ada Kowalska')",
    )
    .await?;

    let page = open(&chrome, &andon, "worker", "&id=W1").await?;
    focus_and_press(&page, "[data-testid='rename-name']", "Enter").await?;
    page.wait_for("[data-testid='rename-name-field']:focus").await?;
    page.press("Control+a").await?;
    page.press("Backspace").await?;
    page.press("Enter").await?;
    page.wait_until("document.querySelector('h1').textContent === 'W1'").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_link_compares_the_same_four_and_who_is_removed_comes_back_by_keyboard() -> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "compare", "&kind=worker&ids=W3,W1,W2,W4").await?;
    wait_for_columns(&page, &["W3", "W1", "W2", "W4"]).await?;
    page.wait_until(&compared("units", "W1", 12)).await?;
    page.wait_until(&compared("units", "W3", 30)).await?;
    assert!(page.text("[data-testid='compare-units'] .compare-best").await?.contains("30"));
    let names = "[...document.querySelectorAll('.timeline-name')].map((name) => name.textContent).join()";
    page.wait_until(&format!("{names} === 'W3,W1,W2,W4'")).await?;

    page.click_named("button", "Remove W1").await?;
    wait_for_columns(&page, &["W3", "W2", "W4"]).await?;
    assert!(
        page.evaluate("location.search").await?.as_str().is_some_and(|said| said.ends_with("ids=W3,W2,W4"))
    );
    focus_and_press(&page, "[data-testid='compare-field']", "W").await?;
    page.type_text("1").await?;
    page.press("Enter").await?;
    wait_for_columns(&page, &["W3", "W2", "W4", "W1"]).await?;
    page.evaluate("history.go(-2)").await?;
    wait_for_columns(&page, &["W3", "W1", "W2", "W4"]).await?;
    close(chrome).await
}

#[tokio::test]
async fn what_is_compared_is_saved_as_the_api_says_it() -> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "compare", "&kind=worker&ids=W3,W1").await?;
    page.wait_until(&compared("units", "W1", 12)).await?;
    page.wait_until("document.querySelector('.skeleton') === null").await?;
    page.click(".panel[aria-label='Metrics'] [data-testid='export']").await?;
    let file = chrome.download(0).await?;
    assert_eq!(file.name, "andon-plant-worker-compared-2026-01-05.csv");
    let text = String::from_utf8(file.content)?;
    let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
    let asked = "query($id: ID!) { workerMetrics(
        factoryId: \"plant\", workerIds: [$id], window: { day: \"2026-01-05\" }
    ) { workers { utilization workingMinutes idleMinutes absentMinutes unitsProduced unitsPerHour overlapMinutes meanConfidence } } }";
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, id) in lines[1..].iter().zip(["W3", "W1"]) {
        let data = andon.graphql(asked, json!({ "id": id })).await?;
        let row = &data["workerMetrics"]["workers"][0];
        let mut cells = line.split(',');
        assert_eq!(
            [cells.next(), cells.next()],
            [Some(id), Some(id)],
            "the id, and the name that is not set"
        );
        let fields = [
            "utilization",
            "workingMinutes",
            "idleMinutes",
            "absentMinutes",
            "unitsProduced",
            "unitsPerHour",
            "overlapMinutes",
            "meanConfidence",
        ];
        for (field, cell) in fields.into_iter().zip(cells) {
            let scale = if field == "meanConfidence" { 100.0 } else { 1.0 };
            let told = row[field].as_f64().map(|value| (value * scale * 10.0).round() / 10.0);
            assert_eq!(cell.parse().ok(), told, "{field} of {id} in {line}");
        }
    }
    close(chrome).await
}

#[tokio::test]
async fn one_steps_from_day_to_day_and_each_day_is_an_address_of_its_own() -> Result<()> {
    let andon = factory().await?;
    andon.ingest("plant", json!([seen("W1", "08:00", 5, "ABSENT", 0, 0.9, "cam-3")])).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "worker", "&id=W1").await?;
    let day = |day: &str, rest: &str| {
        format!("new URLSearchParams(location.search).get('window') === '{day}' && {rest}")
    };
    let units = "document.querySelector(\"[data-testid='units-produced']\")?.dataset.value";
    page.wait_until(&day("2026-01-05", &format!("{units} === '12'"))).await?;
    page.click(".entity-page-days a:first-child").await?;
    // Nothing was seen the day before, and that is not a zero that somebody counted.
    page.wait_until(&day("2026-01-04", "document.querySelector('main').innerText.includes('Sun, 4 Jan')"))
        .await?;
    page.wait_until("document.querySelector('.skeleton') === null").await?;
    page.click(".entity-page-days a:last-child").await?;
    page.wait_until(&day("2026-01-05", &format!("{units} === '12'"))).await?;
    page.evaluate("history.back()").await?;
    page.wait_until(&day("2026-01-04", "true")).await?;
    close(chrome).await
}

#[tokio::test]
async fn the_trends_table_is_the_apis_steps() -> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "worker", "&id=W1").await?;
    let rows = table(&page, ".panel[aria-label='By hour']").await?;
    let observed: Vec<_> = rows.into_iter().filter(|row| row[2] != "No data").collect();
    let data = andon.graphql(POINTS, json!({})).await?;
    let points = data["entitySeries"]["series"][0]["points"].as_array().cloned().unwrap_or_default();
    assert_eq!(points.len(), 2, "{data}");
    let expected: Vec<_> = points
        .iter()
        .map(|point| {
            let utilization = point["utilization"]
                .as_f64()
                .map_or("-".to_owned(), |percent| format!("{percent:.1}\u{a0}%"));
            vec![time(&point["from"]), time(&point["to"]), point["unitsProduced"].to_string(), utilization]
        })
        .collect();
    assert_eq!(observed, expected);
    close(chrome).await
}

#[tokio::test]
async fn an_event_changes_figures_timeline_notes_and_list_without_a_reload() -> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "worker", "&id=W1").await?;
    page.wait_for_number("productive-minutes", 30.0).await?;
    page.wait_for_number("overlap-minutes", 12.0).await?;
    let before = table(&page, ".timeline").await?.len();
    page.mark().await?;

    andon.ingest("plant", json!([seen("W1", "12:00", 20, "WORKING", 9, 0.4, "cam-1")])).await?;
    page.wait_for_number("productive-minutes", 50.0).await?;
    page.wait_for_number("units-produced", 21.0).await?;
    let rows = "document.querySelectorAll('.timeline .chart-table tbody tr').length";
    page.wait_until(&format!("{rows} === {}", before + 2)).await?;
    page.wait_for("[data-testid='unsure']").await?;
    page.wait_until("document.querySelectorAll(\"[data-testid='entity-event']\").length === 6").await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

#[tokio::test]
async fn an_unknown_worker_is_a_sentence_and_a_way_back() -> Result<()> {
    let andon = factory().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "worker", "&id=W77").await?;
    page.wait_for("[data-testid='unknown-entity'] a").await?;
    page.click("[data-testid='unknown-entity'] a").await?;
    page.wait_for("[data-testid='worker-row-W1']").await?;
    close(chrome).await
}

/// A factory whose worker W1 was seen by two cameras at once, and with nobody looking in between.
async fn factory() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let events = json!([
        seen("W1", "08:00", 30, "WORKING", 12, 0.9, "cam-1"),
        seen("W1", "08:10", 12, "IDLE", 0, 0.7, "cam-2"),
        seen("W1", "08:30", 15, "IDLE", 0, 0.8, "cam-1"),
        seen("W1", "10:00", 10, "ABSENT", 0, 0.85, "cam-1"),
        seen("W1", "10:10", 10, "IDLE", 0, 0.95, "cam-1"),
        seen("W2", "08:00", 60, "WORKING", 20, 0.9, "cam-1"),
        seen("W3", "08:00", 45, "WORKING", 30, 0.9, "cam-1"),
        seen("W4", "09:00", 45, "IDLE", 0, 0.9, "cam-1"),
    ]);
    andon.ingest("plant", events).await?;
    Ok(andon)
}

fn seen(id: &str, at: &str, minutes: u32, doing: &str, units: u32, confidence: f64, source: &str) -> Value {
    json!({
        "timestamp": format!("2026-01-05T{at}:00Z"), "entityType": "WORKER", "entityId": id, "eventType": doing,
        "durationMinutes": minutes, "unitsProduced": units, "confidence": confidence,
        "modelVersion": "activity-1", "sourceId": source
    })
}

async fn open<'chrome>(
    chrome: &'chrome Chrome,
    andon: &Andon,
    page: &str,
    more: &str,
) -> Result<Page<'chrome>> {
    let page = chrome.open(&andon.url(&format!("/{page}?{DAY}{more}"))).await?;
    page.wait_for_connection("live").await?;
    Ok(page)
}

async fn segments(andon: &Andon, id: &str) -> Result<Vec<Value>> {
    let data = andon.graphql(SEGMENTS, json!({ "id": id })).await?;
    Ok(data["timeline"]["segments"].as_array().cloned().unwrap_or_default())
}

/// A segment as the timeline's table tells it.
fn row_of_segment(segment: &Value) -> [String; 7] {
    let state = match segment["eventType"].as_str() {
        Some("WORKING") => "Working",
        Some("IDLE") => "Idle",
        _ => "Absent",
    };
    let confidence =
        segment["confidence"].as_f64().map_or(String::new(), |confidence| format!("{confidence:.2}"));
    let model = segment["modelVersion"].as_str().unwrap_or_default().to_owned();
    let (from, to) = (time(&segment["from"]), time(&segment["to"]));
    // Two cameras disagree from 8:10 to 8:22.
    let remark = if from.ends_with("08:00") { "contested: reports disagree" } else { "" };
    ["W1".to_owned(), from, to, state.to_owned(), confidence, model, remark.to_owned()]
}

/// An instant of the test's day as tables tell it.
fn time(instant: &Value) -> String {
    let instant = instant.as_str().unwrap_or_default();
    format!("Mon, 5 Jan 2026, {}", &instant["2026-01-05T".len().."2026-01-05T08:00".len()])
}

/// The rows of a chart's table, once it is opened.
async fn table(page: &Page<'_>, chart: &str) -> Result<Vec<Vec<String>>> {
    page.click(&format!("{chart} .chart-table-switch")).await?;
    page.wait_for(&format!("{chart} .chart-table tbody tr")).await?;
    Ok(serde_json::from_value(page.evaluate(&ROWS.replace("CHART", &chart.replace('\'', "\\'"))).await?)?)
}

async fn focus_and_press(page: &Page<'_>, selector: &str, key: &str) -> Result<()> {
    page.wait_for(selector).await?;
    page.evaluate(&format!("document.querySelector(\"{selector}\").focus()")).await?;
    page.press(key).await
}

async fn wait_for_columns(page: &Page<'_>, ids: &[&str]) -> Result<()> {
    let shown = "[...document.querySelectorAll('.compare-figures thead [data-id]')].map((head) => head.dataset.id).join()";
    page.wait_until(&format!("{shown} === '{}'", ids.join(","))).await
}

fn compared(field: &str, id: &str, value: u32) -> String {
    format!(
        "document.querySelector(\"[data-testid='compare-{field}'] [data-id='{id}']\").dataset.value === '{value}'"
    )
}
