//! Commands about the audit log: a copy of it, and whether anybody has changed it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use domain::{
    id::{FactoryId, FactorySlug},
    instant::to_rfc3339,
};
use serde::{Deserialize, Serialize};

use crate::{
    config::access::AuditLogCommand,
    store::{
        Store,
        audit_log::{self, AuditRow, KnownRow},
    },
};

/// How many rows are read at a time.
const ROWS_AT_ONCE: u64 = 1_000;
/// The longest line of a copy, in bytes: well above what a row has.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// A row as a line of an export. The hash is over the hash of the row before it, 64 zeros for the first, a line feed, and `log` to
/// `times` without `factoryId` and `at` as a JSON array without blanks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    /// The number of the factory, 0 for the server as a whole.
    log: i32,
    factory_id: Option<&'a str>,
    number: i64,
    at: String,
    at_ms: i64,
    principal_id: i32,
    principal: &'a str,
    credential_id: i32,
    action: &'static str,
    outcome: &'static str,
    target: &'a str,
    details: &'a str,
    address: &'a str,
    request_id: &'a str,
    revision: i64,
    times: i64,
    hash: String,
}

/// What a line of a copy has to say to be compared.
#[derive(Deserialize)]
struct Known {
    log: i32,
    number: i64,
    hash: String,
}

/// Runs a command, and answers whether all is well.
///
/// # Errors
/// What was wrong, for the person at the command line.
pub async fn audit_log(command: AuditLogCommand) -> anyhow::Result<bool> {
    match command {
        AuditLogCommand::Export(database) => {
            let store = super::commands::open_store(&database.database_url).await?;
            let exported = export(&store, &mut io::stdout().lock()).await;
            store.close().await;
            exported.map(|()| true)
        }
        AuditLogCommand::Verify { database, copy } => {
            let known = copy.as_deref().map_or_else(|| Ok(Vec::new()), read_copy)?;
            let store = super::commands::open_store(&database.database_url).await?;
            let verified = verify(&store, &known).await;
            store.close().await;
            verified
        }
    }
}

async fn export(store: &Store, out: &mut impl io::Write) -> anyhow::Result<()> {
    let snapshot = store.snapshot().await?;
    let mut out = io::BufWriter::new(out);
    for head in audit_log::heads(&snapshot).await? {
        let factory_id = head.factory.as_ref().map(FactorySlug::as_str);
        let mut number = 0;
        loop {
            let rows = audit_log::rows_after(&snapshot, head.factory_id, number, ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            number = last.number;
            for row in &rows {
                serde_json::to_writer(&mut out, &line(row, factory_id)).context("a row cannot be written")?;
                writeln!(out).context("a row cannot be written")?;
            }
        }
    }
    out.flush().context("the copy cannot be written")
}

fn line<'a>(row: &'a AuditRow, factory_id: Option<&'a str>) -> Line<'a> {
    Line {
        log: row.factory_id.map_or(0, |id| id.0),
        factory_id,
        number: row.number,
        at: to_rfc3339(row.at_ms.0),
        at_ms: row.at_ms.0,
        principal_id: row.principal_id.map_or(0, |id| id.0),
        principal: &row.principal,
        credential_id: row.credential_id.map_or(0, |id| id.0),
        action: row.action.name(),
        outcome: row.outcome.name(),
        target: &row.target,
        details: &row.details,
        address: row.address.as_deref().unwrap_or_default(),
        request_id: row.request_id.as_deref().unwrap_or_default(),
        revision: row.revision,
        times: row.times,
        hash: row.hash.to_string(),
    }
}

/// The rows of a copy that was exported before.
fn read_copy(path: &Path) -> anyhow::Result<Vec<KnownRow>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut lines = io::Read::take(BufReader::new(file), u64::MAX);
    let (mut known, mut text) = (Vec::new(), String::new());
    for number in 1_u64.. {
        text.clear();
        lines.set_limit(MAX_LINE_BYTES);
        let at = || format!("line {number} of {}", path.display());
        if lines.read_line(&mut text).with_context(|| format!("{} cannot be read", at()))? == 0 {
            return Ok(known);
        }
        let row: Known = serde_json::from_str(&text)
            .with_context(|| format!("{} is not one of `andon audit-log export`", at()))?;
        let hash = row.hash.parse().with_context(at)?;
        let factory_id = Some(row.log).filter(|log| *log != 0).map(FactoryId);
        known.push(KnownRow { factory_id, number: row.number, hash });
    }
    bail!("{} has too many lines", path.display())
}

async fn verify(store: &Store, known: &[KnownRow]) -> anyhow::Result<bool> {
    let snapshot = store.snapshot().await?;
    let (findings, rows) =
        audit_log::verify(&snapshot, known).await.context("the audit log cannot be read")?;
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("{rows} rows follow each other as they were written");
        for head in audit_log::heads(&snapshot).await? {
            let log = head.factory.map_or_else(|| "server".to_owned(), |slug| format!("factory \"{slug}\""));
            println!("{log}: the last row is {} with the hash {}", head.number, head.hash);
        }
    } else {
        println!("{} findings: somebody has changed the log behind the server's back", findings.len());
    }
    Ok(findings.is_empty())
}
