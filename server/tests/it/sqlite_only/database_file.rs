//! Which files a server opens, and that no two processes write one.

use std::path::Path;

use server::store::{OpenError, Store};
use tempfile::TempDir;

use crate::harness::{Program, soon};

fn database_url(directory: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", directory.path().join("andon.db").display())
}

/// A file that is served.
async fn store() -> (TempDir, Store) {
    let directory = TempDir::new().expect("a temporary directory");
    let store = Store::open(&database_url(&directory)).await.expect("a database");
    (directory, store)
}

async fn refusal(url: &str) -> OpenError {
    Store::open(url).await.err().unwrap_or_else(|| panic!("{url} was opened"))
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_in_words_whatever_name_it_uses() {
    let (directory, store) = store().await;
    let link = directory.path().join("another.db");
    let url = database_url(&directory);
    let path = url.trim_start_matches("sqlite://").split('?').next().expect("a path").to_owned();
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    for url in [url.clone(), format!("sqlite://{}?mode=rwc", link.display()), url.replace(".db", "%2Edb")] {
        let refused = refusal(&url).await.to_string();
        assert!(refused.contains("in use by another andon process"), "{url}: {refused}");
    }
    drop(store);
}

#[tokio::test]
async fn a_path_may_hold_blanks_and_may_be_new() {
    let directory = TempDir::new().expect("a temporary directory");
    let folder = directory.path().join("line 4");
    std::fs::create_dir(&folder).expect("a directory");
    let url = format!("sqlite://{}/andon.db?mode=rwc", folder.display()).replace(' ', "%20");
    drop(Store::open(&url).await.expect("a database"));
    assert!(folder.join("andon.db").is_file());
}

#[tokio::test]
async fn a_database_that_could_not_keep_events_is_refused_when_it_is_opened() {
    let (directory, store) = store().await;
    drop(store);
    let url = database_url(&directory);
    for url in [
        url.replace("mode=rwc", "mode=ro"),
        url.replace("mode=rwc", "mode=memory"),
        url.replace("mode=rwc", "immutable=1"),
        "sqlite::memory:".to_owned(),
        "sqlite://".to_owned(),
        "andon.db".to_owned(),
        "mysql://andon:secret@db/andon".to_owned(),
    ] {
        let refused = refusal(&url).await;
        assert!(matches!(refused, OpenError::Url(_)), "{url}: {refused}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
    let missing = directory.path().join("nowhere/andon.db");
    assert!(matches!(
        refusal(&format!("sqlite://{}?mode=rwc", missing.display())).await,
        OpenError::File { .. }
    ));
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_named_and_left_as_it_is() {
    let directory = TempDir::new().expect("a temporary directory");
    let file = directory.path().join("notes.txt");
    std::fs::write(&file, "not a database, and longer than the header of one would be. ".repeat(20))
        .expect("a file");
    let refused = refusal(&format!("sqlite://{}?mode=rwc", file.display())).await.to_string();
    assert!(refused.contains("notes.txt"), "{refused}");
    assert!(std::fs::read_to_string(&file).expect("the file").starts_with("not a database"));
}

#[tokio::test]
async fn rebuilding_or_auditing_a_file_that_is_missing_fails_and_makes_none() {
    let directory = TempDir::new().expect("a temporary directory");
    let url = database_url(&directory);
    for (command, code) in [("rebuild", 1), ("audit", 2)] {
        let mut program = Program::command(&[command, "--database-url", &url]);
        let ended = soon("the end", program.output()).await.expect("the program");
        assert_eq!(ended.status.code(), Some(code), "{command}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    assert!(!Path::new(url.trim_start_matches("sqlite://").trim_end_matches("?mode=rwc")).exists());
}

#[tokio::test]
async fn a_second_server_on_the_same_file_says_why_it_does_not_start() {
    let directory = TempDir::new().expect("a temporary directory");
    let url = database_url(&directory);
    let first = Program::serve(&url, &[]).await;
    let mut second = Program::command(&["serve", "--listen", "127.0.0.1:0", "--database-url", &url]);
    let second = soon("the end", second.output()).await.expect("the program");
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{message}");
    assert!(message.contains("in use by another andon process"), "{message}");
    let (status, log) = first.terminate().await;
    assert!(status.success(), "{log:?}");
    for log in ["andon.db-wal", "andon.db-shm"] {
        assert!(!directory.path().join(log).exists(), "after its end the file is whole without {log}");
    }
}
