//! Whether an SQLite file is whole: SQLite looks at every page when the file is opened, so that a damaged one is found before
//! it is written to, and not by the query that happens to need the page.

use std::sync::{Arc, OnceLock};

use sea_orm::{DbErr, RuntimeErr};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio_util::task::TaskTracker;

use super::{
    fault::{Fault, of_sqlx},
    interrupt::{InterruptOnDrop, interruptible, obey},
};

/// Up to this size a file is checked before it is served, which takes about a second of a processor (measured: 0.9 s for
/// 240 MB) and the time to read it once. A larger one is served meanwhile.
pub(super) const MAX_BYTES_CHECKED_FIRST: u64 = 256 * 1024 * 1024;

/// How whole an SQLite file is known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Every page is what SQLite wrote.
    Sound,
    /// It is not known yet.
    BeingChecked,
    /// Some page is not; what SQLite found.
    Damaged(String),
}

/// A check of a file that goes on while it is served; it ends early when this is dropped.
#[derive(Debug)]
pub(in crate::store) struct Check {
    found: Arc<OnceLock<Integrity>>,
    task: TaskTracker,
    interrupt: InterruptOnDrop,
}

impl Check {
    /// Begins to check a file. Must be called within a tokio runtime.
    pub(super) async fn begin(options: &SqliteConnectOptions) -> Result<Self, DbErr> {
        let connecting = async {
            let mut conn = SqliteConnection::connect_with(options).await?;
            obey(&mut conn).await?;
            Ok(conn)
        };
        let (conn, interrupt) = interruptible(None, connecting).await;
        let conn = conn.map_err(failed)?;
        let (found, task) = (Arc::new(OnceLock::new()), TaskTracker::new());
        task.spawn(note(conn, found.clone()));
        task.close();
        Ok(Self { found, task, interrupt })
    }

    /// Ends it, so that nobody has the file open any more on its account.
    pub(in crate::store) async fn stop(&self) {
        self.interrupt.interrupt();
        self.task.wait().await;
    }

    /// What is known by now.
    pub(in crate::store) fn integrity(&self) -> Integrity {
        self.found.get().cloned().unwrap_or(Integrity::BeingChecked)
    }
}

/// Checks a file before it is served.
pub(super) async fn check(options: &SqliteConnectOptions) -> Result<Integrity, DbErr> {
    let conn = SqliteConnection::connect_with(options).await.map_err(failed)?;
    quick_check(conn).await.map_err(failed)
}

async fn note(conn: SqliteConnection, found: Arc<OnceLock<Integrity>>) {
    match quick_check(conn).await {
        Ok(integrity) => {
            if let Integrity::Damaged(what) = &integrity {
                tracing::error!(
                    what,
                    "the database file is damaged; see \"A damaged file\" in docs/OPERATIONS.md"
                );
            }
            found.get_or_init(|| integrity);
        }
        // It was stopped, or the disk does not answer.
        Err(error) => tracing::debug!(%error, "the database file was not checked to its end"),
    }
}

/// What SQLite says of the structure of all pages. Whether indexes and tables agree is not looked at, which would take as
/// long again.
async fn quick_check(mut conn: SqliteConnection) -> sqlx::Result<Integrity> {
    let says = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&mut conn).await;
    let integrity = match says {
        Ok(says) if says == "ok" => Integrity::Sound,
        Ok(says) => Integrity::Damaged(says),
        Err(error) if of_sqlx(&error) == Fault::Damaged => Integrity::Damaged(error.to_string()),
        Err(error) => return Err(error),
    };
    conn.close().await?;
    Ok(integrity)
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use test_harness::{soon, until};

    use super::*;

    /// A database of many pages, and how to read it.
    async fn file_in(folder: &Path) -> (std::path::PathBuf, SqliteConnectOptions) {
        const ROWS: &str = "CREATE TABLE row AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                            WHERE i < 2000) SELECT i, hex(zeroblob(100)) FROM n";
        let path = folder.join("andon.db");
        let options = SqliteConnectOptions::new().filename(&path);
        let mut conn =
            SqliteConnection::connect_with(&options.clone().create_if_missing(true)).await.expect("a file");
        sqlx::query(ROWS).execute(&mut conn).await.expect("rows");
        conn.close().await.expect("the end");
        (path, options.read_only(true))
    }

    #[tokio::test]
    async fn a_file_that_is_checked_while_it_is_served_is_found_to_be_sound_or_damaged() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (path, options) = file_in(folder.path()).await;
        let check = Check::begin(&options).await.expect("a connection");
        until("the end of the check", async || check.integrity() == Integrity::Sound).await;
        let mut bytes = std::fs::read(&path).expect("the file");
        let half = bytes.len() / 2;
        bytes[half..].fill(0xAB);
        std::fs::write(&path, bytes).expect("damage");
        let check = Check::begin(&options).await.expect("a connection");
        until("the damage", async || matches!(check.integrity(), Integrity::Damaged(_))).await;
    }

    #[tokio::test]
    async fn a_check_that_was_stopped_has_the_file_open_no_more() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (path, options) = file_in(folder.path()).await;
        let check = Check::begin(&options).await.expect("a connection");
        soon("the end", check.stop()).await;
        let in_use =
            |link: &std::fs::DirEntry| std::fs::read_link(link.path()).is_ok_and(|file| file == path);
        let open = std::fs::read_dir("/proc/self/fd")
            .map(|files| files.flatten().filter(|file| in_use(file)).count());
        assert!(open.unwrap_or_default() == 0, "it is open");
    }
}
