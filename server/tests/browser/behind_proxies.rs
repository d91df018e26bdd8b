//! Pages behind proxies that pass no websockets.

use anyhow::Result;
use serde_json::json;

use crate::{
    andon::Andon,
    browser, close,
    dashboard::Dashboard as _,
    live::worked,
    proxy::{Answers, without_upgrade},
};

/// All time, so that a test's events count whatever the time of day.
const FLOOR: &str = "/?factory=plant&window=all-time";

#[tokio::test]
async fn behind_a_proxy_that_passes_no_upgrade_a_page_says_so_and_follows_by_events() -> Result<()> {
    let addresses = follows_behind(Answers::Streamed).await?;
    let is_stream = |address: &String| address.contains("/graphql?query=subscription");
    assert!(addresses.iter().any(is_stream), "{addresses:?}");
    Ok(())
}

#[tokio::test]
async fn behind_a_proxy_that_gathers_answers_too_a_page_says_so_and_follows_by_asking() -> Result<()> {
    follows_behind(Answers::Gathered).await.map(drop)
}

/// Follows what is ingested, and answers with the addresses that the page asked.
async fn follows_behind(answers: Answers) -> Result<Vec<String>> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await?;
    let proxy = without_upgrade(andon.url(""), answers).await;
    let chrome = browser().await?;
    let page = chrome.open(&format!("{proxy}{FLOOR}")).await?;
    page.wait_for_number("productive-minutes", 30.0).await?;
    page.wait_for_connection("live").await?;
    let told = page.text("[data-testid='connection']").await?;
    assert!(told.contains("websockets do not come through: the proxy must pass Upgrade"), "{told}");
    page.mark().await?;

    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:30:00Z", 30, 18)])).await?;
    page.wait_for_number("productive-minutes", 60.0).await?;
    page.wait_for_number("units-produced", 30.0).await?;
    page.wait_for_cell("worker-row-W1", "working", 60.0).await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    let addresses = chrome.seen().addresses;
    close(chrome).await?;
    Ok(addresses)
}
