//! The spool's file as one connection sees it, without threads.
//!
//! Every method runs inside the transaction of [`Store::in_transaction`]; nothing is kept in memory that another process
//! could change under it, except what is in flight and where the live lane begins.

use std::path::Path;

use domain::sequence::SequenceSet;
use rusqlite::{Connection, OptionalExtension, params};

use super::error::SpoolError;
use super::files::{beside, create_private};
use super::options::{MAX_BODY_BYTES, SpoolOptions, WhenFull};
use super::records::Counts;
use super::{row, schema};

/// One connection to a spool, and what is known only while it is open.
pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) limits: Limits,
    /// The positions that were taken and not yet acknowledged.
    pub(super) in_flight: SequenceSet,
    /// The highest position that was ever taken in this run, and may so be known to the server from it.
    pub(super) taken_up_to: i64,
    /// Where the live lane begins.
    pub(super) live_from: i64,
    /// How long agents had run on this spool before this one.
    ran_before_ms: i64,
}

/// What a spool may hold, in the units of its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) cap_bytes: i64,
    pub(super) max_age_ms: i64,
    pub(super) when_full: WhenFull,
}

impl From<&SpoolOptions> for Limits {
    fn from(options: &SpoolOptions) -> Self {
        Self {
            cap_bytes: i64::try_from(options.cap_bytes).unwrap_or(i64::MAX),
            max_age_ms: i64::try_from(options.max_age.as_millis()).unwrap_or(i64::MAX),
            when_full: options.when_full,
        }
    }
}

/// The two clocks: the wall's, which may be wrong and jump, and the time since the store was opened, which does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) wall_ms: i64,
    pub(super) elapsed_ms: i64,
}

/// The metadata: the one row of `state`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) device: String,
    pub(super) next_position: i64,
    pub(super) ran_ms: i64,
    pub(super) unconfirmed_from: Option<i64>,
    pub(super) delivered: i64,
    pub(super) lost: i64,
    pub(super) lost_elsewhere: i64,
    pub(super) reissued: i64,
}

impl Store {
    /// A store on a connection, with nothing in flight.
    pub(super) fn on(connection: Connection, limits: Limits) -> Self {
        let in_flight = SequenceSet::default();
        Self { connection, limits, in_flight, taken_up_to: 0, live_from: 1, ran_before_ms: 0 }
    }

    /// Opens or makes the file. Its content is not checked here.
    pub(super) fn open(path: &Path, limits: Limits, device: &str) -> Result<Self, SpoolError> {
        create_private(path).map_err(|error| SpoolError::Unwritable(error.to_string()))?;
        let mut connection = Connection::open(path)?;
        schema::prepare(&connection)?;
        schema::migrate(&mut connection)?;
        let mut store = Self::on(connection, limits);
        let state = store.in_transaction(|store| store.begin(device))?;
        // Only now: the log may be cut short, but a new spool's tables and metadata are then in the file itself.
        schema::enable_wal(&store.connection)?;
        store.live_from = state.next_position;
        store.ran_before_ms = state.ran_ms;
        Ok(store)
    }

    /// Writes the metadata of a new spool; notes in that of an old one that what is given from now on is unconfirmed.
    fn begin(&mut self, device: &str) -> Result<State, SpoolError> {
        if State::find(&self.connection)?.is_none() {
            let insert = "INSERT INTO state VALUES (1, ?, 1, 0, NULL, 0, 0, 0, 0)";
            self.connection.execute(insert, [device])?;
            self.begin_epoch(0)?;
        }
        self.note_unconfirmed()?;
        self.clear_failure()?;
        self.state()
    }

    /// Marks what is given from now on as unconfirmed, unless something before it is already.
    pub(super) fn note_unconfirmed(&self) -> Result<(), SpoolError> {
        let mut state = self.state()?;
        state.unconfirmed_from.get_or_insert(state.next_position);
        self.set_state(&state)
    }

    /// Reads several things as of one moment.
    pub(super) fn in_read<T>(
        &mut self,
        read: impl FnOnce(&Self) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        self.connection.execute_batch("BEGIN")?;
        let done = read(self);
        self.connection.execute_batch("COMMIT")?;
        done
    }

    /// Does one piece of work, all of it or nothing.
    pub(super) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        let in_flight = self.in_flight.clone();
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|value| {
            self.connection.execute_batch("COMMIT")?;
            Ok(value)
        });
        if done.is_ok() {
            self.checkpoint_long_wal();
        } else {
            self.in_flight = in_flight;
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
        }
        done
    }

    /// Adds events to the queue, making room first where that is allowed.
    pub(super) fn append(&mut self, bodies: &[String], now: Moment) -> Result<(), SpoolError> {
        if let Some(long) = bodies.iter().find(|body| body.len() > MAX_BODY_BYTES) {
            return Err(SpoolError::TooLong { bytes: long.len(), max_bytes: MAX_BODY_BYTES });
        }
        self.ensure_capacity(bodies.iter().map(|body| row::bytes_on_disk(body)).sum())?;
        let mut state = self.state()?;
        state.ran_ms = self.ran_ms(now);
        self.insert(&mut state, bodies.iter().map(String::as_str), now.wall_ms)?;
        self.set_state(&state)
    }

    /// Gives each body the next position.
    pub(super) fn insert<'a>(
        &self,
        state: &mut State,
        bodies: impl Iterator<Item = &'a str>,
        wall_ms: i64,
    ) -> Result<(), SpoolError> {
        let mut insert = self.connection.prepare_cached("INSERT INTO queue VALUES (?, ?, ?, ?, ?)")?;
        for body in bodies {
            let position = state.next_position;
            let crc = row::checksum(position, wall_ms, state.ran_ms, body.as_bytes());
            insert.execute(params![position, wall_ms, state.ran_ms, crc, body])?;
            state.next_position += 1;
        }
        Ok(())
    }

    /// How long agents have run on this spool.
    pub(super) fn ran_ms(&self, now: Moment) -> i64 {
        self.ran_before_ms + now.elapsed_ms
    }

    /// Writes down how long agents have run.
    pub(super) fn note_time(&mut self, now: Moment) -> Result<(), SpoolError> {
        let mut state = self.state()?;
        state.ran_ms = self.ran_ms(now);
        self.set_state(&state)
    }

    /// Moves the log into the file when it has become long.
    fn checkpoint_long_wal(&self) {
        let log = self.connection.path().map(|path| beside(Path::new(path), "-wal"));
        let bytes = log.and_then(|log| std::fs::metadata(log).ok()).map_or(0, |log| log.len());
        if bytes > schema::LOG_BYTES as u64 {
            // What was committed is safe in the log; if it cannot be moved now, the next commit tries again.
            drop(self.truncate_wal());
        }
    }

    /// Moves the log into the file and empties it, unless somebody is reading from it.
    ///
    /// SQLite by itself would only begin it anew, at the next write. Until then what is already in the file stays valid in
    /// the log, and if that is cut short, older pages come back among newer ones.
    pub(super) fn truncate_wal(&self) -> Result<(), SpoolError> {
        self.checkpoint("TRUNCATE")
    }

    /// The same, but keeps the log's room on a full disk, where it could not be had again.
    pub(super) fn restart_wal(&self) -> Result<(), SpoolError> {
        self.checkpoint("RESTART")
    }

    fn checkpoint(&self, mode: &str) -> Result<(), SpoolError> {
        self.connection.busy_timeout(std::time::Duration::ZERO)?;
        let done = self.connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        self.connection.busy_timeout(schema::BUSY_FOR)?;
        Ok(done?)
    }

    /// What changes when another process writes to the file.
    pub(super) fn data_version(&self) -> Result<i64, SpoolError> {
        self.pragma("data_version")
    }

    /// Bytes in use: pages of the file that are not free.
    pub(super) fn used_bytes(&self) -> Result<i64, SpoolError> {
        Ok(self.pragma("page_size")? * (self.pragma("page_count")? - self.pragma("freelist_count")?))
    }

    /// Bytes of the file's free pages.
    pub(super) fn free_bytes(&self) -> Result<i64, SpoolError> {
        Ok(self.pragma("page_size")? * self.pragma("freelist_count")?)
    }

    fn pragma(&self, name: &str) -> Result<i64, SpoolError> {
        Ok(self.connection.pragma_query_value(None, name, |row| row.get(0))?)
    }

    /// Whether an event is queued.
    pub(super) fn is_queued(&self, position: i64) -> Result<bool, SpoolError> {
        let mut query = self.connection.prepare_cached("SELECT 1 FROM queue WHERE position = ?")?;
        Ok(query.exists([position])?)
    }

    /// How many events are queued, by counting them.
    pub(super) fn queued(&self) -> Result<i64, SpoolError> {
        Ok(self.connection.query_row("SELECT count(*) FROM queue", [], |row| row.get(0))?)
    }

    /// How the spool stands.
    pub(super) fn counts(&self) -> Result<Counts, SpoolError> {
        let state = self.state()?;
        let epoch = self.epoch_of(state.next_position)?;
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let gone = count("SELECT coalesce(sum(last - first + 1), 0) FROM gone")?;
        let oldest = "SELECT spooled_at_ms FROM queue ORDER BY position LIMIT 1";
        Ok(Counts {
            next_sequence: state.next_position - epoch.starts_after,
            epoch: epoch.name,
            accepted: state.next_position - 1 - state.reissued,
            delivered: state.delivered,
            queued: state.next_position - 1 - gone,
            dead_lettered: count("SELECT count(*) FROM dead_letter")?,
            malformed: if self.keeps_malformed()? { count("SELECT count(*) FROM malformed")? } else { 0 },
            lost: state.lost,
            lost_elsewhere: state.lost_elsewhere,
            receipts: count("SELECT count(*) FROM receipt")?,
            oldest_spooled_at_ms: self.connection.query_row(oldest, [], |row| row.get(0)).optional()?,
            used_bytes: self.used_bytes()?,
            file_bytes: self.pragma("page_size")? * self.pragma("page_count")?,
            failure: self.failure()?,
            device: state.device,
        })
    }

    pub(super) fn state(&self) -> Result<State, SpoolError> {
        State::find(&self.connection)?.ok_or_else(|| SpoolError::Damaged("its metadata is gone".to_owned()))
    }

    pub(super) fn set_state(&self, state: &State) -> Result<(), SpoolError> {
        let update = "UPDATE state SET device = ?, next_position = ?, ran_ms = ?, unconfirmed_from = ?, delivered = ?, \
             lost = ?, lost_elsewhere = ?, reissued = ?";
        self.connection.prepare_cached(update)?.execute(params![
            state.device,
            state.next_position,
            state.ran_ms,
            state.unconfirmed_from,
            state.delivered,
            state.lost,
            state.lost_elsewhere,
            state.reissued,
        ])?;
        Ok(())
    }
}

impl State {
    /// Reads the metadata, if there is any.
    pub(super) fn find(connection: &Connection) -> Result<Option<Self>, SpoolError> {
        let select = "SELECT device, next_position, ran_ms, unconfirmed_from, delivered, lost, lost_elsewhere, reissued \
             FROM state WHERE id = 1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Self {
                device: row.get(0)?,
                next_position: row.get(1)?,
                ran_ms: row.get(2)?,
                unconfirmed_from: row.get(3)?,
                delivered: row.get(4)?,
                lost: row.get(5)?,
                lost_elsewhere: row.get(6)?,
                reissued: row.get(7)?,
            })
        };
        Ok(connection.prepare_cached(select)?.query_row([], read).optional()?)
    }
}
