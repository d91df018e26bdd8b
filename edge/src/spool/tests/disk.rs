//! Disks that are full or cannot be written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::{Lane, OpenError, Outcome, Spool, SpoolError, SpoolOptions};
use super::{at, event, folder, open, roomy};

/// A file system of its own, for as long as a test needs it.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// Mounts one in memory; nothing where that is not allowed.
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self { folder })
    }

    fn spool(&self) -> PathBuf {
        self.folder.path().join("spool.db")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.folder.path()).output().unwrap();
    }
}

#[test]
fn a_store_without_room_refuses_events_lets_others_go_and_then_takes_events_again() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&(0..200).map(|number| event(number, 0)).collect::<Vec<_>>(), at(0)).unwrap();
    let pages: i64 = store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.connection.query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |_| Ok(())).unwrap();
    let mut accepted = 200;
    let refused = loop {
        match store.append_now(&[event(accepted, 500)], at(1)) {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, SpoolError::NoSpace(_)), "{refused:?}");
    assert_eq!(store.counts().unwrap().queued, accepted);
    let batch = store.take(Lane::Live, 100, 1 << 20, at(2)).unwrap().unwrap();
    let outcomes = vec![Outcome::Delivered; batch.events.len()];
    store.in_transaction(|store| store.acknowledge(batch.origin.first_position, &outcomes, at(2))).unwrap();
    store.append_now(&[event(accepted, 500)], at(3)).unwrap();
    assert_eq!(store.check(), Ok(()));
}

#[tokio::test]
async fn a_full_disk_refuses_events_and_is_emptied_by_delivery() {
    // Without the right to mount, the test above stands for this one.
    let Some(disk) = Disk::mount("size=8m") else { return };
    let path = disk.spool();
    let spool = Spool::open(&path, SpoolOptions::default()).unwrap();
    let mut accepted = 0;
    let refused = loop {
        match spool.append((0..20).map(|number| event(accepted + number, 300)).collect()).await {
            Ok(()) => accepted += 20,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, SpoolError::NoSpace(_)), "{refused:?}");
    // Others fill what is left, too.
    let others = path.with_file_name("others");
    let filled = fs::write(&others, vec![1; 8 << 20]);
    assert!(filled.is_err());
    let mut delivered = 0;
    while let Some(batch) = spool.take(Lane::Live, 100, 1 << 20).await.unwrap() {
        let outcomes = vec![Outcome::Delivered; batch.events.len()];
        delivered += outcomes.len() as i64;
        spool.acknowledge(batch.origin.first_position, outcomes).await.unwrap();
    }
    assert_eq!(delivered, accepted);
    fs::remove_file(&others).unwrap();
    spool.append(vec![event(0, 0)]).await.unwrap();
    let counts = spool.counts().await.unwrap();
    assert_eq!((counts.accepted, counts.delivered, counts.queued), (accepted + 1, accepted, 1));
    spool.close().await;
    assert_eq!(open(&path, roomy()).check(), Ok(()));
}

#[test]
fn a_place_that_cannot_be_written_to_is_refused_in_words() {
    let refusal = |path: &Path| Spool::open(path, SpoolOptions::default()).err().unwrap();
    let missing = refusal(Path::new("/proc/self/no-such-folder/spool.db"));
    assert!(matches!(&missing, OpenError::Unusable { .. }), "{missing}");
    if let Some(disk) = Disk::mount("size=8m") {
        let path = disk.spool();
        let mut store = open(&path, roomy());
        store.append_now(&[event(0, 0)], at(0)).unwrap();
        drop(store);
        let remount =
            Command::new("mount").args(["-o", "remount,ro"]).arg(disk.folder.path()).output().unwrap();
        assert!(remount.status.success(), "{remount:?}");
        let said = refusal(&path).to_string();
        assert!(said.contains("cannot be used") && said.contains("Read-only file system"), "{said}");
    }
}

#[test]
fn a_store_that_became_read_only_says_so_and_keeps_what_it_has() {
    let (_folder, path) = folder();
    let mut store = open(&path, roomy());
    store.append_now(&[event(0, 0)], at(0)).unwrap();
    store.connection.pragma_update(None, "query_only", 1).unwrap();
    let refused = store.append_now(&[event(1, 0)], at(1));
    assert!(
        matches!(&refused, Err(SpoolError::Unwritable(said)) if said.contains("readonly")),
        "{refused:?}"
    );
    store.connection.pragma_update(None, "query_only", 0).unwrap();
    store.append_now(&[event(2, 0)], at(2)).unwrap();
    assert_eq!(store.queue(), [(1, event(0, 0)), (2, event(2, 0))]);
}
