//! The program itself, as docs/ACCESS.md has it started.

use std::process::Stdio;

use reqwest::StatusCode;

use super::{Browser, IdentityProvider, PUBLIC, SECRET, browser, sign_in};
use crate::harness::{Program, TestDatabase, soon};

#[tokio::test]
async fn neither_the_log_nor_a_page_has_a_secret() {
    let provider = IdentityProvider::start().await;
    provider.set_groups("kim", &[]);
    let database = TestDatabase::new().await;
    let mut command =
        Program::command(&["serve", "--listen", "127.0.0.1:0", "--database-url", database.url()]);
    command.args(["--oidc-issuer", &provider.issuer, "--oidc-client-id", "andon", "--public-url", PUBLIC]);
    command.args(["--oidc-label", "<b>Plants & more</b>"]);
    command.env("ANDON_OIDC_CLIENT_SECRET", SECRET).env("RUST_LOG", "debug");
    let program = Program::start(command).await;
    let address = program.address();
    let browser = Browser::default();
    let page = browser.open(address, "/auth/sign-in").await.text().await.expect("a page");
    assert!(page.contains("Sign in with &lt;b&gt;Plants &amp; more&lt;/b&gt;"), "{page}");
    let callback = browser.leave_and_sign_in(address, "/", "kim").await;
    let back = browser.open(address, &callback).await;
    assert_eq!(back.status(), StatusCode::SEE_OTHER);
    let session = browser.cookies();
    // One that fails, too.
    let (_, _) = sign_in(address, "kim").await;
    let thief = Browser::default();
    let away = thief.leave(address, "/").await;
    let (code, state) = (browser::parameter(&callback, "code"), browser::parameter(&away, "state"));
    let stolen = format!("/auth/oidc/callback?code={code}&state={state}");
    let refused = thief.open(address, &stolen).await;
    assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
    let page = refused.text().await.expect("a page");
    let (_, log) = program.terminate().await;
    let log = log.join("\n");
    assert!(log.contains("the identity provider gives no tokens code=\"invalid_grant\""), "{log}");
    let kept = session.split("; ").map(|pair| pair.split_once('=').expect("a cookie").1.to_owned());
    let first_state = browser::parameter(&callback, "state");
    for secret in kept.chain([code, state, first_state, SECRET.to_owned()]) {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
        assert!(!page.contains(&secret), "{secret} is on the page:\n{page}");
    }
}

#[tokio::test]
async fn options_that_contradict_each_other_end_the_program_with_a_sentence() {
    let complete =
        ["--oidc-issuer", "https://sso.example.com", "--oidc-client-id", "andon", "--public-url", PUBLIC];
    for (arguments, words) in [
        (&complete[..4], "--oidc-issuer needs --public-url"),
        (&complete[2..4], "--oidc-client-id says nothing without --oidc-issuer"),
        (&[&complete[..], &["--access", "open"]].concat()[..], "--access open lets everybody in"),
        (
            &[&complete[..], &["--oidc-group-template", "andon"]].concat()[..],
            "has {factory} and {role} in it",
        ),
    ] {
        let database = TestDatabase::new().await;
        let mut command =
            Program::command(&["serve", "--listen", "127.0.0.1:0", "--database-url", database.url()]);
        let output = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        let output = soon("the end", output).await.expect("an exit status");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{arguments:?}: {said}");
    }
}
