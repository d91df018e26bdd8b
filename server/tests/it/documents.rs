//! The documents name files and folders; what they name exists.

use std::path::{Path, PathBuf};

/// The documents, relative to the workspace.
const DOCUMENTS: [&str; 6] = [
    "README.md",
    "docs/ARCHITECTURE.md",
    "docs/METRICS.md",
    "docs/OPERATIONS.md",
    "docs/PERFORMANCE.md",
    "docs/CONTRIBUTING.md",
];
/// The folders whose files the documents name by their full path.
const FOLDERS: [&str; 13] = [
    "bench/",
    "dashboard-dioxus/",
    "docker/",
    "docs/",
    "domain/",
    "edge/",
    "entity/",
    "migration/",
    "http-listener/",
    "private-postgres/",
    "server/",
    "test-harness/",
    "xtask/",
];

#[test]
fn every_file_that_a_document_names_exists() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for document in DOCUMENTS {
        let path = workspace.join(document);
        let text = std::fs::read_to_string(&path).expect("the document exists");
        let folder = path.parent().expect("a document is in a folder");
        let linked = links(&text).map(|link| folder.join(link));
        let named = paths(&text).map(|path| workspace.join(path));
        let missing: Vec<PathBuf> = linked.chain(named).filter(|path| !path.exists()).collect();
        assert!(missing.is_empty(), "{document} names what is not there: {missing:?}");
    }
}

/// What links lead to within the workspace, without the place on the page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        (!target.is_empty() && !target.contains("://")).then_some(target)
    })
}

/// Paths that are written as code.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter(|code| FOLDERS.iter().any(|folder| code.starts_with(folder)) && !code.contains(' '))
}
