//! Ends the statements of an SQLite reader when nobody waits for them any more, or when they took too long.
//!
//! SQLite works in a thread of its own, which does not notice that the request is gone. Without this, a reader comes back
//! only when its statement has read to its end, so that a few abandoned questions keep everybody from reading.
//! PostgreSQL has `statement_timeout`, and a connection that does not answer is replaced.
//!
//! Whoever writes, audits or rebuilds has no such limit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::SqliteConnection;

/// After how many steps of SQLite's machine it is looked whether to go on: less than a millisecond of work, and often
/// enough that the look itself (some 30 ns) costs nothing that could be measured.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

tokio::task_local! {
    /// How the pool's hooks, which a connection passes on its way to whoever acquires it, know for whom that is.
    static ACQUIRING: Interrupt;
}

/// Whether the statements of one snapshot may go on.
#[derive(Clone, Debug)]
struct Interrupt {
    is_over: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Interrupt {
    fn may_go_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed)
            && self.deadline.is_none_or(|deadline| Instant::now() < deadline)
    }
}

/// Dropping it interrupts the statement that is still at work for a snapshot.
#[derive(Debug)]
pub(super) struct InterruptOnDrop(Arc<AtomicBool>);

impl InterruptOnDrop {
    /// Interrupts it now.
    pub(super) fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.interrupt();
    }
}

/// Acquires a connection whose statements are interrupted after `limit`, or when what comes with it is dropped.
pub(super) async fn interruptible<T>(
    limit: Option<Duration>,
    acquire: impl Future<Output = T>,
) -> (T, InterruptOnDrop) {
    let is_over = InterruptOnDrop(Arc::default());
    let deadline = limit.map(|limit| Instant::now() + limit);
    let interrupt = Interrupt { is_over: is_over.0.clone(), deadline };
    (ACQUIRING.scope(interrupt, acquire).await, is_over)
}

/// Makes a connection's statements those of whoever acquires it now; of nobody when the pool opens it in advance.
pub(super) async fn obey(conn: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut handle = conn.lock_handle().await?;
    match ACQUIRING.try_with(Clone::clone) {
        Ok(interrupt) => handle.set_progress_handler(STEPS_BETWEEN_CHECKS, move || interrupt.may_go_on()),
        Err(_) => handle.remove_progress_handler(),
    }
    Ok(())
}
