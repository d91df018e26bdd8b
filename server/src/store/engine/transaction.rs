//! A transaction whose every statement has a limit.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement, TransactionOptions, TransactionTrait as _, prelude::async_trait::async_trait,
};

use super::{
    fault::is_cut_connection,
    file::OpenFile,
    interrupt::{InterruptOnDrop, interruptible},
    timeout::limited,
};
use crate::store::error::Result as StoreResult;

/// How long a statement may take that rewrites a whole factory.
const LONG_STATEMENT: Duration = Duration::from_hours(1);

/// How many connections are passed over that were cut while nobody used them: more than a pool holds.
const MAX_CUT_CONNECTIONS: usize = 8;

/// A transaction; dropping it undoes what it did. Once a statement of it was given up it must not be used again: its
/// connection is closed unless it soon gives a sign of life.
#[derive(Debug)]
pub struct Transaction {
    transaction: DatabaseTransaction,
    limit: Option<Duration>,
    /// The file that it writes to.
    file: Option<Arc<OpenFile>>,
    /// What its statements end with where an SQLite is read.
    _interrupt: Option<InterruptOnDrop>,
}

impl Transaction {
    /// Begins one on a free connection that writes to this file, or to a PostgreSQL.
    pub(in crate::store) async fn begin_to_write(
        conn: &DatabaseConnection,
        options: TransactionOptions,
        limit: Option<Duration>,
        file: Option<Arc<OpenFile>>,
    ) -> Result<Self, DbErr> {
        let transaction = begin(conn, options, limit).await?;
        Ok(Self { transaction, limit, file, _interrupt: None })
    }

    /// Begins one on a free connection that reads. On SQLite its statements end with it, and after `read_limit`.
    pub(in crate::store) async fn begin_to_read(
        conn: &DatabaseConnection,
        limit: Option<Duration>,
        read_limit: Option<Duration>,
    ) -> Result<Self, DbErr> {
        let beginning = begin(conn, TransactionOptions::default(), limit);
        let (begun, interrupt) = interruptible(read_limit, beginning).await;
        Ok(Self { transaction: begun?, limit, file: None, _interrupt: Some(interrupt) })
    }

    /// Ends it, and all of it stays. After an error nobody knows whether it does, unless the file was replaced: then nothing
    /// does.
    pub(in crate::store) async fn commit(self) -> StoreResult<()> {
        if let Some(file) = &self.file {
            file.check()?;
        }
        Ok(limited(self.limit, self.transaction.commit()).await?)
    }

    /// Lets it take its time.
    pub(in crate::store) async fn allow_long_statements(&mut self) -> Result<(), DbErr> {
        if self.get_database_backend() == DbBackend::Postgres {
            self.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
            self.limit = Some(LONG_STATEMENT);
        }
        Ok(())
    }
}

/// Begins a transaction on a free connection. One that was cut while nobody used it shows that now, when nothing is lost by
/// taking another.
async fn begin(
    conn: &DatabaseConnection,
    options: TransactionOptions,
    limit: Option<Duration>,
) -> Result<DatabaseTransaction, DbErr> {
    let mut cut_connections = 0;
    loop {
        // To wait for a free connection has a limit of its own.
        match limited(limit, conn.begin_with_options(options)).await {
            Err(error) if is_cut_connection(&error) && cut_connections < MAX_CUT_CONNECTIONS => {
                tracing::debug!(%error, "a connection was cut while it was not used; taking another one");
                cut_connections += 1;
            }
            begun => return begun,
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        limited(self.limit, self.transaction.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        limited(self.limit, self.transaction.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        limited(self.limit, self.transaction.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        limited(self.limit, self.transaction.query_all_raw(statement)).await
    }
}
