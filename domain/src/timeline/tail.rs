//! The end of an entity's timeline: what it was last seen doing, kept up as events come and go.

use crate::time::{DurationMs, TimestampMs};

use super::{Counted, Segment, Span, Spans, for_each_within, push_segment};

/// The most segments kept: as many as there are gaps that late batches are still to fill. Further back nothing is known.
const MAX_SEGMENTS: usize = 16;

/// What an entity was last seen doing, after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latest {
    /// This.
    Known(Segment),
    /// It begins where the change does, or before: what lies further back decides.
    Unknown,
}

/// All segments of a timeline from some instant on. The first of them begins there and goes no further back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    known_from_ms: TimestampMs,
    segments: Vec<Segment>,
}

impl Tail {
    /// The tail of which only the latest segment is known; none only for an entity without any segment.
    pub fn of(latest: Option<Segment>) -> Self {
        let known_from_ms = latest.map_or(TimestampMs::MIN, |latest| latest.from_ms);
        Self { known_from_ms, segments: Vec::from_iter(latest) }
    }

    /// Takes in a change and answers with the segment with the latest end. `changed` are the spans in which what counts
    /// changed, merged; `now` must hold at least what overlaps them now. When the answer is not known, neither is the tail:
    /// it is to be begun anew.
    pub fn change(&mut self, changed: &[(TimestampMs, TimestampMs)], now: &Counted<'_>) -> Latest {
        let changed: Vec<(TimestampMs, TimestampMs)> =
            changed.iter().copied().filter(|range| range.1 >= self.known_from_ms).collect();
        if let Some(first_changed) = changed.first() {
            // What lies within the changed spans is known now, so more may be known than before.
            let known_from_ms = self.known_from_ms.min(first_changed.0);
            let segments = self.changed_segments(&changed, now);
            let first_begins_here = segments.first().is_some_and(|first| first.from_ms == known_from_ms);
            let may_go_further_back = first_begins_here && !self.begins_as(segments[0], known_from_ms);
            self.segments = segments;
            if may_go_further_back {
                self.segments.remove(0);
            }
            let too_many = self.segments.len().saturating_sub(MAX_SEGMENTS);
            self.segments.drain(..too_many);
            // Where no segment is left whose beginning is known, nothing is.
            self.known_from_ms = self.segments.first().map_or(TimestampMs::MAX, |first| first.from_ms);
        }
        self.segments.last().map_or(Latest::Unknown, |latest| Latest::Known(*latest))
    }

    /// Whether it is known that nothing was seen in a span; one of no length is its instant. Events of no length are in no
    /// segment, so there may be some; and so are those that a correction covers which says that nothing was observed, so it
    /// must not be asked of a time that somebody corrected.
    pub fn is_free(&self, from_ms: TimestampMs, to_ms: TimestampMs) -> bool {
        let to_ms = to_ms.max(from_ms + DurationMs(1));
        let touches = |segment: &Segment| segment.from_ms < to_ms && from_ms < segment.to_ms;
        self.known_from_ms <= from_ms && !self.segments.iter().any(touches)
    }

    fn changed_segments(&self, changed: &[(TimestampMs, TimestampMs)], now: &Counted<'_>) -> Vec<Segment> {
        let mut pieces: Vec<Segment> = Vec::new();
        for_each_within(Spans::of(now), changed, |span| pieces.extend(Span::segment(span)));
        for segment in &self.segments {
            let mut from_ms = segment.from_ms;
            for &(changed_from_ms, changed_to_ms) in changed {
                pieces.push(Segment { from_ms, to_ms: changed_from_ms.min(segment.to_ms), ..*segment });
                from_ms = from_ms.max(changed_to_ms);
            }
            pieces.push(Segment { from_ms, ..*segment });
        }
        pieces.retain(|piece| piece.from_ms < piece.to_ms);
        pieces.sort_unstable_by_key(|piece| piece.from_ms);
        let mut segments = Vec::with_capacity(pieces.len());
        for piece in pieces {
            push_segment(&mut segments, piece);
        }
        segments
    }

    /// Whether a segment from here says what the first one said from here: what came before that was something else.
    fn begins_as(&self, segment: Segment, from_ms: TimestampMs) -> bool {
        self.segments
            .first()
            .is_some_and(|first| first.from_ms == from_ms && first.says_the_same_as(&segment))
    }
}
