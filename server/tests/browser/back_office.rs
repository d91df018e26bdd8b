//! The part of the dashboard that is loaded when a page of the back office is opened.

use anyhow::Result;
use browser_driver::{Chrome, Network, Screen};
use serde_json::json;

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _};

const FLOOR: &str = "/?factory=plant&window=all-time";
const PART: &str = "/back_office.wasm";

/// A factory with one worker.
async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let worked = json!({
        "timestamp": "2026-01-05T08:00:00Z", "entityType": "WORKER", "entityId": "W1",
        "eventType": "WORKING", "durationMinutes": 30, "unitsProduced": 12
    });
    andon.ingest("plant", json!([worked])).await?;
    Ok(andon)
}

/// How often the part was asked for.
fn part_loads(chrome: &Chrome) -> usize {
    chrome.seen().addresses.iter().filter(|address| address.ends_with(PART)).count()
}

#[tokio::test]
async fn the_back_office_is_loaded_once_and_when_it_is_opened() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(FLOOR)).await?;
    page.set_screen(&Screen { width: 390, height: 400, ..Screen::LAPTOP }).await?;
    page.wait_for_connection("live").await?;
    page.wait_for_number("productive-minutes", 30.0).await?;
    page.mark().await?;
    assert_eq!(part_loads(&chrome), 0, "the first page loaded the back office");
    page.evaluate("window.scrollTo(0, 200)").await?;
    page.wait_until("window.scrollY === 200").await?;
    let sockets = || chrome.seen().addresses.iter().filter(|address| address.starts_with("ws://")).count();
    assert_eq!(sockets(), 1);

    // The mouse would scroll to the link first.
    page.evaluate("document.querySelector(`a[href^='/devices?']`).click()").await?;
    page.wait_for("[data-testid='devices-none']").await?;
    page.wait_until("location.pathname === '/devices' && location.search.includes('factory=plant')").await?;
    page.wait_until("location.search.includes('window=all-time') && window.scrollY === 0").await?;
    page.wait_for_connection("live").await?;

    page.evaluate("history.back()").await?;
    page.wait_for_number("productive-minutes", 30.0).await?;
    page.wait_until("location.pathname === '/' && window.scrollY === 200").await?;
    page.evaluate("history.forward()").await?;
    page.wait_for("[data-testid='devices-none']").await?;
    page.wait_for_connection("live").await?;
    assert_eq!(part_loads(&chrome), 1);
    assert_eq!(sockets(), 1, "the connection was made again");
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

#[tokio::test]
async fn a_back_office_that_cannot_be_loaded_is_loaded_when_somebody_tries_again() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(FLOOR)).await?;
    page.wait_for_connection("live").await?;
    page.set_network(Network::Cut).await?;
    page.click_named("link", "Devices").await?;
    page.wait_for("[data-testid='refused']").await?;
    let reason = page.text("[data-testid='refused']").await?;
    assert!(reason.starts_with("This page could not be loaded."), "{reason}");
    page.wait_for("nav [aria-current='page']").await?;

    page.set_network(Network::Open).await?;
    page.click("[data-testid='retry']").await?;
    page.wait_for("[data-testid='devices-none']").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_page_of_the_back_office_opens_by_its_address() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/devices?factory=plant")).await?;
    page.wait_for("[data-testid='devices-none']").await?;
    page.wait_for_connection("live").await?;
    assert_eq!(part_loads(&chrome), 1);
    close(chrome).await
}
