//! A server with a simulated factory, from a fresh clone to an address to open.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use crate::{command, dashboard, graphiql, native, workspace};

/// Where the demo's events are kept, relative to the workspace.
const DATABASE: &str = "target/demo/andon.db";
/// How long the server may take until it is ready: it fills a day before.
const READY_LIMIT: Duration = Duration::from_mins(2);
const READY_INTERVAL: Duration = Duration::from_millis(100);
/// How long one question whether it is ready may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// How long the server may take to commit what it accepted and end.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Builds what is missing, starts the server and stays until it is interrupted.
///
/// The server is the unoptimised build that the tests use too: a newcomer waits minutes less for it, and it is fast
/// enough for one factory.
pub(crate) fn run(listen: SocketAddr) -> Result<()> {
    native::provide()?;
    dashboard::build()?;
    graphiql::fetch()?;
    command::run(workspace::cargo().args(["build", "--locked", "--package", "server", "--bin", "andon"]))?;
    fs::create_dir_all(workspace::root().join(DATABASE).with_file_name(""))?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(listen))
}

async fn serve(listen: SocketAddr) -> Result<()> {
    let mut server = start(listen)?;
    let outcome = tokio::select! {
        status = server.wait() => bail!("the server ended with {}", status?),
        error = announce(listen) => Err(error),
        interrupted = interrupted() => interrupted,
    };
    stop(&mut server).await?;
    outcome
}

fn start(listen: SocketAddr) -> Result<Child> {
    Command::new(workspace::target().join("debug/andon"))
        .args(["serve", "--demo", "--listen", &listen.to_string()])
        .args(["--database-url", &format!("sqlite://{DATABASE}?mode=rwc")])
        .current_dir(workspace::root())
        // A terminal's Ctrl-C goes to its whole process group; here this command passes it on.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("could not start the server")
}

/// Says once where to look; returns only the reason why that never came.
async fn announce(listen: SocketAddr) -> anyhow::Error {
    if timeout(READY_LIMIT, ready(listen)).await.is_err() {
        return anyhow::anyhow!("the server was not ready after {} s", READY_LIMIT.as_secs());
    }
    println!("\nAndon runs a simulated factory.");
    println!("  Dashboard  http://{listen}/");
    println!("  GraphiQL   http://{listen}/graphql");
    println!("  Database   {DATABASE} (delete it to begin again)");
    println!("Ctrl-C ends it.");
    std::future::pending().await
}

async fn ready(listen: SocketAddr) {
    while !timeout(ANSWER_LIMIT, is_ready(listen)).await.is_ok_and(|answer| answer.unwrap_or(false)) {
        sleep(READY_INTERVAL).await;
    }
}

async fn is_ready(listen: SocketAddr) -> std::io::Result<bool> {
    let mut connection = TcpStream::connect(listen).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}

/// Returns when a person or a supervisor wants the demo to end.
async fn interrupted() -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

/// Lets the server commit what it accepted.
async fn stop(server: &mut Child) -> Result<()> {
    let Some(id) = server.id() else { return Ok(()) };
    command::run(std::process::Command::new("kill").args(["-TERM", &id.to_string()]))?;
    let Ok(status) = timeout(STOP_LIMIT, server.wait()).await else {
        bail!("the server did not end within {} s and was killed", STOP_LIMIT.as_secs());
    };
    let status = status?;
    if !status.success() {
        bail!("the server ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn asked(answer: &'static str) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert_ne!(connection.read(&mut request).await.unwrap(), 0);
            connection.write_all(answer.as_bytes()).await.unwrap();
        };
        let (ready, ()) = tokio::join!(is_ready(address), server);
        ready.unwrap()
    }

    #[tokio::test]
    async fn a_server_that_answers_ok_is_ready() {
        assert!(asked("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await);
    }

    #[tokio::test]
    async fn a_server_that_still_starts_is_not_ready() {
        assert!(!asked("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await);
    }
}
