//! The sources of events, as whoever looks after cameras follows them.

use anyhow::Result;
use browser_driver::Page;
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _};

const CAMERAS: &str = "/cameras?factory=plant&window=last-8-hours";
/// More than a share needs to say something, and more minutes than an agreement does.
const EVENTS: i64 = 40;

/// A factory that the simulated cameras have filled, each of which has something of its own to show.
pub(crate) async fn demo() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.graphql("mutation { createDemoFactory(timeZone: \"UTC\") { name } }", json!({})).await?;
    Ok(andon)
}

/// What a camera saw of W1 minute by minute, up to so many minutes before now.
fn seen(source: &str, event_type: &str, confidence: f64, until_minutes_ago: i64) -> Value {
    let now = Utc::now();
    let event = |minute: i64| {
        let from = now - TimeDelta::minutes(until_minutes_ago + minute);
        json!({
            "timestamp": from.to_rfc3339_opts(SecondsFormat::Secs, true), "entityType": "WORKER", "entityId": "W1",
            "eventType": event_type, "durationMinutes": 1, "confidence": confidence, "eventId": source, "sourceId": source,
            "modelVersion": format!("model of {source}"),
        })
    };
    (1..=EVENTS).map(event).collect()
}

/// The ids of the rows from top to bottom.
async fn rows(page: &Page<'_>) -> Result<Value> {
    page.evaluate("[...document.querySelectorAll('tr.camera')].map((row) => row.dataset.testid)").await
}

#[tokio::test]
async fn sources_appear_the_worst_first_say_what_is_wrong_and_lead_to_their_events() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "Europe/Berlin").await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(CAMERAS)).await?;
    page.wait_for("[data-testid='cameras-none']").await?;
    page.mark().await?;

    andon.ingest("plant", seen("cam-fine", "WORKING", 0.9, 0)).await?;
    page.wait_for_cell("camera-cam-fine", "events", EVENTS as f64).await?;
    andon.ingest("plant", seen("cam-unsure", "IDLE", 0.5, 0)).await?;
    andon.ingest("plant", seen("cam-silent", "WORKING", 0.9, 180)).await?;
    page.wait_for_cell("camera-cam-silent", "events", EVENTS as f64).await?;
    page.wait_for_cell("camera-cam-unsure", "low", 1.0).await?;
    let expected = json!(["camera-cam-silent", "camera-cam-unsure", "camera-cam-fine"]);
    assert_eq!(rows(&page).await?, expected);
    let text = async |id: &str| page.text(&format!("[data-testid='camera-{id}']")).await;
    let silent = text("cam-silent").await?;
    assert!(silent.contains("Silent since"), "{silent}");
    let unsure = text("cam-unsure").await?;
    for said in [
        "Low confidence: 100.0",
        "Disagrees with cam-fine",
        "\t0.0\u{a0}%\nwith cam-fine",
        "model of cam-unsure",
    ] {
        assert!(unsure.contains(said), "{said} is not in {unsure}");
    }

    page.evaluate("document.querySelector(\"[data-testid='camera-cam-unsure'] th a\").click()").await?;
    page.wait_until("location.pathname === '/events' && location.search.includes('source=cam-unsure')")
        .await?;
    page.wait_until(&format!("document.querySelectorAll(\"[data-testid='event-row']\").length === {EVENTS}"))
        .await?;
    page.evaluate("history.back()").await?;
    let low = "[data-testid='camera-cam-unsure'] [data-field='low'] a";
    page.wait_for(low).await?;
    page.evaluate(&format!("document.querySelector(\"{low}\").click()")).await?;
    page.wait_until("location.search.includes('confidence-below=60')").await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

#[tokio::test]
async fn without_the_server_the_last_figures_stay_and_are_renewed_when_it_is_back() -> Result<()> {
    let mut andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", seen("cam-1", "WORKING", 0.9, 0)).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(CAMERAS)).await?;
    page.wait_for_cell("camera-cam-1", "events", EVENTS as f64).await?;
    andon.kill().await?;
    page.wait_for_connection("disconnected").await?;
    page.wait_for_cell("camera-cam-1", "events", EVENTS as f64).await?;
    andon.start_again().await?;
    andon.ingest("plant", seen("cam-2", "WORKING", 0.9, 0)).await?;
    page.wait_for_connection("live").await?;
    page.wait_for_cell("camera-cam-2", "events", EVENTS as f64).await?;
    close(chrome).await
}
