//! Files that were cut short, flipped and overwritten: the spool opens, and whatever it cannot give back is in a receipt.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use test_harness::rounds;

use super::super::beside;
use super::super::records::{ClosedReason, Lane, Outcome, Receipt};
use super::super::store::Store;
use super::{at, event, folder, open, roomy};

/// How many spools each kind of damage is tried on, ten times each.
const VICTIMS: usize = 2;

/// What was in a spool after one of its commits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Snapshot {
    accepted: i64,
    delivered: i64,
    queue: Vec<(i64, String)>,
    dead: Vec<(i64, String)>,
}

fn snapshot(store: &Store) -> Snapshot {
    let counts = store.counts().unwrap();
    let letters = store.dead_letters(0, usize::MAX >> 1).unwrap();
    Snapshot {
        accepted: counts.accepted,
        delivered: counts.delivered,
        queue: store.queue(),
        dead: letters.into_iter().map(|letter| (letter.id, letter.body)).collect(),
    }
}

/// A spool in use, as it lies on the disk when its power is cut: part of it in the file, part in the log.
struct Victim {
    folder: tempfile::TempDir,
    history: Vec<Snapshot>,
    epoch: String,
}

impl Victim {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (folder, path) = folder();
        let mut store = open(&path, roomy());
        let mut history = vec![snapshot(&store)];
        let mut number = 0;
        for step in 0..rng.i64(20..60) {
            match rng.u8(0..10) {
                0..6 => {
                    let more = if rng.u8(0..8) == 0 { 6_000 } else { rng.usize(0..300) };
                    let bodies: Vec<_> =
                        (number..number + rng.i64(1..60)).map(|number| event(number, more)).collect();
                    number += bodies.len() as i64;
                    store.append_now(&bodies, at(step)).unwrap();
                }
                6..9 => {
                    let lane = if rng.bool() { Lane::Live } else { Lane::Backlog };
                    if let Some(batch) = store.take(lane, rng.usize(1..80), 1 << 20, at(step)).unwrap() {
                        let mut outcomes = vec![Outcome::Delivered; batch.bodies.len()];
                        outcomes[0] =
                            Outcome::Refused { code: "CONFLICT".to_owned(), message: ".".to_owned() };
                        store
                            .in_transaction(|store| store.settle(batch.first_position, &outcomes, at(step)))
                            .unwrap();
                    }
                }
                _ if rng.bool() => store.begin_live().unwrap(),
                _ => store.empty_log().unwrap(),
            }
            history.push(snapshot(&store));
        }
        // So that there is something in the log, whatever came before.
        store.append_now(&[event(number, 0)], at(99)).unwrap();
        history.push(snapshot(&store));
        let epoch = store.counts().unwrap().epoch;
        // The copy is what a power cut leaves; closing would move the log into the file.
        let aside = folder.path().join("cut.db");
        fs::copy(&path, &aside).unwrap();
        fs::copy(beside(&path, "-wal"), beside(&aside, "-wal")).unwrap();
        Self { folder, history, epoch }
    }

    /// Damages a copy, opens it, and says what is in it.
    fn open_damaged(&self, damage: impl FnOnce(&Path)) -> Store {
        let path = self.folder.path().join("damaged.db");
        for entry in fs::read_dir(self.folder.path()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("damaged.db") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        let cut = self.folder.path().join("cut.db");
        fs::copy(&cut, &path).unwrap();
        fs::copy(beside(&cut, "-wal"), beside(&path, "-wal")).unwrap();
        damage(&path);
        open(&path, roomy())
    }

    fn last(&self) -> &Snapshot {
        self.history.last().unwrap()
    }

    fn was_salvaged(&self) -> bool {
        fs::read_dir(self.folder.path())
            .unwrap()
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("damaged.db.damaged-"))
    }

    /// Fails unless the spool is what it was after some commit, or says what is missing. Returns what was lost.
    fn judge(&self, store: &mut Store, what: &str) -> Verdict {
        let found = snapshot(store);
        assert_eq!(store.check(), Ok(()), "{what}");
        if !self.was_salvaged() && self.history.contains(&found) {
            return Verdict { whole: 1, ..Verdict::default() };
        }
        // Bits that changed inside a body are found when its turn comes.
        drain_into_dead_letters(store);
        let found_now = snapshot(store);
        let receipts = store.receipts(usize::MAX >> 1).unwrap();
        let unknown = receipts.iter().any(|receipt| receipt.detail.contains("unknown number"));
        let present: BTreeSet<&String> =
            found.queue.iter().chain(&found_now.dead).map(|(_, body)| body).collect();
        let missing: Vec<i64> = self
            .last()
            .queue
            .iter()
            .filter(|(_, body)| !present.contains(body))
            .map(|(position, _)| *position)
            .collect();
        if !unknown {
            let told = told(&receipts, &self.epoch);
            for position in &missing {
                assert!(told.contains(position), "{what}: {position} is lost in silence; {receipts:?}");
            }
        }
        self.nothing_is_invented(&found, what);
        Verdict {
            salvaged: 1,
            without_books: u64::from(unknown),
            lost: missing.len() as u64,
            queued: self.last().queue.len() as u64,
            ..Verdict::default()
        }
    }

    /// Every sound event that is queued is one that was accepted, in its order.
    fn nothing_is_invented(&self, found: &Snapshot, what: &str) {
        let mut accepted: BTreeMap<&String, i64> = BTreeMap::new();
        for snapshot in &self.history {
            accepted.extend(snapshot.queue.iter().map(|(position, body)| (body, *position)));
        }
        let mut last = 0;
        for (_, body) in &found.queue {
            if let Some(&position) = accepted.get(body) {
                assert!(position > last, "{what}: the order has changed");
                last = position;
            }
        }
    }
}

/// Takes everything, which puts unsound rows aside; whatever is taken must be sound.
fn drain_into_dead_letters(store: &mut Store) {
    while store.in_transaction(|store| store.take(Lane::Backlog, 500, 1 << 20, at(0))).unwrap().is_some() {}
}

fn told(receipts: &[Receipt], epoch: &str) -> BTreeSet<i64> {
    receipts
        .iter()
        .filter(|receipt| receipt.epoch == epoch)
        .filter(|receipt| matches!(receipt.reason, ClosedReason::Lost | ClosedReason::DeadLettered))
        .flat_map(|receipt| receipt.first_sequence..=receipt.last_sequence)
        .collect()
}

#[derive(Debug, Default)]
struct Verdict {
    whole: u64,
    salvaged: u64,
    without_books: u64,
    lost: u64,
    queued: u64,
}

impl std::ops::AddAssign for Verdict {
    fn add_assign(&mut self, other: Self) {
        self.whole += other.whole;
        self.salvaged += other.salvaged;
        self.without_books += other.without_books;
        self.lost += other.lost;
        self.queued += other.queued;
    }
}

/// Tries one kind of damage on many spools and prints what came of it.
fn try_damage(name: &str, damage: impl Fn(&Path, &mut fastrand::Rng)) {
    const TRIALS_A_VICTIM: u64 = 10;
    let mut sum = Verdict::default();
    for seed in 0..rounds(VICTIMS) as u64 {
        let victim = Victim::new(seed);
        for trial in 0..TRIALS_A_VICTIM {
            let mut rng = fastrand::Rng::with_seed(seed * 1_000 + trial);
            let mut store = victim.open_damaged(|path| damage(path, &mut rng));
            sum += victim.judge(&mut store, &format!("{name}, spool {seed}, trial {trial}"));
        }
    }
    println!("{name}: {sum:?}");
}

fn flip_a_bit(path: &Path, rng: &mut fastrand::Rng) {
    let mut bytes = fs::read(path).unwrap();
    let at = rng.usize(0..bytes.len());
    bytes[at] ^= 1 << rng.u8(0..8);
    fs::write(path, bytes).unwrap();
}

fn zero_a_page(path: &Path, rng: &mut fastrand::Rng) {
    const PAGE_BYTES: usize = 4_096;
    let mut bytes = fs::read(path).unwrap();
    let page = rng.usize(0..bytes.len().div_ceil(PAGE_BYTES)) * PAGE_BYTES;
    let end = (page + PAGE_BYTES).min(bytes.len());
    bytes[page..end].fill(0);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_log_cut_short_gives_back_whole_commits() {
    /// SQLite's log: a header, then frames of a header and a page each.
    const HEADER_BYTES: u64 = 32;
    const FRAME_BYTES: u64 = 24 + 4_096;
    type Length = fn(u64, &mut fastrand::Rng) -> u64;
    let lengths: [(&str, Length); 6] = [
        ("to nothing", |_, _| 0),
        ("within its header", |_, rng| rng.u64(1..HEADER_BYTES)),
        ("between frames", |length, rng| HEADER_BYTES + rng.u64(0..length / FRAME_BYTES) * FRAME_BYTES),
        ("within a frame's header", |length, rng| {
            HEADER_BYTES + rng.u64(0..length / FRAME_BYTES) * FRAME_BYTES + rng.u64(1..24)
        }),
        ("within a page", |length, rng| {
            HEADER_BYTES + rng.u64(0..length / FRAME_BYTES) * FRAME_BYTES + rng.u64(24..FRAME_BYTES)
        }),
        ("by one byte", |length, _| length.saturating_sub(1)),
    ];
    for (name, length) in lengths {
        try_damage(&format!("log cut short {name}"), |path, rng| {
            let log = fs::File::options().write(true).open(beside(path, "-wal")).unwrap();
            let was = log.metadata().unwrap().len();
            let becomes = if was > HEADER_BYTES + FRAME_BYTES { length(was, rng) } else { 0 };
            log.set_len(becomes).unwrap();
        });
    }
}

#[test]
fn a_log_with_a_flipped_bit_gives_back_whole_commits() {
    try_damage("bit flipped in the log", |path, rng| flip_a_bit(&beside(path, "-wal"), rng));
}

#[test]
fn a_log_with_a_zeroed_page_gives_back_whole_commits() {
    try_damage("page zeroed in the log", |path, rng| zero_a_page(&beside(path, "-wal"), rng));
}

#[test]
fn a_file_with_a_flipped_bit_loses_nothing_in_silence() {
    try_damage("bit flipped in the file", flip_a_bit);
}

#[test]
fn a_file_with_a_zeroed_page_loses_nothing_in_silence() {
    try_damage("page zeroed in the file", zero_a_page);
}

#[test]
fn a_file_cut_short_loses_nothing_in_silence() {
    try_damage("file cut short", |path, rng| {
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(rng.u64(1..file.metadata().unwrap().len())).unwrap();
    });
}

#[test]
fn a_replacement_cut_off_between_its_steps_is_finished() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&[event(1, 0)], at(0)).unwrap();
    drop(store);
    fs::rename(&path, beside(&path, ".salvaged")).unwrap();
    assert_eq!(open(&path, roomy()).queue(), [(1, event(1, 0))]);
}
