//! Whether anybody has changed the log behind the server's back.

use std::{collections::BTreeMap, fmt};

use domain::id::{FactoryId, FactorySlug};
use sea_orm::ConnectionTrait;

use super::{
    chain::{self, RowHash},
    read::{Head, heads, rows_after},
};
use crate::store::error::Result;

/// How many rows are read at a time.
const ROWS_AT_ONCE: u64 = 1_000;

/// A row as it is known from elsewhere: from an export, or from the server's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRow {
    /// Whose log it is in; none for that of the server as a whole.
    pub factory_id: Option<FactoryId>,
    /// Its place there.
    pub number: i64,
    /// Its hash.
    pub hash: RowHash,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose log it is; none for that of the server as a whole.
    pub factory: Option<FactorySlug>,
    /// Which row.
    pub number: i64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not there.
    Missing,
    /// Its hash is not that of what it says after the row before it.
    Changed,
    /// It is another one than the one that is known from elsewhere.
    NotAsKnown,
    /// It is past where the log ends.
    PastTheEnd,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.factory {
            Some(factory) => write!(f, "factory \"{factory}\", ")?,
            None => f.write_str("server, ")?,
        }
        let fault = match self.fault {
            Fault::Missing => "is missing",
            Fault::Changed => "was changed, or stands in another place",
            Fault::NotAsKnown => "is not the one of the copy",
            Fault::PastTheEnd => "is past where the log ends",
        };
        write!(f, "row {} {fault}", self.number)
    }
}

/// Looks through all logs, and answers what is wrong with them and how many rows were looked at. `known` are rows as they are
/// known from elsewhere: without any, nobody can tell whether the newest rows of a log were cut off.
///
/// # Errors
/// The database failed.
pub async fn verify(conn: &impl ConnectionTrait, known: &[KnownRow]) -> Result<(Vec<Finding>, u64)> {
    let (mut findings, mut rows) = (Vec::new(), 0);
    let mut unseen: Vec<KnownRow> = known.to_vec();
    for head in heads(conn).await? {
        let of_log = |row: &KnownRow| row.factory_id == head.factory_id;
        let known: BTreeMap<i64, RowHash> =
            known.iter().filter(|row| of_log(row)).map(|row| (row.number, row.hash)).collect();
        unseen.retain(|row| !of_log(row));
        rows += verify_log(conn, &head, &known, &mut findings).await?;
    }
    // A log of which nothing is left.
    let gone = |row: KnownRow| Finding { factory: None, number: row.number, fault: Fault::Missing };
    findings.extend(unseen.into_iter().map(gone));
    Ok((findings, rows))
}

async fn verify_log(
    conn: &impl ConnectionTrait,
    head: &Head,
    known: &BTreeMap<i64, RowHash>,
    findings: &mut Vec<Finding>,
) -> Result<u64> {
    let mut find = |number, fault| findings.push(Finding { factory: head.factory.clone(), number, fault });
    let (mut number, mut before, mut looked_at) = (head.first_number - 1, head.hash_before_first, 0);
    loop {
        let rows = rows_after(conn, head.factory_id, number, ROWS_AT_ONCE).await?;
        let Some(last) = rows.last().map(|row| row.number) else { break };
        looked_at += rows.len() as u64;
        for row in rows {
            if row.number > head.number {
                find(row.number, Fault::PastTheEnd);
                continue;
            }
            if row.number > number + 1 {
                find(number + 1, Fault::Missing);
            } else if chain::hash(before, &row) != row.hash {
                find(row.number, Fault::Changed);
            }
            if known.get(&row.number).is_some_and(|known| *known != row.hash) {
                find(row.number, Fault::NotAsKnown);
            }
            (number, before) = (row.number, row.hash);
        }
        number = last;
    }
    let end = number.min(head.number);
    if end < head.number {
        find(end + 1, Fault::Missing);
    } else if before != head.hash {
        find(head.number, Fault::Changed);
    }
    if let Some((cut_off, _)) = known.range(head.number.max(number) + 1..).next() {
        find(*cut_off, Fault::Missing);
    }
    Ok(looked_at)
}
