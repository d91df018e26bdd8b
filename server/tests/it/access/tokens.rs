//! Tokens over HTTP.

use domain::{
    access::{Role, Token},
    id::CredentialId,
    time::DurationMs,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{METRICS, NOW, closed, device_of, send};
use crate::harness::{Caller, TestServer, code, millis, soon, until};

/// The status of an answer, its code and its whole text.
async fn status(server: &TestServer, authorization: Option<&str>) -> (StatusCode, Value) {
    let body = json!({ "query": METRICS, "variables": { "f": "plant" } });
    let mut request = server.request(body.to_string());
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let response = soon("an answer", request.send()).await.expect("a response");
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
    (status, response.json().await.expect("JSON"))
}

/// What becomes of somebody: `None` when they are let in.
async fn refusal(server: &TestServer, caller: &Caller) -> Option<String> {
    let (status, answer) = status(server, Some(&format!("Bearer {}", caller.token))).await;
    (status != StatusCode::OK).then(|| {
        assert_eq!((status, code(&answer).as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
        answer["errors"][0]["message"].as_str().expect("words").to_owned()
    })
}

#[tokio::test]
async fn who_proves_nothing_is_not_let_in_and_is_told_what_to_send() {
    let server = closed(&["plant"]).await;
    let valid = server.token("plant", Role::Viewer, "board").await;
    let other_secret = Token { secret: [7; 32], ..Token::of_text(&valid.token).expect("a token") }.text();
    let other_id = Token { id: CredentialId(99), ..Token::of_text(&valid.token).expect("a token") }.text();
    let (rest, last) = valid.token.split_at(valid.token.len() - 1);
    let another_end = format!("{rest}{}", if last == "x" { "y" } else { "x" });
    let mistyped = valid.token.replace(&valid.token[20..21], "-");
    for (authorization, words) in [
        (None, "Authorization: Bearer"),
        (Some("Basic YTpi".to_owned()), "\"Bearer\" and a token"),
        (Some("Bearer".to_owned()), "\"Bearer\" and a token"),
        (Some("Bearer secret".to_owned()), "this is no token"),
        (Some(format!("Bearer {mistyped}")), "this is no token"),
        (Some(format!("Bearer {another_end}")), "copy it again"),
        (Some(format!("Bearer {other_secret}")), "not valid"),
        (Some(format!("Bearer {other_id}")), "not valid"),
    ] {
        let (status, answer) = status(&server, authorization.as_deref()).await;
        assert_eq!((status, code(&answer).as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
        let message = answer["errors"][0]["message"].as_str().expect("words");
        assert!(message.contains(words), "{authorization:?}: {message}");
        assert!(!message.ends_with('…'), "cut: {message}");
    }
    let (status, answer) = status(&server, Some(&format!("bearer  {}", valid.token))).await;
    assert_eq!(status, StatusCode::OK, "the scheme has no case: {answer}");
}

#[tokio::test]
async fn what_needs_no_proof_is_there_for_everybody() {
    let server = closed(&[]).await;
    for path in ["/healthz", "/readyz"] {
        let response =
            soon("an answer", server.client.get(server.url(path)).send()).await.expect("a response");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_token_is_refused_once_it_has_expired_and_once_it_is_revoked() {
    let server = closed(&["plant"]).await;
    let [expiring, revoked] =
        [server.token("plant", Role::Viewer, "one").await, server.token("plant", Role::Viewer, "two").await];
    for caller in [&expiring, &revoked] {
        assert_eq!(refusal(&server, caller).await, None);
    }
    server.revoke("plant", &revoked).await;
    // The server hears of it by itself.
    until("the revocation", async || {
        refusal(&server, &revoked).await.is_some_and(|why| why.contains("revoked"))
    })
    .await;
    assert_eq!(refusal(&server, &expiring).await, None);
    server.clock.set(millis(NOW) + DurationMs(domain::MS_PER_DAY - 1));
    assert_eq!(refusal(&server, &expiring).await, None);
    server.clock.set(millis(NOW) + DurationMs(domain::MS_PER_DAY));
    assert!(refusal(&server, &expiring).await.is_some_and(|why| why.contains("expired")));
}

#[tokio::test]
async fn a_token_that_another_one_takes_the_place_of_is_valid_for_a_while() {
    let server = closed(&["plant"]).await;
    let before = server.token("plant", Role::Viewer, "board").await;
    let scope = server.settings_of("plant").await;
    let overlap_ms = DurationMs(domain::MS_PER_HOUR);
    let rotated = server.app.store.rotate_token(&scope, before.id, overlap_ms, &server.author()).await;
    let (record, token) = rotated.expect("a commit").expect("another token");
    let after = Caller { token: token.text(), id: record.id };
    for caller in [&before, &after] {
        assert_eq!(refusal(&server, caller).await, None);
    }
    server.clock.set(millis(NOW) + overlap_ms);
    until("the end of the first", async || refusal(&server, &before).await.is_some()).await;
    assert_eq!(refusal(&server, &after).await, None);
}

#[tokio::test]
async fn a_thousand_tokens_that_are_revoked_at_once_are_all_refused() {
    let server = closed(&["plant"]).await;
    let mut callers = Vec::new();
    for number in 0..1_000 {
        callers.push(server.token("plant", Role::Device, &format!("cam-{number}")).await);
    }
    for caller in callers.iter().step_by(100) {
        let sent = send(&server, caller, "plant", &["W1"]).await;
        assert!(sent.get("errors").is_none(), "{sent}");
    }
    for caller in &callers {
        server.revoke("plant", caller).await;
    }
    // Of those that were used, the server hears by itself.
    for caller in callers.iter().step_by(50) {
        until("the revocation", async || refusal(&server, caller).await.is_some()).await;
    }
}

#[tokio::test]
async fn when_a_token_was_last_used_is_written_down() {
    let server = closed(&["plant"]).await;
    let device = device_of(&server, "plant").await;
    let scope = server.settings_of("plant").await;
    until("the time of its last use", async || {
        let snapshot = server.app.store.snapshot().await.expect("a snapshot");
        let tokens = server::store::access::credentials::tokens(&snapshot, &scope).await.expect("tokens");
        assert_eq!((tokens.len(), tokens[0].id), (1, device.id));
        tokens[0].last_used_at_ms == Some(millis(NOW))
    })
    .await;
}

#[tokio::test]
async fn a_device_sends_as_itself_alone() {
    let server = closed(&["plant", "other"]).await;
    let device = device_of(&server, "plant").await;
    let query = "mutation($f: ID!, $device: ID!) { ingestEvents(factoryId: $f, events: [], sender: { deviceId: $device,
        epoch: \"e\", firstSequence: 1, sentAt: \"2026-01-05T12:00:00Z\", queuedEvents: 0, lostEvents: 0,
        deadLetteredEvents: 0 }) { accepted } }";
    for (factory, sender, expected) in [
        ("plant", "cam-1", None),
        ("plant", "cam-2", Some("FORBIDDEN")),
        ("other", "cam-1", Some("NOT_FOUND")),
    ] {
        let answer = server.answer_to(&device, query, json!({ "f": factory, "device": sender })).await;
        let refused = answer.get("errors").map(|_| code(&answer));
        assert_eq!(refused.as_deref(), expected, "{answer}");
    }
    // It sees itself, and none but itself.
    let other = server.token("plant", Role::Device, "cam-2").await;
    server.answer_to(&other, query, json!({ "f": "plant", "device": "cam-2" })).await;
    let devices = "{ devices(factoryId: \"plant\") { deviceId } }";
    let seen = server.answer_to(&device, devices, json!({})).await;
    assert_eq!(seen["data"]["devices"], json!([{ "deviceId": "cam-1" }]));
}
