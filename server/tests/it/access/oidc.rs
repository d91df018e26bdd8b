//! People who sign in at an identity provider: oidc-provider, which others wrote, and some that do what none may.

mod browser;
mod lies;
mod program;
mod provider;

use std::{net::SocketAddr, slice};

use domain::{
    access::{PrincipalKind, Role},
    time::{DurationMs, TimestampMs},
};
use openidconnect::{ClientId, IssuerUrl, Scope, url::Url};
use reqwest::{Response, StatusCode};
use serde_json::json;
use server::{
    access::{
        AccessMode,
        oidc::{GroupTemplate, OidcSettings},
    },
    clock::Clock,
    http::Options,
    store::{
        Store,
        access::{
            pending_sign_ins::PENDING_VALID_MS,
            principals::{self, Principal},
        },
    },
};

use self::{
    browser::Browser,
    provider::{IdentityProvider, SECRET},
};
use super::{METRICS, create_factory, sign_in::set_password};
use crate::harness::{TestDatabase, TestServer, patient, soon, until};

/// By which browsers reach the server, as the provider knows it.
const PUBLIC: &str = "https://andon.example.com";
const PASSWORD: &str = "correct horse battery";

fn settings(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: IssuerUrl::new(issuer.to_owned()).expect("an issuer"),
        client_id: ClientId::new("andon".to_owned()),
        client_secret: Some(SECRET.into()),
        scopes: ["profile", "email", "groups"].map(|scope| Scope::new(scope.to_owned())).to_vec(),
        name_claims: ["preferred_username", "email"].map(str::to_owned).to_vec(),
        groups_claim: "groups".to_owned(),
        group_template: GroupTemplate::parse("andon:{factory}:{role}").expect("a template"),
        label: "Plant SSO".to_owned(),
        public_url: Url::parse(PUBLIC).expect("a URL"),
    }
}

/// A closed server with the factories `plant` and `other`, where people sign in at this provider.
async fn server_of(issuer: &str) -> TestServer {
    let server = start_on(TestDatabase::new().await, issuer, Clock::System).await;
    for factory in ["plant", "other"] {
        create_factory(&server, factory).await;
    }
    server
}

/// The next server on the database of one that was stopped.
async fn server_after(server: TestServer, issuer: &str, clock: Clock) -> TestServer {
    let database = server.stop().await;
    // What that one had begun may still be ending.
    until("the end of the server before", async || Box::pin(Store::open(database.url())).await.is_ok()).await;
    start_on(database, issuer, clock).await
}

async fn start_on(database: TestDatabase, issuer: &str, clock: Clock) -> TestServer {
    let store = Store::open(database.url()).await.expect("a database");
    let options = Options { oidc: Some(settings(issuer)), ..patient() };
    TestServer::with_access(store, database, clock, (options, AccessMode::Required)).await
}

/// The system's time, for a server whose clock is set later.
fn now_ms() -> TimestampMs {
    Clock::System.now_ms()
}

/// The status of a question about a factory that a page of the server asks.
async fn ask(server: &TestServer, browser: &Browser, factory: &str) -> serde_json::Value {
    let body = json!({ "query": METRICS, "variables": { "f": factory } });
    let request =
        server.request(body.to_string()).header("origin", server.url("")).header("cookie", browser.cookies());
    soon("an answer", request.send()).await.expect("a response").json().await.expect("JSON")
}

async fn may_see(server: &TestServer, browser: &Browser, factory: &str) -> bool {
    ask(server, browser, factory).await.get("errors").is_none()
}

/// Signs somebody in at the provider, in a browser of their own.
async fn sign_in(address: SocketAddr, name: &str) -> (Browser, Response) {
    let browser = Browser::default();
    let callback = browser.leave_and_sign_in(address, "/floor", name).await;
    let back = browser.open(address, &callback).await;
    (browser, back)
}

async fn people(server: &TestServer) -> Vec<Principal> {
    let snapshot = server.app.store.snapshot().await.expect("a snapshot");
    let people = principals::people(&snapshot).await.expect("people");
    assert!(people.iter().all(|person| person.kind == PrincipalKind::Person));
    people
}

/// Who has which role in a factory, and whether it is from groups.
async fn grants(server: &TestServer, factory: &str) -> Vec<(String, Role, bool)> {
    let scope = server.settings_of(factory).await;
    let snapshot = server.app.store.snapshot().await.expect("a snapshot");
    let grants = principals::grants(&snapshot, &scope).await.expect("grants");
    grants.into_iter().map(|grant| (grant.principal.name, grant.role, grant.is_from_groups)).collect()
}

fn supervisor(name: &str) -> (String, Role, bool) {
    (name.to_owned(), Role::Supervisor, true)
}

async fn is_refused(back: Response, status: StatusCode, words: &str) {
    assert_eq!(back.status(), status);
    assert!(!back.headers().contains_key("set-cookie"), "no session");
    let page = back.text().await.expect("a page");
    assert!(page.contains(words), "{page}");
    assert!(page.contains("name=\"password\"") && page.contains("Sign in with Plant SSO"), "{page}");
}

#[tokio::test]
async fn who_signs_in_at_their_provider_may_do_what_their_groups_say() {
    let provider = IdentityProvider::start().await;
    let groups = [
        "andon:plant:supervisor",
        "andon:nowhere:admin",
        "andon:plant:operator",
        "andon:other:device",
        "staff",
    ];
    provider.set_groups("kim", &groups);
    let server = server_of(&provider.issuer).await;
    let browser = Browser::default();
    let page = browser.open(server.address, "/auth/sign-in?next=%2Fplant%2Ffloor").await;
    let page = page.text().await.expect("a page");
    assert!(page.contains("href=\"/auth/oidc/start?next=%2Fplant%2Ffloor\""), "{page}");
    assert!(page.contains("Sign in with Plant SSO") && page.contains("name=\"password\""), "{page}");
    let callback = browser.leave_and_sign_in(server.address, "/plant/floor", "kim").await;
    let back = browser.open(server.address, &callback).await;
    assert_eq!(
        (back.status(), &back.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/plant/floor".parse().expect("a header"))
    );
    let session = back.headers()["set-cookie"].to_str().expect("a header").to_owned();
    assert!(
        session.starts_with("andon=andon_ses_") && session.ends_with("HttpOnly; SameSite=Lax"),
        "{session}"
    );
    assert!(may_see(&server, &browser, "plant").await);
    assert!(!may_see(&server, &browser, "other").await);
    assert_eq!(grants(&server, "plant").await, [supervisor("kim")]);
    assert_eq!(grants(&server, "other").await, []);
    let [kim] = people(&server).await.try_into().expect("one person");
    assert_eq!((kim.name.as_str(), kim.is_operator), ("kim", false));
    // And again: the same person.
    let (again, _) = sign_in(server.address, "kim").await;
    assert!(may_see(&server, &again, "plant").await);
    assert_eq!(people(&server).await, slice::from_ref(&kim));
}

#[tokio::test]
async fn a_group_that_is_taken_away_takes_its_grant_along_and_what_was_granted_by_hand_stays() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor", "andon:other:viewer"]);
    let server = server_of(&provider.issuer).await;
    let (before, _) = sign_in(server.address, "kim").await;
    server.change_grant("other", "kim", Role::Engineer, true).await;
    assert!(may_see(&server, &before, "plant").await);
    provider.set_groups("kim", &["andon:other:admin"]);
    let (after, _) = sign_in(server.address, "kim").await;
    for browser in [&before, &after] {
        assert!(!may_see(&server, browser, "plant").await, "also by the session before");
        assert!(may_see(&server, browser, "other").await);
    }
    assert_eq!(grants(&server, "plant").await, []);
    let by_hand_and_by_groups =
        [("kim".to_owned(), Role::Engineer, false), ("kim".to_owned(), Role::Admin, true)];
    assert_eq!(grants(&server, "other").await, by_hand_and_by_groups);
    provider.set_groups("kim", &[]);
    sign_in(server.address, "kim").await;
    assert_eq!(grants(&server, "other").await, by_hand_and_by_groups[..1]);
}

#[tokio::test]
async fn what_is_said_only_when_asked_for_counts_too() {
    let provider = IdentityProvider::start_with(&[("CLAIMS_IN", "userinfo".to_owned())]).await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let (browser, _) = sign_in(server.address, "kim").await;
    assert!(may_see(&server, &browser, "plant").await);
    assert_eq!(grants(&server, "plant").await, [supervisor("kim")]);
}

#[tokio::test]
async fn a_state_counts_once_and_in_the_browser_that_began_alone() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let browser = Browser::default();
    let callback = browser.leave_and_sign_in(server.address, "/floor", "kim").await;
    let not_begun = "was not begun in this browser";
    // Somebody has another browser open what was meant for theirs: with no cookie, and with that of a sign-in of its own.
    let other = Browser::default();
    is_refused(other.open(server.address, &callback).await, StatusCode::BAD_REQUEST, not_begun).await;
    other.leave(server.address, "/").await;
    is_refused(other.open(server.address, &callback).await, StatusCode::BAD_REQUEST, not_begun).await;
    for wrong in [callback.replace("state=", "state=x"), callback.replace("state=", "x=")] {
        is_refused(browser.open(server.address, &wrong).await, StatusCode::BAD_REQUEST, not_begun).await;
    }
    // None of that ended it.
    assert_eq!(browser.open(server.address, &callback).await.status(), StatusCode::SEE_OTHER);
    is_refused(browser.open(server.address, &callback).await, StatusCode::BAD_REQUEST, not_begun).await;
    assert_eq!(people(&server).await.len(), 1);
}

#[tokio::test]
async fn two_sign_ins_of_one_browser_do_not_end_each_other() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let browser = Browser::default();
    let one = browser.leave_and_sign_in(server.address, "/one", "kim").await;
    let other = browser.leave_and_sign_in(server.address, "/other", "kim").await;
    for (callback, next) in [(one, "/one"), (other, "/other")] {
        assert_eq!(browser.open(server.address, &callback).await.headers()["location"], next);
    }
}

#[tokio::test]
async fn a_code_counts_once() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let browser = Browser::default();
    let callback = browser.leave_and_sign_in(server.address, "/", "kim").await;
    assert_eq!(browser.open(server.address, &callback).await.status(), StatusCode::SEE_OTHER);
    // The code of somebody else, put into a sign-in of one's own.
    let thief = Browser::default();
    let away = thief.leave(server.address, "/").await;
    let stolen = format!(
        "/auth/oidc/callback?code={}&state={}",
        browser::parameter(&callback, "code"),
        browser::parameter(&away, "state")
    );
    is_refused(thief.open(server.address, &stolen).await, StatusCode::BAD_GATEWAY, "cannot be relied on")
        .await;
}

#[tokio::test]
async fn a_code_that_nobody_has_used_is_of_no_use_in_another_sign_in() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let callback = Browser::default().leave_and_sign_in(server.address, "/", "kim").await;
    let thief = Browser::default();
    let away = thief.leave(server.address, "/").await;
    let stolen = format!(
        "/auth/oidc/callback?code={}&state={}",
        browser::parameter(&callback, "code"),
        browser::parameter(&away, "state")
    );
    is_refused(thief.open(server.address, &stolen).await, StatusCode::BAD_GATEWAY, "cannot be relied on")
        .await;
    assert_eq!(people(&server).await, []);
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &[]);
    let server = server_of(&provider.issuer).await;
    for foreign in ["https://evil.example/", "//evil.example/", "/\\evil.example"] {
        let browser = Browser::default();
        let callback = browser.leave_and_sign_in(server.address, foreign, "kim").await;
        assert_eq!(browser.open(server.address, &callback).await.headers()["location"], "/", "{foreign}");
    }
    // The provider is told to send people back to where the server is, whatever a request says that it is.
    let away =
        Browser::default().leave_by(server.address, "/", &[("x-forwarded-host", "evil.example")]).await;
    let redirect_uri = browser::parameter(&away, "redirect_uri");
    assert_eq!(redirect_uri, "https%3A%2F%2Fandon.example.com%2Fauth%2Foidc%2Fcallback");
}

#[tokio::test]
async fn who_did_not_sign_in_at_the_provider_is_told_so() {
    let provider = IdentityProvider::start().await;
    let server = server_of(&provider.issuer).await;
    let browser = Browser::default();
    let away = browser.leave(server.address, "/floor").await;
    let state = browser::parameter(&away, "state");
    let denied = format!("/auth/oidc/callback?error=access_denied&error_description=%3Cb%3E&state={state}");
    is_refused(browser.open(server.address, &denied).await, StatusCode::FORBIDDEN, "did not let you in")
        .await;
    let again = browser.open(server.address, &denied).await;
    is_refused(again, StatusCode::BAD_REQUEST, "was not begun in this browser").await;
}

#[tokio::test]
async fn who_is_sent_back_by_another_provider_is_refused() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let browser = Browser::default();
    let callback = browser.leave_and_sign_in(server.address, "/", "kim").await;
    let iss = browser::parameter(&callback, "iss");
    let other = callback.replace(&format!("iss={iss}"), "iss=https%3A%2F%2Fanother.example");
    is_refused(browser.open(server.address, &other).await, StatusCode::BAD_GATEWAY, "cannot be relied on")
        .await;
}

#[tokio::test]
async fn a_provider_that_is_down_keeps_nobody_out_who_has_a_password() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    server.operator("Root").await;
    set_password(&server, "Root", PASSWORD).await;
    let browser = Browser::default();
    let callback = browser.leave_and_sign_in(server.address, "/", "kim").await;
    let provider = provider.stop().await;
    let unreachable = "Your identity provider does not answer";
    // It is down for who comes back, and for a server that has not asked it yet.
    is_refused(browser.open(server.address, &callback).await, StatusCode::SERVICE_UNAVAILABLE, unreachable)
        .await;
    let server = Box::pin(server_after(server, provider.issuer(), Clock::System)).await;
    let start = browser.open(server.address, "/auth/oidc/start").await;
    is_refused(start, StatusCode::SERVICE_UNAVAILABLE, unreachable).await;
    let form = [("name", "Root"), ("password", PASSWORD), ("next", "/")];
    let operator = browser.post(&server.url("/auth/sign-in"), &form, Some(&server.url(""))).await;
    assert_eq!(operator.status(), StatusCode::SEE_OTHER);
    let _provider = provider.start_again().await;
    until("the provider", async || {
        browser.open(server.address, "/auth/oidc/start").await.status() == StatusCode::SEE_OTHER
    })
    .await;
    let (kim, _) = sign_in(server.address, "kim").await;
    assert!(may_see(&server, &kim, "plant").await);
}

#[tokio::test]
async fn a_provider_with_other_keys_is_asked_for_them() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    sign_in(server.address, "kim").await;
    let _provider = provider.stop().await.start_again().await;
    let (kim, back) = sign_in(server.address, "kim").await;
    assert_eq!(back.status(), StatusCode::SEE_OTHER);
    assert!(may_see(&server, &kim, "plant").await);
}

#[tokio::test]
async fn the_clocks_may_differ_by_two_minutes() {
    for (offset_ms, is_let_in) in [(120_000, true), (-120_000, true), (300_000, false), (-300_000, false)] {
        let variables = [("CLOCK_OFFSET_MS", offset_ms.to_string()), ("ID_TOKEN_SECONDS", "60".to_owned())];
        let provider = IdentityProvider::start_with(&variables).await;
        provider.set_groups("kim", &["andon:plant:supervisor"]);
        let server = server_of(&provider.issuer).await;
        let (browser, back) = sign_in(server.address, "kim").await;
        if is_let_in {
            assert_eq!(back.status(), StatusCode::SEE_OTHER, "{offset_ms}");
            assert!(may_see(&server, &browser, "plant").await, "{offset_ms}");
        } else {
            is_refused(back, StatusCode::BAD_GATEWAY, "cannot be relied on").await;
        }
    }
}

#[tokio::test]
async fn somebody_who_is_called_like_an_operator_is_another_person() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("Root", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    server.operator("Root").await;
    let (browser, _) = sign_in(server.address, "Root").await;
    assert!(may_see(&server, &browser, "plant").await);
    let people = people(&server).await;
    let people: Vec<_> = people.iter().map(|person| (person.name.as_str(), person.is_operator)).collect();
    assert_eq!(people, [("Root", true), ("Root (2)", false)]);
    assert_eq!(grants(&server, "plant").await, [supervisor("Root (2)")]);
}

#[tokio::test]
async fn who_was_disabled_is_not_let_in() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let (before, _) = sign_in(server.address, "kim").await;
    let disabled = server.app.store.disable_person("kim", true, &server.author()).await;
    disabled.expect("a commit").expect("a person");
    let (_, back) = sign_in(server.address, "kim").await;
    is_refused(back, StatusCode::FORBIDDEN, "not let in here any more").await;
    until("the end of the session", async || !may_see(&server, &before, "plant").await).await;
    assert_eq!(people(&server).await.len(), 1);
}

#[tokio::test]
async fn a_sign_in_can_be_finished_at_another_server_but_not_for_ever() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &["andon:plant:supervisor"]);
    let server = server_of(&provider.issuer).await;
    let browser = Browser::default();
    let [soon_enough, late] = [
        browser.leave_and_sign_in(server.address, "/", "kim").await,
        browser.leave_and_sign_in(server.address, "/", "kim").await,
    ];
    let other = Box::pin(server_after(server, &provider.issuer, Clock::manual(now_ms()))).await;
    assert_eq!(browser.open(other.address, &soon_enough).await.status(), StatusCode::SEE_OTHER);
    other.clock.set(now_ms() + PENDING_VALID_MS + DurationMs(1_000));
    let back = browser.open(other.address, &late).await;
    is_refused(back, StatusCode::BAD_REQUEST, "took longer than 10 minutes").await;
}

#[tokio::test]
async fn a_server_without_a_provider_says_so() {
    let server = super::closed(&["plant"]).await;
    let browser = Browser::default();
    for path in ["/auth/oidc/start", "/auth/oidc/callback?code=a&state=b"] {
        assert_eq!(browser.open(server.address, path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let page = browser.open(server.address, "/auth/sign-in").await.text().await.expect("a page");
    assert!(!page.contains("/auth/oidc"), "{page}");
}
