//! Reads what the server answered to one batch, without I/O.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

/// What an answer means for the batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The batch is stored, as far as it was accepted.
    Stored(Receipt),
    /// Not now: the same batch may be sent again.
    Busy {
        /// Why, in the server's words or its HTTP status.
        reason: String,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Not like this: sending it again would be refused again. Why, in the server's words.
    Refused(String),
}

/// What became of the events of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Receipt {
    /// Events stored now.
    pub accepted: u64,
    /// Events that were stored before and say the same.
    pub duplicates: u64,
    /// Events that contradict a stored one of the same identity.
    pub conflicts: u64,
    /// Events that break a rule.
    pub rejected: u64,
    /// One for each conflict and each rejection.
    pub issues: Vec<Issue>,
}

/// Why one event was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Issue {
    /// Its position in the batch, from 0.
    pub index: usize,
    /// The rule it broke, such as `DURATION_OUT_OF_RANGE`, or `CONFLICT`.
    pub code: String,
    /// What is allowed and what was sent.
    pub message: String,
}

/// Reads an HTTP answer to a batch of `events` events.
///
/// `retry_after` is the header of that name, which counts when the body does not say how long to wait.
pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8], events: usize) -> Answer {
    let answered: Option<Response> = serde_json::from_slice(body).ok();
    let errors = answered.as_ref().map_or(&[][..], |response| &response.errors);
    let busy = errors.iter().find(|error| error.is_passing());
    if busy.is_some() || is_passing(status) {
        let asked = busy.and_then(|error| error.extensions.retry_after_ms).map(Duration::from_millis);
        let reason = match busy.or(errors.first()) {
            Some(error) => error.said(),
            None => format!("the server answered HTTP {status}"),
        };
        return Answer::Busy { reason, retry_after: asked.or(retry_after) };
    }
    if !errors.is_empty() {
        return Answer::Refused(said(errors));
    }
    let receipt = answered.and_then(|response| response.data).and_then(|data| data.ingest_events);
    match receipt {
        Some(receipt) if is_success(status) && receipt.accounts_for(events) => Answer::Stored(receipt),
        Some(_) if is_success(status) => {
            Answer::Refused(format!("the server's counts do not add up to the {events} events sent"))
        }
        _ => Answer::Refused(format!(
            "the server answered HTTP {status} and no GraphQL result; is this the address of an Andon server? It said: {}",
            printable(&String::from_utf8_lossy(body), SHOWN_CHARACTERS)
        )),
    }
}

/// One error of a GraphQL answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What the server said, fit for a terminal.
    pub said: String,
    /// Its code, such as `NOT_FOUND`.
    pub code: Option<String>,
}

/// The errors of a GraphQL answer; none when it has none or is no GraphQL answer.
pub fn complaints(body: &[u8]) -> Vec<Complaint> {
    let answered: Option<Response> = serde_json::from_slice(body).ok();
    let errors = answered.map(|response| response.errors).unwrap_or_default();
    errors.into_iter().map(|error| Complaint { said: error.said(), code: error.extensions.code }).collect()
}

/// The `Retry-After` header, in seconds or as a date, as a time from `now`.
pub fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// A text from elsewhere made fit for a terminal: cut, and free of control characters.
pub fn printable(text: &str, characters: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(characters)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if text.chars().nth(characters).is_some() {
        shown.push('…');
    }
    shown
}

/// How much of one message is shown; the server itself says no more than this.
pub const SHOWN_CHARACTERS: usize = 200;

#[derive(Deserialize)]
struct Response {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<GraphqlError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    ingest_events: Option<Receipt>,
}

#[derive(Deserialize)]
struct GraphqlError {
    message: String,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    code: Option<String>,
    retry_after_ms: Option<u64>,
}

impl GraphqlError {
    fn is_passing(&self) -> bool {
        matches!(self.extensions.code.as_deref(), Some("OVERLOADED" | "UNAVAILABLE"))
    }

    fn said(&self) -> String {
        let message = printable(&self.message, SHOWN_CHARACTERS);
        match &self.extensions.code {
            Some(code) => format!("{message} ({})", printable(code, SHOWN_CHARACTERS)),
            None => message,
        }
    }
}

impl Receipt {
    fn accounts_for(&self, events: usize) -> bool {
        let counts = [self.accepted, self.duplicates, self.conflicts, self.rejected];
        let sum = counts.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        sum == Some(events as u64) && self.issues.iter().all(|issue| issue.index < events)
    }
}

fn said(errors: &[GraphqlError]) -> String {
    const SHOWN_ERRORS: usize = 3;
    let mut sentences: Vec<_> = errors.iter().take(SHOWN_ERRORS).map(GraphqlError::said).collect();
    if errors.len() > SHOWN_ERRORS {
        sentences.push(format!("and {} more errors", errors.len() - SHOWN_ERRORS));
    }
    sentences.join("; ")
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// What passes by itself: request timeout, too many requests, and every fault of the server or what is before it.
pub(crate) fn is_passing(status: u16) -> bool {
    status == 408 || status == 429 || (500..600).contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THREE_STORED: &str =
        r#"{"data":{"ingestEvents":{"accepted":1,"duplicates":2,"conflicts":0,"rejected":0,"issues":[]}}}"#;

    fn error(code: &str, more: &str) -> String {
        format!(r#"{{"data":null,"errors":[{{"message":"No.","extensions":{{"code":"{code}"{more}}}}}]}}"#)
    }

    fn busy(reason: &str, wait_ms: Option<u64>) -> Answer {
        Answer::Busy { reason: reason.to_owned(), retry_after: wait_ms.map(Duration::from_millis) }
    }

    #[track_caller]
    fn refused(status: u16, body: &str, words: &str) {
        match read(status, None, body.as_bytes(), 3) {
            Answer::Refused(said) => assert!(said.contains(words), "{said}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_receipt_that_accounts_for_every_event_is_stored() {
        let receipt = Receipt { accepted: 1, duplicates: 2, ..Receipt::default() };
        assert_eq!(read(200, None, THREE_STORED.as_bytes(), 3), Answer::Stored(receipt));
    }

    #[test]
    fn a_receipt_for_another_number_of_events_is_not_believed() {
        let answer = read(200, None, THREE_STORED.as_bytes(), 4);
        assert_eq!(
            answer,
            Answer::Refused("the server's counts do not add up to the 4 events sent".to_owned())
        );
    }

    #[test]
    fn an_issue_beyond_the_batch_is_not_believed() {
        let body = r#"{"data":{"ingestEvents":{"accepted":2,"duplicates":0,"conflicts":0,"rejected":1,
            "issues":[{"index":3,"code":"CONFLICT","message":"."}]}}}"#;
        refused(200, body, "do not add up");
    }

    #[test]
    fn overloaded_and_unavailable_pass_whatever_the_http_status() {
        for status in [200, 400, 503] {
            for code in ["OVERLOADED", "UNAVAILABLE"] {
                let body = error(code, r#","retryAfterMs":250"#);
                let answer = read(status, Some(Duration::from_secs(9)), body.as_bytes(), 3);
                assert_eq!(answer, busy(&format!("No. ({code})"), Some(250)));
            }
        }
    }

    #[test]
    fn a_passing_http_status_waits_as_its_header_says() {
        for status in [408, 429, 500, 502, 503, 504] {
            let answer = read(status, Some(Duration::from_secs(2)), b"<html>busy</html>", 3);
            assert_eq!(answer, busy(&format!("the server answered HTTP {status}"), Some(2_000)));
        }
        assert_eq!(read(500, None, error("INTERNAL", "").as_bytes(), 3), busy("No. (INTERNAL)", None));
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
        assert_eq!(retry_after("-1", now), None);
    }

    proptest! {
        #[test]
        fn no_answer_whatever_upsets_the_reader(status in 0_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(status, None, &body, 3);
        }

        #[test]
        fn nothing_but_a_full_receipt_counts_as_stored(accepted: u64, duplicates: u64, conflicts: u64, rejected: u64) {
            let body = format!(r#"{{"data":{{"ingestEvents":{{"accepted":{accepted},"duplicates":{duplicates},"conflicts":{conflicts},"rejected":{rejected},"issues":[]}}}}}}"#);
            let adds_up = u128::from(accepted) + u128::from(duplicates) + u128::from(conflicts) + u128::from(rejected) == 3;
            prop_assert_eq!(matches!(read(200, None, body.as_bytes(), 3), Answer::Stored(_)), adds_up);
        }
    }
}
