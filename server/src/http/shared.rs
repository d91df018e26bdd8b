//! What every request can reach.

use std::sync::Arc;

use http_listener::Memory;
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    answer::Answer,
    authenticate::Client,
    browsers::Origins,
    denied,
    log_limit::LogLimit,
    operation::{Allowance, Documents, Operation, PersistedQueries, Preparation, Sent, Unprepared},
    quota::Subscriptions,
    socket::limits::SocketLimits,
};
use crate::{
    access::{Limits, oidc::OidcProvider},
    app::App,
    error::ApiError,
    graphql::{AndonSchema, budget::Turns},
};

/// What every request can reach.
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) schema: AndonSchema,
    pub(super) origins: Origins,
    /// Whether some proxy before this server is believed.
    pub(super) has_trusted_proxies: bool,
    /// The identity provider where people can sign in, if there is one.
    pub(super) oidc: Option<OidcProvider>,
    /// For what is sent to us.
    pub(super) memory: Memory,
    /// For what we send.
    pub(super) answer_memory: Memory,
    /// For each large body that is decoded and read.
    pub(super) large_bodies: Arc<Semaphore>,
    pub(super) documents: Documents,
    pub(super) persisted: PersistedQueries,
    pub(super) turns: Turns,
    pub(super) socket_limits: SocketLimits,
    pub(super) sockets: Arc<Semaphore>,
    pub(super) subscriptions: Arc<Subscriptions>,
    /// What each principal and each address has had so far.
    pub(super) limits: Arc<Limits>,
    /// For what clients offer that nobody here speaks.
    pub(super) unknown_subprotocols: LogLimit,
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

impl Shared {
    /// Prepares an operation of a request to be run.
    pub(super) fn prepare(
        &self,
        sent: Sent<'_>,
        client: &Client,
        allowance: &mut Allowance,
    ) -> Result<Operation, Unprepared> {
        let (documents, persisted) = (&self.documents, &self.persisted);
        let preparation =
            Preparation { documents, persisted, ingest: &self.app.ingest, memory: &self.memory, client };
        preparation.prepare(sent, allowance)
    }

    /// Answers a query or a mutation and finishes the answer, such as by writing its text. A costly one has to wait for its
    /// turn, and then has a thread of its own: to put a large answer together would keep the others from the threads that
    /// serve all. Both it holds to its end, whoever still waits, so that there are no more large answers in memory than turns.
    pub(super) async fn execute<T: Send + 'static>(
        &self,
        operation: Box<Operation>,
        finish: impl FnOnce(Answer) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let Operation { request, caller, share, is_costly, .. } = *operation;
        if !is_costly {
            let answer: Answer = self.schema.execute(request).await.into();
            denied::note(&self.app, &caller, &answer.errors);
            drop(share);
            return Ok(finish(answer));
        }
        let turn = self.turns.wait().await?;
        let (schema, app, runtime) = (self.schema.clone(), self.app.clone(), Handle::current());
        let answering = tokio::task::spawn_blocking(move || {
            let answer: Answer = runtime.block_on(schema.execute(request)).into();
            denied::note(&app, &caller, &answer.errors);
            let finished = finish(answer);
            drop((turn, share));
            finished
        });
        answering.await.map_err(|error| ApiError::internal(&error))
    }
}
