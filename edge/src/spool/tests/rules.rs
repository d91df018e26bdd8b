//! Rules of the store, each shown once.

use domain::sequence::{SequenceRange, SequenceSet};

use super::super::open::open_or_repair;
use super::super::records::{ClosedReason, KnownEpoch, Lane, Outcome};
use super::super::{OpenError, SpoolError, WhenFull, schema};
use super::{at, capped, event, folder, open, roomy};

fn set(ranges: &[(i64, i64)]) -> SequenceSet {
    ranges.iter().filter_map(|&(first, last)| SequenceRange::new(first, last)).collect()
}

fn events(numbers: std::ops::Range<i64>) -> Vec<String> {
    numbers.map(|number| event(number, 0)).collect()
}

#[test]
fn what_was_spooled_before_an_outage_ended_is_the_backlog() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&events(0..5), at(0)).unwrap();
    store.in_transaction(super::Store::begin_live).unwrap();
    store.append_now(&events(5..8), at(1)).unwrap();
    let take = |store: &mut super::Store, lane| store.take(lane, 4, 1 << 20, at(2)).unwrap();
    let live = take(&mut store, Lane::Live).unwrap();
    assert_eq!((live.origin.first_sequence, live.events.len()), (6, 3));
    assert_eq!(take(&mut store, Lane::Live), None);
    let backlog = take(&mut store, Lane::Backlog).unwrap();
    assert_eq!((backlog.origin.first_sequence, backlog.events.len()), (1, 4));
    let rest = take(&mut store, Lane::Backlog).unwrap();
    assert_eq!((rest.origin.first_sequence, rest.events.len()), (5, 1));
    assert_eq!(take(&mut store, Lane::Backlog), None);
}

#[test]
fn an_event_larger_than_a_batch_may_be_is_taken_alone() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&[event(0, 9_000), event(1, 0)], at(0)).unwrap();
    let batch = store.take(Lane::Live, 10, 100, at(0)).unwrap().unwrap();
    assert_eq!(batch.events, [event(0, 9_000)]);
}

#[test]
fn dropping_the_oldest_leaves_one_receipt_with_the_events_own_times() {
    let (_folder, path) = folder();
    let mut store = open(&path, capped(512 * 1024, WhenFull::DropOldest));
    for number in 0..1_200 {
        store.append_now(&[event(number, 600)], at(number)).unwrap();
    }
    let counts = store.counts().unwrap();
    assert_eq!(counts.accepted, 1_200);
    assert_eq!(counts.queued + counts.lost, 1_200);
    assert!(counts.lost > 100, "{counts:?}");
    assert!(counts.used_bytes <= 512 * 1024 + 4 * 4_096, "{counts:?}");
    let receipts = store.receipts(10).unwrap();
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    let receipt = &receipts[0];
    assert_eq!((receipt.first_sequence, receipt.last_sequence), (1, counts.lost));
    assert_eq!(receipt.reason, ClosedReason::Lost);
    assert_eq!(receipt.from_ms, Some(1_767_571_200_000));
    assert_eq!(receipt.to_ms, Some(1_767_571_200_000 + (counts.lost - 1) * 60_000));
}

#[test]
fn a_full_spool_that_blocks_says_so_and_takes_events_again_when_some_were_delivered() {
    let (_folder, path) = folder();
    let mut store = open(&path, capped(256 * 1024, WhenFull::Block));
    let mut accepted = 0;
    let full = loop {
        match store.append_now(&[event(accepted, 600)], at(0)) {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, SpoolError::Full { .. }), "{full:?}");
    assert_eq!(store.counts().unwrap().queued, accepted);
    let batch = store.take(Lane::Live, 100, 1 << 20, at(0)).unwrap().unwrap();
    let outcomes = vec![Outcome::Delivered; batch.events.len()];
    store.in_transaction(|store| store.acknowledge(batch.origin.first_position, &outcomes, at(1))).unwrap();
    store.append_now(&[event(accepted, 600)], at(2)).unwrap();
}

#[test]
fn what_is_in_flight_is_not_dropped() {
    let (_folder, path) = folder();
    let mut store = open(&path, capped(256 * 1024, WhenFull::DropOldest));
    store.append_now(&events(0..50), at(0)).unwrap();
    let batch = store.take(Lane::Live, 50, 1 << 20, at(0)).unwrap().unwrap();
    for number in 50..1_000 {
        store.append_now(&[event(number, 600)], at(0)).unwrap();
    }
    assert_eq!(store.receipts(10).unwrap()[0].first_sequence, 51);
    let queue = store.queue();
    assert!(batch.events.iter().eq(queue.iter().take(50).map(|(_, body)| body)));
}

#[test]
fn a_receipt_that_grew_after_it_was_sent_is_sent_again() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&events(0..10), at(0)).unwrap();
    store.limits.max_age_ms = 1_000;
    store.in_transaction(|store| store.expire(at(500))).unwrap();
    assert_eq!(store.receipts(10).unwrap(), []);
    store.append_now(&events(10..12), at(1_000)).unwrap();
    store.in_transaction(|store| store.expire(at(1_001))).unwrap();
    let sent = store.receipts(10).unwrap();
    assert_eq!((sent[0].first_sequence, sent[0].last_sequence), (1, 10));
    store.in_transaction(|store| store.expire(at(2_001))).unwrap();
    store.in_transaction(|store| store.receipts_answered(&sent)).unwrap();
    let grown = store.receipts(10).unwrap();
    assert_eq!((grown[0].first_sequence, grown[0].last_sequence), (1, 12));
    store.in_transaction(|store| store.receipts_answered(&grown)).unwrap();
    assert_eq!(store.receipts(10).unwrap(), []);
    assert_eq!(store.counts().unwrap().lost, 12);
}

#[test]
fn a_wall_clock_that_jumps_makes_nothing_too_old() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&events(0..3), super::Moment { wall_ms: 0, elapsed_ms: 0 }).unwrap();
    let years_later = super::Moment { wall_ms: 1_800_000_000_000, elapsed_ms: 60_000 };
    assert_eq!(store.in_transaction(|store| store.expire(years_later)).unwrap(), 0);
}

#[test]
fn a_dead_letter_that_is_sent_again_goes_to_the_end_with_a_new_number() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&events(0..3), at(0)).unwrap();
    store.in_transaction(super::Store::begin_live).unwrap();
    let batch = store.take(Lane::Backlog, 10, 1 << 20, at(0)).unwrap().unwrap();
    let refused = Outcome::Refused { code: "DURATION_OUT_OF_RANGE".to_owned(), message: "No.".to_owned() };
    let outcomes = [Outcome::Delivered, refused, Outcome::Delivered];
    store.in_transaction(|store| store.acknowledge(batch.origin.first_position, &outcomes, at(1))).unwrap();
    let letter = store.dead_letters(0, 10).unwrap().remove(0);
    assert_eq!((letter.sequence, letter.code.as_str()), (2, "DURATION_OUT_OF_RANGE"));
    assert_eq!(store.receipts(10).unwrap(), [], "the server knows what it refused");
    store.in_transaction(|store| store.replace_dead_letter(letter.id, &event(99, 0))).unwrap();
    store.in_transaction(|store| store.resend(letter.id, at(2))).unwrap();
    assert_eq!(store.queue(), [(4, event(99, 0))]);
    let counts = store.counts().unwrap();
    assert_eq!((counts.accepted, counts.delivered, counts.queued, counts.dead_lettered), (3, 2, 1, 0));
    let again = store.in_transaction(|store| store.resend(letter.id, at(3)));
    assert_eq!(again, Err(SpoolError::NoDeadLetter(letter.id)));
    assert_eq!(store.check(), Ok(()));
}

#[test]
fn a_file_older_than_what_the_server_knows_begins_a_new_epoch() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.in_transaction(|store| store.reconcile(&[])).unwrap();
    store.append_now(&events(0..10), at(0)).unwrap();
    let epoch = store.counts().unwrap().epoch;
    // The server has seen 15 numbers of this epoch and misses 13: five events were in commits that are gone.
    let known =
        KnownEpoch { epoch: epoch.clone(), highest: 15, holes: set(&[(13, 13)]), not_stored: set(&[]) };
    drop(store);
    let mut store = open(&path, roomy());
    store.append_now(&events(20..23), at(1)).unwrap();
    let done = store.in_transaction(|store| store.reconcile(std::slice::from_ref(&known))).unwrap();
    assert!(done.is_restored);
    assert_eq!((done.delivered, done.lost), (10, 1));
    let receipt = store.receipts(10).unwrap().remove(0);
    assert_eq!((&receipt.epoch, receipt.first_sequence, receipt.last_sequence), (&epoch, 13, 13));
    let batch = store.in_transaction(|store| store.take(Lane::Live, 10, 1 << 20, at(2))).unwrap().unwrap();
    assert_ne!(batch.origin.epoch, epoch);
    assert_eq!((batch.origin.first_sequence, batch.events), (1, events(20..23)));
    let again = store.in_transaction(|store| store.reconcile(&[known])).unwrap();
    assert_eq!((again.delivered, again.lost, again.is_restored), (0, 0, false));
    assert_eq!(store.check(), Ok(()));
}

#[test]
fn what_the_server_knows_of_this_run_is_no_sign_of_an_older_file() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.in_transaction(|store| store.reconcile(&[])).unwrap();
    store.append_now(&events(0..10), at(0)).unwrap();
    let epoch = store.counts().unwrap().epoch;
    let known = KnownEpoch { epoch, highest: 6, holes: set(&[(2, 3)]), not_stored: set(&[(5, 5)]) };
    let done = store.in_transaction(|store| store.reconcile(&[known])).unwrap();
    assert_eq!((done.delivered, done.lost, done.is_restored), (3, 0, false));
    let left: Vec<_> = store.queue().into_iter().map(|(position, _)| position).collect();
    assert_eq!(left, [2, 3, 5, 7, 8, 9, 10]);
}

#[test]
fn a_file_of_another_kind_is_left_alone() {
    let (_folder, path) = folder();
    let refusal = || open_or_repair(&path, roomy(), "cam-1", 0).err().unwrap();
    std::fs::write(&path, "{\"timestamp\":\"2026-01-05T08:00:00Z\"}\n").unwrap();
    assert!(matches!(refusal(), OpenError::NotASpool(_)));
    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE recipe (name TEXT)").unwrap();
    drop(other);
    assert!(matches!(refusal(), OpenError::NotASpool(_)));
}

#[test]
fn a_spool_of_a_newer_agent_is_refused_and_kept() {
    let (_folder, path) = folder();
    let store = open(&path, roomy());
    store.connection.execute_batch("CREATE TABLE novelty (id INTEGER); PRAGMA user_version = 7").unwrap();
    drop(store);
    let refusal = open_or_repair(&path, roomy(), "cam-1", 0).err().unwrap();
    assert!(matches!(refusal, OpenError::Newer { found: 7, known: schema::VERSION, .. }), "{refusal}");
}
