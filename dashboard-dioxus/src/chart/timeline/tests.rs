use super::*;
use crate::model::EVENT_TYPES;
use proptest::prelude::*;

const MINUTE: f64 = 60_000.0;

fn segment(from: f64, to: f64, state: EventType) -> Segment {
    Segment { from_ms: from * MINUTE, to_ms: to * MINUTE, state, confidence: None, model: None }
}

fn track(minutes: f64, segments: Vec<Segment>) -> Track {
    Track {
        name: "W1".into(),
        from_ms: 0.0,
        to_ms: minutes * MINUTE,
        segments: segments.into(),
        marks: Rc::new([]),
    }
}

fn laid_out(track: &Track, now_minute: Option<f64>) -> TrackLayout {
    TrackLayout::new(track, track.to_ms - track.from_ms, now_minute.map(|now| now * MINUTE))
}

fn told(layout: &TrackLayout) -> Vec<(f64, f64, Option<usize>)> {
    layout.spans.iter().map(|span| (span.from_ms / MINUTE, span.to_ms / MINUTE, span.segment)).collect()
}

#[test]
fn what_nobody_observed_is_a_span_between_the_segments() {
    let track =
        track(100.0, vec![segment(10.0, 40.0, EventType::Working), segment(60.0, 100.0, EventType::Idle)]);
    let layout = laid_out(&track, None);
    assert_eq!(
        told(&layout),
        [(0.0, 10.0, None), (10.0, 40.0, Some(0)), (40.0, 60.0, None), (60.0, 100.0, Some(1))]
    );
    assert_eq!(layout.paths, ["M100 0H400V100H100Z", "M600 40H1000V100H600Z", ""]);
    assert_eq!(layout.observed, "M100 0H400V100H100ZM600 0H1000V100H600Z");
    assert!((layout.past - 1.0).abs() < 1e-9);
}

#[test]
fn segments_are_cut_to_the_window() {
    let track = track(
        100.0,
        vec![
            segment(-50.0, 20.0, EventType::Working),
            segment(20.0, 20.0, EventType::Idle),
            segment(90.0, 500.0, EventType::Absent),
            segment(600.0, 700.0, EventType::Idle),
        ],
    );
    assert_eq!(
        told(&laid_out(&track, None)),
        [(0.0, 20.0, Some(0)), (20.0, 90.0, None), (90.0, 100.0, Some(2))]
    );
}

#[test]
fn what_is_yet_to_come_is_no_gap_but_a_segment_that_reaches_there_is_drawn() {
    let started = track(100.0, vec![segment(0.0, 20.0, EventType::Working)]);
    let layout = laid_out(&started, Some(50.0));
    assert_eq!(told(&layout), [(0.0, 20.0, Some(0)), (20.0, 50.0, None)]);
    assert!((layout.past - 0.5).abs() < 1e-9);
    let ahead = laid_out(&started, Some(10.0));
    assert_eq!(told(&ahead), [(0.0, 20.0, Some(0))]);
    assert!((ahead.past - 0.2).abs() < 1e-9);
}

#[test]
fn a_short_segment_is_widened_at_its_neighbours_cost() {
    let track = track(
        1_000.0,
        vec![
            segment(0.0, 500.0, EventType::Working),
            segment(500.0, 500.1, EventType::Idle),
            segment(500.1, 1_000.0, EventType::Working),
        ],
    );
    let layout = laid_out(&track, None);
    assert_eq!(layout.paths[1], "M500 40H502.5V100H500Z");
    assert_eq!(layout.paths[0], "M0 0H500V100H0ZM502.5 0H1000V100H502.5Z");
    let last = self::track(1_000.0, vec![segment(999.99, 1_000.0, EventType::Idle)]);
    assert_eq!(laid_out(&last, None).paths[1], "M997.5 40H1000V100H997.5Z");
}

#[test]
fn a_gap_of_less_than_a_second_is_no_span_of_its_own() {
    let track =
        track(100.0, vec![segment(0.0, 50.0, EventType::Working), segment(50.01, 100.0, EventType::Working)]);
    assert_eq!(told(&laid_out(&track, None)).len(), 2);
}

#[test]
fn a_shorter_track_takes_its_part_of_the_width() {
    let day = track(60.0, vec![segment(0.0, 60.0, EventType::Working)]);
    let layout = TrackLayout::new(&day, 120.0 * MINUTE, None);
    assert_eq!(layout.paths[0], "M0 0H500V100H0Z");
    assert!((layout.past - 0.5).abs() < 1e-9);
    assert!((longest_ms(&[day, track(90.0, Vec::new())]) - 90.0 * MINUTE).abs() < 1e-9);
}

#[test]
fn what_is_pointed_at_is_what_is_drawn_there() {
    let track = track(1_000.0, vec![segment(500.0, 500.1, EventType::Idle)]);
    let layout = laid_out(&track, None);
    assert_eq!(
        [0.0, 0.499, 0.501, 0.51, 2.0].map(|share| layout.span_at(share)),
        [Some(0), Some(0), Some(1), Some(2), Some(2)]
    );
    assert_eq!(layout.span_of(500.05 * MINUTE), Some(1));
}

#[test]
fn an_empty_window_has_nothing_to_point_at() {
    let layout = laid_out(&track(0.0, vec![segment(0.0, 5.0, EventType::Idle)]), None);
    assert_eq!((layout.span_at(0.5), layout.span_of(0.0), layout.spans.len()), (None, None, 0));
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let lengths = proptest::collection::vec(
        (prop_oneof![0.0_f64..2.0, 0.0_f64..60.0], 0.001_f64..60.0, 0_usize..3),
        0..400,
    );
    lengths.prop_map(|lengths| {
        let mut at = -30.0;
        let segments = lengths.into_iter().map(|(gap, length, state)| {
            let from = at + if gap < 1.0 { 0.0 } else { gap };
            at = from + length;
            segment(from, at, EVENT_TYPES[state])
        });
        segments.collect()
    })
}

proptest! {
    #[test]
    fn spans_keep_their_order_are_seen_and_never_overlap(segments in segments(), minutes in 1.0_f64..5_000.0) {
        let track = track(minutes, segments);
        let layout = laid_out(&track, None);
        let least = LEAST_WIDTH.min(WIDTH / layout.spans.len().max(1) as f64) - 1e-6;
        for span in &layout.spans {
            prop_assert!(span.places[1] - span.places[0] >= least, "{:?} of {}", span.places, layout.spans.len());
            prop_assert!(span.places[0] >= 0.0 && span.places[1] <= WIDTH + 1e-6);
        }
        for pair in layout.spans.windows(2) {
            prop_assert!(pair[0].places[1] <= pair[1].places[0] + 1e-6);
            prop_assert!(pair[0].to_ms <= pair[1].from_ms);
            prop_assert!(pair[1].from_ms - pair[0].to_ms < SHORTEST_GAP_MS);
        }
    }

    #[test]
    fn the_middle_of_a_drawn_span_leads_to_it(segments in segments()) {
        let layout = laid_out(&track(2_000.0, segments), None);
        for (index, span) in layout.spans.iter().enumerate() {
            prop_assert_eq!(layout.span_at(f64::midpoint(span.places[0], span.places[1]) / WIDTH), Some(index));
            prop_assert_eq!(layout.span_of(span.from_ms), Some(index));
        }
    }
}
