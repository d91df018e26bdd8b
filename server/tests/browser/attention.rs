//! Who needs attention: judged by what is now, whatever window is looked at.

use anyhow::Result;
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{andon::Andon, browser, close, live::worked};

/// A report that ended so many minutes ago.
fn seen(kind: &str, id: &str, state: &str, ended_min: i64, minutes: i64) -> Value {
    let at = Utc::now() - TimeDelta::minutes(ended_min + minutes);
    json!({
        "timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true), "entityType": kind, "entityId": id,
        "eventType": state, "durationMinutes": minutes, "unitsProduced": 0
    })
}

#[tokio::test]
async fn workers_and_stations_are_judged_alike_by_what_is_now_whatever_window_is_looked_at() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let events = json!([
        // Idle for longer than a quarter of an hour, after an hour of work.
        seen("WORKER", "W1", "WORKING", 22, 60),
        seen("WORKER", "W1", "IDLE", 2, 20),
        // A moment of rest, but little work in the hour before.
        seen("WORKSTATION", "S1", "WORKING", 55, 20),
        seen("WORKSTATION", "S1", "IDLE", 4, 51),
        seen("WORKSTATION", "S1", "WORKING", 3, 1),
        seen("WORKSTATION", "S1", "IDLE", 1, 2),
        // At work.
        seen("WORKER", "W2", "WORKING", 1, 60),
        // Long gone.
        worked("W3", "2026-01-05T08:00:00Z", 30, 12)
    ]);
    andon.ingest("plant", events).await?;
    let chrome = browser().await?;
    for window in ["today", "2026-01-05"] {
        let page = chrome.open(&andon.url(&format!("/?factory=plant&window={window}"))).await?;
        page.wait_for("[data-testid='need-worker-W1'][data-severity='critical']").await?;
        page.wait_for("[data-testid='need-workstation-S1'][data-severity='warning']").await?;
        let listed = "document.querySelectorAll(\"[data-testid='needs'] > li\").length";
        assert_eq!(page.evaluate(listed).await?, 2, "{window}");
        let reason = page.text("[data-testid='need-worker-W1'] .floor-need-reason").await?;
        assert!(reason.contains("Idle") && reason.contains("\u{a0}min"), "{reason}");
        let reason = page.text("[data-testid='need-workstation-S1'] .floor-need-reason").await?;
        assert!(reason.contains('%'), "{reason}");
        // Folded, so that a shift that has ended takes no room.
        page.wait_for("[data-testid='not-seen'] summary").await?;
        assert_eq!(page.evaluate("document.querySelector(\"[data-testid='not-seen']\").open").await?, false);
        page.click("[data-testid='not-seen'] summary").await?;
        page.wait_for("[data-testid='not-seen'] a[href*='id=W3']").await?;
    }
    close(chrome).await
}

#[tokio::test]
async fn the_list_takes_the_same_room_whoever_is_on_it() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([seen("WORKER", "W0", "WORKING", 1, 30)])).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=today")).await?;
    page.wait_for("[data-testid='needs-none']").await?;
    let height = "document.querySelector('.floor-needs-frame').getBoundingClientRect().height";
    let before = page.evaluate(height).await?;
    let idle: Vec<Value> = (1..=9).map(|id| seen("WORKER", &format!("W{id}"), "IDLE", 1, 30)).collect();
    andon.ingest("plant", idle.into()).await?;
    page.wait_until("document.querySelectorAll(\"[data-testid='needs'] > li\").length === 6").await?;
    assert!(page.text(".floor-needs-more").await?.starts_with("and 3 more"));
    assert_eq!(page.evaluate(height).await?, before);
    close(chrome).await
}
