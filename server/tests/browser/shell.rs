//! What every page has around it, in every tab and every language.

use anyhow::Result;
use browser_driver::Page;
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    browser, close,
    dashboard::Dashboard as _,
    floor::{FACTORY, floor},
    live::worked,
};

async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    andon
        .ingest(
            "plant",
            json!([
                worked("W1", "2026-01-05T00:00:00Z", 600, 1_000_000),
                worked("W1", "2026-01-05T10:00:00Z", 600, 234_567)
            ]),
        )
        .await?;
    Ok(andon)
}

#[tokio::test]
async fn a_page_that_is_not_there_has_the_ways_to_those_that_are() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/nowhere/at/all")).await?;
    page.wait_until("document.querySelector('h1')?.innerText === 'Page not found'").await?;
    page.wait_for_connection("live").await?;
    page.wait_until("location.pathname === '/nowhere/at/all'").await?;
    assert_eq!(page.evaluate("document.querySelectorAll('[aria-current=page]').length").await?, 0);
    page.click_named("link", "Events").await?;
    page.wait_for("[data-testid='feed-standing']").await?;
    close(chrome).await
}

#[tokio::test]
async fn the_theme_of_one_tab_is_that_of_all_others_at_once() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let one = chrome.open(&andon.url("/?factory=plant")).await?;
    let board = chrome.open(&andon.url("/board?factory=plant")).await?;
    let other = chrome.open(&andon.url("/events?factory=plant")).await?;
    for page in [&one, &other, &board] {
        page.wait_for_connection("live").await?;
    }
    choose(&one, "theme-picker", "dark").await?;
    for page in [&one, &other, &board] {
        page.wait_until("document.documentElement.dataset.theme === 'dark'").await?;
    }
    let picker = "document.querySelector(\"[data-testid='theme-picker']\").value === 'dark'";
    other.wait_until(picker).await?;
    close(chrome).await
}

#[tokio::test]
async fn numbers_and_dates_are_those_of_the_browsers_language() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    for (locale, units, date) in
        [("de-DE", "1.234.567", "Mo., 5. Jan. 2026"), ("en-US", "1,234,567", "Mon, Jan 5, 2026")]
    {
        page.set_locale(locale).await?;
        page.show(&andon.url("/?factory=plant&window=2026-01-05")).await?;
        page.wait_for_cell("worker-row-W1", "units", 1_234_567.0).await?;
        let of_factory = "document.querySelector(\"[data-testid='units-produced']\")?.innerText";
        page.wait_until(&format!("{of_factory} === '{units}'")).await?;
        // Beside the title too.
        page.wait_until(&format!("document.querySelector('.page-note')?.innerText === '{date}'")).await?;
    }
    close(chrome).await
}

#[tokio::test]
async fn area_and_order_stay_from_page_to_page_and_each_table_has_its_own_order() -> Result<()> {
    let andon = floor().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(&format!("/?factory={FACTORY}&window=today&area=Packing"))).await?;
    page.wait_for("[data-testid^='workstation-row-']").await?;
    let press = |kind: usize, column: &str| {
        format!(
            "document.querySelectorAll('.entity-rows')[{kind}].querySelector('[data-column={column}] button').click()"
        )
    };
    page.evaluate(&press(0, "units")).await?;
    page.evaluate(&press(1, "idle")).await?;
    let said = |rest: &str| format!("new URLSearchParams(location.search).get('{rest}')");
    page.wait_until(&format!("{} === 'units' && {} === 'idle'", said("sort"), said("sort-workstations")))
        .await?;
    let sorted =
        "[...document.querySelectorAll('.entity-rows [aria-sort]')].map((one) => one.dataset.column).join()";
    page.wait_until(&format!("{sorted} === 'units,idle'")).await?;
    page.click_named("link", "Events").await?;
    page.wait_for("[data-testid='event-row']").await?;
    page.click_named("link", "Floor").await?;
    page.wait_until(&format!("{sorted} === 'units,idle' && {} === 'Packing'", said("area"))).await?;
    page.wait_until("document.querySelector(\"[data-testid='area-picker']\").value === 'Packing'").await?;
    close(chrome).await
}

/// How much of the page moved while it was loaded, as browsers measure it.
const SHIFT: &str = "new Promise((done) => {
    let sum = 0;
    const watch = new PerformanceObserver((list) => list.getEntries().forEach((one) => { sum += one.hadRecentInput ? 0 : one.value; }));
    watch.observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => { watch.disconnect(); done(sum); }));
})";
/// Below this a page is called steady.
const STEADY: f64 = 0.1;
/// Lets every timer wait for some frames, so that what a page draws in parts is on the screen after each of them.
const SLOW_TIMERS: &str = "const { setTimeout: set } = window;
window.setTimeout = (run, ms, ...rest) => set.call(window, run, (ms || 0) + 60, ...rest);";

#[tokio::test]
async fn what_is_read_does_not_move_while_the_rest_arrives() -> Result<()> {
    let andon = floor().await?;
    let chrome = browser().await?;
    for (path, shown) in [
        ("/?window=last-8-hours", "[data-testid='floor-timeline']"),
        ("/worker?window=today&id=W9", ".series-chart-reading b"),
        ("/compare?window=last-8-hours&kind=worker&ids=W1,W2", ".series-chart-reading b"),
        ("/events?window=last-8-hours", "[data-testid='event-row']"),
        ("/devices?window=today", "[data-testid='devices-none']"),
        ("/people?window=today", "[data-testid='person-worker-W24']"),
    ] {
        for (width, height) in [(390, 844), (1280, 900), (1920, 1080)] {
            let page = chrome.blank().await?;
            let screen = browser_driver::Screen { width, height, ..browser_driver::Screen::LAPTOP };
            page.set_screen(&screen).await?;
            page.run_first(SLOW_TIMERS).await?;
            page.show(&andon.url(&format!("{path}&factory={FACTORY}"))).await?;
            page.wait_for(shown).await?;
            page.wait_until("document.querySelector('.skeleton') === null").await?;
            let shift = page.evaluate(SHIFT).await?;
            assert!(shift.as_f64().is_some_and(|shift| shift < STEADY), "{path} at {width}: {shift}");
        }
    }
    close(chrome).await
}

/// Notes every place in which the row of W1 is seen, from its first moment on.
const PLACES: &str = "window.places = new Set();
new MutationObserver(() => {
    const row = document.querySelector(\"[data-testid='worker-row-W1']\");
    if (row?.checkVisibility()) window.places.add(row.getBoundingClientRect().top);
}).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });";

#[tokio::test]
async fn the_rows_of_a_closed_day_stay_where_they_are_when_it_is_told_what_moved_its_figures() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    for (width, height) in [(1280, 900), (1920, 1080)] {
        let page = chrome.blank().await?;
        let screen = browser_driver::Screen { width, height, ..browser_driver::Screen::LAPTOP };
        page.set_screen(&screen).await?;
        page.run_first(SLOW_TIMERS).await?;
        page.run_first(PLACES).await?;
        page.show(&andon.url("/?factory=plant&window=2026-01-05")).await?;
        for shown in ["moved-more", "not-seen", "floor-timeline"] {
            page.wait_for(&format!("[data-testid='{shown}']")).await?;
        }
        page.wait_until("document.querySelector('.skeleton') === null").await?;
        let places = page.evaluate("[...window.places]").await?;
        assert_eq!(places.as_array().map(Vec::len), Some(1), "at {width}: {places}");
    }
    close(chrome).await
}

/// Chooses in a list as a person would.
async fn choose(page: &Page<'_>, test_id: &str, value: &str) -> Result<Value> {
    page.evaluate(&format!(
        "(() => {{
            const list = document.querySelector(\"[data-testid='{test_id}']\");
            list.value = '{value}';
            list.dispatchEvent(new Event('change', {{ bubbles: true }}));
        }})()"
    ))
    .await
}

#[tokio::test]
async fn the_last_numbers_of_every_page_stay_while_the_server_is_away_and_say_how_old_they_are() -> Result<()>
{
    let mut andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=2026-01-05")).await?;
    // The floor shows the same sum.
    let worker_page = "[data-testid='entity-now']";
    page.wait_for_cell("worker-row-W1", "units", 1_234_567.0).await?;
    page.click("[data-testid='worker-row-W1'] a").await?;
    page.wait_for(worker_page).await?;
    page.wait_for_number("units-produced", 1_234_567.0).await?;
    page.wait_until("document.querySelector('.skeleton') === null").await?;
    page.click_named("link", "Floor").await?;
    page.wait_for_cell("worker-row-W1", "units", 1_234_567.0).await?;
    // Numbers have an age once the server has said that all of them are current.
    let age = "Number(document.querySelector(\"[data-testid='data-age']\").dataset.value) >= 0";
    page.wait_until(age).await?;
    andon.kill().await?;
    page.wait_for_connection("disconnected").await?;
    page.wait_until(age).await?;
    page.click("[data-testid='worker-row-W1'] a").await?;
    page.wait_for(worker_page).await?;
    page.wait_for_number("units-produced", 1_234_567.0).await?;
    page.wait_until(age).await?;
    page.evaluate("history.back()").await?;
    page.wait_for_cell("worker-row-W1", "units", 1_234_567.0).await?;
    page.wait_until(age).await?;
    andon.start_again().await?;
    page.wait_for_connection("live").await?;
    page.wait_for_cell("worker-row-W1", "units", 1_234_567.0).await?;
    close(chrome).await
}
