//! What came and was not stored, as a person follows it.

use anyhow::Result;
use serde_json::json;

use crate::{
    andon::Andon,
    browser, close,
    dashboard::Dashboard as _,
    devices::{events, every_kind, sender},
};

/// A factory with problems of devices and of senders that number nothing.
pub(crate) async fn some_of_every_kind() -> Result<Andon> {
    let andon = every_kind().await?;
    let mut batch = events(5_000, 6);
    batch[1]["timestamp"] = json!("05.01.2026 08:00");
    batch[2]["unitsProduced"] = json!(-4);
    batch[3] = batch[0].clone();
    batch[3]["unitsProduced"] = json!(12);
    for event in batch.as_array_mut().unwrap() {
        event["sourceId"] = json!("camera 7, north entrance");
    }
    andon.send("plant", batch, &json!(null)).await?;
    Ok(andon)
}

#[tokio::test]
async fn a_problem_appears_and_grows_without_a_reload_and_leads_back_to_its_device() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/devices?factory=plant")).await?;
    page.wait_for("[data-testid='run-edge']").await?;
    page.mark().await?;
    page.evaluate("document.querySelector(`a[href^='/data-problems?']`).click()").await?;
    page.wait_for("[data-testid='data-problems-none']").await?;

    let mut batch = events(1, 2);
    batch[1]["durationMinutes"] = json!(2_000);
    andon.send("plant", batch.clone(), &sender("edge-1", 1)).await?;
    page.wait_for("[data-testid='data-problem'][data-code='DURATION_OUT_OF_RANGE']").await?;
    let example = page.text("[data-testid='data-problem'] [data-field='example']").await?;
    assert!(example.contains("0 to 1440") && example.contains("2000"), "{example}");
    andon.send("plant", json!([batch[1]]), &sender("edge-1", 3)).await?;
    page.wait_for("[data-testid='data-problem'] [data-field='events'][data-value='2']").await?;

    let mut contradiction = batch[0].clone();
    contradiction["unitsProduced"] = json!(9);
    andon.send("plant", json!([contradiction]), &json!(null)).await?;
    page.wait_for("[data-testid='conflict']").await?;
    let said = page.text("[data-testid='conflict'] [data-field='said']").await?;
    assert!(said.contains("9 units"), "{said}");

    page.evaluate("document.querySelector(`a[href^='/devices?']`).click()").await?;
    page.wait_for("[data-testid='device-edge-1']").await?;
    page.evaluate("document.querySelector('.device-name').click()").await?;
    page.wait_for("[data-testid='device-details'] a").await?;
    page.evaluate("document.querySelector(`[data-testid='device-details'] a`).click()").await?;
    page.wait_for("[data-testid='data-problems-of']").await?;
    page.wait_until("document.querySelectorAll(`[data-testid='data-problem']`).length === 1").await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}
