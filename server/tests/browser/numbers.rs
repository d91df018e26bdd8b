//! Numbers are shown whole, however large, and compared with nothing but their like.

use anyhow::Result;
use browser_driver::Screen;
use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _, live::worked, pages::CUT};

/// A month of hours that went by, with millions of units.
fn large(id: &str, name_length: usize) -> Vec<Value> {
    let begin = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
    let at = |day: i64| (begin + TimeDelta::days(day)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let id = format!("{id}{}", "x".repeat(name_length));
    (0..28).map(|day| worked(&id, &at(day), 1_440, 123_456)).collect()
}

#[tokio::test]
async fn no_number_is_cut_off_on_any_screen_however_large_it_is() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let mut events = large("W1", 0);
    events.extend(large("W2", 60));
    andon.ingest("plant", events.into()).await?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    for width in [320, 390, 768, 1_280, 1_920] {
        page.set_screen(&Screen { width, height: 900, ..Screen::LAPTOP }).await?;
        for path in
            ["/?columns=all", "/worker?id=W1", "/compare?kind=worker&ids=W1", "/board?rotate=600", "/events?"]
        {
            page.show(&andon.url(&format!("{path}&factory=plant&window=all-time"))).await?;
            page.wait_for_connection("live").await?;
            page.wait_for(".figure-value, .event-row, .compare-figures").await?;
            page.wait_until("document.querySelector('.skeleton') === null").await?;
            assert_eq!(page.evaluate(CUT).await?, "", "{path} at {width}");
        }
    }
    page.set_screen(&Screen { width: 1_920, height: 1_080, ..Screen::LAPTOP }).await?;
    page.show(&andon.url("/?factory=plant&window=all-time")).await?;
    page.wait_for_cell("worker-row-W1", "units", 3_456_768.0).await?;
    // Hours and minutes in the row as in the figure.
    let text = |selector: &str| format!("document.querySelector(\"{selector}\").innerText");
    assert_eq!(
        page.evaluate(&text("[data-testid='worker-row-W1'] [data-field='working']")).await?,
        "672:00\u{a0}h"
    );
    assert_eq!(page.evaluate(&text("[data-testid='productive-minutes']")).await?, "1,344:00\u{a0}h");
    let hidden = "[...document.querySelectorAll('.entity-rows-head th')].filter((one) => !one.checkVisibility()).map((one) => one.dataset.column).join()";
    assert_eq!(page.evaluate(hidden).await?, "overlap", "columns that a wall has no room for");
    close(chrome).await
}

#[tokio::test]
async fn a_running_window_is_compared_with_as_much_of_the_one_before() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let step = TimeDelta::minutes(5);
    let now = Utc::now().duration_trunc(step)?;
    // Ten units a step in what is complete of two hours, five a step in the same part of those before, and a great many in the
    // step of that window which is still running in this one.
    let units = |steps_ago: i32| match steps_ago {
        1..=22 => 10,
        24 => 60,
        _ => 5,
    };
    let events: Vec<Value> = (1..=47)
        .filter(|steps_ago| *steps_ago != 23)
        .map(|steps_ago| {
            let at = (now - step * steps_ago).to_rfc3339_opts(SecondsFormat::Millis, true);
            worked("W1", &at, 5, units(steps_ago))
        })
        .collect();
    andon.ingest("plant", events.into()).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=last-120-minutes")).await?;
    page.wait_for("[data-testid='change-units-produced'] b").await?;
    let change = "document.querySelector(\"[data-testid='change-units-produced'] b\").innerText";
    // 220 units against 115; against 170 when the next step has begun meanwhile.
    page.wait_until(&format!("['+91.3\u{a0}%', '+29.4\u{a0}%'].includes({change})")).await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=2026-01-05")).await?;
    page.wait_until(
        "document.querySelector(\"[data-testid='change-units-produced']\")?.innerText === 'No data for comparison'",
    )
    .await?;
    close(chrome).await
}
