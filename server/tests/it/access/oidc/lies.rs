//! Identity providers that do what none may.

use reqwest::StatusCode;

use super::{
    Browser, PUBLIC, grants, is_refused, may_see, people, provider::packages, server_of, supervisor,
};
use crate::harness::{TestServer, node::Script, soon};

async fn misbehaving() -> Script {
    let callback = format!("{PUBLIC}/auth/oidc/callback");
    Script::start(packages().await, &["misbehaving.mjs", &callback], &[]).await
}

#[tokio::test]
async fn what_a_provider_may_not_say_lets_nobody_in() {
    let script = misbehaving().await;
    let lies = [
        "wrong-nonce",
        "no-nonce",
        "wrong-audience",
        "one-audience-more",
        "wrong-issuer",
        "expired",
        "not-yet",
        "alg-none",
        "signed-by-another",
        "signed-by-the-secret",
        "sends-elsewhere",
    ];
    for lie in lies {
        let server = server_of(&format!("{}/{lie}", script.url)).await;
        let browser = Browser::default();
        let callback = browser.leave_and_sign_in(server.address, "/", "kim").await;
        let back = browser.open(server.address, &callback).await;
        assert_eq!(back.status(), StatusCode::BAD_GATEWAY, "{lie}");
        is_refused(back, StatusCode::BAD_GATEWAY, "cannot be relied on").await;
        assert_eq!(people(&server).await, [], "{lie}");
        assert!(!may_see(&server, &browser, "plant").await, "{lie}");
    }
    // The same one lets people in who says nothing but the truth.
    let server = server_of(&format!("{}/honest", script.url)).await;
    let browser = Browser::default();
    let callback = browser.leave_and_sign_in(server.address, "/", "kim").await;
    assert_eq!(browser.open(server.address, &callback).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(grants(&server, "plant").await, [supervisor("kim")]);
}

async fn start_fails(server: &TestServer) {
    let start = Browser::default().open(server.address, "/auth/oidc/start").await;
    is_refused(start, StatusCode::SERVICE_UNAVAILABLE, "does not answer").await;
}

#[tokio::test]
async fn a_provider_that_is_another_one_or_talks_without_an_end_or_not_at_all_is_none() {
    let script = misbehaving().await;
    start_fails(&server_of(&format!("{}/another-provider", script.url)).await).await;
    start_fails(&server_of(&format!("{}/no-provider", script.url)).await).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("an address");
    start_fails(&server_of(&format!("http://{address}")).await).await;
    let server = server_of(&format!("{}/too-long", script.url)).await;
    let browser = Browser::default();
    let callback = browser.leave_and_sign_in(server.address, "/", "kim").await;
    let back = soon("an end", browser.open(server.address, &callback)).await;
    is_refused(back, StatusCode::SERVICE_UNAVAILABLE, "does not answer").await;
    assert_eq!(people(&server).await, []);
}
