//! People who sign in on the server's pages.

use domain::{access::Role, time::DurationMs};
use reqwest::{Response, StatusCode, Url, redirect};
use serde_json::json;
use server::{
    access::{AccessMode, Passwords},
    clock::Clock,
    http::{ConnectionLimits, Options, TrustedProxies},
    store::{
        Store,
        access::{Author, credentials::MAX_TOKENS, passwords::SETUP_CODE_VALID_MS},
    },
};

use super::{NOW, browser::Browser, closed};
use crate::harness::{Program, Socket, TestDatabase, TestServer, millis, patient, soon, until};

const PASSWORD: &str = "correct horse battery";

/// The cookie of a response that has one, as a browser sends it back, and its attributes.
fn cookie(response: &Response) -> (String, String) {
    let header = response.headers()["set-cookie"].to_str().expect("a header");
    let (pair, attributes) = header.split_once("; ").expect("attributes");
    (pair.to_owned(), attributes.to_owned())
}

/// A person with this password who leads the workers of the plant.
async fn person(server: &TestServer, name: &str) {
    server.person(name, &[("plant", Role::Supervisor)]).await;
    set_password(server, name, PASSWORD).await;
}

pub(super) async fn set_password(server: &TestServer, name: &str, password: &str) {
    let hash = Passwords::default().hash(password.into()).await.expect("a hash");
    let changed = server.app.store.set_password(name, &hash, &server.author()).await;
    changed.expect("a commit").expect("a person");
}

#[tokio::test]
async fn who_opens_a_page_of_a_closed_server_is_sent_to_sign_in_and_then_back() {
    let server = closed(&["plant"]).await;
    person(&server, "Kim").await;
    let browser = Browser::of(&server);
    let sent = browser.get("/graphql").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(sent.headers()["location"], "/auth/sign-in?next=%2Fgraphql");
    let page = browser.get("/auth/sign-in?next=%2Fgraphql").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["x-frame-options"], "DENY");
    let policy = page.headers()["content-security-policy"].to_str().expect("a header").to_owned();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert!(page.text().await.expect("a page").contains("name=\"next\" value=\"/graphql\""));
    let signed_in = browser.sign_in("Kim", PASSWORD).await;
    assert_eq!(
        (signed_in.status(), &signed_in.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/floor".parse().expect("a header"))
    );
    let (session, attributes) = cookie(&signed_in);
    assert!(session.starts_with("andon=andon_ses_"), "{session}");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(browser.ask(&session).await, StatusCode::OK);
}

#[tokio::test]
async fn a_cookie_counts_only_where_a_page_of_the_server_asks() {
    let server = closed(&["plant"]).await;
    person(&server, "Kim").await;
    let (session, _) = cookie(&Browser::of(&server).sign_in("Kim", PASSWORD).await);
    for origin in [None, Some("https://evil.example".to_owned()), Some("null".to_owned())] {
        let foreign = Browser::on_page_of(&server, origin.clone());
        assert_eq!(foreign.ask(&session).await, StatusCode::UNAUTHORIZED, "{origin:?}");
        assert_eq!(foreign.sign_in("Kim", PASSWORD).await.status(), StatusCode::FORBIDDEN, "{origin:?}");
        let signed_out = foreign.post("/auth/sign-out", Some(&session), &[]).await;
        assert_eq!(signed_out.status(), StatusCode::FORBIDDEN, "{origin:?}");
    }
    for (origin, is_let_in) in [(Some(server.url("")), true), (None, false)] {
        let mut request = Socket::request(server.address);
        request.headers_mut().insert("cookie", session.parse().expect("a header"));
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        let mut socket = Socket::open_with(server.address, request).await;
        socket.send(json!({ "type": "connection_init" })).await;
        if is_let_in {
            assert_eq!(socket.receive().await["type"], "connection_ack");
        } else {
            assert_eq!(socket.closed().await.code, 4403);
        }
    }
}

#[tokio::test]
async fn a_session_ends_when_its_owner_signs_out_changes_the_password_or_stays_away() {
    let server = closed(&["plant"]).await;
    person(&server, "Kim").await;
    let browser = Browser::of(&server);
    let sign_in = async || cookie(&browser.sign_in("Kim", PASSWORD).await).0;
    let (ended, other) = (sign_in().await, sign_in().await);
    let signed_out = browser.post("/auth/sign-out", Some(&ended), &[]).await;
    assert_eq!(signed_out.status(), StatusCode::SEE_OTHER);
    assert!(cookie(&signed_out).1.ends_with("Max-Age=0"));
    assert_eq!(browser.ask(&ended).await, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.ask(&other).await, StatusCode::OK);
    // Used again and again it lasts half a day.
    for hours in 1..12 {
        server.clock.set(millis(NOW) + DurationMs(hours * domain::MS_PER_HOUR));
        assert_eq!(browser.ask(&other).await, StatusCode::OK, "{hours}");
    }
    server.clock.set(millis(NOW) + DurationMs(12 * domain::MS_PER_HOUR));
    assert_eq!(browser.ask(&other).await, StatusCode::UNAUTHORIZED);
    let unused = sign_in().await;
    server.clock.set(millis(NOW) + DurationMs(14 * domain::MS_PER_HOUR));
    assert_eq!(browser.ask(&unused).await, StatusCode::UNAUTHORIZED);
    let of_old_password = sign_in().await;
    assert_eq!(browser.ask(&of_old_password).await, StatusCode::OK);
    set_password(&server, "Kim", "another long password").await;
    until("the end of the session", async || browser.ask(&of_old_password).await == StatusCode::UNAUTHORIZED)
        .await;
}

#[tokio::test]
async fn one_session_more_than_there_may_be_ends_the_oldest() {
    let server = closed(&["plant"]).await;
    person(&server, "Kim").await;
    let browser = Browser::of(&server);
    let oldest = cookie(&browser.sign_in("Kim", PASSWORD).await).0;
    assert_eq!(browser.ask(&oldest).await, StatusCode::OK);
    let mut newest = String::new();
    for _ in 0..MAX_TOKENS {
        newest = cookie(&browser.sign_in("Kim", PASSWORD).await).0;
    }
    until("the end of the oldest", async || browser.ask(&oldest).await == StatusCode::UNAUTHORIZED).await;
    assert_eq!(browser.ask(&newest).await, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike_and_not_for_ever() {
    let server = closed(&["plant"]).await;
    person(&server, "Kim").await;
    let browser = Browser::of(&server);
    for _ in 0..3 {
        let wrong = browser.sign_in("Kim", "a wrong password").await;
        let unknown = browser.sign_in("Robin", "a wrong password").await;
        assert_eq!((wrong.status(), unknown.status()), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
        let [wrong, unknown] = [wrong.text().await.expect("a page"), unknown.text().await.expect("a page")];
        assert_eq!(wrong.replace("Kim", "X"), unknown.replace("Robin", "X"));
    }
    // To check a password takes as long as the first waits may be; they grow.
    until("a wait", async || {
        let refused = browser.sign_in("Kim", "a wrong password").await;
        refused.status() == StatusCode::TOO_MANY_REQUESTS && refused.headers().contains_key("retry-after")
    })
    .await;
    until("the end of the wait", async || {
        browser.sign_in("Kim", PASSWORD).await.status() == StatusCode::SEE_OTHER
    })
    .await;
}

#[tokio::test]
async fn the_setup_code_creates_one_operator_once_within_an_hour() {
    let server = closed(&["plant"]).await;
    let browser = Browser::of(&server);
    let new_code = async || server.app.access.new_setup_code().await.expect("an answer");
    let code = new_code().await.expect("a code").text();
    assert_eq!(new_code().await, None, "one is valid");
    let set_up = async |code: &str, name: &str, password: &str| {
        browser
            .post("/auth/setup", None, &[("code", code), ("name", name), ("password", password)])
            .await
            .status()
    };
    assert_eq!(set_up(&code, "Root", "too short").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(set_up("andon_set_0_x", "Root", PASSWORD).await, StatusCode::UNAUTHORIZED);
    server.clock.set(millis(NOW) + SETUP_CODE_VALID_MS);
    assert_eq!(set_up(&code, "Root", PASSWORD).await, StatusCode::UNAUTHORIZED, "it is late");
    let code = new_code().await.expect("another code").text();
    let created =
        browser.post("/auth/setup", None, &[("code", &code), ("name", "Root"), ("password", PASSWORD)]).await;
    assert_eq!(created.status(), StatusCode::SEE_OTHER);
    assert_eq!(set_up(&code, "Other", PASSWORD).await, StatusCode::UNAUTHORIZED, "it is used up");
    assert_eq!(new_code().await, None, "there is an operator");
    let (session, _) = cookie(&created);
    let create =
        json!({ "query": "mutation { createFactory(input: {id: \"new\", name: \"New\"}) { factoryId } }" });
    let request =
        server.request(create.to_string()).header("cookie", session).header("origin", server.url(""));
    let answer = soon("an answer", request.send()).await.expect("a response").text().await.expect("text");
    assert_eq!(answer, r#"{"data":{"createFactory":{"factoryId":"new"}}}"#);
}

#[tokio::test]
async fn whoever_runs_the_server_chooses_the_setup_code_by_a_file() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("code");
    let code = "5f".repeat(32);
    std::fs::write(&file, format!("{code}\n")).expect("a file");
    let arguments = ["--access", "required", "--setup-code-file", file.to_str().expect("a path")];
    let client =
        reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build().expect("a client");
    let set_up = async |program: &Program, code: &str| {
        let form = [("code", code), ("name", "Root"), ("password", PASSWORD)];
        let encoded = Url::parse_with_params(&program.url, form).expect("an address");
        let request = client
            .post(format!("{}/auth/setup", program.url))
            .header("origin", &program.url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded.query().expect("a form").to_owned());
        soon("an answer", request.send()).await.expect("a response").status()
    };
    // A code that a server made before is void then, and the file's is no other's at the next start.
    let program = Program::serve(database.url(), &["--access", "required"]).await;
    let (_, log) = program.terminate().await;
    let made = log.iter().find_map(|line| line.split_once("?code=")).expect("a code").1;
    let (made, _) = made.split_once(' ').expect("words");
    Program::serve(database.url(), &arguments).await.terminate().await;
    let program = Program::serve(database.url(), &arguments).await;
    program.logs("with the code in the file of --setup-code-file").await;
    assert_eq!(set_up(&program, made).await, StatusCode::UNAUTHORIZED);
    assert_eq!(set_up(&program, &"6f".repeat(32)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(set_up(&program, &code).await, StatusCode::SEE_OTHER);
    let (_, log) = program.terminate().await;
    assert!(!log.iter().any(|line| line.contains(&code)), "the code is in the log");
    let program = Program::serve(database.url(), &arguments).await;
    assert_eq!(set_up(&program, &code).await, StatusCode::UNAUTHORIZED, "there is an operator");
}

#[tokio::test]
async fn a_wall_board_is_let_in_by_a_token_that_changes_nothing_until_it_is_revoked() {
    let server = closed(&["plant"]).await;
    let browser = Browser::of(&server);
    let page = browser.get("/auth/board?next=%2Fboard%3Ffactory%3Dplant").await;
    assert!(page.headers()["content-security-policy"].to_str().expect("text").contains("script-src 'self'"));
    let page = soon("the page", page.text()).await.expect("text");
    assert!(
        page.contains("value=\"/board?factory=plant\"") && page.contains("src=\"/auth/board.js\""),
        "{page}"
    );
    assert_eq!(browser.get("/auth/board.js").await.status(), StatusCode::OK);

    let viewer = server.token("plant", Role::Viewer, "hall 3").await;
    let enter = async |browser: &Browser<'_>, token: &str| {
        browser.post("/auth/board", None, &[("token", token), ("next", "/board?factory=plant")]).await
    };
    let entered = enter(&browser, &viewer.token).await;
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    assert_eq!(entered.headers()["location"], "/board?factory=plant");
    let (screen, attributes) = cookie(&entered);
    assert_eq!(attributes, format!("Max-Age={}; Path=/; HttpOnly; SameSite=Lax", 24 * 60 * 60));
    assert_eq!(browser.ask(&screen).await, StatusCode::OK);

    let (supervisor, device) = (
        server.token("plant", Role::Supervisor, "report").await,
        server.token("plant", Role::Device, "cam-7").await,
    );
    let person = server.person("Kim", &[("plant", Role::Viewer)]).await;
    for other in [&supervisor.token, &device.token, &person.token, "andon_svc_1_x", ""] {
        let refused = enter(&browser, other).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!refused.headers().contains_key("set-cookie"));
        assert!(!soon("the page", refused.text()).await.expect("text").contains("andon_"));
    }
    let elsewhere = Browser::on_page_of(&server, Some("https://evil.example".to_owned()));
    assert_eq!(enter(&elsewhere, &viewer.token).await.status(), StatusCode::FORBIDDEN);

    server.revoke("plant", &viewer).await;
    until("the end of the board", async || browser.ask(&screen).await == StatusCode::UNAUTHORIZED).await;
    assert_eq!(enter(&browser, &viewer.token).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_guesses_setup_codes_waits() {
    let server = closed(&[]).await;
    let browser = Browser::of(&server);
    let form = [("code", "andon_set_0_x"), ("name", "Root"), ("password", PASSWORD)];
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(browser.post("/auth/setup", None, &form).await.status());
    }
    assert_eq!(statuses[0], StatusCode::UNAUTHORIZED);
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_https_the_cookie_is_for_https_and_this_host_alone() {
    let database = TestDatabase::new().await;
    let store = Store::open(database.url()).await.expect("a database");
    let proxies = TrustedProxies::parse(["127.0.0.1"]).expect("a network");
    let connections = ConnectionLimits { trusted_proxies: proxies, ..patient().connections };
    let options = (Options { connections, ..patient() }, AccessMode::Required);
    let server = TestServer::with_access(store, database, Clock::manual(millis(NOW)), options).await;
    let author = Author::command_line(millis(NOW));
    server.app.store.create_person("Kim", false, &author).await.expect("a commit").expect("a person");
    set_password(&server, "Kim", PASSWORD).await;
    let client =
        reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build().expect("a client");
    let origin = server.url("").replace("http:", "https:");
    let request = client
        .post(server.url("/auth/sign-in"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", &origin)
        .header("x-forwarded-for", "192.0.2.7")
        .header("x-forwarded-proto", "https")
        .body("name=Kim&password=correct+horse+battery");
    let signed_in = soon("an answer", request.send()).await.expect("a response");
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    let (session, attributes) = cookie(&signed_in);
    assert!(session.starts_with("__Host-andon="), "{session}");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Secure");
}
