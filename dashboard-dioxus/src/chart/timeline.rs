//! What entities did, span by span, and where a timeline of it stands. What nobody observed is a span as well: it can be
//! pointed at and says so.

use crate::chart::path;
use crate::chart::scale::Linear;
use crate::chart::series::WIDTH;
use crate::lean::number::short;
use crate::model::EVENT_TYPES;
use domain::event::EventType;
use std::rc::Rc;

/// The upper and lower edge of a state. Each is of another height, so that no colour is needed to tell them apart.
fn rows(state: EventType) -> [f64; 2] {
    match state {
        EventType::Working => [0.0, TRACK_HEIGHT],
        EventType::Idle => [TRACK_HEIGHT * 0.4, TRACK_HEIGHT],
        EventType::Absent => [TRACK_HEIGHT * 0.7, TRACK_HEIGHT],
    }
}

/// A span in which one entity did one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    /// The first instant, in ms since 1970.
    pub(crate) from_ms: f64,
    /// The instant after the last.
    pub(crate) to_ms: f64,
    pub(crate) state: EventType,
    /// How sure the model was, 0 to 1.
    pub(crate) confidence: Option<f64>,
    pub(crate) model: Option<Rc<str>>,
}

/// A span that is to be read with care.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    pub(crate) from_ms: f64,
    pub(crate) to_ms: f64,
    /// The number of the decision that corrects it; none where reports disagree.
    pub(crate) decision: Option<i32>,
}

/// A row of a timeline: one entity, or one day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Track {
    pub(crate) name: Rc<str>,
    /// Its window. Tracks begin together, whenever they begin, so that days stand below each other.
    pub(crate) from_ms: f64,
    pub(crate) to_ms: f64,
    /// In the order of time, without overlap.
    pub(crate) segments: Rc<[Segment]>,
    /// Those that are corrected and those that are contested, each in the order of time.
    pub(crate) marks: Rc<[Mark]>,
}

/// The height of the view box that a track is drawn in; its width is [`WIDTH`].
pub(crate) const TRACK_HEIGHT: f64 = 100.0;
/// The least width of a span: 1 pixel of a timeline that is 400 pixels wide, which a phone's nearly is.
const LEAST_WIDTH: f64 = WIDTH / 400.0;
/// Where the middle of a line along a marked span is, in the height of a track.
const MARK_PLACE: f64 = 6.0;
/// Gaps that are shorter are no spans of their own, in ms: times are told to the second.
const SHORTEST_GAP_MS: f64 = 1_000.0;

/// A span that can be pointed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) from_ms: f64,
    pub(crate) to_ms: f64,
    /// Which segment of the track; none where nothing was observed.
    pub(crate) segment: Option<usize>,
    /// Where it is drawn, from 0 to [`WIDTH`].
    pub(crate) places: [f64; 2],
}

impl Span {
    /// How wide it is drawn, as a share.
    pub(crate) fn width(&self) -> f64 {
        (self.places[1] - self.places[0]) / WIDTH
    }
}

/// Where everything in a track stands.
#[derive(Debug)]
pub(crate) struct TrackLayout {
    /// In the order of time, which is that of the arrow keys too.
    pub(crate) spans: Vec<Span>,
    /// A path for each of [`EVENT_TYPES`].
    pub(crate) paths: [String; 3],
    /// Lines along what is corrected, and along what is contested.
    pub(crate) marks: [String; 2],
    /// What covers the hatching wherever anything was observed.
    pub(crate) observed: String,
    /// How much of the width is past and therefore hatched where nobody observed anything, as a share.
    pub(crate) past: f64,
}

impl TrackLayout {
    /// `longest_ms` is how long the longest track is, which takes the whole width. What is later than `now_ms` and has
    /// no segments is no gap: it is yet to come.
    pub(crate) fn new(track: &Track, longest_ms: f64, now_ms: Option<f64>) -> Self {
        let x = Linear::new([track.from_ms, track.from_ms + longest_ms], [0.0, WIDTH]);
        let mut spans = spans(track, now_ms);
        for span in &mut spans {
            span.places = [x.place(span.from_ms), x.place(span.to_ms)];
        }
        let end = spans.last().map_or(0.0, |span| span.places[1]);
        spread(&mut spans, end);
        let drawn = |state: Option<EventType>| {
            spans.iter().filter(move |span| {
                let of =
                    span.segment.and_then(|index| track.segments.get(index)).map(|segment| segment.state);
                of.is_some() && (state.is_none() || state == of)
            })
        };
        let paths = EVENT_TYPES
            .map(|state| path::boxes(&mut drawn(Some(state)).map(|span| span.places), rows(state)));
        let observed = path::boxes(&mut drawn(None).map(|span| span.places), [0.0, TRACK_HEIGHT]);
        let until_ms = now_ms.unwrap_or(track.to_ms).clamp(track.from_ms, track.to_ms.max(track.from_ms));
        let past = (x.place(until_ms) / WIDTH).max(end / WIDTH);
        let marks = [true, false].map(|is_corrected| {
            let marked = track.marks.iter().filter(|mark| mark.decision.is_some() == is_corrected);
            lines(marked.map(|mark| [x.place(mark.from_ms.max(track.from_ms)), x.place(mark.to_ms)]))
        });
        Self { spans, paths, marks, observed, past }
    }

    /// The span that is drawn at a share of the width, or the nearest.
    pub(crate) fn span_at(&self, share: f64) -> Option<usize> {
        let place = share * WIDTH;
        let after = self.spans.partition_point(|span| span.places[0] <= place);
        let before = after.saturating_sub(1);
        // Between two spans lies at most a gap too short to be one, and the nearer of them is meant.
        let distance = |index: usize| {
            self.spans
                .get(index)
                .map_or(f64::INFINITY, |span| (span.places[0] - place).max(place - span.places[1]).max(0.0))
        };
        self.spans.len().checked_sub(1)?;
        Some(if distance(after) < distance(before) { after } else { before })
    }

    /// The span that holds an instant, or the nearest before it.
    pub(crate) fn span_of(&self, at_ms: f64) -> Option<usize> {
        self.spans.len().checked_sub(1)?;
        Some(self.spans.partition_point(|span| span.from_ms <= at_ms).saturating_sub(1))
    }
}

/// Lines at the upper edge of a track, each long enough to be seen.
fn lines(places: impl Iterator<Item = [f64; 2]>) -> String {
    let line = |[left, right]: [f64; 2]| {
        let right = right.min(WIDTH).max(left + LEAST_WIDTH);
        format!("M{} {MARK_PLACE}H{}", short(left), short(right))
    };
    places.map(line).collect()
}

/// How long the longest track is, in ms.
pub(crate) fn longest_ms(tracks: &[Track]) -> f64 {
    tracks.iter().map(|track| track.to_ms - track.from_ms).fold(0.0, f64::max)
}

/// The segments cut to the window, and the gaps between them up to now.
fn spans(track: &Track, now_ms: Option<f64>) -> Vec<Span> {
    let mut spans = Vec::with_capacity(track.segments.len());
    let mut at_ms = track.from_ms;
    let add_gap = |from_ms: f64, to_ms: f64, spans: &mut Vec<Span>| {
        if to_ms - from_ms >= SHORTEST_GAP_MS {
            spans.push(Span { from_ms, to_ms, segment: None, places: [0.0; 2] });
        }
    };
    for (index, segment) in track.segments.iter().enumerate() {
        let (from_ms, to_ms) = (segment.from_ms.max(at_ms), segment.to_ms.min(track.to_ms));
        if to_ms > from_ms {
            add_gap(at_ms, from_ms, &mut spans);
            spans.push(Span { from_ms, to_ms, segment: Some(index), places: [0.0; 2] });
            at_ms = to_ms;
        }
    }
    add_gap(at_ms, now_ms.map_or(track.to_ms, |now_ms| now_ms.min(track.to_ms)), &mut spans);
    spans
}

/// Widens spans that would not be seen, moving their neighbours aside by no more than that needs. None is hidden, none
/// leaves its place in the order, and the track gets no longer. Where there are too many, each gets its equal part.
fn spread(spans: &mut [Span], end: f64) {
    let Some(first) = spans.first() else { return };
    let start = first.places[0];
    let least = LEAST_WIDTH.min((end - start) / spans.len() as f64);
    let mut reached = start;
    for span in &mut *spans {
        let [left, right] = &mut span.places;
        *left = left.max(reached);
        *right = right.max(*left + least);
        reached = *right;
    }
    let mut limit = end;
    for span in spans.iter_mut().rev() {
        let [left, right] = &mut span.places;
        *right = right.min(limit);
        *left = left.min(*right - least).max(start);
        limit = *left;
    }
}

#[cfg(test)]
#[path = "timeline/tests.rs"]
mod tests;
