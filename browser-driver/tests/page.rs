//! A page of our own, used as a person would use it.

use std::{path::Path, time::Duration};

use anyhow::Result;
use browser_driver::{Accessible, Chrome, Motion, Page, Scheme, Screen};
use serde_json::json;

const PAGE: &str = "data:text/html,<!doctype html><html lang=en><title>A page</title>
<style>
    body { margin: 0 } %23covered, %23cover { position: absolute; top: 300px; left: 0; width: 50px; height: 50px }
    @media (prefers-color-scheme: dark) { body { color: rgb(1, 2, 3) } }
</style>
<h1>Hello</h1>
<label>Worker <input id=worker></label>
<button id=save title='Keeps it'>Save</button>
<button id=hidden style='display: none'>Hidden</button>
<a id=export download=list.csv href='data:text/csv,a%2Cb'>Export</a>
<button id=covered>Covered</button><div id=cover></div>
<script>
    window.heard = [];
    for (const kind of ['keydown', 'click', 'mouseover'])
        addEventListener(kind, (event) => heard.push(`${kind} ${event.key ?? event.target.id}`));
</script>";

async fn chrome() -> Result<Chrome> {
    Chrome::launch(Path::new(env!("CARGO_TARGET_TMPDIR"))).await
}

async fn page(chrome: &Chrome) -> Result<Page<'_>> {
    let page = chrome.open(PAGE).await?;
    page.wait_until("window.heard !== undefined").await?;
    Ok(page)
}

#[tokio::test]
async fn keys_go_where_the_focus_is() -> Result<()> {
    let chrome = chrome().await?;
    let page = page(&chrome).await?;
    page.press("Tab").await?;
    page.type_text("W1").await?;
    let worker = Accessible {
        role: "textbox".to_owned(),
        name: "Worker".to_owned(),
        value: "W1".to_owned(),
        ..Accessible::default()
    };
    assert_eq!(page.focused().await?, worker);

    page.tab_to("button", "Save").await?;
    page.press("Enter").await?;
    let save = Accessible {
        role: "button".to_owned(),
        name: "Save".to_owned(),
        description: "Keeps it".to_owned(),
        ..Accessible::default()
    };
    assert_eq!(page.focused().await?, save);
    page.wait_until("heard.includes('click save')").await?;

    page.press("Shift+Tab").await?;
    page.press("Control+k").await?;
    assert_eq!(page.focused().await?, worker);
    page.wait_until("heard.includes('keydown k')").await?;
    let lost = page.tab_to("button", "Delete").await.unwrap_err().to_string();
    assert!(lost.contains("link \"Export\""), "{lost}");
    chrome.close().await?;
    Ok(())
}

#[tokio::test]
async fn the_mouse_meets_what_is_seen_and_not_what_is_covered() -> Result<()> {
    let chrome = chrome().await?;
    let page = page(&chrome).await?;
    page.hover("#save").await?;
    page.click("#save").await?;
    page.click_named("button", "Save").await?;
    page.wait_until("heard.filter((one) => one === 'click save').length === 2").await?;
    assert_eq!(page.evaluate("heard[0]").await?, "mouseover save");

    let buttons = page.all_of_role("button").await?;
    let names: Vec<_> = buttons.iter().map(|button| &*button.name).collect();
    assert_eq!(names, ["Save", "Covered"]);
    page.evaluate("setTimeout(() => document.querySelector('#cover').remove(), 100)").await?;
    page.click("#covered").await?;
    page.wait_until("heard.at(-1) === 'click covered'").await?;
    assert_eq!(page.evaluate("heard.filter((one) => one.startsWith('click')).length").await?, 3);
    chrome.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_screen_is_as_large_and_as_dark_as_it_was_set() -> Result<()> {
    let chrome = chrome().await?;
    let page = page(&chrome).await?;
    let screen =
        Screen { width: 390, height: 844, scale: 2.0, scheme: Scheme::Dark, motion: Motion::Reduced };
    page.set_screen(&screen).await?;
    page.set_time_zone("Asia/Tokyo").await?;
    let told = page
        .evaluate(
            "[innerWidth, innerHeight, devicePixelRatio, matchMedia('(prefers-reduced-motion: reduce)').matches,
              getComputedStyle(document.body).color, Intl.DateTimeFormat().resolvedOptions().timeZone]",
        )
        .await?;
    assert_eq!(told, json!([390, 844, 2, true, "rgb(1, 2, 3)", "Asia/Tokyo"]));

    let folder = tempfile::tempdir()?;
    let picture = folder.path().join("deeper/page.png");
    page.evaluate("document.body.style.height = '2000px'").await?;
    let height = page.evaluate("document.documentElement.scrollHeight").await?.as_u64().unwrap();
    assert!(height >= 2_000, "{height}");
    page.screenshot(&picture).await?;
    let png = std::fs::read(picture)?;
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!((size(16), size(20)), (780, 2 * height as u32), "the whole page in device pixels");
    chrome.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_console_is_heard_and_a_download_caught() -> Result<()> {
    let chrome = chrome().await?;
    let (page, other) = (page(&chrome).await?, page(&chrome).await?);
    page.evaluate("console.warn('low on', 3); setTimeout(() => { throw new Error('lost') })").await?;
    page.wait_until("new Promise((done) => setTimeout(() => done(true)))").await?;
    let said = page.messages().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(said.starts_with("warning: low on 3\nexception: Error: lost"), "{said}");
    assert!(other.messages().is_empty());

    page.click("#export").await?;
    let download = chrome.download(0).await?;
    assert_eq!((&*download.name, &*download.content), ("list.csv", &b"a,b"[..]));
    chrome.close().await?;
    Ok(())
}

#[tokio::test]
async fn what_a_page_costs_is_known() -> Result<()> {
    let chrome = chrome().await?;
    let page = page(&chrome).await?;
    let frames = page.frames(Duration::from_millis(500)).await?;
    assert!(frames.per_s > 0.0 && frames.longest_gap_ms > 0.0, "{frames:?}");
    let before = page.memory().await?;
    page.evaluate("window.kept = new Uint8Array(5_000_000); document.body.append(...'abc'.split(''))")
        .await?;
    page.evaluate("window.pages = new WebAssembly.Memory({ initial: 3 })").await?;
    let after = page.memory().await?;
    assert!(after.backing_bytes >= before.backing_bytes + 5_000_000, "{before:?} {after:?}");
    assert!(after.dom_nodes >= before.dom_nodes + 3, "{before:?} {after:?}");
    assert_eq!(after.webassembly_bytes, 3 * 65_536);
    assert!(!chrome.page_processes().await?.is_empty());
    chrome.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_request_that_leaves_this_host_fails_the_test() -> Result<()> {
    let chrome = chrome().await?;
    let page = page(&chrome).await?;
    page.evaluate("fetch('http://example.com/').catch(() => 'not found')").await?;
    let error = chrome.close().await.unwrap_err().to_string();
    assert!(error.contains("http://example.com/"), "{error}");
    Ok(())
}
