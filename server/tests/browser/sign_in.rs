//! Signing in, as a person does.

use std::{path::Path, process::Stdio};

use anyhow::{Result, ensure};
use browser_driver::{Page, Screen};
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::{andon::Andon, axe, browser, close, dashboard::Dashboard as _, live::worked, pages::PICTURES};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Creates a person who leads the workers of the plant; whereupon the server lets in nobody else.
async fn create_person(andon: &Andon) -> Result<()> {
    command(andon, &["person", "create", "Kim", "--operator"], "").await?;
    command(andon, &["person", "password", "Kim"], PASSWORD).await?;
    command(andon, &["grant", "add", "--factory", "plant", "--person", "Kim", "--role", "supervisor"], "")
        .await
}

pub(crate) async fn command(andon: &Andon, arguments: &[&str], input: &str) -> Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_andon"));
    command.args(arguments).args(["--database-url", &andon.database_url()]);
    let mut child = command.stdin(Stdio::piped()).kill_on_drop(true).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).await?;
    }
    ensure!(child.wait().await?.success(), "{arguments:?}");
    Ok(())
}

pub(crate) async fn fill(page: &Page<'_>, name: &str, password: &str) -> Result<()> {
    page.wait_for("#password").await?;
    for (id, text) in [("name", name), ("password", password)] {
        page.evaluate(&format!("document.getElementById('{id}').value = '{text}'")).await?;
    }
    page.click_named("button", "Sign in").await
}

#[tokio::test]
async fn somebody_whose_server_was_closed_signs_in_and_is_where_they_were() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T00:00:00Z", 600, 1_000)])).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=2026-01-05")).await?;
    page.wait_for_connection("live").await?;
    create_person(&andon).await?;
    // The page hears that it is not let in any more.
    page.wait_until("location.pathname === '/auth/sign-in'").await?;
    page.wait_for("#password").await?;
    page.screenshot(&Path::new(PICTURES).join("sign-in.png")).await?;
    fill(&page, "Kim", "a wrong password").await?;
    page.wait_until("document.querySelector('[role=alert]')?.innerText.includes('wrong')").await?;
    // The name stays, so the password is what is typed again.
    page.wait_for("#password:focus").await?;
    page.screenshot(&Path::new(PICTURES).join("sign-in-wrong.png")).await?;
    fill(&page, "Kim", PASSWORD).await?;
    page.wait_until("location.pathname === '/' && location.search.includes('factory=plant')").await?;
    page.wait_for_connection("live").await?;
    page.wait_for_cell("worker-row-W1", "units", 1_000.0).await?;
    // No script of a page reads the session.
    page.wait_until("!document.cookie.includes('andon')").await?;
    close(chrome).await
}

#[tokio::test]
async fn the_pages_for_signing_in_can_be_used_by_everybody_and_on_a_telephone() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    create_person(&andon).await?;
    let script = axe::script()?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    page.set_screen(&Screen { width: 320, height: 640, ..Screen::LAPTOP }).await?;
    for (path, name) in [("/auth/sign-in", "sign-in-phone"), ("/auth/setup", "setup-phone")] {
        page.show(&andon.url(path)).await?;
        page.wait_for("#password").await?;
        page.wait_until("document.documentElement.scrollWidth <= 320").await?;
        page.screenshot(&Path::new(PICTURES).join(format!("{name}.png"))).await?;
        let faults = page.axe(&script).await?;
        ensure!(faults.is_empty(), "{path}: {faults:?}");
    }
    drop(page);
    chrome.close().await?;
    Ok(())
}
