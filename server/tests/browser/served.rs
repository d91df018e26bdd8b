//! How the dashboard's files come over HTTP: compressed as well as the client can read, and kept by it for ever.

use anyhow::{Context as _, Result};
use reqwest::{Client, Response};

use crate::{andon::Andon, browser, close, dashboard::Dashboard as _};

#[tokio::test]
async fn a_client_gets_the_smallest_form_that_it_accepts_of_a_file_that_it_may_keep() -> Result<()> {
    let andon = Andon::start(None).await?;
    let program = program(&andon).await?;
    let mut lengths = Vec::new();
    for (accepted, sent) in [("gzip, deflate, br", "br"), ("gzip, deflate", "gzip"), ("identity", "")] {
        let response = get(&andon, &program, accepted).await?;
        assert_eq!(header(&response, "content-encoding"), sent, "{accepted}");
        assert_eq!(header(&response, "vary"), "accept-encoding");
        assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header(&response, "content-type"), "application/wasm");
        lengths.push(response.bytes().await?.len());
    }
    assert!(lengths.is_sorted_by(|smaller, larger| smaller < larger), "{lengths:?}");
    Ok(())
}

#[tokio::test]
async fn the_page_itself_is_asked_for_again_each_time() -> Result<()> {
    let andon = Andon::start(None).await?;
    let page = get(&andon, "/", "br").await?;
    assert_eq!(header(&page, "cache-control"), "no-cache");
    assert_eq!(header(&page, "content-encoding"), "br");
    let known = header(&page, "etag").to_owned();
    let again = Client::new().get(andon.url("/")).header("if-none-match", known).send().await?;
    assert_eq!((again.status().as_u16(), again.bytes().await?.len()), (304, 0));
    Ok(())
}

#[tokio::test]
async fn a_browser_runs_the_dashboard_from_its_brotli_copies() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/")).await?;
    page.wait_for_connection("live").await?;
    let encodings = chrome.seen().encodings;
    for name in ["dashboard_bg.wasm", "dashboard.js", ".css"] {
        let encoding = encodings.iter().find(|(address, _)| address.ends_with(name));
        assert_eq!(encoding.map(|(_, encoding)| &**encoding), Some("br"), "{name} in {encodings:?}");
    }
    close(chrome).await
}

/// The path of the dashboard's WebAssembly, as the page names its folder.
async fn program(andon: &Andon) -> Result<String> {
    let page = get(andon, "/", "identity").await?.text().await?;
    let folder = page.split('"').find_map(|part| part.strip_suffix("/boot.js"));
    let folder = folder.with_context(|| format!("the page names no program: {page}"))?;
    Ok(format!("{folder}/dashboard_bg.wasm"))
}

async fn get(andon: &Andon, path: &str, accepted: &str) -> Result<Response> {
    let request = Client::new().get(andon.url(path)).header("accept-encoding", accepted);
    Ok(request.send().await?.error_for_status()?)
}

fn header<'response>(response: &'response Response, name: &str) -> &'response str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
