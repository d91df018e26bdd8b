//! Whose batches are stored next: the factories share the queue and the writer.
//!
//! * The queue holds [`MAX_QUEUED_ROWS`] and [`MAX_QUEUED_BATCHES`], of one factory at most half as much while another one has
//!   something in it: what it has more is refused when another one comes, the newest first. When the queue is full, the newest
//!   batch of the factory that has most waiting is refused. So whoever has less always finds room.
//! * A turn takes whole batches as long as they fit together, always the next one of the factory that will have had the fewest
//!   rows written with it (weighted fair queueing): what is little work does not wait for what is much. A batch that is too
//!   much work for a turn is stored in slices, each a turn of its own.
//! * A factory that took more of the writer's time than its share, while others waited, rests for twice as long as it took
//!   ([`REST_PER_TURN`]): so the others have more than half of the writer's time, whatever one factory sends and however slow
//!   the database is.
//! * The batches of one factory are stored in the order in which they came.
//!
//! Nothing waits here, and the time is an argument.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    ops::Range,
    time::{Duration, Instant},
};

use domain::{bucket::rows_written, event::Event, id::FactorySlug};
use tokio::sync::oneshot;

use super::{
    Answer, IngestError,
    limits::{
        MAX_CHARGED_ROWS, MAX_QUEUED_BATCHES, MAX_QUEUED_ROWS, MAX_TURN_BATCHES, MAX_TURN_EVENTS,
        MAX_TURN_ROWS, MIN_REST, REST_PER_TURN, ROWS_OF_SHORT_EVENT,
    },
};
use crate::store::writer::{Batch, Part, Stored};

#[cfg(test)]
mod tests;

/// A batch that waits for its turn, or for the turn of its next slice.
pub(super) struct Waiting {
    pub(super) batch: Batch,
    pub(super) answer: oneshot::Sender<Answer>,
    /// What became of the events that were stored so far; none before the first turn.
    pub(super) stored: Option<Stored>,
    /// How many rows the others write, at most.
    rows: i64,
    /// How many rows it takes of the queue's room.
    charge: i64,
}

impl Waiting {
    /// A batch that writes at most so many rows.
    pub(super) fn new(batch: Batch, rows: i64, answer: oneshot::Sender<Answer>) -> Self {
        // One without events still asks whether the factory is there.
        let rows = rows.max(1);
        Self { batch, answer, stored: None, rows, charge: rows.min(MAX_CHARGED_ROWS) }
    }

    /// Which events are still to be stored.
    fn left(&self) -> Range<usize> {
        self.stored.as_ref().map_or(0, |stored| stored.verdicts.len())..self.batch.events.len()
    }

    fn is_left(&self) -> bool {
        !self.left().is_empty()
    }

    /// Takes note of what became of this range of its events, which write so many rows at most, or of the first of them.
    fn add(&mut self, stored: Stored, range: &Range<usize>, rows: i64) {
        let end = range.start + stored.verdicts.len();
        let has_begun = end > range.start || self.batch.events.is_empty();
        match &mut self.stored {
            None if !has_begun => return,
            None => self.stored = Some(stored),
            Some(known) => {
                known.revision = stored.revision;
                known.verdicts.extend(stored.verdicts);
            }
        }
        let left: i64 = self.batch.events[end..range.end].iter().map(rows_of).sum();
        self.rows -= rows - left;
    }

    /// Whether it is stored in turns of its own.
    fn is_sliced(&self) -> bool {
        self.stored.is_some() || !fits(self.rows, self.batch.events.len())
    }
}

/// Whether a batch may be refused that waits: what has begun is not any more.
fn may_be_refused(waiting: &Waiting) -> bool {
    waiting.stored.is_none()
}

/// Whether so much is not too much for a turn.
fn fits(rows: i64, events: usize) -> bool {
    events <= MAX_TURN_EVENTS && rows <= MAX_TURN_ROWS.max(ROWS_OF_SHORT_EVENT * events as i64)
}

/// The rows that one event writes at most.
fn rows_of(event: &Event) -> i64 {
    rows_written(event.started_at_ms, event.affected_ms())
}

/// What became of what had its turn: of the whole, of a slice or of a part of a slice.
pub(super) type TurnResult = Result<Stored, IngestError>;

/// A batch that is stored, or cannot be.
pub(super) struct Done {
    pub(super) waiting: Waiting,
    /// Why the last of its turns failed.
    pub(super) failed: Option<IngestError>,
}

/// A batch, or a slice of one, that has its turn.
pub(super) struct Entry {
    pub(super) waiting: Waiting,
    range: Range<usize>,
    rows: i64,
}

impl Entry {
    /// As the writer takes it.
    pub(super) fn part(&self) -> Part<'_> {
        Part { batch: &self.waiting.batch, range: self.range.clone() }
    }

    fn whole(waiting: Waiting) -> Self {
        Self { range: waiting.left(), rows: waiting.rows, waiting }
    }

    /// As many of the events that are left as fit into a turn, and one at least.
    fn slice(waiting: Waiting) -> Self {
        let left = waiting.left();
        let (mut rows, mut end) = (0, left.start);
        for event in &waiting.batch.events[left.clone()] {
            let with_this = rows + rows_of(event);
            if end > left.start && !fits(with_this, end + 1 - left.start) {
                break;
            }
            (rows, end) = (with_this, end + 1);
        }
        Self { waiting, range: left.start..end, rows }
    }
}

/// What the writer has to do.
pub(super) enum Next {
    /// Store these in one transaction.
    Turn(Vec<Entry>),
    /// Wait until then, or until a batch comes: whoever has something waiting rests.
    Rest(Instant),
    /// Wait until a batch comes.
    Nothing,
}

/// How much of the queue's room is taken.
#[derive(Clone, Copy, Default)]
struct Load {
    rows: i64,
    batches: usize,
}

impl Load {
    fn add(&mut self, waiting: &Waiting) {
        self.rows += waiting.charge;
        self.batches += 1;
    }

    fn remove(&mut self, waiting: &Waiting) {
        self.rows -= waiting.charge;
        self.batches -= 1;
    }

    /// Whether it is more than there is room for.
    fn is_over_all(self) -> bool {
        self.rows > MAX_QUEUED_ROWS || self.batches > MAX_QUEUED_BATCHES
    }

    /// Whether it is more than half of what there is room for.
    fn is_over_half(self) -> bool {
        self.rows > MAX_QUEUED_ROWS / 2 || self.batches > MAX_QUEUED_BATCHES / 2
    }
}

/// The batches of one factory.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    /// Of those that wait and those that have their turn.
    load: Load,
    /// How many rows the factory had written so far; one that comes back begins where the others are.
    written: i64,
    rests_until: Option<Instant>,
}

impl Line {
    fn rests_at(&self, now: Instant) -> Option<Instant> {
        self.rests_until.filter(|until| *until > now)
    }

    /// Whether it has something waiting and does not rest.
    fn is_ready(&self, now: Instant) -> bool {
        !self.waiting.is_empty() && self.rests_at(now).is_none()
    }

    /// How many rows the factory will have had written with its next turn. The lowest is the next.
    fn written_then(&self) -> i64 {
        let next = self.waiting.front();
        self.written
            + next.map_or(0, |next| if next.is_sliced() { next.rows.min(MAX_TURN_ROWS) } else { next.rows })
    }

    fn take(&mut self, entry: fn(Waiting) -> Entry) -> Option<Entry> {
        let entry = entry(self.waiting.pop_front()?);
        self.written += entry.rows;
        Some(entry)
    }
}

/// The batches that wait.
#[derive(Default)]
pub(super) struct Queue {
    lines: HashMap<FactorySlug, Line>,
    load: Load,
    /// How many rows each factory that had something waiting at the last turn had written at least.
    written: i64,
    is_closed: bool,
}

impl Queue {
    /// Takes a batch in. Answers with those that are refused for it, which may be the same.
    ///
    /// # Errors
    /// The queue is closed.
    pub(super) fn push(&mut self, waiting: Waiting) -> Result<Vec<Waiting>, IngestError> {
        if self.is_closed {
            return Err(IngestError::Stopping);
        }
        let slug = waiting.batch.factory_slug.clone();
        let line = self.lines.entry(slug.clone()).or_default();
        if line.waiting.is_empty() {
            line.written = line.written.max(self.written);
        }
        line.load.add(&waiting);
        self.load.add(&waiting);
        line.waiting.push_back(waiting);
        let mut refused = self.refuse_over_half();
        while self.load.is_over_all() {
            let too_many_rows = self.load.rows > MAX_QUEUED_ROWS;
            let most = |(slug_of_line, line): &(&FactorySlug, &mut Line)| {
                let load = if too_many_rows { line.load.rows } else { line.load.batches as i64 };
                (load, **slug_of_line == slug)
            };
            let lines =
                self.lines.iter_mut().filter(|(_, line)| line.waiting.back().is_some_and(may_be_refused));
            let Some((_, line)) = lines.max_by_key(most) else { break };
            let Some(last) = line.waiting.pop_back() else { break };
            line.load.remove(&last);
            self.load.remove(&last);
            refused.push(last);
        }
        Ok(refused)
    }

    /// Refuses what a factory has over half of the queue, if another one has something in it.
    fn refuse_over_half(&mut self) -> Vec<Waiting> {
        let mut refused = Vec::new();
        if !self.load.is_over_half() {
            return refused;
        }
        let batches = self.load.batches;
        for line in self.lines.values_mut().filter(|line| line.load.batches < batches) {
            while line.load.is_over_half()
                && let Some(last) = line.waiting.pop_back_if(|last| may_be_refused(last))
            {
                line.load.remove(&last);
                self.load.remove(&last);
                refused.push(last);
            }
        }
        refused
    }

    /// Takes nothing in any more, and lets nobody rest. What waits still has its turn.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        for line in self.lines.values_mut() {
            line.rests_until = None;
        }
    }

    /// Drops what waits.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.load = Load::default();
    }

    /// What is to be stored now.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let ready = self.lines.iter_mut().filter(|(_, line)| line.is_ready(now));
        let mut ready: Vec<(&FactorySlug, &mut Line)> = ready.collect();
        // Of equal ones the first by name, so that one state has one next turn.
        ready.sort_unstable_by_key(|(slug, _)| *slug);
        if let Some(least) = ready.iter().map(|(_, line)| line.written).min() {
            self.written = least;
        }
        let mut order: BinaryHeap<Reverse<(i64, usize)>> = ready
            .iter()
            .enumerate()
            .map(|(index, (_, line))| Reverse((line.written_then(), index)))
            .collect();
        let (mut entries, mut rows, mut events) = (Vec::new(), 0, 0);
        while let Some(Reverse((_, index))) = order.pop() {
            let line = &mut *ready[index].1;
            let Some(front) = line.waiting.front() else { continue };
            if front.is_sliced() {
                // Its turn is its own.
                if entries.is_empty() {
                    entries.extend(line.take(Entry::slice));
                    break;
                }
                continue;
            }
            let with_this = (rows + front.rows, events + front.batch.events.len());
            if entries.len() < MAX_TURN_BATCHES && fits(with_this.0, with_this.1) {
                (rows, events) = with_this;
                entries.extend(line.take(Entry::whole));
                order.push(Reverse((line.written_then(), index)));
            }
        }
        if !entries.is_empty() {
            return Next::Turn(entries);
        }
        let waiting = self.lines.values().filter(|line| !line.waiting.is_empty());
        waiting.filter_map(|line| line.rests_at(now)).min().map_or(Next::Nothing, Next::Rest)
    }

    /// Ends a turn that took so long: gives back the room of what is done, and puts what is not done first in its line again.
    /// Answers with what is done, in the order of the turn.
    pub(super) fn end(&mut self, turn: Vec<(Entry, TurnResult)>, took: Duration, now: Instant) -> Vec<Done> {
        self.let_rest(&turn, took, now);
        let mut done = Vec::with_capacity(turn.len());
        // The last first, so that those put back stand in their order.
        for (Entry { mut waiting, range, rows }, result) in turn.into_iter().rev() {
            let Some(line) = self.lines.get_mut(&waiting.batch.factory_slug) else { continue };
            let failed = result.map(|stored| waiting.add(stored, &range, rows)).err();
            if failed.is_none() && waiting.is_left() {
                line.waiting.push_front(waiting);
            } else {
                line.load.remove(&waiting);
                self.load.remove(&waiting);
                done.push(Done { waiting, failed });
            }
        }
        let is_idle = self.load.batches == 0;
        let is_ahead = |line: &Line| !is_idle && line.written > self.written;
        self.lines.retain(|_, line| line.load.batches > 0 || line.rests_at(now).is_some() || is_ahead(line));
        done.reverse();
        done
    }

    /// Lets those rest that took more of a turn's time than their share while others waited or took part: the longer the more
    /// they took, and not at all if all had the same.
    fn let_rest(&mut self, turn: &[(Entry, TurnResult)], took: Duration, now: Instant) {
        let mut rows_of: HashMap<&FactorySlug, i64> = HashMap::new();
        for (entry, _) in turn {
            *rows_of.entry(&entry.waiting.batch.factory_slug).or_default() += entry.rows;
        }
        let waiting =
            self.lines.iter().filter(|(slug, line)| line.is_ready(now) && !rows_of.contains_key(slug));
        let factories = rows_of.len() + waiting.count();
        if factories == 1 || self.is_closed {
            return;
        }
        let rows: i64 = rows_of.values().sum();
        for (slug, own_rows) in rows_of {
            let (own, fair) = (own_rows as f64 / rows as f64, 1.0 / factories as f64);
            let excess = ((own - fair) / (1.0 - fair)).max(0.0);
            let rest = took.mul_f64(own * excess * REST_PER_TURN);
            if let Some(line) = self.lines.get_mut(slug).filter(|_| rest >= MIN_REST) {
                line.rests_until = Some(now + rest);
            }
        }
    }
}
