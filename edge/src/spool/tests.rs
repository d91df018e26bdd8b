//! The spool against a model, against damage, and through its own interface.

use std::path::{Path, PathBuf};

use super::open::open_or_repair;
use super::store::{Limits, Moment, Store};
use super::{SpoolOptions, WhenFull};

mod arrival;
mod damage;
mod disk;
mod handle;
mod model;
mod rules;

/// A moment in the life of a test, in milliseconds since its store was opened.
fn at(elapsed_ms: i64) -> Moment {
    const WALL_MS: i64 = 1_767_600_000_000;
    Moment { wall_ms: WALL_MS + elapsed_ms, elapsed_ms }
}

/// Limits that nothing reaches.
fn roomy() -> Limits {
    Limits::from(&SpoolOptions::default())
}

fn capped(cap_bytes: i64, when_full: WhenFull) -> Limits {
    Limits { cap_bytes, when_full, ..roomy() }
}

fn open(path: &Path, limits: Limits) -> Store {
    open_or_repair(path, limits, "cam-1", at(0).wall_ms).unwrap()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool.db");
    (folder, path)
}

/// An event that is like no other, with as many more bytes as asked for.
fn event(number: i64, more: usize) -> String {
    let minute = number.rem_euclid(60);
    let hour = (number / 60).rem_euclid(24);
    format!(
        r#"{{"timestamp":"2026-01-05T{hour:02}:{minute:02}:00Z","entityType":"WORKER","entityId":"W{number}","eventType":"WORKING","durationMinutes":1,"modelVersion":"{}"}}"#,
        "x".repeat(more)
    )
}

impl Store {
    fn append_now(&mut self, bodies: &[String], now: Moment) -> Result<(), super::SpoolError> {
        self.in_transaction(|store| store.append(bodies, now))
    }

    /// Everything that is queued.
    fn queue(&self) -> Vec<(i64, String)> {
        let mut query =
            self.connection.prepare("SELECT position, body FROM queue ORDER BY position").unwrap();
        let rows = query
            .query_map([], |row| {
                let body = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
                Ok((row.get(0)?, body))
            })
            .unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}
