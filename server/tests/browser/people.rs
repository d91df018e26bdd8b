//! The page of people and stations: named in place, several at a time, and by a paste, with the keyboard alone too.

use anyhow::{Context as _, Result};
use browser_driver::{Chrome, Page, Scheme, Screen};
use serde_json::{Value, json};

use crate::{andon::Andon, axe, browser, close, dashboard::Dashboard as _, live::worked, pages::judge};

const PEOPLE: &str = "/people?factory=plant";

/// A factory in which W1, W2 and W3 worked.
pub(crate) async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let events = ["W1", "W2", "W3"].map(|id| worked(id, "2026-01-05T08:00:00Z", 30, 12));
    andon.ingest("plant", json!(events)).await?;
    Ok(andon)
}

async fn open<'chrome>(chrome: &'chrome Chrome, andon: &Andon) -> Result<Page<'chrome>> {
    let page = chrome.open(&andon.url(PEOPLE)).await?;
    page.wait_for_connection("live").await?;
    Ok(page)
}

/// Id, name and area of all workers, as the API says them.
async fn workers(andon: &Andon) -> Result<Vec<(String, Option<String>, Option<String>)>> {
    let data =
        andon.graphql("{ factory(id: \"plant\") { workers { workerId name area } } }", json!({})).await?;
    let workers = data["factory"]["workers"].as_array().context("no workers")?.iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Ok(workers
        .map(|one| (text(&one["workerId"]).unwrap_or_default(), text(&one["name"]), text(&one["area"])))
        .collect())
}

fn told(id: &str, name: Option<&str>, area: Option<&str>) -> (String, Option<String>, Option<String>) {
    (id.to_owned(), name.map(str::to_owned), area.map(str::to_owned))
}

/// Puts a text where the cursor is, as the clipboard does.
async fn paste(page: &Page<'_>, text: &str) -> Result<()> {
    let field = "document.querySelector('[data-testid=people-pasted]')";
    page.evaluate(&format!(
        "(() => {{ {field}.focus(); {field}.select(); return document.execCommand('insertText', false, {}); }})()",
        json!(text)
    ))
    .await?;
    Ok(())
}

async fn wait_for_text(page: &Page<'_>, test_id: &str, text: &str) -> Result<()> {
    page.wait_until(&format!(
        "document.querySelector(\"[data-testid='{test_id}']\")?.innerText.includes({})",
        json!(text)
    ))
    .await
}

#[tokio::test]
async fn a_pasted_table_says_what_it_will_change_before_it_does_and_a_second_paste_undoes_it() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon).await?;
    page.wait_for("[data-testid=person-worker-W3]").await?;
    paste(
        &page,
        "Name\tId\tShift\tArea\nAda\tW1\tearly\tLine 1\nBen\tW2\tlate\tLine 1\nEve\tW9\tlate\tLine 2\n",
    )
    .await?;
    wait_for_text(&page, "people-summary", "2 to change · 1 not known yet").await?;
    wait_for_text(&page, "people-summary", "Not used: Shift.").await?;
    page.wait_until("document.querySelectorAll('[data-testid=people-line]').length === 3").await?;
    assert_eq!(page.text("[data-testid=people-apply]").await?, "Save 2 changes");
    assert_eq!(workers(&andon).await?[0], told("W1", None, None), "changed before somebody said so");

    page.click("[data-testid=people-register]").await?;
    page.wait_until("document.querySelector('[data-testid=people-apply]').innerText === 'Save 3 changes'")
        .await?;
    page.click("[data-testid=people-apply]").await?;
    page.wait_until(
        "document.querySelector('.people-paste [data-testid=people-said]').innerText === '3 saved.'",
    )
    .await?;
    wait_for_text(&page, "person-worker-W9", "Eve").await?;
    wait_for_text(&page, "people-summary", "3 as they are").await?;
    let expected = [
        told("W1", Some("Ada"), Some("Line 1")),
        told("W2", Some("Ben"), Some("Line 1")),
        told("W3", None, None),
        told("W9", Some("Eve"), Some("Line 2")),
    ];
    assert_eq!(workers(&andon).await?, expected);

    paste(&page, "id;name;area\nW1;;\nW2;;").await?;
    wait_for_text(&page, "people-summary", "2 to change").await?;
    page.click("[data-testid=people-apply]").await?;
    page.wait_until("!document.querySelector('[data-testid=person-worker-W1]').innerText.includes('Ada')")
        .await?;
    assert_eq!(workers(&andon).await?[..2], [told("W1", None, None), told("W2", None, None)]);
    close(chrome).await
}

#[tokio::test]
async fn a_line_that_is_wrong_says_why_and_keeps_all_from_being_saved() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon).await?;
    page.wait_for("[data-testid=person-worker-W3]").await?;
    paste(&page, &format!("W1,Ada\nW2,{}", "x".repeat(65))).await?;
    page.wait_for("[data-testid=people-line][data-outcome=wrong]").await?;
    let line = page.text("[data-testid=people-line][data-outcome=wrong]").await?;
    assert!(line.contains("Name must have 1 to 64 characters"), "{line}");
    page.wait_until("document.querySelector('[data-testid=people-apply]').disabled").await?;
    paste(&page, "W1,Ada\nW2,Ben").await?;
    page.wait_until("!document.querySelector('[data-testid=people-apply]').disabled").await?;
    close(chrome).await
}

#[tokio::test]
async fn what_a_paste_will_change_fits_the_narrowest_telephone_and_is_accessible() -> Result<()> {
    let andon = plant().await?;
    let script = axe::script()?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon).await?;
    page.wait_for("[data-testid=person-worker-W3]").await?;
    let long = "n".repeat(64);
    paste(&page, &format!("id;name;area\nW1;{long};{long}\nW2;Ben;Line 1\nW2;Eve;\nW9;Eve;")).await?;
    page.wait_for("[data-testid=people-line][data-outcome=wrong]").await?;
    page.wait_for("[data-testid=people-register]").await?;
    page.click("[data-testid=person-worker-W1] input").await?;
    page.click("[data-testid=person-worker-W2] [data-testid=rename-area]").await?;
    page.wait_for("[data-testid=rename-area-field]").await?;
    for (width, scheme) in [(320, Scheme::Light), (320, Scheme::Dark), (1280, Scheme::Light)] {
        page.set_screen(&Screen { width, height: 800, scheme, ..Screen::LAPTOP }).await?;
        assert_eq!(judge(&page, &script).await?, Vec::<String>::new(), "{width} {}", scheme.name());
    }
    close(chrome).await
}

#[tokio::test]
async fn several_get_one_area_and_an_empty_one_takes_them_out_again() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon).await?;
    for id in ["W1", "W3"] {
        page.click(&format!("[data-testid=person-worker-{id}] input")).await?;
    }
    wait_for_text(&page, "people-selected", "2 selected").await?;
    page.click("[data-testid=people-area]").await?;
    page.type_text("Paint").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "people-said", "2 saved.").await?;
    wait_for_text(&page, "person-worker-W3", "Paint").await?;
    let areas: Vec<_> = workers(&andon).await?.into_iter().map(|(_, _, area)| area).collect();
    assert_eq!(areas, [Some("Paint".to_owned()), None, Some("Paint".to_owned())]);

    page.click("[data-testid=people-select-none]").await?;
    page.click("[data-testid=people-find]").await?;
    page.type_text("paint").await?;
    wait_for_text(&page, "people-shown", "2 of 3").await?;
    page.click("[data-testid=people-select-shown]").await?;
    wait_for_text(&page, "people-selected", "2 selected").await?;
    page.click("[data-testid=people-area]").await?;
    page.press("Control+a").await?;
    page.press("Backspace").await?;
    page.click("[data-testid=people-set-area]").await?;
    page.wait_until("document.querySelector('[data-testid=person-worker-W1]') === null").await?;
    assert!(workers(&andon).await?.iter().all(|(_, _, area)| area.is_none()));
    close(chrome).await
}

#[tokio::test]
async fn with_the_keyboard_alone_one_is_named_and_several_are_placed() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon).await?;
    page.wait_for("[data-testid=person-worker-W3]").await?;
    let focus = async |selector: &str| {
        page.evaluate(&format!("document.querySelector(\"{selector}\").focus()")).await
    };
    focus("[data-testid=person-worker-W2] [data-testid=rename-name]").await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid=rename-name-field]:focus").await?;
    page.type_text("Ben").await?;
    page.press("Enter").await?;
    // The name is there at once, and the focus is where it was.
    wait_for_text(&page, "person-worker-W2", "Ben").await?;
    page.wait_for("[data-testid=person-worker-W2] [data-testid=rename-name]:focus").await?;
    page.press("Tab").await?;
    page.wait_for("[data-testid=person-worker-W2] [data-testid=rename-area]:focus").await?;
    page.press("Tab").await?;
    page.wait_for("[data-testid=person-worker-W3] input:focus").await?;
    page.press("Space").await?;
    wait_for_text(&page, "people-selected", "1 selected").await?;
    focus("[data-testid=people-area]").await?;
    page.type_text("Pack").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "person-worker-W3", "Pack").await?;
    let expected = [told("W1", None, None), told("W2", Some("Ben"), None), told("W3", None, Some("Pack"))];
    assert_eq!(workers(&andon).await?, expected);
    close(chrome).await
}

#[tokio::test]
async fn a_name_is_changed_in_its_row_of_the_floor_by_the_key_of_spreadsheets_and_by_the_mouse() -> Result<()>
{
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=all-time")).await?;
    page.wait_for("[data-testid=worker-row-W1]").await?;
    page.evaluate("document.querySelector('[data-testid=worker-row-W1] a').focus()").await?;
    page.press("F2").await?;
    page.wait_for("[data-testid=rename-name-field]:focus").await?;
    page.type_text("Ada").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "worker-row-W1", "Ada").await?;
    page.wait_until("location.pathname === '/'").await?;
    page.click("[data-testid=worker-row-W2] [data-testid=rename-name]").await?;
    page.wait_for("[data-testid=rename-name-field]:focus").await?;
    page.press("Escape").await?;
    page.wait_for("[data-testid=worker-row-W2] [data-testid=rename-name]:focus").await?;
    assert_eq!(workers(&andon).await?[..2], [told("W1", Some("Ada"), None), told("W2", None, None)]);
    close(chrome).await
}

#[tokio::test]
async fn the_page_is_reached_before_the_first_event_and_from_a_telephone() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant")).await?;
    page.wait_for("[data-testid=first-steps]").await?;
    page.evaluate("document.querySelector('[data-testid=first-steps] a[href^=\"/people?\"]').click()")
        .await?;
    page.wait_for("[data-testid=people-none]").await?;
    paste(&page, "W1\tAda").await?;
    page.wait_for("[data-testid=people-register]").await?;
    page.click("[data-testid=people-register]").await?;
    page.click("[data-testid=people-apply]").await?;
    page.wait_for("[data-testid=person-worker-W1]").await?;
    assert_eq!(workers(&andon).await?, [told("W1", Some("Ada"), None)]);

    page.set_screen(&Screen { width: 320, height: 640, ..Screen::LAPTOP }).await?;
    page.show(&andon.url("/devices?factory=plant")).await?;
    let link = ".shell-seldom-foot[href^='/people']";
    page.wait_for(link).await?;
    assert_eq!(page.evaluate(&format!("document.querySelector(\"{link}\").checkVisibility()")).await?, true);
    // The mouse would stop where the bar of pages lies over the footer.
    page.evaluate(&format!("document.querySelector(\"{link}\").click()")).await?;
    page.wait_for("[data-testid=person-worker-W1]").await?;
    page.wait_until("document.documentElement.scrollWidth <= document.documentElement.clientWidth").await?;
    close(chrome).await
}
