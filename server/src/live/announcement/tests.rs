use domain::{
    event::{EntityType, Event, EventType, Extent},
    id::{FactoryId, Revision},
    time::{DurationMs, TimestampMs},
};

use super::*;
use crate::store::commit_log::Commit;

fn event(code: &str) -> StoredEvent {
    let event = Event {
        entity_type: EntityType::Worker,
        entity_code: code.into(),
        event_type: EventType::Working,
        started_at_ms: TimestampMs(0),
        extent: Extent::Interval(DurationMs::ZERO),
        units: 0,
        confidence: None,
        model_version: None,
        event_code: String::new(),
        source: None,
        workstation: None,
    };
    StoredEvent { event, received_at_ms: TimestampMs(0) }
}

fn events(numbers: std::ops::Range<usize>) -> Vec<StoredEvent> {
    numbers.map(|number| event(&format!("W{number}"))).collect()
}

fn latest(listener: &mut Listener) -> Vec<String> {
    listener.announced().latest.iter().map(|stored| stored.event.entity_code.clone()).collect()
}

/// Announces a commit of factory 1 that stored these events.
fn announce(announcements: &Announcements, revision: Revision, events: Vec<StoredEvent>) {
    announcements.announce(FactoryId(1), revision, events.len() as u64, events);
}

#[test]
fn only_the_latest_events_are_kept_and_all_are_counted() {
    let announcements = Arc::new(Announcements::default());
    let mut listener = announcements.listen(FactoryId(1));
    announce(&announcements, Revision(1), events(0..150));
    announce(&announcements, Revision(2), events(150..250));
    let expected: Vec<String> = (50..250).map(|number| format!("W{number}")).collect();
    assert_eq!(latest(&mut listener), expected);
    announce(&announcements, Revision(3), events(250..10_250));
    let expected: Vec<String> = (10_050..10_250).map(|number| format!("W{number}")).collect();
    assert_eq!(latest(&mut listener), expected);
    assert_eq!(listener.announced().stored, 10_250);
    assert_eq!(listener.announced().revision, Revision(3));
}

#[test]
fn what_a_feed_began_with_is_not_new_to_it_when_it_is_announced() {
    let announcements = Arc::new(Announcements::default());
    let mut listener = announcements.listen(FactoryId(1));
    announce(&announcements, Revision(4), events(0..1));
    assert_eq!(listener.begin_feed(Revision(5), None), Some((Revision(5), 1)));
    announce(&announcements, Revision(5), events(1..2));
    assert_eq!(latest(&mut listener), ["W0"]);
    announce(&announcements, Revision(6), events(2..3));
    assert_eq!(latest(&mut listener), ["W0", "W2"]);
    // A second feed begins where the first one stands, even if it has read what is not announced yet.
    assert_eq!(announcements.listen(FactoryId(1)).begin_feed(Revision(7), None), Some((Revision(6), 2)));
}

#[test]
fn a_factory_is_forgotten_with_its_last_listener() {
    let announcements = Arc::new(Announcements::default());
    announce(&announcements, Revision(1), events(0..1));
    assert_eq!(announcements.count(), 0);
    let (first, second) = (announcements.listen(FactoryId(1)), announcements.listen(FactoryId(1)));
    let other = announcements.listen(FactoryId(2));
    assert_eq!(announcements.count(), 2);
    drop(first);
    assert_eq!(announcements.count(), 2);
    drop(second);
    drop(other);
    assert_eq!(announcements.count(), 0);
}

#[test]
fn a_revision_alone_is_enough_until_a_feed_begins() {
    let announcements = Arc::new(Announcements::default());
    assert_eq!(announcements.announce_revision(FactoryId(1), Revision(1)), None, "no listener");
    let mut listener = announcements.listen(FactoryId(1));
    assert_eq!(announcements.announce_revision(FactoryId(1), Revision(5)), None);
    assert_eq!(listener.announced().revision, Revision(5));
    assert_eq!(listener.begin_feed(Revision(4), None), None, "what was read is outdated");
    assert_eq!(listener.begin_feed(Revision(5), None), Some((Revision(5), 0)));
    assert_eq!(
        announcements.announce_revision(FactoryId(1), Revision(5)),
        None,
        "what is announced is not read again"
    );
    assert_eq!(
        announcements.announce_revision(FactoryId(1), Revision(8)),
        Some(Revision(5)),
        "the events after revision 5 are to be read"
    );
    assert_eq!(listener.announced().revision, Revision(5));
    announce(&announcements, Revision(7), events(0..2));
    assert_eq!(announcements.announce_revision(FactoryId(1), Revision(8)), Some(Revision(7)));
}

fn commit(revision: Revision, events: u64, latest_events: Vec<StoredEvent>) -> Commit {
    Commit { revision, events, latest_events }
}

#[test]
fn events_of_commits_that_were_forgotten_are_counted_and_what_came_before_them_is_not_the_latest() {
    let announcements = Arc::new(Announcements::default());
    let mut listener = announcements.listen(FactoryId(1));
    // Ten events are stored that are new to nobody.
    assert_eq!(listener.begin_feed(Revision(4), Some(10)), Some((Revision(4), 0)));
    let since = Since { commits: vec![commit(Revision(5), 2, events(0..2))], events_before: Some(10) };
    announcements.announce_read(FactoryId(1), Revision(5), since);
    assert_eq!(latest(&mut listener), ["W0", "W1"]);

    // Three were stored by commits that nobody remembers, then one by a commit that is known.
    let since = Since { commits: vec![commit(Revision(8), 1, events(5..6))], events_before: Some(15) };
    announcements.announce_read(FactoryId(1), Revision(9), since);
    assert_eq!(latest(&mut listener), ["W5"]);
    assert_eq!(listener.announced().stored, 6);
    assert_eq!(listener.announced().revision, Revision(9));

    let since = Since { commits: Vec::new(), events_before: Some(20) };
    announcements.announce_read(FactoryId(1), Revision(12), since);
    assert_eq!(latest(&mut listener), [""; 0]);
    assert_eq!(listener.announced().stored, 10);
}

#[test]
fn a_commit_whose_events_are_left_out_leaves_none_before_it() {
    let announcements = Arc::new(Announcements::default());
    let mut listener = announcements.listen(FactoryId(1));
    let commits = vec![
        commit(Revision(1), 1, events(0..1)),
        commit(Revision(2), 3, Vec::new()),
        commit(Revision(3), 1, events(4..5)),
    ];
    announcements.announce_read(FactoryId(1), Revision(3), Since { commits, events_before: None });
    assert_eq!(latest(&mut listener), ["W4"]);
    assert_eq!(listener.announced().stored, 5);
}
