//! The signals that stop the process: SIGTERM and SIGINT.

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGTERM or SIGINT. Further ones change nothing: draining has its own limits of
/// time.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub fn on_signal() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let signal = stop_signal()?;
    let stop = token.clone();
    tokio::spawn(async move {
        signal.await;
        stop.cancel();
    });
    Ok(token)
}

#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    // Listening begins here, not when the future is first polled, so that an early signal does not end the process without a drain.
    let mut terminate = signal(SignalKind::terminate()).context("the system does not tell of SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("the system does not tell of SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a signal handler it runs until the process is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
