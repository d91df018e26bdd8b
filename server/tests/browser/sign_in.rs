//! Signing in, as a person does.

use std::{path::Path, process::Stdio};

use anyhow::{Result, ensure};
use browser_driver::{Page, Screen};
use serde_json::json;
use test_harness::until;
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::{
    andon::Andon, axe, browser, close, dashboard::Dashboard as _, live::worked, pages::PICTURES, static_host,
};

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
async fn a_dashboard_on_another_site_has_its_user_sign_in_at_the_server_and_out_again() -> Result<()> {
    let (listener, site) = static_host::listen().await;
    // What browsers take for one site has one name.
    let site = site.replace("127.0.0.1", "localhost");
    let andon = Andon::start(Some(site.clone())).await?;
    static_host::serve(listener, &andon.url(""));
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T00:00:00Z", 600, 1_000)])).await?;
    create_person(&andon).await?;
    let chrome = browser().await?;
    let page = chrome.open(&format!("{site}/?factory=plant&window=2026-01-05")).await?;
    page.wait_until("location.pathname === '/auth/sign-in'").await?;
    ensure!(page.evaluate("location.origin").await? == andon.url(""));
    fill(&page, "Kim", PASSWORD).await?;
    let is_back = format!("location.origin === '{site}' && location.search.includes('factory=plant')");
    page.wait_until(&is_back).await?;
    page.wait_for_connection("live").await?;
    page.wait_for_cell("worker-row-W1", "units", 1_000.0).await?;
    ensure!(page.evaluate("location.hash").await? == "" && page.evaluate("document.cookie").await? == "");
    andon_pushes(&andon, &page).await?;
    // Another page of the tab has the session, too.
    page.show(&format!("{site}/?factory=plant&window=2026-01-05")).await?;
    page.wait_for_cell("worker-row-W1", "units", 1_003.0).await?;

    page.click("[data-testid='account-open']").await?;
    page.click("[data-testid='sign-out']").await?;
    page.wait_until("location.pathname === '/auth/sign-out'").await?;
    page.wait_for("button:focus").await?;
    page.screenshot(&Path::new(PICTURES).join("sign-out.png")).await?;
    page.press("Enter").await?;
    page.wait_until("location.pathname === '/auth/sign-in'").await?;
    page.show(&format!("{site}/?factory=plant")).await?;
    page.wait_until("location.pathname === '/auth/sign-in'").await?;
    close(chrome).await
}

/// Something is sent to the open page, by somebody who may.
async fn andon_pushes(andon: &Andon, page: &Page<'_>) -> Result<()> {
    let token = Command::new(env!("CARGO_BIN_EXE_andon"))
        .args(["token", "create", "--factory", "plant", "--device", "cam-7", "--database-url"])
        .arg(andon.database_url())
        .output()
        .await?;
    let query = "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
    let body =
        json!({ "query": query, "variables": { "events": [worked("W1", "2026-01-05T12:00:00Z", 5, 3)] } });
    let request = reqwest::Client::new().post(andon.url("/graphql")).json(&body);
    let sent = request.bearer_auth(String::from_utf8(token.stdout)?.trim()).send().await?;
    ensure!(sent.status().is_success(), "{}", sent.text().await?);
    page.wait_for_cell("worker-row-W1", "units", 1_003.0).await
}

#[tokio::test]
async fn pages_of_another_site_do_nothing_as_somebody_who_has_signed_in() -> Result<()> {
    let (listener, site) = static_host::listen().await;
    let site = site.replace("127.0.0.1", "localhost");
    let andon = Andon::start(None).await?;
    static_host::serve(listener, &andon.url(""));
    andon.create_factory("plant", "UTC").await?;
    create_person(&andon).await?;
    let chrome = browser().await?;
    let own = chrome.open(&andon.url("/?factory=plant")).await?;
    fill(&own, "Kim", PASSWORD).await?;
    own.wait_for_connection("live").await?;
    let evil = chrome.open(&format!("{site}/config.json")).await?;
    let (api, sign_in, sign_out) =
        (andon.url("/graphql"), andon.url("/auth/sign-in"), andon.url("/auth/sign-out"));
    // With the cookie and as simple requests, which browsers send without asking.
    let create = r#"{\"query\":\"mutation { createFactory(input: {id: \\\"evil\\\", name: \\\"Evil\\\"}) { factoryId } }\"}"#;
    for (url, content_type, body) in [
        (&api, "text/plain", create),
        (&api, "application/x-www-form-urlencoded", "query=mutation"),
        (&sign_in, "application/x-www-form-urlencoded", "name=Kim&password=correct+horse+battery"),
        (&sign_out, "application/x-www-form-urlencoded", ""),
    ] {
        let send = format!(
            "fetch('{url}', {{ method: 'POST', mode: 'no-cors', credentials: 'include', headers: {{ 'content-type': '{content_type}' }}, \
             body: `{body}` }}).then((answer) => answer.type)"
        );
        ensure!(evil.evaluate(&send).await? == "opaque", "{url}");
    }
    let read = format!(
        "fetch('{api}?query={{factories{{id}}}}', {{ credentials: 'include' }}).then((answer) => answer.text(), () => 'kept away')"
    );
    ensure!(evil.evaluate(&read).await? == "kept away");
    let socket = format!(
        "new Promise((done) => {{
            const socket = new WebSocket('{}', 'graphql-transport-ws');
            socket.onopen = () => socket.send('{{\"type\":\"connection_init\"}}');
            socket.onmessage = (event) => done(event.data);
            socket.onclose = () => done('closed');
        }})",
        api.replace("http:", "ws:")
    );
    ensure!(evil.evaluate(&socket).await? == "closed");
    // What a form sends shows in the page that follows.
    evil.evaluate(&format!(
        "(() => {{
            document.documentElement.innerHTML = '<form method=post action={sign_in}><input name=name value=Kim><input name=password></form>';
            document.querySelector('form').submit();
        }})()"
    ))
    .await?;
    evil.wait_until("document.body.innerText.includes('a page of another site')").await?;
    // In a frame the page for signing in is not shown.
    let frames = browser().await?;
    let framing = frames.open(&format!("{site}/config.json")).await?;
    framing
        .evaluate(&format!("document.documentElement.innerHTML = '<iframe src={sign_in}></iframe>'"))
        .await?;
    until("the browser's word on the frame", async || {
        framing.messages().iter().any(|message| message.text.contains("frame-ancestors"))
    })
    .await;
    // Not closed as others are, which nothing may be forbidden in.
    drop(framing);
    drop(frames);
    ensure!(andon.factories().await? == 1, "a page of another site created a factory");
    // And they are still signed in.
    own.show(&andon.url("/?factory=plant")).await?;
    own.wait_for_connection("live").await?;
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
    for (path, name) in [
        ("/auth/sign-in", "sign-in-phone"),
        ("/auth/setup", "setup-phone"),
        ("/auth/board", "board-link-phone"),
        ("/auth/sign-out", "sign-out-phone"),
    ] {
        page.show(&andon.url(path)).await?;
        page.wait_for("button").await?;
        page.wait_until("document.documentElement.scrollWidth <= 320").await?;
        page.screenshot(&Path::new(PICTURES).join(format!("{name}.png"))).await?;
        let faults = page.axe(&script).await?;
        ensure!(faults.is_empty(), "{path}: {faults:?}");
    }
    drop(page);
    chrome.close().await?;
    Ok(())
}
