//! What an answer means for a batch and for what is sent after it, without I/O.

use std::time::Duration;

use crate::answer::{self, Answer, Issue, Receipt};

/// What became of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It was answered for, event by event.
    Answered(Answered),
    /// Not now: the same batch may be sent again.
    Later {
        /// Why, in words for the log.
        reason: String,
        /// How long the other side wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It is larger than the other side takes.
    TooLarge {
        /// What the other side said.
        reason: String,
    },
    /// It was refused as a whole, for something in it.
    Refused {
        /// What the other side said.
        reason: String,
    },
    /// This sender may not send.
    Forbidden {
        /// What the other side said.
        reason: String,
    },
}

/// What was said of the events of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Events stored now.
    pub stored: u64,
    /// Events that were stored before and say the same.
    pub duplicates: u64,
    /// Those that are not stored: a rule broken, or a contradiction to what is stored.
    pub refused: Vec<Issue>,
}

/// Reads an HTTP answer to a batch of `events` events.
///
/// Only an Andon server's own words may condemn a batch. Whatever else answers, such as a proxy, a portal that wants a
/// password, or a server that does not know the factory yet, is waited out: the events are good.
pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8], events: usize) -> Verdict {
    let complaints = answer::complaints(body);
    let has = |code: &str| complaints.iter().any(|complaint| complaint.code.as_deref() == Some(code));
    let said = || match answer::read(status, None, body, events) {
        Answer::Refused(said) => said,
        Answer::Busy { reason, .. } => reason,
        Answer::Stored(_) => format!("the server answered HTTP {status}"),
    };
    if matches!(status, 401 | 403) || has("UNAUTHENTICATED") || has("FORBIDDEN") {
        return Verdict::Forbidden { reason: said() };
    }
    if status == 413 || has("LIMIT_EXCEEDED") {
        return Verdict::TooLarge { reason: said() };
    }
    match answer::read(status, retry_after, body, events) {
        Answer::Stored(receipt) => Verdict::of_receipt(receipt),
        Answer::Busy { reason, retry_after } => Verdict::Later { reason, retry_after },
        Answer::Refused(reason) if complaints.is_empty() || has("NOT_FOUND") => {
            Verdict::Later { reason, retry_after }
        }
        Answer::Refused(reason) => Verdict::Refused { reason },
    }
}

impl Verdict {
    /// A receipt names each event that is not stored; one that leaves some out cannot be acted upon.
    fn of_receipt(receipt: Receipt) -> Self {
        let unnamed = receipt.conflicts + receipt.rejected != receipt.issues.len() as u64;
        if unnamed || !is_ascending(&receipt.issues) {
            let reason = "the server did not say which events it refused".to_owned();
            return Self::Later { reason, retry_after: None };
        }
        Self::Answered(Answered {
            stored: receipt.accepted,
            duplicates: receipt.duplicates,
            refused: receipt.issues,
        })
    }
}

fn is_ascending(issues: &[Issue]) -> bool {
    issues.windows(2).all(|pair| pair[0].index < pair[1].index)
}

/// Whether a refusal says that the server is older than the argument `sender`.
pub fn is_of_older_server(body: &[u8]) -> bool {
    answer::complaints(body).iter().any(|complaint| {
        let said = complaint.said.to_ascii_lowercase();
        said.contains("unknown") && (said.contains("\"sender\"") || said.contains("\"senderinput\""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn receipt(accepted: u64, duplicates: u64, conflicts: u64, rejected: u64, issues: &str) -> String {
        format!(
            r#"{{"data":{{"ingestEvents":{{"accepted":{accepted},"duplicates":{duplicates},"conflicts":{conflicts},"rejected":{rejected},"issues":[{issues}]}}}}}}"#
        )
    }

    fn error(code: &str) -> String {
        format!(r#"{{"data":null,"errors":[{{"message":"No.","extensions":{{"code":"{code}"}}}}]}}"#)
    }

    /// The verdict in one word.
    fn word(status: u16, body: &str) -> &'static str {
        match read(status, None, body.as_bytes(), 3) {
            Verdict::Answered(_) => "answered",
            Verdict::Later { .. } => "later",
            Verdict::TooLarge { .. } => "too large",
            Verdict::Refused { .. } => "refused",
            Verdict::Forbidden { .. } => "forbidden",
        }
    }

    #[test]
    fn every_answer_has_its_meaning() {
        let issue = r#"{"index":1,"code":"CONFLICT","message":"."}"#;
        for (status, body, meant) in [
            (200, receipt(2, 1, 0, 0, ""), "answered"),
            (200, receipt(2, 0, 1, 0, issue), "answered"),
            (200, receipt(1, 0, 2, 0, issue), "later"),
            (200, receipt(1, 0, 2, 0, &format!("{issue},{issue}")), "later"),
            (200, receipt(4, 0, 0, 0, ""), "later"),
            (200, "<html>Accept our terms</html>".to_owned(), "later"),
            (200, "{}".to_owned(), "later"),
            (302, String::new(), "later"),
            (404, "not here".to_owned(), "later"),
            (408, String::new(), "later"),
            (429, String::new(), "later"),
            (500, "oops".to_owned(), "later"),
            (500, error("INTERNAL"), "later"),
            (503, error("OVERLOADED"), "later"),
            (200, error("UNAVAILABLE"), "later"),
            (200, error("NOT_FOUND"), "later"),
            (200, error("BAD_USER_INPUT"), "refused"),
            (400, error("BAD_USER_INPUT"), "refused"),
            (400, "Bad Request".to_owned(), "later"),
            (413, String::new(), "too large"),
            (413, error("LIMIT_EXCEEDED"), "too large"),
            (200, error("LIMIT_EXCEEDED"), "too large"),
            (401, String::new(), "forbidden"),
            (403, receipt(3, 0, 0, 0, ""), "forbidden"),
            (200, error("UNAUTHENTICATED"), "forbidden"),
        ] {
            assert_eq!(word(status, &body), meant, "{status} {body}");
        }
    }

    #[test]
    fn an_older_server_is_known_by_its_words() {
        let said = |message: &str| {
            is_of_older_server(
                serde_json::json!({ "errors": [{ "message": message }] }).to_string().as_bytes(),
            )
        };
        assert!(said(r#"Unknown argument "sender" on field "ingestEvents" of type "Mutation"."#));
        assert!(said(r#"Unknown type "SenderInput""#));
        assert!(!said(r#"Unknown field "sendr""#));
        assert!(!is_of_older_server(b"unknown \"sender\""));
    }

    proptest! {
        #[test]
        fn no_answer_whatever_upsets_the_reader(status in 0_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(status, None, &body, 3);
        }

        #[test]
        fn every_event_of_an_answered_batch_is_stored_a_duplicate_or_named(
            accepted in 0_u64..5, duplicates in 0_u64..5, conflicts in 0_u64..5, rejected in 0_u64..5,
            indexes in proptest::collection::vec(0_usize..6, 0..5),
        ) {
            let issues: Vec<_> = indexes.iter().map(|index| format!(r#"{{"index":{index},"code":"X","message":"."}}"#)).collect();
            let events = (accepted + duplicates + conflicts + rejected) as usize;
            let body = receipt(accepted, duplicates, conflicts, rejected, &issues.join(","));
            if let Verdict::Answered(answered) = read(200, None, body.as_bytes(), events) {
                let mut named: Vec<_> = answered.refused.iter().map(|issue| issue.index).collect();
                named.dedup();
                prop_assert_eq!(answered.stored + answered.duplicates + named.len() as u64, events as u64);
                prop_assert!(named.iter().all(|index| *index < events));
            }
        }
    }
}
