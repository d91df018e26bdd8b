//! The program in a process of its own, and what it takes of the machine.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use reqwest::Response;
use serde_json::json;

use crate::harness::{Program, TestDatabase, soon};

/// How much more memory than before an attack a server may need during it, in MB: a debug build's values are as large as a
/// release build's.
pub(crate) const MAX_GROWTH_MB: u64 = 250;

/// A server under attack, with its database.
pub(crate) struct Victim {
    pub(crate) program: Program,
    _database: TestDatabase,
}

impl Victim {
    /// A server with the factory `plant`.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// As [`Self::start`], with more options.
    pub(crate) async fn start_with(options: &[&str]) -> Self {
        let database = TestDatabase::new().await;
        let program = Program::serve(database.url(), options).await;
        let create = "mutation { createFactory(input: {id: \"plant\", name: \"Plant\"}) { id } }";
        program.ask(create, json!({})).await;
        Self { program, _database: database }
    }

    /// Posts a body that may be compressed.
    pub(crate) async fn post(&self, body: Vec<u8>, is_gzip: bool) -> Response {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut request = client
            .post(format!("{}/graphql", self.program.url))
            .header("content-type", "application/json")
            .body(body);
        if is_gzip {
            request = request.header("content-encoding", "gzip");
        }
        soon("a response", request.send()).await.expect("a response")
    }

    /// Asks it to stop, and answers with all that it logged.
    pub(crate) async fn end(self) -> Vec<String> {
        self.program.terminate().await.1
    }

    /// Forgets the peak of its memory, and answers with what it holds now, in MB; none where the system does not tell.
    pub(crate) fn forget_peak(&self) -> Option<u64> {
        std::fs::write(self.file("clear_refs")?, "5").ok()?;
        self.status("VmRSS")
    }

    /// The peak of its memory, in MB.
    pub(crate) fn peak(&self) -> Option<u64> {
        self.status("VmHWM")
    }

    fn status(&self, key: &str) -> Option<u64> {
        let status = std::fs::read_to_string(self.file("status")?).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib / 1_024)
    }

    fn file(&self, name: &str) -> Option<String> {
        Some(format!("/proc/{}/{name}", self.program.child.id()?))
    }
}

/// Asserts that memory did not grow by more than it may; `before` and `peak` in MB, none where the system does not tell.
pub(crate) fn assert_bounded(before: Option<u64>, peak: Option<u64>, attack: &str) {
    if let (Some(before), Some(peak)) = (before, peak) {
        assert!(peak < before + MAX_GROWTH_MB, "{attack}: from {before} to {peak} MB");
    }
}

/// A text as one member of gzip.
pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}
