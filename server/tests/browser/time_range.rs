//! Which window is looked at: presets, a calendar, steps back and forth, and a link to it.

use anyhow::Result;
use browser_driver::{Chrome, Page};
use serde_json::json;

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _, live::worked};

/// The window of the address.
const WINDOW: &str = "new URLSearchParams(location.search).get('window')";

async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "Asia/Kolkata").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await?;
    Ok(andon)
}

async fn open<'chrome>(chrome: &'chrome Chrome, andon: &Andon, window: &str) -> Result<Page<'chrome>> {
    let page = chrome.open(&andon.url(&format!("/?factory=plant&window={window}"))).await?;
    page.wait_for_connection("live").await?;
    Ok(page)
}

async fn wait_for_window(page: &Page<'_>, window: &str) -> Result<()> {
    page.wait_until(&format!("{WINDOW} === '{window}'")).await
}

#[tokio::test]
async fn one_steps_back_and_forth_and_not_beyond_today() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "2026-01-06").await?;
    page.click("[data-testid='window-back']").await?;
    wait_for_window(&page, "2026-01-05").await?;
    page.wait_for_number("units-produced", 12.0).await?;
    page.click("[data-testid='window-forth']").await?;
    wait_for_window(&page, "2026-01-06").await?;
    // January, from midnight to midnight in Kolkata.
    page.show(&andon.url("/?factory=plant&window=2025-12-31T18:30Z..2026-01-31T18:30Z")).await?;
    page.wait_until(
        "document.querySelector(\"[data-testid='window-open']\")?.innerText.includes('January 2026')",
    )
    .await?;
    page.click("[data-testid='window-forth']").await?;
    wait_for_window(&page, "2026-01-31T18:30Z..2026-02-28T18:30Z").await?;
    let page = open(&chrome, &andon, "today").await?;
    page.wait_until("document.querySelector(\"[data-testid='window-forth']\").disabled").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_calendar_chooses_a_day_and_two_days_make_a_range() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "2026-01-07").await?;
    let choose = async |first: &str, last: &str| -> Result<()> {
        page.click("[data-testid='window-open']").await?;
        page.wait_for(&format!("[data-day='{first}']")).await?;
        page.click(&format!("[data-day='{first}']")).await?;
        page.wait_for("[data-testid='calendar-day-apply']").await?;
        page.click(&format!("[data-day='{last}']")).await
    };
    choose("2026-01-05", "2026-01-05").await?;
    wait_for_window(&page, "2026-01-05").await?;
    page.wait_for_number("units-produced", 12.0).await?;
    choose("2026-01-06", "2026-01-03").await?;
    wait_for_window(&page, "2026-01-02T18:30Z..2026-01-06T18:30Z").await?;
    page.wait_for_number("units-produced", 12.0).await?;
    close(chrome).await
}

#[tokio::test]
async fn presets_are_chosen_by_keyboard_and_escape_leaves_things_as_they_are() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "today").await?;
    page.evaluate("document.querySelector(\"[data-testid='window-open']\").focus()").await?;
    page.press("Enter").await?;
    page.wait_for(".window-picker-preset:focus").await?;
    page.press("Escape").await?;
    page.wait_until("document.querySelector(\"[data-testid='window-popover']\") === null").await?;
    page.wait_for("[data-testid='window-open']:focus").await?;
    assert_eq!(page.evaluate(WINDOW).await?, "today");
    page.press("Enter").await?;
    page.wait_for(".window-picker-preset:focus").await?;
    let names = "[...document.querySelectorAll('.window-picker-preset')].map((one) => one.innerText).join()";
    let names = page.evaluate(names).await?;
    assert!(names.as_str().is_some_and(|names| names.contains("Last week,Last month")), "{names}");
    page.press("Tab").await?;
    page.press("Enter").await?;
    wait_for_window(&page, "yesterday").await?;
    page.click("[data-testid='window-open']").await?;
    page.wait_for("[data-testid='window-copy']").await?;
    page.click("[data-testid='window-copy']").await?;
    page.wait_until("document.querySelector('.window-picker-foot [role=status]').innerText === 'Copied'")
        .await?;
    close(chrome).await
}
