//! Reads what can be read of a damaged spool, row by row, around what cannot.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use domain::limits::MAX_COUNT;
use domain::sequence::{SequenceRange, SequenceSet};
use rusqlite::{Connection, OpenFlags};

use super::error::SpoolError;
use super::files::beside;
use super::options::WhenFull;
use super::records::{DeadLetter, Receipt};
use super::row::Row;
use super::store::{Limits, State, Store};
use super::{check, files};

/// How many keys behind an unreadable one are tried one by one: more than a lost leaf holds.
const STEPS_OF_ONE: u32 = 64;

/// How far the steps behind that grow, in keys, when it is known where the table ends: less than a lost inner page holds.
const LONGEST_STEP: i64 = 1_024;

const PAGE_BYTES: usize = super::schema::PAGE_BYTES as usize;

/// A copy whose first page is made anew.
const COPY: &str = ".repair-copy";

/// A new spool, for its first page.
const BLANK: &str = ".blank";

/// A damaged spool, open for reading as far as that is possible.
pub(super) struct DamagedFile {
    connection: Option<Connection>,
    copies: Vec<PathBuf>,
}

/// The tables that say which positions are where.
pub(super) struct Metadata {
    pub(super) state: State,
    pub(super) epochs: Vec<(i64, String)>,
    pub(super) gone: Vec<(i64, i64)>,
}

impl DamagedFile {
    /// Opens the file where it lies; if its first page is unreadable, a copy with a new one.
    pub(super) fn open(path: &Path) -> Result<Self, SpoolError> {
        if let Some(connection) = open_readable(path) {
            return Ok(Self { connection: Some(connection), copies: Vec::new() });
        }
        let unwritable = |error: std::io::Error| SpoolError::Unwritable(error.to_string());
        let copies = [beside(path, COPY), beside(path, BLANK)];
        for copy in &copies {
            files::remove(copy).map_err(unwritable)?;
        }
        let mut damaged = Self { connection: None, copies: copies.to_vec() };
        let [copy, blank] = &copies;
        fs::copy(path, copy).map_err(unwritable)?;
        let log = beside(path, "-wal");
        if log.try_exists().map_err(unwritable)? {
            fs::copy(log, beside(copy, "-wal")).map_err(unwritable)?;
        }
        renew_first_page(copy, blank)?;
        damaged.connection = open_readable(copy);
        Ok(damaged)
    }

    /// The metadata, if all of it is readable and consistent.
    pub(super) fn metadata(&self) -> Option<Metadata> {
        let connection = self.connection.as_ref()?;
        let state = State::find(connection).ok()??;
        let epochs = all(connection, "SELECT starts_after, name FROM epoch ORDER BY starts_after")?;
        let gone = all(connection, "SELECT first, last FROM gone ORDER BY first")?;
        let metadata = Metadata { state, epochs, gone };
        metadata.is_consistent().then_some(metadata)
    }

    /// The offsets of inputs, if all are readable; an input that is read again brings only duplicates.
    pub(super) fn input_offsets(&self) -> Vec<(String, String)> {
        let select = "SELECT key, value FROM mark";
        self.connection.as_ref().and_then(|connection| all(connection, select)).unwrap_or_default()
    }

    /// What is no event, and what counters last showed, if all of either is readable: the first comes again, and without the
    /// second a counter begins anew.
    pub(super) fn counters(&self) -> Vec<(String, String)> {
        let select = "SELECT key, value FROM counter";
        self.connection.as_ref().and_then(|connection| all(connection, select)).unwrap_or_default()
    }

    /// Visits the readable events in a range of positions, in order.
    pub(super) fn rows(
        &self,
        first: i64,
        last: i64,
        mut visit: impl FnMut(Row) -> Result<(), SpoolError>,
    ) -> Result<(), SpoolError> {
        let select = format!("{} WHERE position BETWEEN ? AND ? ORDER BY position", Row::SELECT);
        self.walk(&select, first, last, |row| Row::read(row).ok(), &mut visit).map(|_| ())
    }

    /// Visits the readable dead letters, in the order of their ids.
    pub(super) fn dead_letters(
        &self,
        last: i64,
        mut visit: impl FnMut(DeadLetter) -> Result<(), SpoolError>,
    ) -> Result<(), SpoolError> {
        let select = format!("{} WHERE id BETWEEN ? AND ? ORDER BY id", DeadLetter::SELECT);
        self.walk(&select, 1, last, |row| DeadLetter::read(row).ok(), &mut visit).map(|_| ())
    }

    /// Visits the readable receipts; whether some could not be read.
    pub(super) fn receipts(
        &self,
        mut visit: impl FnMut(Receipt) -> Result<(), SpoolError>,
    ) -> Result<bool, SpoolError> {
        let select = format!("{} WHERE id BETWEEN ? AND ? ORDER BY id", Receipt::SELECT);
        self.walk(&select, 1, i64::MAX, |row| Receipt::read(row).ok(), &mut visit)
    }

    /// Goes through a table by its key, around what is unreadable; whether there was any of that.
    fn walk<T>(
        &self,
        select: &str,
        first: i64,
        last: i64,
        read: impl Fn(&rusqlite::Row<'_>) -> Option<T>,
        visit: &mut dyn FnMut(T) -> Result<(), SpoolError>,
    ) -> Result<bool, SpoolError> {
        let Some(mut query) = self.connection.as_ref().and_then(|open| open.prepare(select).ok()) else {
            return Ok(true);
        };
        let mut from = first;
        let mut is_cut = false;
        loop {
            let Ok(mut rows) = query.query([from, last]) else { return Ok(true) };
            loop {
                let Ok(row) = rows.next() else { break };
                let Some(row) = row else { return Ok(is_cut) };
                let Some(key) = key_of(row, from, last) else { break };
                from = key;
                let Some(value) = read(row) else { break };
                visit(value)?;
                from = key.saturating_add(1);
            }
            drop(rows);
            is_cut = true;
            match next_readable(&mut query, from.saturating_add(1), last) {
                Some(readable) => from = readable,
                None => return Ok(true),
            }
        }
    }
}

/// The first key of a row, unless it cannot be in this place: a damaged page may name any.
fn key_of(row: &rusqlite::Row<'_>, from: i64, last: i64) -> Option<i64> {
    row.get(0).ok().filter(|key| (from..=last).contains(key))
}

/// The first key from which on reading succeeds again, found with steps that grow.
fn next_readable(query: &mut rusqlite::Statement<'_>, from: i64, last: i64) -> Option<i64> {
    let mut reads = |key: i64| {
        query.query([key, last]).is_ok_and(|mut rows| match rows.next() {
            Ok(Some(row)) => key_of(row, key, last).is_some(),
            Ok(None) => true,
            Err(_) => false,
        })
    };
    let longest_step = if last == i64::MAX { i64::MAX } else { LONGEST_STEP };
    let (mut unreadable, mut key, mut step, mut steps) = (from - 1, from, 1_i64, 0);
    if from > last {
        return None;
    }
    while !reads(key) {
        if key == last {
            return None;
        }
        steps += 1;
        if steps > STEPS_OF_ONE {
            step = step.saturating_mul(2).min(longest_step);
        }
        unreadable = key;
        key = key.saturating_add(step).min(last);
    }
    while key - unreadable > 1 {
        let middle = unreadable + (key - unreadable) / 2;
        if reads(middle) {
            key = middle;
        } else {
            unreadable = middle;
        }
    }
    Some(key)
}

impl Drop for DamagedFile {
    fn drop(&mut self) {
        self.connection = None;
        for copy in &self.copies {
            // A copy that stays is overwritten the next time, and harms nobody.
            drop(files::remove(copy));
        }
    }
}

impl Metadata {
    /// The positions that must be queued: those given and not gone.
    pub(super) fn queued(&self) -> SequenceSet {
        let given: SequenceSet = SequenceRange::new(1, self.state.next_position - 1).into_iter().collect();
        let gone = self.gone.iter().filter_map(|&(first, last)| SequenceRange::new(first, last));
        given.difference(&gone.collect())
    }

    /// How many dead letters there must be.
    pub(super) fn dead_letters(&self) -> i64 {
        let accepted = self.state.next_position - 1 - self.state.reissued;
        accepted - self.state.delivered - self.state.lost - self.queued().count()
    }

    fn is_consistent(&self) -> bool {
        let state = &self.state;
        let next = state.next_position;
        let numbers = [state.ran_ms, state.delivered, state.lost, state.lost_elsewhere, state.reissued];
        let mut last_gone = 0;
        (1..MAX_POSITION).contains(&next)
            && numbers.iter().all(|number| (0..MAX_POSITION).contains(number))
            && self.gone.iter().all(|&(first, last)| {
                let is_behind = first > last_gone && first <= last && last < next;
                last_gone = last;
                is_behind
            })
            && self.epochs.first().is_some_and(|(starts_after, _)| *starts_after >= 0)
            && self.epochs.iter().all(|(starts_after, name)| *starts_after < next && !name.is_empty())
            && self.queued().ranges().first().is_none_or(|queued| self.epochs[0].0 < queued.first())
            && self.dead_letters() >= 0
    }
}

/// No spool comes to so many events: more than the API takes.
const MAX_POSITION: i64 = MAX_COUNT + 1;

fn open_readable(path: &Path) -> Option<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    check::has_our_tables(&connection).then_some(connection)
}

/// Every row of a small table, if all are readable.
fn all<A: rusqlite::types::FromSql, B: rusqlite::types::FromSql>(
    connection: &Connection,
    select: &str,
) -> Option<Vec<(A, B)>> {
    let mut query = connection.prepare(select).ok()?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).ok()?;
    rows.collect::<Result<_, _>>().ok()
}

// Where in the first page the numbers are that differ. The file's change counter and the one for which its length was
// noted must be the same for the length to count; no list of free pages is better than one that cannot be trusted.
const CHANGES_AT: usize = 24;
const PAGES_AT: usize = 28;
const FREE_LIST_AT: usize = 32;
const FREE_PAGES_AT: usize = 36;
const LENGTH_NOTED_AT: usize = 92;

/// Writes a new spool's first page over a file's own. They are the same in every spool but for a few numbers, because its
/// tables are made once, in one order.
fn renew_first_page(copy: &Path, blank: &Path) -> Result<(), SpoolError> {
    let unwritable = |error: std::io::Error| SpoolError::Unwritable(error.to_string());
    let limits = Limits { cap_bytes: 0, max_age_ms: 0, when_full: WhenFull::Block };
    let store = Store::open(blank, limits, "blank")?;
    store.connection.close().map_err(|(_, error)| SpoolError::from(error))?;
    let mut page = vec![0; PAGE_BYTES];
    File::open(blank).and_then(|mut file| file.read_exact(&mut page)).map_err(unwritable)?;
    let length = fs::metadata(copy).map_err(unwritable)?.len();
    let pages = u32::try_from(length / PAGE_BYTES as u64).unwrap_or(u32::MAX);
    let mut set = |at: usize, value: u32| page[at..at + 4].copy_from_slice(&value.to_be_bytes());
    set(CHANGES_AT, 1);
    set(LENGTH_NOTED_AT, 1);
    set(PAGES_AT, pages);
    set(FREE_LIST_AT, 0);
    set(FREE_PAGES_AT, 0);
    let mut file = File::options().write(true).open(copy).map_err(unwritable)?;
    file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&page)).map_err(unwritable)
}
