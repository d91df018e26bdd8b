//! Devices that number what they send, as a person follows them.

use anyhow::Result;
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _};

/// Longer than a device may be unheard before it counts as silent.
const SILENCE_MS: i64 = 180_000;

/// So many seconds before now.
fn before(seconds: i64) -> String {
    (Utc::now() - TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A device whose clock is right and who holds nothing back.
pub(crate) fn sender(id: &str, first_sequence: i64) -> Value {
    json!({
        "deviceId": id, "epoch": "2026-01-05", "firstSequence": first_sequence, "sentAt": before(0),
        "queuedEvents": 0, "lostEvents": 0, "deadLetteredEvents": 0,
    })
}

fn with(mut sender: Value, changes: &Value) -> Value {
    for (field, value) in changes.as_object().unwrap() {
        sender[field] = value.clone();
    }
    sender
}

/// So many events, each of its own second.
pub(crate) fn events(first: i64, count: i64) -> Value {
    let event = |number: i64| {
        json!({
            "timestamp": before(20_000 - number), "entityType": "WORKER", "entityId": format!("W{}", number % 9),
            "eventType": "WORKING", "durationMinutes": 0.01,
        })
    };
    (first..first + count).map(event).collect()
}

/// A factory with devices of every kind.
pub(crate) async fn every_kind() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "Europe/Berlin").await?;
    for id in ["edge-hall-1", "edge-hall-2", "edge-hall-10"] {
        andon.send("plant", events(1, 500), &sender(id, 1)).await?;
    }
    let off = json!({ "sentAt": before(421), "deadLetteredEvents": 3 });
    andon.send("plant", events(1, 40), &with(sender("edge-lab", 1), &off)).await?;
    let backlog = json!({ "queuedEvents": 48_210, "oldestQueuedAt": before(5_400) });
    andon.send("plant", events(1, 900), &sender("edge-yard", 1)).await?;
    andon.send("plant", events(1_000, 100), &with(sender("edge-yard", 49_111), &backlog)).await?;
    andon.send("plant", events(1, 77), &sender("edge-dock", 1)).await?;
    andon.silence("edge-dock", 26 * 3_600_000).await?;
    let closed = json!([
        { "firstSequence": 101, "lastSequence": 1_340, "reason": "LOST", "from": before(9_000), "to": before(7_000),
          "detail": "the spool was full (1 GiB) and its policy is drop-oldest" },
        { "firstSequence": 1_500, "lastSequence": 1_500, "reason": "DEAD_LETTERED", "detail": "the event alone is too large" },
    ]);
    andon.send("plant", events(1, 100), &sender("edge-paint", 1)).await?;
    let losing = json!({ "closed": closed, "lostEvents": 1_240, "deadLetteredEvents": 2 });
    let mut refused = events(2_000, 20);
    refused[7]["durationMinutes"] = json!(-1);
    andon.send("plant", refused, &with(sender("edge-paint", 1_510), &losing)).await?;
    Ok(andon)
}

#[tokio::test]
async fn a_device_is_followed_from_healthy_over_behind_and_silent_to_losing_without_a_reload() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/devices?factory=plant")).await?;
    page.wait_for("[data-testid='run-edge']").await?;
    let command = page.text("[data-testid='run-edge']").await?;
    assert!(command.contains(&format!("--to {} --factory plant", andon.url(""))), "{command}");
    page.mark().await?;
    let is_in = async |state: &str| {
        page.wait_for(&format!("[data-testid='device-edge-1'][data-state='{state}']")).await
    };

    andon.send("plant", events(1, 10), &sender("edge-1", 1)).await?;
    is_in("healthy").await?;
    page.wait_for_cell("device-edge-1", "received", 10.0).await?;

    andon.send("plant", events(21, 10), &sender("edge-1", 21)).await?;
    is_in("behind").await?;
    page.wait_for_cell("device-edge-1", "missing", 10.0).await?;
    page.evaluate("document.querySelector('.device-name').click()").await?;
    page.wait_for("[data-testid='device-details']").await?;
    let details = page.text("[data-testid='device-details']").await?;
    assert!(details.contains("11 to 20"), "{details}");

    andon.silence("edge-1", SILENCE_MS).await?;
    is_in("silent").await?;

    let closed =
        json!([{ "firstSequence": 11, "lastSequence": 20, "reason": "LOST", "detail": "the disk was full" }]);
    let losing = json!({ "lostEvents": 10, "closed": closed });
    andon.send("plant", json!([]), &with(sender("edge-1", 31), &losing)).await?;
    is_in("losing").await?;
    page.wait_for_cell("device-edge-1", "lost", 10.0).await?;
    page.wait_for_cell("device-edge-1", "missing", 0.0).await?;
    page.wait_until(
        "document.querySelector(\"[data-testid='device-details']\").textContent.includes('the disk was full')",
    )
    .await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}
