//! The dashboard in a browser while a large floor is at work: how soon it shows numbers, how smoothly it is drawn, and
//! whether its memory stays flat. It is asked for by name, because it takes as long as one likes.

mod feed;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use browser_driver::{Chrome, Frames, Memory, Page, Scheme, Screen};
use clap::Args;

use self::feed::Feed;
use crate::{
    andon::Andon,
    engine::{Databases, Engine},
    process::{self, Server},
};

/// A page of the dashboard, watched while events arrive.
#[derive(Args)]
pub(crate) struct Watch {
    /// For how long
    #[arg(long, default_value_t = 60, value_name = "MINUTES")]
    minutes: u64,
    /// How many workers are seen, each once a second or as often as the batches allow
    #[arg(long, default_value_t = 1_000)]
    workers: u64,
    /// How many batches of 100 events arrive in a second
    #[arg(long, default_value_t = 10)]
    batches_per_s: u64,
    /// Which page, on the factory `plant`
    #[arg(long, default_value = "/?factory=plant&window=last-8-hours")]
    page: String,
    /// A selector of what has to be there before the page counts as showing numbers
    #[arg(long, default_value = "[data-testid='productive-minutes'][data-value]")]
    shown: String,
}

/// Frames are counted for so long; the rest of each interval the page is left alone.
const FRAMES_TIME: Duration = Duration::from_secs(10);
/// How often the page is looked at.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);
/// How often one looks whether the first numbers are there, which is how exact that time is.
const FIRST_LOOK_INTERVAL: Duration = Duration::from_millis(5);
/// How long they may take at all.
const PATIENCE: Duration = Duration::from_mins(1);
/// The wall of a hall.
const SCREEN: Screen = Screen { width: 1920, height: 1080, scheme: Scheme::Dark, ..Screen::LAPTOP };
const MEGABYTE: f64 = 1e6;

/// Counts how often the page changes, several elements at once counted once.
const COUNT_CHANGES: &str = "window.changes = 0; new MutationObserver(() => { changes += 1; })
    .observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })";

/// What one look at the page found.
struct Look {
    /// How often it has changed since it was opened.
    changes: u64,
    frames: Frames,
    memory: Memory,
    page_process_bytes: u64,
    server_bytes: u64,
}

/// Starts a server and a browser of its own, prints a line a minute, and at the end what changed.
pub(crate) async fn watch(watch: &Watch, andon: &Andon, folder: &Path) -> Result<()> {
    let databases = Databases::of(Engine::Sqlite, folder)?;
    let server = andon.serve(&databases.fresh().await?).await?;
    let mut feed = Feed::begin(server.address, watch.workers, watch.batches_per_s).await?;
    let chrome = Chrome::launch(folder).await?;
    let page = chrome.blank().await?;
    page.set_screen(&SCREEN).await?;
    let address = format!("http://{}{}", server.address, watch.page);
    for visit in ["first visit", "second visit, files kept"] {
        let ms = first_numbers_ms(&page, &address, &watch.shown).await?;
        println!("first numbers, {visit}: {ms:.0} ms");
    }
    let looks = tokio::select! {
        looks = look_again_and_again(watch, &chrome, &page, &server) => looks?,
        fed = feed.go_on() => return fed.context("while feeding"),
    };
    summarise(&looks, &page, &feed)?;
    chrome.close().await?;
    server.stop().await
}

/// Opens the address and answers with how long after that the numbers were there, by the page's own clock.
async fn first_numbers_ms(page: &Page<'_>, address: &str, shown: &str) -> Result<f64> {
    let selector = serde_json::to_string(shown)?;
    let shown_at =
        format!("document.querySelector({selector})?.checkVisibility() ? performance.now() : null");
    let begun = Instant::now();
    page.show(address).await?;
    while begun.elapsed() < PATIENCE {
        if let Some(ms) = page.evaluate(&shown_at).await?.as_f64() {
            return Ok(ms);
        }
        tokio::time::sleep(FIRST_LOOK_INTERVAL).await;
    }
    page.wait_for(shown).await?;
    anyhow::bail!("the page took longer than {PATIENCE:?} to show {shown}")
}

async fn look_again_and_again(
    watch: &Watch,
    chrome: &Chrome,
    page: &Page<'_>,
    server: &Server,
) -> Result<Vec<Look>> {
    page.evaluate(COUNT_CHANGES).await?;
    println!(
        "    time  changes  frames/s  longest gap  JS heap  WebAssembly  process  nodes  listeners  server"
    );
    let begun = Instant::now();
    let mut due = tokio::time::interval(LOOK_INTERVAL);
    let mut looks = Vec::new();
    for minute in 0..=watch.minutes {
        due.tick().await;
        let look = look(chrome, page, server).await?;
        println!(
            "{:>5} min  {:>7}  {:>8.1}  {:>8.0} ms  {:>4.1} MB  {:>8.1} MB  {:>4.0} MB  {:>5}  {:>9}  {:>3.0} MB",
            minute,
            look.changes,
            look.frames.per_s,
            look.frames.longest_gap_ms,
            look.memory.js_heap_bytes as f64 / MEGABYTE,
            look.memory.webassembly_bytes as f64 / MEGABYTE,
            look.page_process_bytes as f64 / MEGABYTE,
            look.memory.dom_nodes,
            look.memory.event_listeners,
            look.server_bytes as f64 / MEGABYTE,
        );
        looks.push(look);
    }
    eprintln!("watched for {:.0} s", begun.elapsed().as_secs_f64());
    Ok(looks)
}

async fn look(chrome: &Chrome, page: &Page<'_>, server: &Server) -> Result<Look> {
    let frames = page.frames(FRAMES_TIME).await?;
    let memory = page.memory().await?;
    let drawing = chrome.page_processes().await?;
    Ok(Look {
        changes: page.evaluate("changes").await?.as_u64().unwrap_or_default(),
        frames,
        memory,
        // The others draw empty tabs.
        page_process_bytes: drawing.into_iter().filter_map(process::resident_bytes).max().unwrap_or_default(),
        server_bytes: process::resident_bytes(server.pid).unwrap_or_default(),
    })
}

fn summarise(looks: &[Look], page: &Page<'_>, feed: &Feed) -> Result<()> {
    let (first, last) = looks.first().zip(looks.last()).context("nobody looked at the page")?;
    ensure!(first.changes > 0 && last.changes > first.changes, "the page stood still while events arrived");
    let frames = looks.iter().map(|look| look.frames.per_s);
    let fewest = frames.clone().fold(f64::INFINITY, f64::min);
    let mean = frames.sum::<f64>() / looks.len() as f64;
    let megabytes = |bytes: fn(&Look) -> u64| {
        format!("{:.1} -> {:.1} MB", bytes(first) as f64 / MEGABYTE, bytes(last) as f64 / MEGABYTE)
    };
    println!("events: {} in {} batches", feed.events, feed.batches);
    println!("frames/s: {mean:.1} on average, {fewest:.1} in the worst {} s", FRAMES_TIME.as_secs());
    println!("JS heap: {}", megabytes(|look| look.memory.js_heap_bytes));
    println!("WebAssembly: {}", megabytes(|look| look.memory.webassembly_bytes));
    println!("process: {}", megabytes(|look| look.page_process_bytes));
    println!("DOM nodes: {} -> {}", first.memory.dom_nodes, last.memory.dom_nodes);
    let messages = page.messages();
    ensure!(messages.is_empty(), "the page said on its console: {messages:?}");
    Ok(())
}
