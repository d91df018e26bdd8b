//! What every request can reach.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{body::BodyMemory, browsers::Origins, operation::Documents, socket::limits::SocketLimits};
use crate::{app::App, graphql::AndonSchema};

/// What every request can reach.
pub(super) struct Shared {
    pub(super) app: Arc<App>,
    pub(super) schema: AndonSchema,
    pub(super) origins: Origins,
    pub(super) body_memory: BodyMemory,
    pub(super) documents: Documents,
    pub(super) socket_limits: SocketLimits,
    pub(super) sockets: Arc<Semaphore>,
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
}
