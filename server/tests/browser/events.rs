//! The page of events: what is stored appears on it, can be held, narrowed down, followed into the past, and saved.

use std::{collections::HashSet, path::Path};

use anyhow::{Context as _, Result};
use browser_driver::{Chrome, Page};
use serde_json::{Value, json};

use crate::{
    andon::Andon, browser, close, dashboard::Dashboard as _, live::worked, pages::PICTURES, paper::pdf,
};

const EVENTS: &str = "/events?factory=plant&window=all-time";
/// The identities of the events in view, from the top.
const SHOWN: &str =
    "[...document.querySelectorAll('[data-testid=event-row]')].map((row) => row.dataset.event)";

async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "Asia/Kolkata").await?;
    Ok(andon)
}

async fn open<'chrome>(chrome: &'chrome Chrome, andon: &Andon, more: &str) -> Result<Page<'chrome>> {
    let page = chrome.open(&andon.url(&format!("{EVENTS}{more}"))).await?;
    page.wait_for_connection("live").await?;
    Ok(page)
}

async fn shown(page: &Page<'_>) -> Result<Vec<String>> {
    Ok(serde_json::from_value(page.evaluate(SHOWN).await?)?)
}

async fn wait_for_rows(page: &Page<'_>, count: usize) -> Result<()> {
    page.wait_until(&format!("({SHOWN}).length === {count}")).await
}

async fn wait_for_standing(page: &Page<'_>, state: &str, text: &str) -> Result<()> {
    let standing = "document.querySelector('[data-testid=feed-standing]')";
    page.wait_until(&format!(
        "{standing}.dataset.state === '{state}' && {standing}.innerText.includes('{text}')"
    ))
    .await
}

#[tokio::test]
async fn an_event_appears_where_its_time_belongs_as_it_is_stored() -> Result<()> {
    let andon = plant().await?;
    andon
        .ingest(
            "plant",
            json!([worked("W1", "2026-01-05T08:00:00Z", 5, 1), worked("W1", "2026-01-05T09:00:00Z", 5, 1)]),
        )
        .await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    wait_for_rows(&page, 2).await?;
    andon.ingest("plant", json!([worked("W2", "2026-01-05T08:30:00Z", 5, 1)])).await?;
    wait_for_rows(&page, 3).await?;
    let rows = shown(&page).await?;
    let workers: Vec<&str> = rows.iter().filter_map(|row| row.split(' ').nth(1)).collect();
    assert_eq!(workers, ["W1", "W2", "W1"]);
    // 14:00 in Kolkata, and stored long after.
    let row = page.text("[data-testid=event-row]:nth-child(2)").await?;
    assert!(row.contains("5 Jan") && row.contains("14:00:00") && row.contains("late by"), "{row}");
    close(chrome).await
}

#[tokio::test]
async fn times_are_shown_by_the_servers_rules_of_time_zones() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "America/Vancouver").await?;
    // British Columbia keeps summer time from 2026 on, which a browser may not know yet.
    andon.ingest("plant", json!([worked("W1", "2026-11-27T07:30:00Z", 5, 1)])).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    wait_for_rows(&page, 1).await?;
    let row = "document.querySelector('[data-testid=event-row]').innerText";
    page.wait_until(&format!("{row}.includes('27 Nov') && {row}.includes('00:30:00')")).await?;
    close(chrome).await
}

#[tokio::test]
async fn a_paused_list_does_not_move_and_counts_what_it_holds_back() -> Result<()> {
    let andon = plant().await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 5, 1)])).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    wait_for_rows(&page, 1).await?;
    page.press("Space").await?;
    wait_for_standing(&page, "paused", "0 new").await?;
    andon
        .ingest(
            "plant",
            json!([worked("W1", "2026-01-05T09:00:00Z", 5, 1), worked("W2", "2026-01-05T09:00:00Z", 5, 1)]),
        )
        .await?;
    wait_for_standing(&page, "paused", "2 new").await?;
    assert_eq!(shown(&page).await?.len(), 1);
    page.click("[data-testid=feed-pause]").await?;
    wait_for_rows(&page, 3).await?;
    wait_for_standing(&page, "live", "").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_link_with_filters_shows_what_passes_them_and_goes_on_doing_so() -> Result<()> {
    let andon = plant().await?;
    let unsure = |worker: &str, timestamp: &str, confidence: f64| {
        let mut event = worked(worker, timestamp, 5, 1);
        event["confidence"] = confidence.into();
        event["sourceId"] = "cam & 1".into();
        event
    };
    andon
        .ingest(
            "plant",
            json!([
                unsure("W1", "2026-01-05T08:00:00Z", 0.5),
                unsure("W1", "2026-01-05T09:00:00Z", 0.7),
                unsure("W2", "2026-01-05T08:00:00Z", 0.5),
                worked("W1", "2026-01-05T10:00:00Z", 5, 1),
            ]),
        )
        .await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "&id=W1&confidence-below=50&source=cam ~26 1").await?;
    wait_for_rows(&page, 1).await?;
    let told = page.text("[data-testid=filters-told]").await?;
    assert_eq!(told, "Id W1 · Max. confidence 50\u{a0}% · Source cam & 1");
    // Only the second of these passes.
    let arriving = json!([
        unsure("W1", "2026-01-05T11:00:00Z", 0.6),
        unsure("W1", "2026-01-05T12:00:00Z", 0.4),
        unsure("W2", "2026-01-05T12:00:00Z", 0.4)
    ]);
    andon.ingest("plant", arriving).await?;
    wait_for_rows(&page, 2).await?;
    page.click("[data-testid=filters-clear]").await?;
    wait_for_rows(&page, 7).await?;
    // Chosen on the page, a filter is in the address.
    let choose = "(() => {
        const select = document.querySelector('[data-testid=filter-state]');
        select.value = 'idle';
        return select.dispatchEvent(new Event('change', { bubbles: true }));
    })()";
    page.evaluate(choose).await?;
    page.wait_for("[data-testid=events-none]").await?;
    assert!(page.text("[data-testid=events-none]").await?.contains("Idle"));
    assert!(page.evaluate("location.search").await?.as_str().unwrap().contains("state=idle"));
    page.evaluate("history.back()").await?;
    wait_for_rows(&page, 7).await?;
    close(chrome).await
}

#[tokio::test]
async fn paging_reaches_every_event_once_while_others_arrive() -> Result<()> {
    const STORED: usize = 730;
    let andon = plant().await?;
    let event = |number: usize| {
        // Several begin in the same second, so that pages are cut between equals.
        let second = number / 7;
        let mut event = worked("W1", &format!("2026-01-05T08:{:02}:{:02}Z", second / 60, second % 60), 1, 1);
        event["eventId"] = format!("e{number}").into();
        event
    };
    let stored: Vec<Value> = (0..STORED).map(event).collect();
    andon.ingest("plant", stored.into()).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    wait_for_rows(&page, 100).await?;
    let mut seen = shown(&page).await?;
    let mut top = seen[0].clone();
    for number in 2..=STORED.div_ceil(100) {
        page.click("[data-testid=events-older]").await?;
        let rows = STORED.min(number * 100) - (number - 1) * 100;
        page.wait_until(&format!("({SHOWN}).length === {rows} && ({SHOWN})[0] !== {}", Value::from(top)))
            .await?;
        let shown = shown(&page).await?;
        top = shown[0].clone();
        seen.extend(shown);
        andon.ingest("plant", json!([worked("W2", &format!("2026-01-06T08:{number:02}:00Z"), 1, 1)])).await?;
    }
    page.wait_for("[data-testid=events-end]").await?;
    assert_eq!(seen.len(), STORED);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), STORED);
    wait_for_standing(&page, "past", "7 new").await?;
    page.click("[data-testid=feed-pause]").await?;
    page.wait_until(&format!("({SHOWN})[0].startsWith('worker W2')")).await?;
    close(chrome).await
}

#[tokio::test]
async fn the_browsers_back_button_returns_to_the_page_of_events_that_was_in_view() -> Result<()> {
    const STORED: usize = 250;
    let andon = plant().await?;
    let event =
        |number: usize| worked("W1", &format!("2026-01-05T08:{:02}:{:02}Z", number / 60, number % 60), 1, 1);
    andon.ingest("plant", (0..STORED).map(event).collect::<Vec<_>>().into()).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    wait_for_rows(&page, 100).await?;
    let first = shown(&page).await?;
    page.click("[data-testid=events-older]").await?;
    wait_for_standing(&page, "past", "Page 2").await?;
    page.wait_until(&format!("({SHOWN}).length === 100 && ({SHOWN})[0] !== {}", json!(first[0]))).await?;
    let second = shown(&page).await?;
    let is_second = format!("({SHOWN}).length === 100 && ({SHOWN})[0] === {}", json!(second[0]));
    page.click("[data-testid=events-older]").await?;
    wait_for_standing(&page, "past", "Page 3").await?;
    wait_for_rows(&page, 50).await?;

    page.evaluate("history.back()").await?;
    wait_for_standing(&page, "past", "Page 2").await?;
    page.wait_until(&is_second).await?;
    page.evaluate("history.back()").await?;
    wait_for_standing(&page, "live", "").await?;
    page.wait_until(&format!("({SHOWN})[0] === {}", json!(first[0]))).await?;
    page.evaluate("history.forward()").await?;
    page.wait_until(&is_second).await?;

    // The address alone says it too, and what is above its page's first event is not known then but for the latest.
    page.click("[data-testid=events-older]").await?;
    wait_for_rows(&page, 50).await?;
    let address = page.evaluate("location.href").await?;
    let page = chrome.open(address.as_str().context("no address")?).await?;
    wait_for_rows(&page, 50).await?;
    wait_for_standing(&page, "past", "Page 3").await?;
    page.click_named("button", "Newest").await?;
    page.wait_until(&format!("({SHOWN})[0] === {}", json!(first[0]))).await?;
    page.evaluate("history.back()").await?;
    wait_for_rows(&page, 50).await?;
    close(chrome).await
}

#[tokio::test]
async fn the_file_holds_what_the_api_says() -> Result<()> {
    let andon = plant().await?;
    let mut second = worked("W 2, \"the\"", "2026-01-05T09:00:00Z", 7, 3);
    second["confidence"] = 0.25.into();
    second["modelVersion"] = "=m1".into();
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 5, 1), second])).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    wait_for_rows(&page, 2).await?;
    page.click("[data-testid=events-csv]").await?;
    let file = chrome.download(0).await?;
    assert_eq!(file.name, "andon-plant-events-all-time.csv");
    let text = String::from_utf8(file.content)?;
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split("\r\n").collect();

    let asked = "{ events(factoryId: \"plant\") { edges { node {
        timestamp entityId durationMinutes unitsProduced confidence receivedAt
    } } } }";
    let data = andon.graphql(asked, json!({})).await?;
    let edges = data["events"]["edges"].as_array().context("no events")?;
    assert_eq!(lines.len(), edges.len() + 2, "a header, the events, and the end of the last line");
    let text =
        |index: usize, field: &str| edges[index]["node"][field].as_str().unwrap_or_default().to_owned();
    let utc = |time: String| time.replace('T', " ").replace(".000Z", "").replace('Z', "");
    let ends = |index: usize| format!(",{}", utc(text(index, "receivedAt")));
    assert_eq!(text(0, "timestamp"), "2026-01-05T09:00:00.000Z");
    let second = "2026-01-05 14:30:00,2026-01-05 09:00:00,Worker,\"W 2, \"\"the\"\"\",,Working,Interval,7,,3,25,\"'=m1\",,,,";
    assert!(lines[1].starts_with(second) && lines[1].ends_with(&ends(0)), "{}", lines[1]);
    let first = "2026-01-05 13:30:00,2026-01-05 08:00:00,Worker,W1,,Working,Interval,5,,1,,,,,,";
    assert!(lines[2].starts_with(first) && lines[2].ends_with(&ends(1)), "{}", lines[2]);
    close(chrome).await
}

#[tokio::test]
async fn the_file_holds_all_that_passes_the_filter_and_not_only_what_is_in_view() -> Result<()> {
    const STORED: usize = 1_230;
    let andon = plant().await?;
    let event = |number: usize| {
        let worker = if number.is_multiple_of(10) { "W2" } else { "W1" };
        let at = format!("2026-01-05T{:02}:{:02}:{:02}Z", number / 3_600, number / 60 % 60, number % 60);
        worked(worker, &at, 1, 1)
    };
    andon.ingest("plant", (0..STORED).map(event).collect::<Vec<_>>().into()).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "&kind=worker&id=W1").await?;
    wait_for_rows(&page, 100).await?;
    page.evaluate("localStorage.setItem('andon-csv', ';')").await?;
    page.click("[data-testid=events-csv]").await?;
    let file = String::from_utf8(chrome.download(0).await?.content)?;
    page.wait_for("[data-testid=export-done]").await?;
    assert!(page.text("[data-testid=export-done]").await?.starts_with("1,107 events"));
    let lines: Vec<&str> = file.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 1 + STORED - STORED / 10);
    assert!(lines[1..].iter().all(|line| line.split(';').nth(3) == Some("W1")), "{}", lines[1]);
    let times: HashSet<&str> = lines[1..].iter().filter_map(|line| line.split(';').nth(1)).collect();
    assert_eq!(times.len(), lines.len() - 1, "each event once");
    close(chrome).await
}

#[tokio::test]
async fn a_long_list_is_drawn_as_far_as_somebody_scrolls_and_keeps_in_place_what_they_read() -> Result<()> {
    const PAGE: usize = 100;
    const STREAMED: usize = 160;
    let andon = plant().await?;
    let events = |worker: &str, hour: usize, count: usize| -> Value {
        let event = |number: usize| {
            let (minute, second) = (number / 60, number % 60);
            worked(worker, &format!("2026-01-05T{hour:02}:{minute:02}:{second:02}Z"), 1, 1)
        };
        (0..count).map(event).collect::<Vec<_>>().into()
    };
    andon.ingest("plant", events("W1", 8, PAGE)).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "").await?;
    wait_for_rows(&page, PAGE).await?;
    andon.ingest("plant", events("W2", 9, STREAMED)).await?;
    page.wait_until(&format!("({SHOWN})[0].startsWith('worker W2')")).await?;
    wait_for_rows(&page, PAGE).await?;

    let pdf = page.print(&Path::new(PICTURES).join("long-events.pdf")).await?;
    let paper: String = pdf::pages(&pdf)?.iter().map(|page| page.text.as_str()).collect();
    for (worker, count) in [("W1", PAGE), ("W2", STREAMED)] {
        assert_eq!(paper.matches(worker).count(), count, "{worker} on paper");
    }
    wait_for_rows(&page, PAGE).await?;

    let oldest = format!("document.querySelector(`[data-event='{}']`)", "worker W1 working 1767600000000 ");
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)").await?;
    wait_for_rows(&page, PAGE + STREAMED).await?;
    page.wait_until(&format!("{oldest} !== null")).await?;
    page.evaluate(&format!("{oldest}.scrollIntoView({{ block: 'center' }})")).await?;
    page.wait_until(&format!(
        "(() => {{ const {{ top }} = {oldest}.getBoundingClientRect(); const still = window.readAt === top; window.readAt = top; return still; }})()"
    ))
    .await?;
    andon.ingest("plant", events("W3", 10, 40)).await?;
    page.wait_until(&format!(
        "({SHOWN})[0].startsWith('worker W3') && ({SHOWN}).length === {}",
        PAGE + STREAMED + 40
    ))
    .await?;
    page.wait_until(&format!("Math.abs({oldest}.getBoundingClientRect().top - window.readAt) < 2")).await?;
    close(chrome).await
}
