//! Liveness and readiness: whether the process runs, and whether it can serve.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, http::StatusCode};

use super::shared::Shared;
use crate::store::{Fault, Integrity};

/// How long the database may take to say that it is there.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// The process runs: it answers, with what its numbers depend on besides its events.
pub(super) async fn alive() -> String {
    format!("alive\ntime zones: {}\n", time_zones::in_use())
}

/// The process can serve: its database answers, and it is not about to stop.
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    if shared.shutdown.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let integrity = shared.app.store.integrity();
    if matches!(integrity, Integrity::Damaged(_)) {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database file is damaged; docs/OPERATIONS.md says what to do\n",
        );
    }
    match tokio::time::timeout(PING_TIMEOUT, shared.app.store.ping()).await {
        Ok(Ok(())) if integrity == Integrity::BeingChecked => {
            (StatusCode::OK, "ready; the database file is still being checked for damage\n")
        }
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, words(error.fault()))
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer in time\n"),
    }
}

fn words(fault: Fault) -> &'static str {
    match fault {
        Fault::FileReplaced => {
            "the database file was deleted or replaced while it is open, and nothing is stored; docs/OPERATIONS.md says what to do \
             before the server is stopped\n"
        }
        Fault::Damaged => "the database file is damaged; docs/OPERATIONS.md says what to do\n",
        _ => "the database does not answer\n",
    }
}
