//! Programs in JavaScript, with packages that others wrote.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use super::soon;

/// Installs the packages of a folder of tests, exactly as locked. Where they are then, with the folder's scripts.
pub(crate) async fn installed(folder: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    // The tests on each engine are processes of their own, which run at the same time.
    let engine = if env::var_os("ANDON_TEST_POSTGRES").is_some() { "postgres" } else { "sqlite" };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{folder}-{engine}"));
    std::fs::create_dir_all(&target).expect("a folder");
    for file in std::fs::read_dir(source).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), target.join(file.file_name())).expect("a copy");
    }
    let install = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    let installed = output(Command::new("npm").args(install).current_dir(&target)).await;
    assert!(installed.status.success(), "npm ci failed: {}", String::from_utf8_lossy(&installed.stderr));
    target
}

/// Runs a command to its end.
pub(crate) async fn output(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    output.expect("node 18 or later and npm are needed for this test: install the packages nodejs and npm")
}

/// A script that serves, killed when dropped.
pub(crate) struct Script {
    /// Where it listens.
    pub(crate) url: String,
    child: Child,
    _printing: JoinHandle<()>,
}

impl Script {
    /// Starts a script of a folder and waits until it listens.
    pub(crate) async fn start(folder: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Self {
        let mut command = Command::new("node");
        command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
        // It ends with its input, also where this process is killed.
        command
            .env("UNTIL_STDIN_ENDS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.current_dir(folder).kill_on_drop(true).spawn().expect("node");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let listening = async {
            loop {
                let line =
                    lines.next_line().await.expect("text").expect("the script ended before it listened");
                if let Some(url) = line.strip_prefix("listening on ") {
                    return url.to_owned();
                }
            }
        };
        let url = soon("listening", listening).await;
        // Read to its end: a full pipe would stop the script.
        let printing = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url, child, _printing: printing }
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) {
        self.child.kill().await.expect("a running script");
    }
}
