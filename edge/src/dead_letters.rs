//! `andon-edge dead-letters`: what the server refused, and what inputs brought that is no event, for a person to correct and
//! send again.

use std::io::{self, Read};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::instant::to_rfc3339;
use domain::limits::MAX_MESSAGE_CHARS;
use serde_json::{Value, json};

use crate::line::{self, Line, MAX_LINE_BYTES};
use crate::outlet::response::printable;
use crate::spool::{DeadLetter, KeptMalformed, LetterId, Session, SessionError};

/// How many dead letters are read at once.
const PAGE_LETTERS: usize = 1_000;

/// The code of what is no event.
const MALFORMED: &str = "MALFORMED";

/// What `andon-edge dead-letters` is asked.
#[derive(Args)]
pub struct DeadLettersArgs {
    /// The spool; an agent may be running on it, and picks up what is sent again
    #[arg(long, value_name = "FILE", env = "ANDON_EDGE_SPOOL")]
    spool: PathBuf,

    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Print each with its id, why it was refused, and the event.
    List {
        /// Print one JSON object a line instead of text
        #[arg(long)]
        json: bool,
    },
    /// Replace an event by a better one, which is not sent until `resend`.
    Mend {
        /// The id that `list` shows
        id: LetterId,
        /// The event, one JSON object with the fields of EventInput; read from the standard input if left out
        #[arg(long, value_name = "JSON")]
        body: Option<String>,
    },
    /// Put dead letters at the end of the queue.
    Resend {
        /// The ids that `list` shows
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<LetterId>,
        /// All that the server refused
        #[arg(long)]
        all: bool,
    },
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// The spool.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The event that was to be given does not come.
    #[error("cannot read the event from the standard input")]
    Unreadable(#[source] io::Error),
    /// It is not JSON.
    #[error("the event must be one JSON object")]
    NotJson(#[source] serde_json::Error),
    /// It is not an event: why.
    #[error("this is no event: {0}")]
    NoEvent(String),
}

/// Does what is asked, passing what is to be printed to `say`, a line at a time.
pub fn dead_letters(
    args: DeadLettersArgs,
    stdin: impl Read,
    mut say: impl FnMut(&str),
) -> Result<(), DeadLettersError> {
    match args.action {
        Action::List { json } => {
            let mut session = Session::read_only(&args.spool)?;
            each(&mut session, |letter| {
                say(&if json { in_json(letter).to_string() } else { in_words(letter) });
            })?;
            for kept in session.malformed()? {
                say(&if json { malformed_in_json(&kept).to_string() } else { malformed_in_words(&kept) });
            }
            Ok(())
        }
        Action::Mend { id, body } => {
            let body = body.map_or_else(|| read(stdin), Ok)?;
            let body = checked(&body)?;
            Session::read_write(&args.spool)?.replace(id, &body)?;
            say(&format!("dead letter {id} is mended; `resend {id}` sends it"));
            Ok(())
        }
        Action::Resend { mut ids, all } => {
            let mut session = Session::read_write(&args.spool)?;
            if all {
                each(&mut session, |letter| ids.push(LetterId::Refused(letter.id)))?;
            }
            ids.sort_unstable();
            ids.dedup();
            session.resend(&ids)?;
            say(&format!("{} put at the end of the queue", ids.len()));
            Ok(())
        }
    }
}

fn each(session: &mut Session, mut with: impl FnMut(&DeadLetter)) -> Result<(), SessionError> {
    let mut after = 0;
    loop {
        let page = session.dead_letters(after, PAGE_LETTERS)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        page.iter().for_each(&mut with);
    }
}

fn read(stdin: impl Read) -> Result<String, DeadLettersError> {
    let mut body = String::new();
    stdin.take(MAX_LINE_BYTES as u64 + 1).read_to_string(&mut body).map_err(DeadLettersError::Unreadable)?;
    Ok(body)
}

/// The event as one line that the server can read, or why it is none.
fn checked(body: &str) -> Result<String, DeadLettersError> {
    // A person may have written it over several lines; white space between tokens is all that may differ.
    let one_line = serde_json::from_str::<Box<serde_json::value::RawValue>>(body.trim())
        .map(|raw| raw.get().replace(['\n', '\r'], " "))
        .map_err(DeadLettersError::NotJson)?;
    match line::parse(1, one_line.as_bytes()) {
        Line::Event(event) => Ok(event.json),
        Line::Blank => Err(DeadLettersError::NoEvent("it is blank".to_owned())),
        Line::Malformed(fault) => Err(DeadLettersError::NoEvent(fault.to_string())),
    }
}

fn in_json(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id,
        "epoch": letter.epoch,
        "sequence": letter.sequence,
        "code": letter.code,
        "message": letter.message,
        "refusedAt": to_rfc3339(letter.at_ms),
        "event": serde_json::from_str(&letter.body).unwrap_or(Value::String(letter.body.clone())),
    })
}

fn in_words(letter: &DeadLetter) -> String {
    format!(
        "{}: {}: {} ({})\n    {}",
        letter.id,
        printable(&letter.code, MAX_MESSAGE_CHARS),
        printable(&letter.message, 2 * MAX_MESSAGE_CHARS),
        to_rfc3339(letter.at_ms),
        printable(&letter.body, MAX_LINE_BYTES)
    )
}

fn malformed_in_json(kept: &KeptMalformed) -> Value {
    json!({
        "id": LetterId::Malformed(kept.id).to_string(),
        "code": MALFORMED,
        "message": kept.malformed.reason,
        "input": kept.malformed.input,
        "times": kept.times,
        "refusedAt": to_rfc3339(kept.at_ms),
        "body": kept.malformed.body,
    })
}

fn malformed_in_words(kept: &KeptMalformed) -> String {
    format!(
        "{}: {MALFORMED}: from {}: {} ({}, {} times)\n    {}",
        LetterId::Malformed(kept.id),
        printable(&kept.malformed.input, MAX_MESSAGE_CHARS),
        printable(&kept.malformed.reason, 2 * MAX_MESSAGE_CHARS),
        to_rfc3339(kept.at_ms),
        kept.times,
        printable(&kept.malformed.body, MAX_LINE_BYTES)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W1","eventType":"IDLE","durationMinutes":5}"#;

    #[test]
    fn an_event_over_several_lines_becomes_one_line_and_nonsense_is_refused_in_words() {
        let spread = EVENT.replace(',', ",\n  ");
        assert_eq!(checked(&spread).unwrap(), EVENT.replace(',', ",   "));
        let refusal = |body: &str| checked(body).unwrap_err().to_string();
        assert_eq!(refusal(""), "the event must be one JSON object");
        assert_eq!(
            refusal(&EVENT.replace("IDLE", "ASLEEP")),
            "this is no event: eventType must be one of WORKING, IDLE, ABSENT, but is \"ASLEEP\""
        );
    }
}
