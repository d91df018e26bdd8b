//! A transaction that stands still between two statements, so that its server can be killed or stopped there.

use std::time::{Duration, Instant};

use test_harness::until;

use super::{Connection, TestDatabase};

/// How long an SQLite file must be found locked at every look: what no stall keeps ends before, or is struck before it comes there.
const LOCKED_FOR: Duration = Duration::from_secs(4);

/// Rows without end, for SQLite.
const ENDLESS: &str = "CREATE VIEW endless AS \
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

impl TestDatabase {
    /// From now on every transaction that writes to a table stands still there, once a condition holds. An SQLite then still has
    /// what the statement writes before it, a PostgreSQL behind it.
    pub(crate) async fn stall(&self, table: &str, when: &str) {
        let mut conn = self.connect().await;
        let sql = match &conn {
            Connection::Sqlite(_) => {
                let trigger = |event: &str| {
                    format!(
                        "CREATE TRIGGER stall_{event} BEFORE {event} ON {table} WHEN {when} \
                         BEGIN SELECT COUNT(*) FROM endless; END"
                    )
                };
                format!("{ENDLESS}; {}; {}", trigger("INSERT"), trigger("UPDATE"))
            }
            Connection::Postgres(_) => format!(
                "CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF {when} THEN PERFORM pg_sleep(3600); END IF; RETURN NULL; END $$; \
                 CREATE TRIGGER stall AFTER INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION stall()"
            ),
        };
        conn.execute(&sql).await;
        conn.close().await;
    }

    /// Waits until a transaction stands still.
    pub(crate) async fn until_stalled(&self) {
        let mut conn = self.connect().await;
        if let Connection::Sqlite(_) = &conn {
            conn.execute("PRAGMA busy_timeout = 0").await;
        }
        let mut stalled_since = None;
        until("a transaction that stands still", async || {
            if !is_stalled(&mut conn).await {
                stalled_since = None;
                return false;
            }
            let since = *stalled_since.get_or_insert_with(Instant::now);
            matches!(conn, Connection::Postgres(_)) || since.elapsed() >= LOCKED_FOR
        })
        .await;
        conn.close().await;
    }

    /// Lets no transaction stand still any more; those that did, and whose server is gone, are undone.
    pub(crate) async fn end_stall(&self, table: &str) {
        let mut conn = self.connect().await;
        let sql = match &conn {
            Connection::Sqlite(_) => {
                "DROP TRIGGER stall_INSERT; DROP TRIGGER stall_UPDATE; DROP VIEW endless".to_owned()
            }
            // It would notice no sooner than its statement ends that nobody waits for it.
            Connection::Postgres(_) => format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event = 'PgSleep'; \
                 DROP TRIGGER stall ON {table}; DROP FUNCTION stall()"
            ),
        };
        conn.execute(&sql).await;
        conn.close().await;
    }
}

async fn is_stalled(conn: &mut Connection) -> bool {
    if let Connection::Sqlite(_) = conn {
        let locked = conn.try_execute("BEGIN IMMEDIATE").await.is_err();
        if !locked {
            conn.execute("ROLLBACK").await;
        }
        return locked;
    }
    let sleeping =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    !conn.rows(sleeping).await.is_empty()
}
