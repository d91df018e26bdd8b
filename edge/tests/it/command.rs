//! Runs `andon-edge` and keeps what it said.

use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use test_harness::soon;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What a finished command said and how it ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `andon-edge` with these arguments and this standard input.
pub(crate) async fn andon_edge(args: &[&str], stdin: &str) -> Finished {
    andon_edge_with(args, stdin, &[]).await
}

/// The same with these environment variables.
pub(crate) async fn andon_edge_with(args: &[&str], stdin: &str, variables: &[(&str, &str)]) -> Finished {
    let mut child = Command::new(env!("CARGO_BIN_EXE_andon-edge"))
        .args(args)
        .env_remove("ANDON_URL")
        .env_remove("ANDON_FACTORY")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("andon-edge starts");
    let mut pipe = child.stdin.take().expect("stdin is piped");
    pipe.write_all(stdin.as_bytes()).await.expect("andon-edge reads its stdin");
    drop(pipe);
    let output = soon("the end of andon-edge", child.wait_with_output()).await.expect("andon-edge ends");
    Finished {
        code: output.status.code().expect("andon-edge exits by itself"),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// A file of these lines in a folder that goes with it.
pub(crate) fn file_of(lines: &[String]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("events.ndjson");
    std::fs::write(&path, lines.join("\n")).expect("the file is written");
    (folder, path)
}
