//! What every request can reach.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    browsers::Origins,
    memory::RequestMemory,
    operation::{Documents, Operation, Sent, Unprepared},
    socket::{limits::SocketLimits, quota::Subscriptions},
};
use crate::{app::App, graphql::AndonSchema};

/// What every request can reach.
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) schema: AndonSchema,
    pub(super) origins: Origins,
    /// For what is sent to us.
    pub(super) memory: RequestMemory,
    /// For what we send.
    pub(super) answer_memory: RequestMemory,
    /// For each large body that is decoded and read.
    pub(super) large_bodies: Arc<Semaphore>,
    pub(super) documents: Documents,
    pub(super) socket_limits: SocketLimits,
    pub(super) sockets: Arc<Semaphore>,
    pub(super) subscriptions: Arc<Subscriptions>,
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

impl Shared {
    /// Prepares an operation to be run.
    pub(super) fn prepare(&self, sent: Sent<'_>) -> Result<Operation, Unprepared> {
        Operation::prepare(sent, &self.documents, &self.app.ingest, &self.memory)
    }
}
