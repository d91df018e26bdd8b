//! Who may do what, as those who look after a factory see and change it; what was done; and who looked at whom.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use browser_driver::{Chrome, Page, Scheme, Screen};
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    axe, browser, close,
    dashboard::Dashboard as _,
    live::worked,
    pages::{PICTURES, judge},
    sign_in::{PASSWORD, command, fill},
    static_host,
};

const ACCESS: &str = "/access?factory=plant";
/// What the links of the panel are called.
const MENU: &str = "[...document.querySelectorAll('#account a')].map((one) => one.innerText)";

/// A factory in which W1 worked.
async fn plant(arguments: &[&str]) -> Result<Andon> {
    let andon = Andon::start_with(arguments.iter().map(|&one| one.to_owned()).collect()).await?;
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await?;
    Ok(andon)
}

/// A person with a password and roles of the plant; whereupon the server lets in nobody else.
async fn create_person(andon: &Andon, name: &str, roles: &[&str]) -> Result<()> {
    command(andon, &["person", "create", name], "").await?;
    command(andon, &["person", "password", name], PASSWORD).await?;
    for role in roles {
        command(andon, &["grant", "add", "--factory", "plant", "--person", name, "--role", role], "").await?;
    }
    Ok(())
}

/// An open server with people, devices and programs, some of which are done with.
pub(crate) async fn some_of_every_kind() -> Result<Andon> {
    let andon = plant(&["--access", "open"]).await?;
    create_person(&andon, "Kim Miller", &["admin", "supervisor"]).await?;
    create_person(&andon, "Lee", &["viewer"]).await?;
    let long = "W".repeat(64);
    create_person(&andon, &long, &["viewer", "supervisor", "engineer", "admin"]).await?;
    let create =
        "mutation($input: CreateTokenInput!) { createToken(input: $input) { token { id: tokenId } } }";
    for (kind, name, role, days) in [
        ("DEVICE", "cam-7", None, 365),
        ("DEVICE", &*long, None, 7),
        ("SERVICE", "report", Some("VIEWER"), 90),
        ("DEVICE", "cam-old", None, 365),
    ] {
        let input =
            json!({ "factoryId": "plant", "kind": kind, "name": name, "role": role, "validDays": days });
        let created = andon.graphql(create, json!({ "input": input })).await?;
        if name == "cam-old" {
            let revoke = "mutation($id: ID!) { revokeToken(id: $id) { tokenId } }";
            andon.graphql(revoke, json!({ "id": created["createToken"]["token"]["id"] })).await?;
        }
    }
    Ok(andon)
}

/// Opens a page as somebody who signs in first.
async fn open_as<'chrome>(
    chrome: &'chrome Chrome,
    andon: &Andon,
    name: &str,
    address: &str,
) -> Result<Page<'chrome>> {
    let page = chrome.open(&andon.url(address)).await?;
    fill(&page, name, PASSWORD).await?;
    page.wait_for_connection("live").await?;
    Ok(page)
}

/// Goes on to another page by the panel.
async fn open_by_menu(page: &Page<'_>, name: &str) -> Result<()> {
    page.click("[data-testid='account-open']").await?;
    page.click_named("link", name).await
}

/// Chooses in a list as a person would.
async fn choose(page: &Page<'_>, test_id: &str, value: &str) -> Result<()> {
    page.evaluate(&format!(
        "(() => {{
            const list = document.querySelector(\"[data-testid='{test_id}']\");
            list.value = '{value}';
            list.dispatchEvent(new Event('change', {{ bubbles: true }}));
        }})()"
    ))
    .await
    .map(drop)
}

/// What the server answers to a program with a token: its status.
async fn status_with(andon: &Andon, token: &str) -> Result<u16> {
    let request = reqwest::Client::new().post(andon.url("/graphql")).bearer_auth(token);
    let body = json!({ "query": "{ devices(factoryId: \"plant\") { deviceId } }" });
    Ok(request.json(&body).send().await?.status().as_u16())
}

/// Whether the page holds a text anywhere.
async fn holds(page: &Page<'_>, text: &str) -> Result<bool> {
    let html = page.evaluate("document.documentElement.outerHTML").await?;
    Ok(html.as_str().context("no page")?.contains(text))
}

#[tokio::test]
async fn somebody_is_invited_opens_the_link_chooses_a_password_and_sees_what_they_may() -> Result<()> {
    let andon = plant(&[]).await?;
    create_person(&andon, "Kim", &["admin"]).await?;
    let (chrome, other_chrome) = (browser().await?, browser().await?);
    let page = open_as(&chrome, &andon, "Kim", ACCESS).await?;
    page.wait_for("[data-testid='person-Kim']").await?;
    page.click("[data-testid='invite']").await?;
    page.wait_for("[data-testid='grant-name']:focus").await?;
    page.type_text("Lee").await?;
    choose(&page, "grant-role", "VIEWER").await?;
    page.evaluate("document.querySelector(\"[data-testid='grant-worker']\").focus()").await?;
    page.type_text("W1").await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid='invitation']").await?;
    let link = page.text("[data-testid='invitation']").await?;
    ensure!(link.starts_with(&andon.url("/auth/setup?code=")), "{link}");
    page.wait_for("[data-testid='shown-once'] h3:focus").await?;
    page.wait_until(
        "document.querySelector(\"[data-testid='person-Lee']\")?.innerText.includes('is worker W1')",
    )
    .await?;
    page.screenshot(&Path::new(PICTURES).join("access-invitation.png")).await?;
    page.click("[data-testid='shown-once-done']").await?;
    page.wait_until("document.querySelector(\"[data-testid='shown-once']\") === null").await?;
    ensure!(!holds(&page, &link).await?, "the link is still on the page");

    let lee = other_chrome.open(&link).await?;
    lee.wait_for("#password").await?;
    lee.screenshot(&Path::new(PICTURES).join("invited.png")).await?;
    lee.evaluate(&format!("document.getElementById('password').value = '{PASSWORD}'")).await?;
    lee.evaluate("document.querySelector('form').requestSubmit()").await?;
    lee.wait_until("location.pathname === '/'").await?;
    lee.wait_for_connection("live").await?;
    lee.click("[data-testid='account-open']").await?;
    lee.wait_until(&format!("{MENU}.join() === 'Who looked at me'")).await?;
    lee.click_named("link", "Who looked at me").await?;
    lee.wait_until("document.querySelector('h2')?.innerText === 'About worker W1'").await?;
    // By its address neither.
    lee.show(&andon.url(ACCESS)).await?;
    lee.wait_for("[data-testid='not-permitted']").await?;
    // The link is used up.
    lee.show(&link).await?;
    lee.wait_for("#password").await?;
    lee.evaluate(&format!("document.getElementById('password').value = '{PASSWORD}'")).await?;
    lee.evaluate("document.querySelector('form').requestSubmit()").await?;
    lee.wait_for("[role='alert']").await?;
    close(other_chrome).await?;
    close(chrome).await
}

#[tokio::test]
async fn a_devices_token_is_shown_once_works_and_is_refused_after_it_was_revoked() -> Result<()> {
    let andon = plant(&[]).await?;
    create_person(&andon, "Kim", &["admin"]).await?;
    let chrome = browser().await?;
    let page = open_as(&chrome, &andon, "Kim", ACCESS).await?;
    // What stands above it is there, so that it does not move any more.
    page.wait_for("[data-testid='person-Kim']").await?;
    page.click("[data-testid='new-device']").await?;
    page.wait_for("[data-testid='token-name']:focus").await?;
    page.type_text("cam-7").await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid='token']").await?;
    let secret = page.text("[data-testid='token']").await?;
    ensure!(secret.starts_with("andon_dev_"), "no token of a device");
    let agent = page.text("[data-testid='agent']").await?;
    ensure!(
        agent.starts_with(&format!("andon-edge run --to {} --factory plant --device cam-7", andon.url(""))),
        "{agent}"
    );
    ensure!(!agent.contains("andon_dev_"), "lists of processes show the command line");
    page.wait_for("[data-testid='token-cam-7']").await?;
    page.screenshot(&Path::new(PICTURES).join("access-token.png")).await?;
    ensure!(status_with(&andon, &secret).await? == 200);
    page.click("[data-testid='shown-once-done']").await?;
    page.wait_until("document.querySelector(\"[data-testid='shown-once']\") === null").await?;
    ensure!(!holds(&page, &secret).await?, "the token is still on the page");
    page.show(&andon.url(ACCESS)).await?;
    page.wait_for("[data-testid='token-cam-7']").await?;
    ensure!(!holds(&page, "andon_dev_").await?);

    // Another one, beside which the first stays valid.
    page.click("[data-testid='token-cam-7'] [data-testid='rotate']").await?;
    page.wait_for("[data-testid='access-cancel']:focus").await?;
    page.press("Escape").await?;
    page.wait_for("[data-testid='token-cam-7'] [data-testid='rotate']:focus").await?;
    page.click("[data-testid='token-cam-7'] [data-testid='rotate']").await?;
    page.click("[data-testid='access-do']").await?;
    page.wait_for("[data-testid='token']").await?;
    let next = page.text("[data-testid='token']").await?;
    ensure!(next != secret && status_with(&andon, &secret).await? == 200);
    page.click("[data-testid='shown-once-done']").await?;
    page.wait_until("document.querySelectorAll(\"[data-testid='token-cam-7']\").length === 2").await?;

    // The newest stands first. Whoever asks for it is asked, and stands on the way back.
    page.click("[data-testid='token-cam-7'] [data-testid='revoke']").await?;
    page.wait_for("[data-testid='access-cancel']:focus").await?;
    page.screenshot(&Path::new(PICTURES).join("access-revoke.png")).await?;
    page.press("Enter").await?;
    page.wait_until("document.querySelector(\"[data-testid='access-confirm']\") === null").await?;
    ensure!(status_with(&andon, &next).await? == 200, "revoked without being asked");
    page.click("[data-testid='token-cam-7'] [data-testid='revoke']").await?;
    page.click("[data-testid='access-do']").await?;
    page.wait_for("[data-testid='show-ended']").await?;
    ensure!(status_with(&andon, &next).await? == 401);
    ensure!(status_with(&andon, &secret).await? == 200);
    page.click("[data-testid='show-ended']").await?;
    page.wait_for("[data-testid='token-cam-7'][data-ended='true']").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_wall_board_is_let_in_by_its_link_until_its_token_is_revoked() -> Result<()> {
    let andon = plant(&[]).await?;
    let press = json!([{
        "entityType": "WORKSTATION", "entityId": "press", "eventType": "WORKING", "timestamp": "2026-01-05T08:00:00Z",
        "durationMinutes": 30, "unitsProduced": 4, "confidence": 0.9
    }]);
    andon.ingest("plant", press).await?;
    create_person(&andon, "Kim", &["admin"]).await?;
    let (chrome, screen_chrome) = (browser().await?, browser().await?);
    let page = open_as(&chrome, &andon, "Kim", "/access?factory=plant&window=2026-01-05").await?;
    // What stands above it is there, so that it does not move any more.
    page.wait_for("[data-testid='person-Kim']").await?;
    page.click("[data-testid='new-program']").await?;
    page.wait_for("[data-testid='token-name']:focus").await?;
    page.type_text("Hall 3").await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid='board-link']").await?;
    page.screenshot(&Path::new(PICTURES).join("access-board-link.png")).await?;
    let link = page.text("[data-testid='board-link']").await?;
    ensure!(link.starts_with(&andon.url("/auth/board?next=")), "the link leads elsewhere");
    let (_, token) = link.split_once('#').context("no token")?;

    let screen = screen_chrome.open(&link).await?;
    screen.wait_for("button:enabled:focus").await?;
    ensure!(
        !screen.evaluate("location.href").await?.to_string().contains(token),
        "the token is in the address"
    );
    screen.screenshot(&Path::new(PICTURES).join("board-link.png")).await?;
    screen.press("Enter").await?;
    screen.wait_until("location.pathname === '/board'").await?;
    screen.wait_for_connection("live").await?;
    ensure!(screen.evaluate("document.cookie").await? == "", "a script can read the token");
    // The figures of so few workers are theirs, and hidden; a workstation's are not.
    screen.wait_for(".board-figures").await?;
    screen.wait_for("[data-testid='board-workstation-press']").await?;
    screen.screenshot(&Path::new(PICTURES).join("board-of-viewer.png")).await?;
    // Once is enough.
    screen.show(&andon.url("/board?factory=plant&window=2026-01-05")).await?;
    screen.wait_for_connection("live").await?;

    page.click("[data-testid='shown-once-done']").await?;
    page.click("[data-testid='token-Hall 3'] [data-testid='revoke']").await?;
    page.click("[data-testid='access-do']").await?;
    screen.wait_until("location.pathname === '/auth/sign-in'").await?;
    close(screen_chrome).await?;
    close(chrome).await
}

#[tokio::test]
async fn a_role_is_given_and_taken_away_and_the_audit_log_tells_of_it() -> Result<()> {
    let andon = plant(&[]).await?;
    create_person(&andon, "Kim", &["admin"]).await?;
    create_person(&andon, "Lee", &["viewer"]).await?;
    let chrome = browser().await?;
    let page = open_as(&chrome, &andon, "Kim", ACCESS).await?;
    page.click("[data-testid='person-Lee'] [data-testid='add-role']").await?;
    page.wait_for("[data-testid='grant-role']:focus").await?;
    choose(&page, "grant-role", "SUPERVISOR").await?;
    page.click("[data-testid='grant-save']").await?;
    page.wait_for("[data-testid='person-Lee'] [data-testid='remove-SUPERVISOR']").await?;
    page.click("[data-testid='person-Lee'] [data-testid='remove-VIEWER']").await?;
    page.click("[data-testid='access-do']").await?;
    page.wait_until(
        "document.querySelector(\"[data-testid='person-Lee'] [data-testid='remove-VIEWER']\") === null",
    )
    .await?;
    // Taking one's own away says what that means.
    page.click("[data-testid='person-Kim'] [data-testid='remove-ADMIN']").await?;
    page.wait_for(".access-warning").await?;
    page.press("Escape").await?;

    open_by_menu(&page, "Audit log").await?;
    for action in ["GRANT", "REVOKE_GRANT", "CREATE_FACTORY"] {
        page.wait_for(&format!("[data-testid='audit-entry'][data-action='{action}']")).await?;
    }
    choose(&page, "audit-action", "REVOKE_GRANT").await?;
    page.wait_until("location.search.includes('action=REVOKE_GRANT')").await?;
    page.wait_until(
        "(() => { const all = [...document.querySelectorAll(\"[data-testid='audit-entry']\")];
          return all.length === 1 && all[0].innerText.includes('Lee') && all[0].innerText.includes('Kim'); })()",
    )
    .await?;
    page.click("[data-testid='audit-csv']").await?;
    let file = chrome.download(0).await?;
    ensure!(file.name == "andon-plant-audit-log.csv", "{}", file.name);
    let file = String::from_utf8(file.content)?;
    ensure!(file.lines().count() == 2 && file.contains("Removed a role"), "{file}");
    // Nobody of another name did it.
    page.evaluate("document.querySelector(\"[data-testid='audit-by']\").focus()").await?;
    page.type_text("Lee").await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid='audit-none']").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_viewer_has_none_of_the_pages_and_signs_out() -> Result<()> {
    let andon = plant(&[]).await?;
    create_person(&andon, "Lee", &["viewer"]).await?;
    let chrome = browser().await?;
    let page = open_as(&chrome, &andon, "Lee", "/?factory=plant").await?;
    page.wait_for("[data-testid='account-open']").await?;
    ensure!(page.text("[data-testid='account-open']").await? == "Lee");
    page.click("[data-testid='account-open']").await?;
    page.wait_until("document.querySelector('#account').matches(':popover-open')").await?;
    ensure!(page.evaluate(MENU).await? == json!([]));
    page.screenshot(&Path::new(PICTURES).join("account.png")).await?;
    for address in [ACCESS, "/access?page=audit-log&factory=plant", "/access?page=access-log&factory=plant"] {
        page.show(&andon.url(address)).await?;
        page.wait_for("[data-testid='not-permitted']").await?;
    }
    page.click("[data-testid='account-open']").await?;
    page.click("[data-testid='sign-out']").await?;
    page.wait_until("location.pathname === '/auth/sign-in'").await?;
    page.wait_for("#password").await?;
    page.show(&andon.url("/?factory=plant")).await?;
    page.wait_until("location.pathname === '/auth/sign-in'").await?;
    close(chrome).await
}

#[tokio::test]
async fn who_looked_at_a_worker_is_seen_by_the_worker() -> Result<()> {
    let andon = plant(&[]).await?;
    create_person(&andon, "Kim", &["supervisor"]).await?;
    create_person(&andon, "Ada", &["admin"]).await?;
    let (chrome, other_chrome) = (browser().await?, browser().await?);
    let kim = open_as(&chrome, &andon, "Kim", "/worker?factory=plant&window=2026-01-05&id=W1").await?;
    kim.wait_for(".timeline-reading b").await?;
    let page = open_as(&other_chrome, &andon, "Ada", "/access?page=access-log&factory=plant").await?;
    // The entries of a list that is closed are on no screen.
    page.wait_until(
        "document.querySelector(\"[data-testid='access-log-worker'] option[value='W1']\") !== null",
    )
    .await?;
    choose(&page, "access-log-worker", "W1").await?;
    page.wait_until("document.querySelector(\"[data-testid='access-entry']\")?.innerText.includes('Kim')")
        .await?;
    page.wait_until("location.search.includes('about=W1')").await?;
    page.screenshot(&Path::new(PICTURES).join("access-log-entries.png")).await?;
    close(other_chrome).await?;
    close(chrome).await
}

#[tokio::test]
async fn each_page_with_each_form_fits_the_narrowest_telephone_and_is_accessible() -> Result<()> {
    let andon = some_of_every_kind().await?;
    let script = axe::script()?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    // What is pressed to open what is looked at.
    let views = [
        ("invite", ACCESS, "[data-testid='token-cam-7']", Some("[data-testid='invite']")),
        ("remove", ACCESS, "[data-testid='token-cam-7']", Some("[data-testid='remove-VIEWER']")),
        ("new-device", ACCESS, "[data-testid='token-cam-7']", Some("[data-testid='new-device']")),
        ("new-program", ACCESS, "[data-testid='token-cam-7']", Some("[data-testid='new-program']")),
        ("audit", "/access?page=audit-log&factory=plant", "[data-testid='audit-entry']", None),
        ("log", "/access?page=access-log&factory=plant", "[data-testid='access-log-worker']", None),
    ];
    let mut wrong = Vec::new();
    for (width, height, scheme) in [(320, 640, Scheme::Light), (1280, 900, Scheme::Dark)] {
        page.set_screen(&Screen { width, height, scheme, ..Screen::default() }).await?;
        for (name, address, shown, pressed) in views {
            page.show(&andon.url(address)).await?;
            page.wait_for_connection("live").await?;
            page.wait_for(shown).await?;
            if let Some(pressed) = pressed {
                // The mouse would stop where the bar of pages lies over the page.
                page.evaluate(&format!("document.querySelector(\"{pressed}\").click()")).await?;
                page.wait_for(".access-form").await?;
            }
            page.wait_until("document.querySelector('.skeleton') === null").await?;
            let picture = format!("access-{name}-{width}");
            page.screenshot(&Path::new(PICTURES).join(format!("{picture}.png"))).await?;
            wrong.extend(judge(&page, &script).await?.into_iter().map(|what| format!("{picture}: {what}")));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    close(chrome).await
}

#[tokio::test]
async fn an_open_server_says_so_quietly_on_its_own_machine_and_on_every_page_elsewhere() -> Result<()> {
    let (listener, origin) = static_host::listen().await;
    let andon = plant(&["--allow-origin", &origin]).await?;
    // The same address, written so that the page does not know it as this machine's.
    let port = andon.url("").rsplit_once(':').context("no port")?.1.to_owned();
    static_host::serve(listener, &format!("http://2130706433:{port}"));
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant")).await?;
    page.wait_for_connection("live").await?;
    page.wait_for("[data-testid='account-open']").await?;
    ensure!(page.text("[data-testid='account-open']").await? == "Open server");
    ensure!(page.evaluate("document.querySelector(\"[data-testid='open-server']\")").await? == Value::Null);
    page.click("[data-testid='account-open']").await?;
    page.wait_until("document.querySelector('#account').matches(':popover-open')").await?;
    page.screenshot(&Path::new(PICTURES).join("account-open.png")).await?;

    page.show(&format!("{origin}/?factory=plant")).await?;
    page.wait_for("[data-testid='open-server']").await?;
    page.wait_for_connection("live").await?;
    page.screenshot(&Path::new(PICTURES).join("open-server.png")).await?;
    page.click("[data-testid='account-open']").await?;
    page.wait_until("document.querySelector('#account').innerText.includes('--access required')").await?;
    page.press("Escape").await?;
    page.set_screen(&Screen { width: 320, height: 640, ..Screen::LAPTOP }).await?;
    page.wait_until("document.documentElement.scrollWidth <= 320").await?;
    page.screenshot(&Path::new(PICTURES).join("open-server-320.png")).await?;
    page.click("[data-testid='open-server-hide']").await?;
    page.wait_until("!document.querySelector(\"[data-testid='open-server']\").checkVisibility()").await?;
    close(chrome).await
}
