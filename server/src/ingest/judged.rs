//! A batch between the parser and the queue: each event is trusted or comes with the reason why not.

use domain::{
    bucket::{buckets_touched, rows_written},
    event::{Event, RawEvent},
    time::{DurationMs, TimestampMs},
    validate::{Rejection, judge},
};

use super::{
    error::IngestError,
    limits::{MAX_BATCH_BUCKETS, MAX_BATCH_EVENTS},
};
use crate::store::issues::Issues;

/// A batch within the limits, judged with one now.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The valid ones, in the order in which they were sent.
    pub(super) events: Vec<Event>,
    /// How many rows they write, at most.
    pub(super) rows: i64,
    /// The others, by their position in the batch.
    pub(super) rejections: Vec<(usize, Rejection)>,
    /// The same, counted.
    pub(super) issues: Issues,
    /// The now they were judged with, Unix milliseconds.
    pub(super) received_at_ms: TimestampMs,
}

impl Judged {
    /// Judges a batch.
    ///
    /// # Errors
    /// It has too many events, or they cover too many buckets.
    pub(super) fn new<Text: AsRef<str> + Into<String>>(
        sent: Vec<RawEvent<Text>>,
        received_at_ms: TimestampMs,
        max_clock_skew_ms: DurationMs,
    ) -> Result<Self, IngestError> {
        if sent.len() > MAX_BATCH_EVENTS {
            return Err(IngestError::TooManyEvents(sent.len()));
        }
        let mut events = Vec::with_capacity(sent.len());
        let (mut rejections, mut issues) = (Vec::new(), Issues::default());
        let (mut buckets, mut rows) = (0, 0);
        for (index, event) in sent.into_iter().enumerate() {
            match judge(&event, received_at_ms, max_clock_skew_ms) {
                Ok(valid) => {
                    let event = valid.event(event);
                    buckets += buckets_touched(event.started_at_ms, event.affected_ms());
                    rows += rows_written(event.started_at_ms, event.affected_ms());
                    events.push(event);
                }
                Err(rejection) => {
                    issues.add_rejected(&event, &rejection, received_at_ms);
                    rejections.push((index, rejection));
                }
            }
        }
        if buckets > MAX_BATCH_BUCKETS {
            return Err(IngestError::TooManyBuckets(buckets));
        }
        Ok(Self { events, rows, rejections, issues, received_at_ms })
    }

    /// How many events were sent, the bad ones too.
    pub(crate) fn sent_events(&self) -> usize {
        self.events.len() + self.rejections.len()
    }

    /// The same, as received when the last of its events ended, unless that is later: for those who simulate a factory that was
    /// connected all the time.
    #[must_use]
    pub fn received_at_its_end(mut self) -> Self {
        let ended_at_ms = self.events.iter().map(Event::ended_at_ms).max();
        self.received_at_ms = ended_at_ms.map_or(self.received_at_ms, |at_ms| at_ms.min(self.received_at_ms));
        self
    }
}
