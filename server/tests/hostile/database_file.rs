//! What may happen to the database while it is used and in between: deleted, replaced, damaged, or opened under
//! another name.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use server::{
    clock::Clock,
    store::{OpenError, Store},
};
use tempfile::TempDir;

use crate::harness::{Program, TestDatabase, TestServer, code, patient, soon};

const INGEST: &str =
    "mutation($events: [EventInput!]!) { ingestEvents(factoryId: \"plant\", events: $events) { accepted } }";
const EVENTS: &str = "{ events(factoryId: \"plant\", first: 500) { edges { node { entityId } } } }";
const PAGE_BYTES: usize = 4_096;

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary directory") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("andon.db")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.folder.path().join(format!("andon.db{suffix}"))
    }

    fn url(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.path().display())
    }

    async fn serve(&self) -> TestServer {
        TestServer::on(TestDatabase::at(self.url()), Clock::System, patient()).await
    }

    /// Served, with events on many pages, and let go again.
    async fn filled(&self) {
        let server = self.serve().await;
        server.create_factory("plant").await;
        server.ingest("plant", batch(0..3_000)).await;
        server.app.store.close().await;
        server.stop().await;
    }

    /// How many pages it has.
    fn pages(&self) -> u64 {
        fs::metadata(self.path()).expect("the file").len() / PAGE_BYTES as u64
    }

    /// Writes over pages of the file.
    fn damage(&self, pages: std::ops::Range<u64>) {
        let mut file = fs::OpenOptions::new().write(true).open(self.path()).expect("the file");
        file.seek(SeekFrom::Start(pages.start * PAGE_BYTES as u64)).expect("a page");
        for _ in pages {
            file.write_all(&[0xAB; PAGE_BYTES]).expect("a write");
        }
    }
}

fn batch(minutes: std::ops::Range<usize>) -> Value {
    let events = minutes.map(|minute| {
        let (day, hour) = (minute / 1_440 + 1, minute / 60 % 24);
        json!({
            "entityType": "WORKER", "entityId": format!("W{}", minute % 50), "eventType": "WORKING", "durationMinutes": 1.0,
            "timestamp": format!("2026-01-{day:02}T{hour:02}:{:02}:00Z", minute % 60),
        })
    });
    Value::Array(events.collect())
}

async fn readiness(server: &TestServer) -> (StatusCode, String) {
    let response =
        soon("readiness", server.client.get(server.url("/readyz")).send()).await.expect("a response");
    (response.status(), response.text().await.expect("words"))
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_was_deleted_or_replaced_and_readiness_says_so() {
    let delete = |path: &Path| fs::remove_file(path).expect("a file");
    let replace = |path: &Path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).expect("a copy");
        fs::rename(&copy, path).expect("a new file");
    };
    let harms: [&dyn Fn(&Path); 2] = [&delete, &replace];
    for (suffix, harm) in [("", harms[0]), ("", harms[1]), ("-wal", harms[0]), ("-shm", harms[0])] {
        let file = File::new();
        let server = file.serve().await;
        server.create_factory("plant").await;
        assert_eq!(server.ingest("plant", batch(0..1)).await["accepted"], 1);
        assert_eq!(readiness(&server).await.0, StatusCode::OK);
        harm(&file.beside(suffix));
        let (status, words) = readiness(&server).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{suffix}");
        assert!(words.contains("deleted or replaced") && words.contains("OPERATIONS.md"), "{words}");
        for _ in 0..2 {
            let answer = server.answer(INGEST, json!({ "events": batch(1..3) })).await;
            assert_eq!(code(&answer), "UNAVAILABLE", "{suffix}: {answer}");
            let words = answer["errors"][0]["message"].as_str().expect("words");
            assert!(words.contains("deleted or replaced"), "{words}");
        }
        let create =
            "mutation { createFactory(input: { id: \"b\", name: \"b\", timeZone: \"UTC\" }) { id } }";
        assert_eq!(server.refused(create, json!({})).await, "UNAVAILABLE", "{suffix}");
        let answer = server.ask(EVENTS, json!({})).await;
        assert_eq!(
            answer["events"]["edges"].as_array().map(Vec::len),
            Some(1),
            "{suffix}: nothing more was stored"
        );
    }
}

#[tokio::test]
async fn a_new_file_is_for_its_owner_alone_and_one_that_is_there_keeps_its_mode() {
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let file = File::new();
    let server = file.serve().await;
    server.create_factory("plant").await;
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&file.beside(suffix)), 0o600, "{suffix}");
    }
    server.app.store.close().await;
    server.stop().await;
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).expect("another mode");
    let server = file.serve().await;
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&file.beside(suffix)), 0o640, "{suffix}");
    }
    drop(server);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn all_names_of_a_file_meet_at_one_lock() {
    let file = File::new();
    let store = Store::open(&file.url()).await.expect("a database");
    let (elsewhere, moved) =
        (TempDir::new().expect("another directory"), file.folder.path().join("moved.db"));
    let (hard, soft) = (elsewhere.path().join("hard.db"), elsewhere.path().join("soft.db"));
    fs::hard_link(file.path(), &hard).expect("a hard link");
    std::os::unix::fs::symlink(file.path(), &soft).expect("a symbolic link");
    fs::rename(file.path(), &moved).expect("another name");
    fs::hard_link(&moved, file.path()).expect("the old name");
    for path in [&hard, &soft, &moved, &file.path()] {
        let mut second =
            Program::command(&["rebuild", "--database-url", &format!("sqlite://{}", path.display())]);
        let second = soon("the end", second.output()).await.expect("the program");
        let message = String::from_utf8_lossy(&second.stderr).into_owned();
        assert!(!second.status.success() && message.contains("in use by another andon process"), "{message}");
    }
    assert!(!file.beside(".lock").exists(), "the lock is on the file itself");
    drop(store);
}

#[tokio::test]
async fn a_damaged_file_is_not_served_and_the_words_say_where_help_is() {
    let file = File::new();
    file.filled().await;
    let pages = file.pages();
    // What no query may need for long, and what the start itself needs.
    for damaged in [pages - 2..pages, 4..pages] {
        file.damage(damaged);
        let before = fs::read(file.path()).expect("the file");
        let refused = Store::open(&file.url()).await.err().expect("a refusal");
        assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
        for words in ["is damaged", "restore a backup", "docs/OPERATIONS.md", "andon.db"] {
            assert!(refused.to_string().contains(words), "{refused}");
        }
        assert_eq!(fs::read(file.path()).expect("the file"), before, "it was left as it was");
    }
    let mut program = Program::command(&["serve", "--listen", "127.0.0.1:0", "--database-url", &file.url()]);
    let ended = soon("the end", program.output()).await.expect("the program");
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("docs/OPERATIONS.md"), "{ended:?}");
}

#[tokio::test]
async fn a_page_that_is_damaged_while_the_file_is_served_is_told_in_words() {
    let file = File::new();
    file.filled().await;
    let server = file.serve().await;
    file.damage(4..file.pages());
    let answer = server.answer(EVENTS, json!({})).await;
    assert_eq!(code(&answer), "UNAVAILABLE", "{answer}");
    let words = answer["errors"][0]["message"].as_str().expect("words");
    assert!(words.contains("is damaged") && words.contains("docs/OPERATIONS.md"), "{words}");
    assert!(!words.contains("malformed") && !words.contains("andon.db"), "{words}");
}
