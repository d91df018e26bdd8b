use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

/// A delivery as a subscriber sees it: when, the state of what can be seen, and the revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    at: Duration,
    state: usize,
    revision: usize,
}

/// Commits at these times, of which some change what can be seen, and what a subscriber sees until three seconds after
/// the last, polls and deliveries taking no time.
fn deliveries(commits: &[(Duration, bool)]) -> Vec<Seen> {
    deliveries_taking(Duration::ZERO, commits)
}

/// The same where each delivery takes some time until all subscribers have it.
fn deliveries_taking(delivery_time: Duration, commits: &[(Duration, bool)]) -> Vec<Seen> {
    let start = Instant::now();
    let end = start + commits.last().map_or(Duration::ZERO, |(at, _)| *at) + Duration::from_secs(3);
    let mut commits = commits.iter().peekable();
    let mut pacing = Pacing::new(start);
    let (mut now, mut state, mut revision) = (start, 0, 0);
    let mut polled = None;
    let mut seen: Vec<Seen> = Vec::new();
    loop {
        let Next { step, due, deadline } = pacing.next();
        let delivered = seen.last().map_or(start, |seen| start + seen.at + delivery_time);
        let due = due.max(delivered.min(deadline));
        if let Some((at, is_visible)) = commits.next_if(|(at, _)| start + *at <= due) {
            now = start + *at;
            revision += 1;
            state += usize::from(*is_visible);
            pacing.mark_stale();
            continue;
        }
        if due > end {
            return seen;
        }
        now = now.max(due);
        let delivery = Seen { at: now - start, state, revision };
        match (step, polled) {
            (Step::Poll, Some((old_state, _))) if old_state == state => {
                let has_risen = polled.is_some_and(|(_, old_revision)| old_revision < revision);
                pacing.polled(
                    now,
                    if has_risen { PollOutcome::OnlyRevisionChanged } else { PollOutcome::Unchanged },
                );
            }
            (Step::Poll, _) => {
                seen.push(delivery);
                pacing.polled(now, PollOutcome::Changed);
            }
            (Step::Publish, _) => {
                seen.push(delivery);
                pacing.published(now);
            }
        }
        polled = Some((state, revision));
    }
}

fn at(ms: u32) -> Duration {
    MS * ms
}

#[test]
fn the_first_change_after_a_quiet_time_is_delivered_at_once() {
    let seen = deliveries(&[(at(500), true), (at(900), true)]);
    assert_eq!(seen.iter().map(|seen| seen.at).collect::<Vec<_>>(), [at(0), at(500), at(900)]);
}

#[test]
fn later_changes_are_delivered_together_at_the_end_of_the_interval() {
    let seen = deliveries(&[(at(500), true), (at(501), true), (at(550), true), (at(599), true)]);
    let last = Seen { at: at(600), state: 4, revision: 4 };
    assert_eq!(seen.last(), Some(&last));
    assert_eq!(seen.len(), 3);
}

#[test]
fn a_revision_without_a_visible_change_is_published_once_a_second() {
    let seen = deliveries(&[(at(3000), false), (at(3200), false), (at(3950), false)]);
    assert_eq!(seen.iter().map(|seen| seen.at).collect::<Vec<_>>(), [at(0), at(3100), at(4100)]);
    assert_eq!(seen[2].revision, 3);
}

#[test]
fn a_visible_change_carries_the_revision_that_was_to_be_published() {
    let seen = deliveries(&[(at(3000), false), (at(3050), true)]);
    assert_eq!(
        seen.iter().map(|seen| (seen.at, seen.revision)).collect::<Vec<_>>(),
        [(at(0), 0), (at(3100), 2)]
    );
}

#[test]
fn a_poll_that_fails_is_repeated_less_and_less_often() {
    let start = Instant::now();
    let mut pacing = Pacing::new(start);
    let mut waits = Vec::new();
    for _ in 0..9 {
        let Next { step, due: now, .. } = pacing.next();
        assert_eq!(step, Step::Poll);
        pacing.poll_failed(now);
        waits.push((pacing.next().due - now).as_millis());
    }
    assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    let now = pacing.next().due;
    pacing.polled(now, PollOutcome::Changed);
    pacing.mark_stale();
    assert_eq!(
        pacing.next(),
        Next { step: Step::Poll, due: now + INTERVAL, deadline: now + DELIVERY_TIMEOUT }
    );
}

#[test]
fn without_any_announcement_the_next_poll_comes_after_the_longest_interval() {
    let start = Instant::now();
    let mut pacing = Pacing::new(start);
    pacing.polled(start, PollOutcome::Changed);
    let polled = start + MAX_POLL_INTERVAL;
    assert_eq!(pacing.next(), Next { step: Step::Poll, due: polled, deadline: polled });
    // A poll that found nothing does not delay the change that comes right after it.
    pacing.polled(polled, PollOutcome::Unchanged);
    pacing.mark_stale();
    assert!(pacing.next().due <= polled);
}

#[test]
fn the_next_delivery_waits_until_all_have_the_one_before_but_not_for_ever() {
    let commits: Vec<_> = (0..20).map(|number| (at(50 * number), true)).collect();
    let distances = |delivery_time| {
        let times: Vec<_> =
            deliveries_taking(delivery_time, &commits).iter().map(|seen| seen.at.as_millis()).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    };
    assert_eq!(distances(at(170))[..5], [170; 5]);
    assert_eq!(distances(at(30_000))[..3], [250; 3]);
}

proptest! {
    #[test]
    fn whatever_comes_deliveries_keep_their_distance_and_the_last_state_arrives(
        commits in prop::collection::vec((0_u32..400, any::<bool>()), 0..40),
        delivery_time_ms in prop_oneof![0_u32..=100, 0_u32..1_000],
    ) {
        let mut time_ms = 0;
        let commits: Vec<_> = commits
            .into_iter()
            .map(|(wait_ms, is_visible)| { time_ms += wait_ms; (at(time_ms), is_visible) })
            .collect();
        let seen = deliveries_taking(at(delivery_time_ms), &commits);
        let at_most = if delivery_time_ms <= 100 { INTERVAL } else { DELIVERY_TIMEOUT };

        prop_assert_eq!(seen[0].at, at(0));
        for (before, after) in seen.iter().zip(&seen[1..]) {
            prop_assert!(after.revision > before.revision);
            let least = if after.state > before.state { INTERVAL } else { REVISION_INTERVAL };
            prop_assert!(after.at >= before.at + least, "{:?} then {:?}", before, after);
        }
        let visible = commits.iter().filter(|(_, is_visible)| *is_visible).count();
        let last = seen.last().expect("the first delivery");
        prop_assert_eq!((last.state, last.revision), (visible, commits.len()));

        let mut state = 0;
        for (revision, (commit, is_visible)) in commits.iter().enumerate().map(|(index, commit)| (index + 1, commit)) {
            state += usize::from(*is_visible);
            let shown = seen.iter().find(|seen| seen.state >= state && seen.at >= *commit).expect("it is shown");
            if *is_visible {
                prop_assert!(shown.at <= *commit + at_most, "{:?} late at {:?}", commit, shown);
            }
            let published = seen.iter().find(|seen| seen.revision >= revision).expect("it is published");
            prop_assert!(published.at <= *commit + REVISION_INTERVAL + at_most);
        }
    }
}
