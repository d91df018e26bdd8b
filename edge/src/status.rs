//! `andon-edge status`: how a spool stands, for people and for programs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::instant::to_rfc3339;
use serde_json::{Value, json};

use crate::clock;
use crate::spool::{Counts, Session, SessionError};

/// What `andon-edge status` is asked.
#[derive(Args)]
pub struct StatusArgs {
    /// The spool to look into; an agent may be running on it
    #[arg(long, value_name = "FILE", env = "ANDON_EDGE_SPOOL")]
    spool: PathBuf,

    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Reads the spool and says how it stands.
pub fn status(args: &StatusArgs) -> Result<String, SessionError> {
    let counts = Session::read_only(&args.spool)?.counts()?;
    Ok(if args.json {
        format!("{:#}", in_json(&args.spool, &counts))
    } else {
        in_words(&args.spool, &counts, clock::now_ms())
    })
}

fn in_json(spool: &Path, counts: &Counts) -> Value {
    json!({
        "spool": spool.display().to_string(),
        "device": counts.device,
        "epoch": counts.epoch,
        "nextSequence": counts.next_sequence,
        "accepted": counts.accepted,
        "delivered": counts.delivered,
        "queued": counts.queued,
        "deadLettered": counts.dead_lettered,
        "malformed": counts.malformed,
        "lost": counts.lost_events(),
        "receipts": counts.receipts,
        "oldestQueuedAt": counts.oldest_spooled_at_ms.map(to_rfc3339),
        "usedBytes": counts.used_bytes,
        "fileBytes": counts.file_bytes,
        "failure": counts.failure.as_ref().map(|failure| json!({
            "isForbidden": failure.is_forbidden,
            "reason": failure.reason,
            "since": to_rfc3339(failure.since_ms),
        })),
    })
}

fn in_words(spool: &Path, counts: &Counts, now_ms: i64) -> String {
    let mut said = String::new();
    let ago = |at_ms: i64| format!("{} ({} ago)", to_rfc3339(at_ms), span((now_ms - at_ms).max(0) / 1_000));
    let oldest = counts.oldest_spooled_at_ms.map_or("none is queued".to_owned(), ago);
    let failure = counts.failure.as_ref().map(|failure| {
        let whose = if failure.is_forbidden { "the server forbids it, " } else { "" };
        ("failing", format!("since {}: {whose}{}", ago(failure.since_ms), failure.reason))
    });
    let rows = [
        ("spool", spool.display().to_string()),
        ("device", counts.device.clone()),
        ("epoch", format!("{}, next sequence number {}", counts.epoch, counts.next_sequence)),
        ("accepted", counts.accepted.to_string()),
        ("delivered", counts.delivered.to_string()),
        ("queued", counts.queued.to_string()),
        ("oldest", oldest),
        ("dead-lettered", counts.dead_lettered.to_string()),
        ("malformed", counts.malformed.to_string()),
        ("lost", format!("{}, receipts to deliver: {}", counts.lost_events(), counts.receipts)),
        ("bytes", format!("{} in use, the file has {}", counts.used_bytes, counts.file_bytes)),
    ];
    for (name, value) in rows.into_iter().chain(failure) {
        // Writing to a String cannot fail.
        writeln!(said, "{name:<14} {value}").unwrap_or_default();
    }
    said.truncate(said.trim_end().len());
    said
}

/// A span of time in its largest unit, rounded down.
fn span(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        ..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        DAY.. => format!("{} d", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Failure;

    fn counts() -> Counts {
        Counts {
            device: "cam-1".to_owned(),
            epoch: "18f-a".to_owned(),
            next_sequence: 11,
            accepted: 10,
            delivered: 4,
            queued: 3,
            dead_lettered: 1,
            malformed: 6,
            lost: 2,
            lost_elsewhere: 5,
            receipts: 1,
            oldest_spooled_at_ms: Some(1_767_600_000_000),
            used_bytes: 40_960,
            file_bytes: 81_920,
            failure: None,
        }
    }

    #[test]
    fn the_text_says_all_that_is_asked() {
        let now_ms = 1_767_600_000_000 + 3 * 3_600_000;
        assert_eq!(
            in_words(Path::new("cam.db"), &counts(), now_ms),
            "spool          cam.db\n\
             device         cam-1\n\
             epoch          18f-a, next sequence number 11\n\
             accepted       10\n\
             delivered      4\n\
             queued         3\n\
             oldest         2026-01-05T08:00:00.000Z (3 h ago)\n\
             dead-lettered  1\n\
             malformed      6\n\
             lost           7, receipts to deliver: 1\n\
             bytes          40960 in use, the file has 81920"
        );
    }

    #[test]
    fn why_nothing_is_delivered_is_said_at_the_end() {
        let failure =
            Failure { is_forbidden: true, reason: "HTTP 401".to_owned(), since_ms: 1_767_600_000_000 };
        let counts = Counts { failure: Some(failure), ..counts() };
        let said = in_words(Path::new("cam.db"), &counts, 1_767_600_060_000);
        let last = said.lines().last();
        assert_eq!(
            last,
            Some(
                "failing        since 2026-01-05T08:00:00.000Z (1 min ago): the server forbids it, HTTP 401"
            )
        );
        let said = in_json(Path::new("cam.db"), &counts);
        assert_eq!(
            said["failure"],
            json!({ "isForbidden": true, "reason": "HTTP 401", "since": "2026-01-05T08:00:00.000Z" })
        );
    }

    #[test]
    fn the_json_says_the_same() {
        let said = in_json(Path::new("cam.db"), &counts());
        assert_eq!(said["failure"], Value::Null);
        assert_eq!(said["queued"], 3);
        assert_eq!(said["lost"], 7);
        assert_eq!(said["oldestQueuedAt"], "2026-01-05T08:00:00.000Z");
    }

    #[test]
    fn a_span_is_given_in_its_largest_unit() {
        let spans = [0, 59, 60, 3_599, 3_600, 86_399, 86_400].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d"]);
    }
}
