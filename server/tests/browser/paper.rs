//! Every page on paper: A4, with its numbers and its charts, and nothing that can be pressed.

pub(crate) mod pdf;

use std::path::Path;

use anyhow::{Context as _, Result};
use browser_driver::{Medium, Page};
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    browser, close,
    dashboard::Dashboard as _,
    floor::{FACTORY, floor},
    live::worked,
    pages::{CUT, PICTURES},
};

/// A4 in points, the shorter side first.
const A4: [f64; 2] = [595.0, 842.0];
/// The colour of work on light ground, as a PDF says it.
const WORKING: [f64; 3] = [0.0, 79.0 / 255.0, 102.0 / 255.0];
/// What can be pressed or typed into and is not on paper.
const CONTROLS: &str = "[...document.querySelectorAll('button, input, select, nav, header')].filter((one) =>
    one.checkVisibility() && !one.matches('.explained-subject, .heatmap-name, .device-name, .board-line'))
    .map((one) => one.outerHTML)";

/// A page on paper: what it says, and how often something is filled with the colour of work.
struct Paper {
    text: String,
    pages: usize,
    working_fills: usize,
}

fn read(file: &[u8]) -> Result<Paper> {
    let pages = pdf::pages(file)?;
    assert!(!pages.is_empty(), "nothing was printed");
    for page in &pages {
        let mut sides = page.size;
        sides.sort_by(f64::total_cmp);
        assert!(sides.iter().zip(A4).all(|(side, expected)| (side - expected).abs() < 2.0), "{sides:?}");
    }
    let is_working = |colour: &&[f64; 3]| {
        colour.iter().zip(WORKING).all(|(part, expected)| (part - expected).abs() < 0.01)
    };
    Ok(Paper {
        text: pages.iter().map(|page| page.text.as_str()).collect(),
        pages: pages.len(),
        working_fills: pages.iter().flat_map(|page| &page.fills).filter(is_working).count(),
    })
}

/// Prints what is shown, and looks at it as it is on paper.
async fn printed(page: &Page<'_>, name: &str) -> Result<Paper> {
    page.wait_until("document.querySelector('.skeleton') === null").await?;
    let pdf = page.print(&Path::new(PICTURES).join(format!("{name}.pdf"))).await?;
    page.set_medium(Medium::Print).await?;
    assert_eq!(page.evaluate(CONTROLS).await?, json!([]), "{name}");
    assert_eq!(page.evaluate(CUT).await?, "", "{name}");
    page.screenshot(&Path::new(PICTURES).join(format!("{name}-paper.png"))).await?;
    page.set_medium(Medium::Screen).await?;
    read(&pdf).with_context(|| format!("{name} on paper"))
}

#[tokio::test]
async fn every_page_is_printed_with_its_numbers_and_charts_and_without_controls() -> Result<()> {
    let andon = floor().await?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    for (name, path, shown, said, has_chart) in [
        ("floor", "/?window=last-8-hours", "[data-testid='floor-timeline']", "Assembly (8)", true),
        (
            "floor-by-hour",
            "/?window=last-8-hours&chart=hours",
            "[data-testid='heatmap']",
            "Ada Kowalska",
            true,
        ),
        ("worker", "/worker?window=today&id=W9", ".timeline-reading b", "W9", true),
        ("workstation", "/workstation?window=last-8-hours&id=S4", ".timeline-reading b", "S4", true),
        ("compare", "/compare?window=last-8-hours&kind=worker&ids=W1,W2", ".timeline-reading b", "W2", true),
        ("events", "/events?window=last-8-hours", "[data-testid='event-row']", "Event log", false),
        ("cameras", "/cameras?window=today", "[data-testid='camera-cam-paint']", "cam-paint", false),
        ("devices", "/devices?window=today", "[data-testid='devices-none']", "Edge devices", false),
        ("people", "/people?window=today", "[data-testid='person-worker-W24']", "Ada Kowalska", false),
        (
            "board",
            "/board?window=last-8-hours&rotate=600",
            "[data-testid='board-worker-W1']",
            "Ada Kowalska",
            true,
        ),
    ] {
        page.show(&andon.url(&format!("{path}&factory={FACTORY}"))).await?;
        page.wait_for_connection("live").await?;
        page.wait_for(shown).await?;
        let paper = printed(&page, &format!("print-{name}")).await?;
        assert!(paper.text.contains(said), "{name}: {said} is not in {}", paper.text);
        for control in ["Custom range", "Copy link", "Search"] {
            assert!(!paper.text.contains(control), "{name}: {control} is in {}", paper.text);
        }
        assert!(!has_chart || paper.working_fills > 0, "{name}: no bar has its colour");
    }
    close(chrome).await
}

#[tokio::test]
async fn a_long_list_is_printed_to_its_end_although_the_screen_shows_a_part_of_it() -> Result<()> {
    const WORKERS: usize = 150;
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let events = (1..=WORKERS).map(|id| worked(&format!("W{id}"), "2026-01-05T08:00:00Z", 30, 12));
    andon.ingest("plant", events.collect::<Vec<Value>>().into()).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=2026-01-05")).await?;
    page.wait_for("[data-testid='worker-row-W1']").await?;
    let last = format!("document.querySelector(\"[data-testid='worker-row-W{WORKERS}']\") === null");
    assert_eq!(page.evaluate(&last).await?, true, "the screen draws every row");
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))").await?;
    page.wait_for(&format!("[data-testid='worker-row-W{WORKERS}']")).await?;
    let paper = printed(&page, "print-long").await?;
    assert!(paper.text.contains(&format!("W{WORKERS}")) && paper.pages > 2, "{} pages", paper.pages);
    page.evaluate("window.dispatchEvent(new Event('afterprint'))").await?;
    page.wait_until(&last).await?;
    close(chrome).await
}
