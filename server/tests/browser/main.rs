//! The dashboard and GraphiQL in a real browser against the real server: what people see when events arrive, when the
//! server dies and comes back, and when page and API are deployed apart. No request may leave this host.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]
#![deny(unused_must_use, reason = "a step whose error nobody looks at would make a test that cannot fail")]

mod access_pages;
mod andon;
mod attention;
mod axe;
mod back_office;
mod behind_proxies;
mod board;
mod cameras;
mod corrections;
mod dashboard;
mod data_problems;
mod decision_steps;
mod devices;
mod entity;
mod events;
mod floor;
mod floor_page;
mod floor_timeline;
mod graphiql;
mod live;
mod moved;
mod numbers;
mod pages;
mod paper;
mod people;
mod phone;
mod proxy;
mod rules;
mod served;
mod shell;
mod sign_in;
mod static_host;
mod time_range;

use anyhow::Result;
use browser_driver::Chrome;

/// A browser; a page that never shows what is waited for leaves a picture in target/tmp.
async fn browser() -> Result<Chrome> {
    Chrome::launch(env!("CARGO_TARGET_TMPDIR")).await
}

/// Ends the browser and checks what it saw: it stayed on this host, and the pages' policy had nothing to forbid.
async fn close(chrome: Chrome) -> Result<()> {
    let addresses = chrome.close().await?.addresses;
    // What leaves this host would otherwise not be noticed when it is a websocket.
    assert!(addresses.iter().any(|address| address.starts_with("ws://")), "no websocket in {addresses:?}");
    Ok(())
}
