//! A telephone in a hand: one row above, the pages where the thumb is, and what is pressed as high as a finger needs.

use anyhow::Result;
use browser_driver::{Page, Screen};
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    browser, close,
    dashboard::Dashboard as _,
    floor::{FACTORY, floor},
};

const TELEPHONE: Screen = Screen { width: 390, height: 844, ..Screen::LAPTOP };
/// As high as a finger needs, in CSS pixels.
const FINGER_PX: f64 = 44.0;

async fn number(page: &Page<'_>, expression: &str) -> Result<f64> {
    Ok(page.evaluate(expression).await?.as_f64().unwrap_or(f64::NAN))
}

#[tokio::test]
async fn the_header_is_one_row_the_pages_stand_at_the_bottom_and_rows_lead_on() -> Result<()> {
    let andon = floor().await?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    page.set_screen(&TELEPHONE).await?;
    page.show(&andon.url(&format!("/?factory={FACTORY}&window=last-8-hours"))).await?;
    page.wait_for_connection("live").await?;
    page.wait_for("[data-testid='worker-row-W24']").await?;
    let height =
        |selector: &str| format!("document.querySelector(\"{selector}\").getBoundingClientRect().height");
    assert!(number(&page, &height(".shell-header")).await? <= 60.0, "more than one row");
    let bottom = "document.querySelector('.shell-navigation').getBoundingClientRect().bottom";
    assert!((number(&page, bottom).await? - 844.0).abs() < 1.0);
    let row = "[data-testid='worker-row-W3']";
    assert!(number(&page, &height(row)).await? >= FINGER_PX);
    assert!(page.text(row).await?.contains("min"), "a state without its minutes");
    // Anywhere on the row, far from the name.
    page.evaluate(&format!("document.querySelector(\"{row}\").scrollIntoView({{ block: 'center' }})"))
        .await?;
    let place = format!(
        "(() => {{ const box = document.querySelector(\"{row}\").getBoundingClientRect(); return [box.right - 20, box.top + 20]; }})()"
    );
    let place: Vec<f64> = serde_json::from_value(page.evaluate(&place).await?)?;
    page.evaluate(&format!("document.elementFromPoint({}, {}).click()", place[0], place[1])).await?;
    page.wait_until("location.pathname === '/worker' && location.search.includes('id=W3')").await?;
    close(chrome).await
}

#[tokio::test]
async fn no_control_is_too_small_to_press_and_no_field_makes_the_telephone_zoom() -> Result<()> {
    let andon = floor().await?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    page.set_screen(&TELEPHONE).await?;
    let pages = [
        ("/", "[data-testid='worker-row-W24']"),
        ("/worker?id=W3", ".chart-table-switch"),
        ("/events", "[data-testid='event-row']"),
        ("/compare?kind=worker&ids=W1,W2", ".compare-remove"),
        ("/cameras", "tr.camera"),
        ("/devices", "[data-testid='run-edge']"),
        ("/people", "[data-testid='person-worker-W24']"),
        ("/access", "[data-testid='new-device']"),
        ("/access?page=audit-log", "[data-testid='audit-action']"),
        ("/access?page=access-log", "[data-testid='access-log-worker']"),
        ("/board", ".board-turn"),
    ];
    for (path, shown) in pages {
        let more = if path.contains('?') { '&' } else { '?' };
        page.show(&andon.url(&format!("{path}{more}factory={FACTORY}&window=last-8-hours"))).await?;
        page.wait_for_connection("live").await?;
        page.wait_for(shown).await?;
        let small = format!(
            "[...document.querySelectorAll(`.button, .field, .shell-page, .rename-open, .people-tick, .device-name,
                .compare-remove, .chart-table-switch, .board-turn, .board-tools a`)].filter((one) => one.checkVisibility()
                && one.getBoundingClientRect().height < {FINGER_PX}).map((one) => one.outerHTML)"
        );
        assert_eq!(page.evaluate(&small).await?, json!([]), "{path}");
        let fine = "[...document.querySelectorAll('.field')].filter((one) =>
            parseFloat(getComputedStyle(one).fontSize) < 16).map((one) => one.outerHTML)";
        assert_eq!(page.evaluate(fine).await?, json!([]), "{path}");
    }
    close(chrome).await
}

#[tokio::test]
async fn the_page_can_be_installed_as_an_application() -> Result<()> {
    let andon = Andon::start(None).await?;
    let client = reqwest::Client::new();
    let page = client.get(andon.url("/")).send().await?.text().await?;
    assert!(page.contains(r#"<link rel="manifest" href="/manifest.webmanifest">"#), "{page}");
    let manifest: Value = client.get(andon.url("/manifest.webmanifest")).send().await?.json().await?;
    assert_eq!(manifest["display"], "standalone");
    let icons = manifest["icons"].as_array().cloned().unwrap_or_default();
    assert_eq!(icons.len(), 3);
    for icon in icons {
        let answer = client.get(andon.url(icon["src"].as_str().unwrap_or_default())).send().await?;
        assert_eq!(answer.headers()["content-type"], icon["type"].as_str().unwrap_or_default());
    }
    Ok(())
}
