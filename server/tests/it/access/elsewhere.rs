//! A dashboard on another site, whose user signs in at the server.

use domain::{access::Role, time::DurationMs};
use reqwest::{Response, StatusCode, Url, redirect};
use server::{
    access::AccessMode,
    clock::Clock,
    http::{Options, Origins},
    store::{Store, access::credentials::HAND_OVER_VALID_MS},
};

use super::{METRICS, NOW, browser::Browser, create_factory, sign_in::set_password};
use crate::harness::{TestDatabase, TestServer, millis, patient, soon};

const SITE: &str = "https://board.example";
const OTHER_SITE: &str = "https://other.example";
const PAGE: &str = "https://board.example/worker?factory=plant&id=W%201";
const PASSWORD: &str = "correct horse battery";

async fn server() -> TestServer {
    let database = TestDatabase::new().await;
    let store = Store::open(database.url()).await.expect("a database");
    let origins = Origins::parse([SITE, OTHER_SITE]).expect("origins");
    let options = (Options { origins, ..patient() }, AccessMode::Required);
    let server = TestServer::with_access(store, database, Clock::manual(millis(NOW)), options).await;
    create_factory(&server, "plant").await;
    server.person("Kim", &[("plant", Role::Supervisor)]).await;
    set_password(&server, "Kim", PASSWORD).await;
    server
}

fn address(of: &str) -> String {
    let url = Url::parse_with_params("http://x/auth/dashboard", [("of", of)]).expect("an address");
    format!("{}?{}", url.path(), url.query().expect("a query"))
}

/// What a browser with this cookie is answered, which follows no redirect.
async fn open(server: &TestServer, path: &str, cookie: &str) -> Response {
    let client = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none());
    let request = client.build().expect("a client").get(server.url(path)).header("cookie", cookie);
    soon("a page", request.send()).await.expect("a response")
}

fn location(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()["location"].to_str().expect("an address")
}

/// The session of a response, as a browser sends it back.
fn cookie(response: &Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().expect("a cookie");
    cookie.split_once(';').expect("attributes").0.to_owned()
}

/// The code that a page of the site is given.
async fn code(server: &TestServer, cookie: &str) -> String {
    let response = open(server, &address(PAGE), cookie).await;
    assert_eq!(response.status(), StatusCode::OK);
    let page = soon("the page", response.text()).await.expect("text");
    let refresh = format!("content=\"0; url={}#code=", PAGE.replace('&', "&amp;"));
    let (_, rest) = page.split_once(&refresh).unwrap_or_else(|| panic!("it leads elsewhere: {page}"));
    rest.split_once('"').expect("an end").0.to_owned()
}

/// What a page of a site gets for a code.
async fn trade(server: &TestServer, site: &str, code: &str) -> (StatusCode, String) {
    let request =
        server.client.post(server.url("/auth/session")).header("origin", site).body(code.to_owned());
    let response = soon("an answer", request.send()).await.expect("a response");
    (response.status(), response.text().await.expect("text"))
}

/// The status of a question that a page of the site asks with a session.
async fn ask(server: &TestServer, session: &str) -> StatusCode {
    let body = serde_json::json!({ "query": METRICS, "variables": { "f": "plant" } });
    let request = server.request(body.to_string()).header("origin", SITE).bearer_auth(session);
    soon("an answer", request.send()).await.expect("a response").status()
}

#[tokio::test]
async fn a_dashboard_on_an_allowed_site_gets_a_session_of_its_own_for_a_code_that_counts_once() {
    let server = server().await;
    let first = open(&server, &address(PAGE), "").await;
    let sign_in = Url::parse("http://x").and_then(|base| base.join(location(&first))).expect("an address");
    assert_eq!(sign_in.path(), "/auth/sign-in");
    let (_, next) = sign_in.query_pairs().next().expect("where to go then");
    assert_eq!(next, address(PAGE));
    let browser = Browser::of(&server);
    let form = [("name", "Kim"), ("password", PASSWORD), ("next", &*next)];
    let signed_in = browser.post("/auth/sign-in", None, &form).await;
    assert_eq!(location(&signed_in), address(PAGE));
    let cookie = &*cookie(&signed_in);

    let code_of_site = code(&server, cookie).await;
    let (status, words) = trade(&server, OTHER_SITE, &code_of_site).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{words}");
    let (status, _) = trade(&server, "https://evil.example", &code_of_site).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, session) = trade(&server, SITE, &code_of_site).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(ask(&server, &session).await, StatusCode::OK);
    assert_eq!(trade(&server, SITE, &code_of_site).await.0, StatusCode::UNAUTHORIZED, "it was used");
    // The code is no session, and no invitation.
    let unused = code(&server, cookie).await;
    assert_eq!(ask(&server, &unused).await, StatusCode::UNAUTHORIZED);
    let form = [("code", &*unused), ("password", "another correct horse")];
    assert_eq!(browser.post("/auth/setup", None, &form).await.status(), StatusCode::UNAUTHORIZED);
    server.clock.set(millis(NOW) + HAND_OVER_VALID_MS + DurationMs(1));
    assert_eq!(trade(&server, SITE, &unused).await.0, StatusCode::UNAUTHORIZED, "it is late");

    let end = server.client.post(server.url("/auth/session/end")).header("origin", SITE);
    let end = end.body(format!("Bearer {session}"));
    let ended = soon("an answer", end.send()).await.expect("a response");
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(ask(&server, &session).await, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.ask(cookie).await, StatusCode::OK, "the server's own page is still signed in");
}

#[tokio::test]
async fn nobody_is_sent_with_a_code_to_a_site_that_is_not_allowed_by_name() {
    let server = server().await;
    let cookie = cookie(&Browser::of(&server).sign_in("Kim", PASSWORD).await);
    for foreign in [
        "https://evil.example/",
        "https://board.example.evil.example/",
        "https://board.example@evil.example/",
        "http://board.example/",
        "https://board.example:444/",
        "//board.example/",
        "https:board.example",
        "https://evil.example\\@board.example/",
        "javascript:alert(1)",
        "",
    ] {
        let response = open(&server, &address(foreign), &cookie).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{foreign}");
        assert!(!response.headers().contains_key("location"), "{foreign}");
    }
    // One of the server's own has the cookie already.
    let own = server.url("/worker?factory=plant&id=W1#content");
    let response = open(&server, &address(&own), &cookie).await;
    assert_eq!(location(&response), "/auth/sign-in?next=%2Fworker%3Ffactory%3Dplant%26id%3DW1");
    // A program that was let in by a link is no person.
    let viewer = server.token("plant", Role::Viewer, "hall 3").await;
    let response = open(&server, &address(PAGE), &format!("andon={}", viewer.token)).await;
    assert!(location(&response).starts_with("/auth/sign-in?next="));
}
