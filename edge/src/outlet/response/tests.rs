use super::*;
use proptest::prelude::*;

const THREE_STORED: &str =
    r#"{"data":{"ingestEvents":{"accepted":1,"duplicates":2,"conflicts":0,"rejected":0,"issues":[]}}}"#;

fn error(code: &str, more: &str) -> String {
    format!(r#"{{"data":null,"errors":[{{"message":"No.","extensions":{{"code":"{code}"{more}}}}}]}}"#)
}

fn result(accepted: u64, duplicates: u64, conflicts: u64, rejected: u64, issues: &str) -> String {
    format!(
        r#"{{"data":{{"ingestEvents":{{"accepted":{accepted},"duplicates":{duplicates},"conflicts":{conflicts},"rejected":{rejected},"issues":[{issues}]}}}}}}"#
    )
}

fn busy(reason: &str, wait_ms: Option<u64>) -> Response {
    Response::Busy { reason: reason.to_owned(), retry_after: wait_ms.map(Duration::from_millis) }
}

#[track_caller]
fn refused(status: u16, body: &str, words: &str) {
    match read(status, None, body.as_bytes(), 3) {
        Response::Refused { reason }
        | Response::Unexpected { reason, .. }
        | Response::Forbidden { reason } => {
            assert!(reason.contains(words), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_result_that_accounts_for_every_event_is_stored() {
    let result = IngestResult { accepted: 1, duplicates: 2, ..IngestResult::default() };
    assert_eq!(read(200, None, THREE_STORED.as_bytes(), 3), Response::Stored(result));
}

#[test]
fn a_result_for_another_number_of_events_is_not_believed() {
    let answer = read(200, None, THREE_STORED.as_bytes(), 4);
    assert_eq!(
        answer,
        Response::Unexpected {
            reason: "the server's counts do not add up to the 4 events sent".to_owned(),
            retry_after: None
        }
    );
}

#[test]
fn an_issue_beyond_the_batch_is_not_believed() {
    let body = r#"{"data":{"ingestEvents":{"accepted":2,"duplicates":0,"conflicts":0,"rejected":1,
        "issues":[{"index":3,"code":"CONFLICT","message":"."}]}}}"#;
    refused(200, body, "do not add up");
}

#[test]
fn rate_limited_overloaded_and_unavailable_are_transient_whatever_the_http_status() {
    for status in [200, 400, 429, 503] {
        for code in ["RATE_LIMITED", "OVERLOADED", "UNAVAILABLE"] {
            let body = error(code, r#","retryAfterMs":250"#);
            let answer = read(status, Some(Duration::from_secs(9)), body.as_bytes(), 3);
            assert_eq!(answer, busy(&format!("No. ({code})"), Some(250)));
        }
    }
}

#[test]
fn a_transient_http_status_waits_as_its_header_says() {
    for status in [408, 429, 500, 502, 503, 504] {
        let answer = read(status, Some(Duration::from_secs(2)), b"<html>busy</html>", 3);
        assert_eq!(answer, busy(&format!("the server answered HTTP {status}"), Some(2_000)));
    }
    assert_eq!(read(500, None, error("INTERNAL", "").as_bytes(), 3), busy("No. (INTERNAL)", None));
}

#[test]
fn no_server_makes_a_sender_wait_for_longer_than_ten_minutes() {
    let body = error("OVERLOADED", r#","retryAfterMs":864000000"#);
    assert_eq!(read(503, None, body.as_bytes(), 3), busy("No. (OVERLOADED)", Some(600_000)));
}

#[test]
fn any_other_error_is_a_refusal_in_the_servers_words() {
    refused(200, &error("NOT_FOUND", ""), "No. (NOT_FOUND)");
    refused(400, &error("BAD_USER_INPUT", ""), "No. (BAD_USER_INPUT)");
    refused(
        200,
        r#"{"errors":[{"message":"one"},{"message":"two"},{"message":"three"},{"message":"four"},{"message":"five"}]}"#,
        "one; two; three; and 2 more errors",
    );
}

#[test]
fn what_is_no_graphql_result_is_quoted_without_control_characters() {
    refused(
        404,
        "not \u{1b}[31mhere",
        "HTTP 404 and no GraphQL result; is this the address of an Andon server? It said: not  [31mhere",
    );
    refused(302, "", "HTTP 302");
    refused(200, "{\"data\":null}", "HTTP 200");
    refused(403, THREE_STORED, "HTTP 403");
}

#[test]
fn retry_after_may_be_seconds_or_a_date() {
    let now = httpdate::parse_http_date("Mon, 05 Jan 2026 08:00:00 GMT").unwrap();
    assert_eq!(retry_after(" 12 ", now), Some(Duration::from_secs(12)));
    assert_eq!(retry_after("Mon, 05 Jan 2026 08:00:30 GMT", now), Some(Duration::from_secs(30)));
    assert_eq!(retry_after("Mon, 05 Jan 2026 07:00:00 GMT", now), Some(Duration::ZERO));
    assert_eq!(retry_after("soon", now), None);
    for days in ["864000", "18446744073709551615", "Mon, 05 Jan 2099 08:00:00 GMT"] {
        assert_eq!(retry_after(days, now), Some(LONGEST_RETRY_AFTER), "{days}");
    }
    assert_eq!(retry_after("-1", now), None);
}

/// The response in one word.
fn word(status: u16, body: &str) -> &'static str {
    match read(status, None, body.as_bytes(), 3) {
        Response::Stored(_) => "stored",
        Response::Busy { .. } => "busy",
        Response::Unexpected { .. } => "unexpected",
        Response::TooLarge { .. } => "too large",
        Response::Refused { .. } => "refused",
        Response::Forbidden { .. } => "forbidden",
    }
}

#[test]
fn every_answer_has_its_meaning() {
    let issue = r#"{"index":1,"code":"CONFLICT","message":"."}"#;
    for (status, body, meant) in [
        (200, result(2, 1, 0, 0, ""), "stored"),
        (200, result(2, 0, 1, 0, issue), "stored"),
        (200, result(1, 0, 2, 0, issue), "unexpected"),
        (200, result(1, 0, 2, 0, &format!("{issue},{issue}")), "unexpected"),
        (200, result(4, 0, 0, 0, ""), "unexpected"),
        (200, "<html>Accept our terms</html>".to_owned(), "unexpected"),
        (200, "{}".to_owned(), "unexpected"),
        (302, String::new(), "unexpected"),
        (404, "not here".to_owned(), "unexpected"),
        (408, String::new(), "busy"),
        (429, String::new(), "busy"),
        (500, "oops".to_owned(), "busy"),
        (500, error("INTERNAL", ""), "busy"),
        (503, error("OVERLOADED", ""), "busy"),
        (421, error("BAD_USER_INPUT", ""), "unexpected"),
        (200, error("UNAVAILABLE", ""), "busy"),
        (200, error("NOT_FOUND", ""), "unexpected"),
        (200, error("BAD_USER_INPUT", ""), "refused"),
        (400, error("BAD_USER_INPUT", ""), "refused"),
        (400, "Bad Request".to_owned(), "unexpected"),
        (413, String::new(), "too large"),
        (413, error("LIMIT_EXCEEDED", ""), "too large"),
        (200, error("LIMIT_EXCEEDED", ""), "too large"),
        (401, String::new(), "forbidden"),
        (403, result(3, 0, 0, 0, ""), "forbidden"),
        (200, error("UNAUTHENTICATED", ""), "forbidden"),
    ] {
        assert_eq!(word(status, &body), meant, "{status} {body}");
    }
}

#[test]
fn an_older_server_is_known_by_its_words() {
    const SENDER_NAMES: [&str; 2] = ["\"sender\"", "\"senderinput\""];
    let said = |message: &str| {
        is_unknown_name(
            serde_json::json!({ "errors": [{ "message": message }] }).to_string().as_bytes(),
            &SENDER_NAMES,
        )
    };
    assert!(said(r#"Unknown argument "sender" on field "ingestEvents" of type "Mutation"."#));
    assert!(said(r#"Unknown type "SenderInput""#));
    assert!(!said(r#"Unknown field "sendr""#));
    assert!(!is_unknown_name(b"unknown \"sender\"", &SENDER_NAMES));
}

proptest! {
    #[test]
    fn no_answer_whatever_upsets_the_reader(status in 0_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(status, None, &body, 3);
    }

    #[test]
    fn nothing_but_a_full_result_counts_as_stored(accepted: u64, duplicates: u64, conflicts: u64, rejected: u64) {
        let body = result(accepted, duplicates, conflicts, rejected, "");
        let sum: u128 = [accepted, duplicates, conflicts, rejected].map(u128::from).iter().sum();
        let is_full = sum == 3 && conflicts + rejected == 0;
        prop_assert_eq!(matches!(read(200, None, body.as_bytes(), 3), Response::Stored(_)), is_full);
    }

    #[test]
    fn every_event_of_a_stored_batch_is_accepted_a_duplicate_or_named(
        accepted in 0_u64..5, duplicates in 0_u64..5, conflicts in 0_u64..5, rejected in 0_u64..5,
        indexes in proptest::collection::vec(0_usize..6, 0..5),
    ) {
        let issues: Vec<_> = indexes.iter().map(|index| format!(r#"{{"index":{index},"code":"X","message":"."}}"#)).collect();
        let events = (accepted + duplicates + conflicts + rejected) as usize;
        let body = result(accepted, duplicates, conflicts, rejected, &issues.join(","));
        if let Response::Stored(result) = read(200, None, body.as_bytes(), events) {
            let mut named: Vec<_> = result.issues.iter().map(|issue| issue.index).collect();
            named.dedup();
            prop_assert_eq!(result.accepted + result.duplicates + named.len() as u64, events as u64);
            prop_assert!(named.iter().all(|index| *index < events));
        }
    }
}
