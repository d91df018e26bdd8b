//! Repairs a damaged spool: saves what is readable of it.
//!
//! The damaged file is read, never written: what it still holds goes into a new file beside it, which takes its place when
//! it is complete, and the damaged one stays under another name. Positions and sequence numbers stay as they were, new
//! events get a new epoch, and for every number that is neither queued, delivered nor dead-lettered there is a receipt.
//!
//! Where even the metadata is unreadable nobody knows which numbers are missing. Then everything readable gets new numbers
//! (the server knows an event that it has already), and one receipt says that an unknown number is lost.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::params;

use super::damaged_file::{DamagedFile, Metadata};
use super::error::{OpenError, SpoolError};
use super::files::{beside, remove, rename, sync_folder};
use super::input_offsets::InputOffset;
use super::receipts::{Closing, Times};
use super::records::ClosedReason;
use super::row::Row;
use super::store::{Limits, State, Store};

/// What a damaged spool is called afterwards, with the time behind it.
const DAMAGED: &str = ".damaged-";

/// The new file until it is complete and has its place.
const REPAIRED: &str = ".salvaged";

/// Puts a spool that can be used in the place of a damaged one.
pub(super) fn repair(path: &Path, limits: Limits, device: &str, now_ms: i64) -> Result<(), OpenError> {
    let unusable = |error: String| OpenError::Unusable {
        path: path.to_owned(),
        reason: format!("it is damaged, and {error}"),
    };
    let aside = beside(path, &format!("{DAMAGED}{now_ms}"));
    let name = aside.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let new = beside(path, REPAIRED);
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
    let new = beside(path, REPAIRED);
    if !path.try_exists()? && new.try_exists()? {
        fs::rename(new, path)?;
        sync_folder(path)?;
    }
    Ok(())
}

/// Makes a new spool of what is readable.
fn build(path: &Path, new: &Path, limits: Limits, device: &str, said: &str) -> Result<(), SpoolError> {
    let damaged = DamagedFile::open(path)?;
    let metadata = damaged.metadata();
    let device = metadata.as_ref().map_or(device, |metadata| &metadata.state.device);
    let mut store = Store::open(new, limits, device)?;
    // Nobody reads it before it is complete: without a log it takes no more room than it needs.
    store.connection.pragma_update(None, "journal_mode", "DELETE")?;
    store.in_transaction(|store| {
        for (input, offset) in damaged.input_offsets() {
            store.set_input_offset(&InputOffset { input, offset })?;
        }
        for (key, value) in damaged.counters() {
            store.set_counter(&key, &value)?;
        }
        match &metadata {
            Some(metadata) => with_metadata(store, &damaged, metadata, said),
            None => without_metadata(store, &damaged, said),
        }
    })?;
    store.check()?;
    store.connection.close().map_err(|(_, error)| SpoolError::from(error))
}

/// Keeps every number as it was.
fn with_metadata(
    store: &mut Store,
    damaged: &DamagedFile,
    metadata: &Metadata,
    said: &str,
) -> Result<(), SpoolError> {
    let mut state = metadata.state.clone();
    store.connection.execute("DELETE FROM epoch", [])?;
    for (starts_after, name) in &metadata.epochs {
        store.connection.execute("INSERT INTO epoch VALUES (?, ?)", params![starts_after, name])?;
    }
    for &(first, last) in &metadata.gone {
        store.note_gone(first, last)?;
    }
    state.next_position = requeue(store, damaged, metadata, said)?;
    let mut letters = 0;
    damaged.dead_letters(i64::MAX, |letter| {
        // Sent again, it is refused again, under the same id.
        if store.is_queued(letter.id)? {
            return Ok(());
        }
        letters += 1;
        store.insert_dead_letter(&letter)
    })?;
    let receipts_are_cut = keep_receipts(store, damaged)?;
    state.unconfirmed_from = Some(state.next_position);
    store.begin_epoch(state.next_position - 1)?;
    let lost_letters = (metadata.dead_letters() - letters).max(0);
    if lost_letters > 0 || receipts_are_cut {
        let said = format!("{lost_letters} dead letters, and perhaps receipts of earlier losses, {said}");
        skip_sequence(store, &mut state, &said)?;
    }
    // Metadata that is older than the rest cannot be right in everything, but the sum must hold.
    let accepted = state.next_position - 1 - state.reissued;
    let kept = store.queued()? + letters;
    state.lost = (accepted - state.delivered - kept).max(0);
    state.delivered = accepted - kept - state.lost;
    store.set_state(&state)
}

/// Queues every readable row at its own position, and writes receipts for the others. Answers with the next position.
fn requeue(store: &Store, damaged: &DamagedFile, metadata: &Metadata, said: &str) -> Result<i64, SpoolError> {
    // Whatever was given and is not gone was queued: it is queued again, or lost.
    for range in metadata.queued().ranges() {
        let mut next = range.first();
        damaged.rows(range.first(), range.last(), |row| {
            lose(store, (next, row.position - 1), said)?;
            next = row.position + 1;
            keep(store, &row, row.position)
        })?;
        lose(store, (next, range.last()), said)?;
    }
    // A log cut short may bring older metadata back than the rest of the file is; what lies between is lost or delivered.
    let perhaps = format!("perhaps delivered before, else {said}");
    let mut next = metadata.state.next_position;
    damaged.rows(next, i64::MAX, |row| {
        if row.is_intact() {
            lose(store, (next, row.position - 1), &perhaps)?;
            next = row.position + 1;
            keep(store, &row, row.position)?;
        }
        Ok(())
    })?;
    Ok(next)
}

/// Writes a range of positions off, if there is anything in it.
fn lose(store: &Store, (first, last): (i64, i64), said: &str) -> Result<(), SpoolError> {
    if first > last {
        return Ok(());
    }
    store.note_gone(first, last)?;
    store.close(first, last, Closing::lost(said))
}

/// Gives new numbers to everything.
fn without_metadata(store: &mut Store, damaged: &DamagedFile, said: &str) -> Result<(), SpoolError> {
    let mut state = store.state()?;
    damaged.rows(1, i64::MAX, |row| {
        keep(store, &row, state.next_position)?;
        state.next_position += 1;
        Ok(())
    })?;
    damaged.dead_letters(i64::MAX, |mut letter| {
        letter.id = state.next_position;
        state.next_position += 1;
        store.note_gone(letter.id, letter.id)?;
        let reason = ClosedReason::DeadLettered;
        store.close(letter.id, letter.id, Closing { reason, ..Closing::lost(&letter.code) })?;
        store.insert_dead_letter(&letter)
    })?;
    keep_receipts(store, damaged)?;
    let said = format!("an unknown number of events {said}: its metadata is unreadable");
    skip_sequence(store, &mut state, &said)?;
    state.unconfirmed_from = Some(state.next_position);
    store.set_state(&state)
}

/// Queues a row. One that is not intact stays so, and becomes a dead letter when it is taken.
fn keep(store: &Store, row: &Row, position: i64) -> Result<(), SpoolError> {
    let mut insert = store.connection.prepare_cached("INSERT INTO queue VALUES (?, ?, ?, ?, ?)")?;
    let body = String::from_utf8_lossy(&row.body);
    insert.execute(params![position, row.spooled_at_ms, row.ran_ms, row.checksum_at(position), body])?;
    Ok(())
}

/// Copies the receipts that the server has not answered for; whether some could not be read.
fn keep_receipts(store: &Store, damaged: &DamagedFile) -> Result<bool, SpoolError> {
    damaged.receipts(|receipt| {
        let times = Times { from_ms: receipt.from_ms, to_ms: receipt.to_ms };
        let closing = Closing { reason: receipt.reason, times, detail: &receipt.detail };
        let (first, last) = (receipt.first_sequence, receipt.last_sequence);
        store.close_sequences(&receipt.epoch, first, last, closing)
    })
}

/// Uses up a sequence number for no event, so that a receipt can be about it.
fn skip_sequence(store: &Store, state: &mut State, said: &str) -> Result<(), SpoolError> {
    let position = state.next_position;
    state.next_position += 1;
    state.reissued += 1;
    store.note_gone(position, position)?;
    store.close(position, position, Closing::lost(said))
}
