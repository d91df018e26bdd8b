//! The spool as its users see it: many at once, killed, refused, and damaged while it runs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::{Lane, OpenError, Outcome, Spool, SpoolError, SpoolOptions};
use super::{event, folder};

fn options() -> SpoolOptions {
    SpoolOptions { device: Some("cam-1".to_owned()), ..SpoolOptions::default() }
}

fn open(path: &Path) -> Spool {
    Spool::open(path, options()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_all_kept_in_few_commits() {
    let (_folder, path) = folder();
    let spool = open(&path);
    let callers = (0..40).map(|caller| {
        let spool = spool.clone();
        tokio::spawn(async move {
            for number in 0..25 {
                spool.append(vec![event(caller * 25 + number, 0)]).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let counts = spool.counts().await.unwrap();
    assert_eq!((counts.accepted, counts.queued, counts.next_sequence), (1_000, 1_000, 1_001));
    spool.close().await;
    assert_eq!(open(&path).counts().await.unwrap().queued, 1_000);
}

#[tokio::test]
async fn a_second_agent_is_refused_until_the_first_has_gone() {
    let (_folder, path) = folder();
    let first = open(&path);
    let refusal = Spool::open(&path, options()).err().unwrap();
    assert!(matches!(&refusal, OpenError::InUse(_)), "{refusal}");
    assert!(refusal.to_string().ends_with("stop that one, or give this one a spool of its own"));
    first.close().await;
    open(&path).close().await;
}

#[tokio::test]
async fn another_devices_spool_is_refused_and_no_name_means_its_own() {
    let (_folder, path) = folder();
    open(&path).close().await;
    let other = SpoolOptions { device: Some("cam-2".to_owned()), ..SpoolOptions::default() };
    let refusal = Spool::open(&path, other).err().unwrap();
    assert!(refusal.to_string().contains("belongs to the device \"cam-1\", not to \"cam-2\""), "{refusal}");
    let spool = Spool::open(&path, SpoolOptions::default()).unwrap();
    assert_eq!(spool.counts().await.unwrap().device, "cam-1");
}

#[tokio::test]
async fn one_caller_of_a_group_that_is_refused_takes_no_other_with_it() {
    let (_folder, path) = folder();
    let spool = open(&path);
    let good = spool.append(vec![event(1, 0)]);
    let too_long = spool.append(vec!["x".repeat(super::super::MAX_BODY_BYTES + 1)]);
    let also_good = spool.append(vec![event(2, 0)]);
    let (good, too_long, also_good) = tokio::join!(good, too_long, also_good);
    assert_eq!((good, also_good), (Ok(()), Ok(())));
    assert!(matches!(too_long, Err(SpoolError::TooLong { .. })), "{too_long:?}");
    assert_eq!(spool.counts().await.unwrap().queued, 2);
}

#[tokio::test]
async fn damage_found_while_running_is_repaired_and_the_work_goes_on() {
    let (_folder, path) = folder();
    let spool = open(&path);
    for hundred in 0..40 {
        spool.append((0..100).map(|number| event(hundred * 100 + number, 100)).collect()).await.unwrap();
    }
    spool.close().await;
    let spool = open(&path);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 8 * 4_096].fill(0);
    fs::File::options().write(true).open(&path).unwrap().write_all(&bytes).unwrap();
    // The cache may still hold what was read when it was opened, so read all of it.
    let mut taken = 0;
    while let Some(batch) = spool.take(Lane::Backlog, 500, 1 << 20).await.unwrap() {
        let outcomes = vec![Outcome::Delivered; batch.events.len()];
        taken += outcomes.len() as i64;
        spool.acknowledge(batch.origin.first_position, outcomes).await.unwrap();
    }
    spool.append(vec![event(9_999, 0)]).await.unwrap();
    let counts = spool.counts().await.unwrap();
    assert_eq!(counts.accepted, counts.delivered + counts.queued + counts.dead_lettered + counts.lost);
    assert!(counts.accepted >= 4_001, "{counts:?}");
    assert!(counts.delivered <= taken);
    spool.close().await;
    assert!(open(&path).counts().await.is_ok());
}

/// Not a test of its own: the process that the next test kills. It says each number once that is committed.
#[test]
fn child_that_appends() {
    let Ok(path) = std::env::var("ANDON_TEST_SPOOL") else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let spool = open(Path::new(&path));
        let first = spool.counts().await.unwrap().accepted;
        for number in first.. {
            spool.append(vec![event(number, 0)]).await.unwrap();
            println!("committed {number}.");
            if number % 7 == 0
                && let Some(batch) = spool.take(Lane::Live, 3, 1 << 20).await.unwrap()
            {
                spool
                    .acknowledge(batch.origin.first_position, vec![Outcome::Delivered; batch.events.len()])
                    .await
                    .unwrap();
            }
        }
    });
}

#[test]
fn what_was_answered_is_there_after_the_process_is_killed() {
    const KILLS: usize = 5;
    let (_folder, path) = folder();
    let mut answered = -1;
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..test_harness::rounds(KILLS) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "spool::tests::handle::child_that_appends", "--nocapture"])
            .env("ANDON_TEST_SPOOL", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let wanted = rng.usize(1..60);
        let committed =
            |line: &str| -> Option<i64> { line.split_once("committed ")?.1.strip_suffix('.')?.parse().ok() };
        let mut said = lines.by_ref().map_while(Result::ok).filter_map(|line| committed(&line));
        answered = said.by_ref().take(wanted).last().unwrap();
        child.kill().unwrap();
        // What it had said before it was killed is still in the pipe.
        answered = said.last().unwrap_or(answered);
        child.wait().unwrap();
    }
    let store = super::open(&path, super::roomy());
    let counts = store.counts().unwrap();
    assert!(counts.accepted > answered, "{answered} was answered for, {counts:?}");
    assert_eq!(counts.accepted, counts.delivered + counts.queued);
    for (position, body) in store.queue() {
        assert_eq!(body, event(position - 1, 0));
    }
    assert_eq!(store.check(), Ok(()));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_a_spool_also_one_that_an_older_agent_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let modes = |folder: &Path| -> Vec<(String, u32)> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
        let mode = |file: &fs::DirEntry| file.metadata().unwrap().permissions().mode() & 0o777;
        files.map(|file| (file.file_name().into_string().unwrap(), mode(&file))).collect()
    };
    let (folder, path) = folder();
    for _ in 0..2 {
        let spool = open(&path);
        spool.append(vec![event(1, 0)]).await.unwrap();
        let found = modes(folder.path());
        assert!(found.len() >= 4, "file, log, lock and reserve: {found:?}");
        assert!(found.iter().all(|(_, mode)| *mode == 0o600), "{found:?}");
        spool.close().await;
        for (name, _) in modes(folder.path()) {
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}
