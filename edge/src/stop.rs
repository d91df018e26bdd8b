//! When to stop: as the system or a person at the terminal asks.

use std::io;

use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGTERM or SIGINT. The error is that the system does not deliver them.
pub fn on_signal() -> io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let asked = asked_to_stop()?;
    let stop = token.clone();
    tokio::spawn(async move {
        asked.await;
        stop.cancel();
    });
    Ok(token)
}

#[cfg(unix)]
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    // Listening begins here, not when the future is first polled, so that no early signal ends the process unasked.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to ask there is nothing to wait for but the end of the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
