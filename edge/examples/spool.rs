//! Measures a spool: how fast events are put into it, how much room they take, and how fast a day's worth leaves it.
//!
//! `cargo run --release -p edge --example spool [EVENTS] [FOLDER]`

use std::path::PathBuf;
use std::time::Instant;

use edge::spool::{Lane, Outcome, Spool, SpoolOptions};

/// A day at ten events a second.
const EVENTS: usize = 864_000;

const GROUP_EVENTS: usize = 100;
const BATCH_EVENTS: usize = 500;
const BATCH_BYTES: usize = 1024 * 1024;
const CALLERS: usize = 64;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let events = args.next().map_or(Ok(EVENTS), |text| text.parse())?;
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("andon-spool-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let done = measure(&folder.join("spool.db"), events).await;
    std::fs::remove_dir_all(&folder)?;
    done
}

async fn measure(path: &std::path::Path, events: usize) -> anyhow::Result<()> {
    let spool = Spool::open(path, SpoolOptions::default())?;
    let said = |what: &str, events: usize, began: Instant| {
        let seconds = began.elapsed().as_secs_f64();
        println!("{what}: {events} events in {seconds:.2} s, {:.0} a second", events as f64 / seconds);
    };

    let singles = (events / 100).min(2_000);
    let began = Instant::now();
    for number in 0..singles {
        spool.append(vec![event(number)]).await?;
    }
    said("appended one by one", singles, began);

    let began = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let spool = spool.clone();
        tokio::spawn(async move {
            for number in 0..singles / 4 {
                spool.append(vec![event(caller * events + number)]).await?;
            }
            anyhow::Ok(())
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await??;
    }
    said("appended one by one by 64 at once", CALLERS * (singles / 4), began);

    let began = Instant::now();
    for first in (0..events).step_by(GROUP_EVENTS) {
        spool.append((first..first + GROUP_EVENTS).map(event).collect()).await?;
    }
    said("appended in hundreds", events, began);

    let counts = spool.counts().await?;
    let body_bytes = event(0).len();
    println!(
        "{} events queued in {} bytes, {:.0} bytes each of which {body_bytes} are the event",
        counts.queued,
        counts.used_bytes,
        counts.used_bytes as f64 / counts.queued as f64
    );

    spool.close().await;
    let began = Instant::now();
    let spool = Spool::open(path, SpoolOptions::default())?;
    said("opened and checked", usize::try_from(counts.queued)?, began);

    let began = Instant::now();
    let mut drained = 0;
    while let Some(batch) = spool.take(Lane::Backlog, BATCH_EVENTS, BATCH_BYTES).await? {
        drained += batch.events.len();
        spool.acknowledge(batch.origin.first_position, vec![Outcome::Delivered; batch.events.len()]).await?;
    }
    said("taken and acknowledged", drained, began);
    println!("afterwards: {:?}", spool.counts().await?);
    spool.close().await;
    Ok(())
}

fn event(number: usize) -> String {
    format!(
        r#"{{"timestamp":"2026-01-05T{:02}:{:02}:{:02}Z","entityType":"WORKER","entityId":"W{}","eventType":"WORKING","durationMinutes":1,"unitsProduced":2,"confidence":0.93,"modelVersion":"activity-2.1","sourceId":"cam-assembly-1","workstationId":"S5"}}"#,
        number / 36_000 % 24,
        number / 600 % 60,
        number / 10 % 60,
        number % 50
    )
}
