//! How long a PostgreSQL may stay silent. A network that swallows what it is given ends no connection, and no setting of
//! the server reaches a client that cannot hear it, so the limits are kept on this side.
//!
//! An SQLite file has one alone: it is in this process, and what its disk does not finish cannot be given up, but what
//! takes long because it reads much can be.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr};

/// The limits, each with its reason. Tests choose shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the answer to one statement, a commit included. Longer than PostgreSQL lets a statement take, so that what it
    /// says of one comes first, and shorter than the minute that senders wait.
    pub statement: Duration,
    /// For a connection that is not in use to say that it is alive: a round trip on a busy machine.
    pub liveness_check: Duration,
    /// How long no notification may come before the connection is checked. Until then a
    /// silent one costs seconds, because revisions are looked at anyway.
    pub notification_silence: Duration,
    /// How long PostgreSQL keeps a transaction that nobody goes on with, and with it a factory's row from its next writer.
    /// None of ours thinks for as much as a second.
    pub idle_transaction: Duration,
    /// How long an SQLite reader works for one question, all its statements together: as long as PostgreSQL lets one statement
    /// take, and shorter than the 30 s after which a request is given up. What may be asked for takes a tenth of it.
    pub sqlite_snapshot: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(25),
            liveness_check: Duration::from_secs(2),
            notification_silence: Duration::from_secs(30),
            idle_transaction: Duration::from_secs(20),
            sqlite_snapshot: Duration::from_secs(20),
        }
    }
}

/// Waits for the database, but where there is a limit no longer than that. Whoever gives up must not use the connection
/// again: the answer may still come.
pub(in crate::store) async fn limited<T>(
    limit: Option<Duration>,
    answer: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    let Some(limit) = limit else { return answer.await };
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(silent(limit)))
}

fn silent(limit: Duration) -> DbErr {
    let words =
        format!("the database was silent for {} ms and its connection is given up", limit.as_millis());
    DbErr::Conn(RuntimeErr::Internal(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::fault::Fault;

    #[tokio::test]
    async fn a_silent_database_is_one_that_cannot_be_reached() {
        let silence = std::future::pending::<Result<(), DbErr>>();
        let error = limited(Some(Duration::from_millis(1)), silence).await.expect_err("silence");
        assert_eq!(Fault::of(&error), Fault::Unreachable);
    }
}
