//! `andon-edge dead-letters`: what the server refused, for a person to mend and send again.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::answer::{SHOWN_CHARACTERS, printable};
use crate::line::{self, Judgement, MAX_LINE_BYTES};
use crate::spool::{DeadLetter, Visit};
use crate::status::instant;

/// How many dead letters are read at once.
const PAGE_LETTERS: usize = 1_000;

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
        id: i64,
        /// The event, one JSON object with the fields of EventInput; read from the standard input if left out
        #[arg(long, value_name = "JSON")]
        body: Option<String>,
    },
    /// Put dead letters at the end of the queue.
    Resend {
        /// The ids that `list` shows
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<i64>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

/// Does what is asked, passing what is to be printed to `say`, a line at a time.
pub fn dead_letters(
    args: DeadLettersArgs,
    stdin: impl Read,
    mut say: impl FnMut(&str),
) -> anyhow::Result<()> {
    match args.action {
        Action::List { json } => {
            let mut visit = Visit::to_read(&args.spool)?;
            each(&mut visit, |letter| say(&if json { in_json(letter).to_string() } else { in_words(letter) }))
        }
        Action::Mend { id, body } => {
            let body = body.map_or_else(|| read(stdin), Ok)?;
            let body = judged(&body)?;
            Visit::to_change(&args.spool)?.mend(id, &body)?;
            say(&format!("dead letter {id} is mended; `resend {id}` sends it"));
            Ok(())
        }
        Action::Resend { mut ids, all } => {
            let mut visit = Visit::to_change(&args.spool)?;
            if all {
                each(&mut visit, |letter| ids.push(letter.id))?;
            }
            ids.sort_unstable();
            ids.dedup();
            visit.resend(&ids)?;
            say(&format!("{} put at the end of the queue", ids.len()));
            Ok(())
        }
    }
}

fn each(visit: &mut Visit, mut with: impl FnMut(&DeadLetter)) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = visit.dead_letters(after, PAGE_LETTERS)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        page.iter().for_each(&mut with);
    }
}

fn read(stdin: impl Read) -> anyhow::Result<String> {
    let mut body = String::new();
    stdin
        .take(MAX_LINE_BYTES as u64 + 1)
        .read_to_string(&mut body)
        .context("cannot read the event from the standard input")?;
    Ok(body)
}

/// The event as one line that the server can read, or why it is none.
fn judged(body: &str) -> anyhow::Result<String> {
    // A person may have written it over several lines; white space between tokens is all that may differ.
    let one_line = serde_json::from_str::<Box<serde_json::value::RawValue>>(body.trim())
        .map(|raw| raw.get().replace(['\n', '\r'], " "))
        .context("the event must be one JSON object")?;
    match line::judge(1, one_line.as_bytes()) {
        Judgement::Event(event) => Ok(event.json),
        Judgement::Blank => bail!("the event must be one JSON object, not nothing"),
        Judgement::Malformed(reason) => bail!("this is no event: {reason}"),
    }
}

fn in_json(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id,
        "epoch": letter.epoch,
        "sequence": letter.sequence,
        "code": letter.code,
        "message": letter.message,
        "refusedAt": instant(letter.at_ms),
        "event": serde_json::from_str(&letter.body).unwrap_or(Value::String(letter.body.clone())),
    })
}

fn in_words(letter: &DeadLetter) -> String {
    format!(
        "{}: {}: {} ({})\n    {}",
        letter.id,
        printable(&letter.code, SHOWN_CHARACTERS),
        printable(&letter.message, 2 * SHOWN_CHARACTERS),
        instant(letter.at_ms),
        printable(&letter.body, MAX_LINE_BYTES)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"timestamp":"2026-01-05T08:00:00Z","entityType":"WORKER","entityId":"W1","eventType":"IDLE","durationMinutes":5}"#;

    #[test]
    fn an_event_over_several_lines_becomes_one_line_and_nonsense_is_refused_in_words() {
        let spread = EVENT.replace(',', ",\n  ");
        assert_eq!(judged(&spread).unwrap(), EVENT.replace(',', ",   "));
        let refusal = |body: &str| judged(body).unwrap_err().to_string();
        assert_eq!(refusal(""), "the event must be one JSON object");
        assert_eq!(
            refusal(&EVENT.replace("IDLE", "ASLEEP")),
            "this is no event: eventType must be one of WORKING, IDLE, ABSENT, but is \"ASLEEP\""
        );
    }
}
