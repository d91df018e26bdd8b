//! Saves what is readable of a damaged spool.
//!
//! The damaged file is read, never written: what it still holds goes into a new file beside it, which takes its place when
//! it is complete, and the damaged one stays under another name. Positions and sequence numbers stay as they were, new
//! events get a new epoch, and for every number that is neither queued, delivered nor dead-lettered there is a receipt.
//!
//! Where even the books are unreadable nobody knows which numbers are missing. Then everything readable gets new numbers
//! (the server knows an event that it has already), and one receipt says that an unknown number is lost.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::params;

use super::beside;
use super::error::{OpenError, SpoolError};
use super::marks::Mark;
use super::receipts::Times;
use super::records::ClosedReason;
use super::row::Row;
use super::store::{Limits, State, Store};
use super::wreck::{Books, Wreck};

/// What a damaged spool is called afterwards, with the time behind it.
const DAMAGED: &str = ".damaged-";

/// The new file until it is complete and has its place.
const SALVAGED: &str = ".salvaged";

/// What SQLite may keep beside a file.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Puts a spool that can be used in the place of a damaged one.
pub(super) fn salvage(path: &Path, limits: Limits, device: &str, now_ms: i64) -> Result<(), OpenError> {
    let unusable = |error: String| OpenError::Unusable {
        path: path.to_owned(),
        reason: format!("it is damaged, and {error}"),
    };
    let aside = beside(path, &format!("{DAMAGED}{now_ms}"));
    let name = aside.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let new = beside(path, SALVAGED);
    let replace = || -> io::Result<()> {
        rename(path, &aside)?;
        fs::rename(&new, path)?;
        sync_folder(path)
    };
    remove(&new).map_err(|error| unusable(error.to_string()))?;
    let said = format!("lost with damaged parts of the spool, which is kept as {name}");
    build(path, &new, limits, device, &said).map_err(|error| unusable(error.to_string()))?;
    replace().map_err(|error| unusable(format!("it cannot be set aside: {error}")))
}

/// Ends a replacement that was cut off between its two steps.
pub(super) fn finish_replacing(path: &Path) -> io::Result<()> {
    let new = beside(path, SALVAGED);
    if !path.try_exists()? && new.try_exists()? {
        fs::rename(new, path)?;
        sync_folder(path)?;
    }
    Ok(())
}

/// Makes a new spool of what is readable.
fn build(path: &Path, new: &Path, limits: Limits, device: &str, said: &str) -> Result<(), SpoolError> {
    let wreck = Wreck::open(path)?;
    let books = wreck.books();
    let device = books.as_ref().map_or(device, |books| &books.state.device);
    let mut store = Store::open(new, limits, device)?;
    // Nobody reads it before it is complete: without a log it takes no more room than it needs.
    store.connection.pragma_update(None, "journal_mode", "DELETE")?;
    store.in_transaction(|store| {
        for (key, value) in wreck.marks() {
            store.set_mark(&Mark { key, value })?;
        }
        match &books {
            Some(books) => with_books(store, &wreck, books, said),
            None => without_books(store, &wreck, said),
        }
    })?;
    store.check()?;
    store.connection.close().map_err(|(_, error)| SpoolError::from(error))
}

/// Keeps every number as it was.
fn with_books(store: &mut Store, wreck: &Wreck, books: &Books, said: &str) -> Result<(), SpoolError> {
    let mut state = books.state.clone();
    store.connection.execute("DELETE FROM epoch", [])?;
    for (starts_after, name) in &books.epochs {
        store.connection.execute("INSERT INTO epoch VALUES (?, ?)", params![starts_after, name])?;
    }
    for &(first, last) in &books.gone {
        store.note_gone(first, last)?;
    }
    // Whatever was given and is not gone was queued: it is queued again, or lost.
    for (first, last) in books.queued() {
        let mut next = first;
        wreck.rows(first, last, |row| {
            lose(store, (next, row.position - 1), said)?;
            next = row.position + 1;
            keep(store, &row, row.position)
        })?;
        lose(store, (next, last), said)?;
    }
    // A log cut short may bring older books back than the rest of the file is; what lies between is lost or delivered.
    let perhaps = format!("perhaps delivered before, else {said}");
    let mut next = state.next_position;
    wreck.rows(next, i64::MAX, |row| {
        if row.is_sound() {
            lose(store, (next, row.position - 1), &perhaps)?;
            next = row.position + 1;
            keep(store, &row, row.position)?;
        }
        Ok(())
    })?;
    state.next_position = next;
    let mut letters = 0;
    wreck.dead_letters(i64::MAX, |letter| {
        // Sent again, it is refused again, under the same id.
        if store.is_queued(letter.id)? {
            return Ok(());
        }
        letters += 1;
        store.keep_dead_letter(&letter)
    })?;
    let receipts_are_cut = keep_receipts(store, wreck)?;
    state.unconfirmed_from = Some(state.next_position);
    store.begin_epoch(state.next_position - 1)?;
    let lost_letters = (books.dead_letters() - letters).max(0);
    if lost_letters > 0 || receipts_are_cut {
        let said = format!("{lost_letters} dead letters, and perhaps receipts of earlier losses, {said}");
        burn_one(store, &mut state, &said)?;
    }
    // Books that are older than the rest cannot be right in everything; that nothing is missing from the sum, they must.
    let accepted = state.next_position - 1 - state.reissued;
    let kept = store.queued()? + letters;
    state.lost = (accepted - state.delivered - kept).max(0);
    state.delivered = accepted - kept - state.lost;
    store.set_state(&state)
}

/// Writes a range of positions off, if there is anything in it.
fn lose(store: &Store, (first, last): (i64, i64), said: &str) -> Result<(), SpoolError> {
    if first > last {
        return Ok(());
    }
    store.note_gone(first, last)?;
    store.close(first, last, ClosedReason::Lost, Times::default(), said)
}

/// Gives new numbers to everything.
fn without_books(store: &mut Store, wreck: &Wreck, said: &str) -> Result<(), SpoolError> {
    let mut state = store.state()?;
    wreck.rows(1, i64::MAX, |row| {
        keep(store, &row, state.next_position)?;
        state.next_position += 1;
        Ok(())
    })?;
    wreck.dead_letters(i64::MAX, |mut letter| {
        letter.id = state.next_position;
        state.next_position += 1;
        store.note_gone(letter.id, letter.id)?;
        store.close(letter.id, letter.id, ClosedReason::DeadLettered, Times::default(), &letter.code)?;
        store.keep_dead_letter(&letter)
    })?;
    keep_receipts(store, wreck)?;
    let said = format!("an unknown number of events {said}: its books are unreadable");
    burn_one(store, &mut state, &said)?;
    state.unconfirmed_from = Some(state.next_position);
    store.set_state(&state)
}

/// Queues a row. One that is unsound stays so, and is put aside for a person when its turn comes.
fn keep(store: &Store, row: &Row, position: i64) -> Result<(), SpoolError> {
    let mut insert = store.connection.prepare_cached("INSERT INTO queue VALUES (?, ?, ?, ?, ?)")?;
    let body = String::from_utf8_lossy(&row.body);
    insert.execute(params![position, row.spooled_at_ms, row.ran_ms, row.checksum_at(position), body])?;
    Ok(())
}

/// Copies the receipts that the server has not answered for; whether some could not be read.
fn keep_receipts(store: &Store, wreck: &Wreck) -> Result<bool, SpoolError> {
    wreck.receipts(|receipt| {
        let times = Times { from_ms: receipt.from_ms, to_ms: receipt.to_ms };
        let (first, last) = (receipt.first_sequence, receipt.last_sequence);
        store.close_sequences(&receipt.epoch, first, last, receipt.reason, times, &receipt.detail)
    })
}

/// Gives a number to no event, so that a receipt can be about it.
fn burn_one(store: &Store, state: &mut State, said: &str) -> Result<(), SpoolError> {
    let position = state.next_position;
    state.next_position += 1;
    state.reissued += 1;
    store.note_gone(position, position)?;
    store.close(position, position, ClosedReason::Lost, Times::default(), said)
}

/// Renames a spool with what SQLite keeps beside it.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for companion in COMPANIONS {
        match fs::rename(beside(from, companion), beside(to, companion)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(from, to)
}

/// Removes a spool, if it is there, with what SQLite keeps beside it.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    for name in COMPANIONS.map(|companion| beside(path, companion)).iter().map(|name| &**name).chain([path]) {
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Makes renaming last through a power cut, where a folder can be synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
