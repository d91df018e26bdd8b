use crate::chart::scale::Linear;
use crate::chart::series::WIDTH;
use crate::chart::time_axis::{TimeAxis, TimeLabel, time_labels};
use crate::chart::timeline::{Segment, Span, TRACK_HEIGHT, Track, TrackLayout, longest_ms};
use crate::chart::timeline_cursor::TimelineCursor;
use crate::chart::timeline_table::TimelineTable;
use crate::chart::zoom::{Purpose, Selected};
use crate::lean::instant::Instant;
use crate::lean::number::{percent, short};
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::model::EVENT_TYPES;
use crate::words::{chart as words, time};
use dioxus::prelude::*;
use domain::event::EventType;
use std::rc::Rc;

/// Spans of a smaller share of the width have no room for a number on any screen.
const LEAST_TOLD: f64 = 0.025;

/// What entities were seen doing, span by span: one track for each entity or each day. What nobody observed is hatched;
/// each state has a colour, a height and a mark of its own. Tracks begin together, and the times below are those of the
/// longest; on the day of a clock change those of other days are off by the change, the reading never is.
#[component]
pub(crate) fn Timeline(
    #[props(into)] title: Rc<str>,
    tracks: Rc<[Track]>,
    /// What is later is yet to come. Let it be coarse: every change of it draws the timeline again.
    now_ms: Option<f64>,
    /// The factory's clock.
    zone: Zone,
    /// What working is called; a workstation is occupied.
    #[props(default = words::WORKING)]
    working: &'static str,
    /// What a stretch is selected for.
    #[props(default)]
    purpose: Purpose,
    /// A stretch that stays marked, by two instants in ms.
    marked: Option<[f64; 2]>,
    /// Told two instants in ms between which more is to be seen, or of which something is to be said.
    on_zoom: EventHandler<[f64; 2]>,
) -> Element {
    let length_ms = longest_ms(&tracks);
    let layouts = tracks.iter().map(|track| TrackLayout::new(track, length_ms, now_ms));
    let layouts = Shared::new(layouts.collect::<Vec<_>>());
    let chosen = use_signal(|| None);
    let selected = use_signal(|| None);
    let labels = labels(&tracks, length_ms, &zone);
    rsx! {
        figure { class: "timeline", aria_label: title.to_string(), "data-tracks": tracks.len() as i64,
            TimelineReading {
                layouts: layouts.clone(),
                tracks: tracks.clone(),
                zone: zone.clone(),
                working,
                chosen,
                selected,
            }
            div { class: "timeline-body",
                div { class: "timeline-names",
                    for track in tracks.iter() {
                        span { class: "timeline-name", title: "{track.name}", "{track.name}" }
                    }
                }
                div { class: "timeline-plot",
                    {drawing(&tracks, &layouts)}
                    TimelineCursor {
                        title: title.clone(),
                        layouts: layouts.clone(),
                        tracks: tracks.clone(),
                        zone: zone.clone(),
                        working,
                        chosen,
                        selected,
                        purpose,
                        marked,
                        on_zoom,
                    }
                }
                div { class: "timeline-times",
                    TimeAxis { labels }
                }
            }
            div { class: "timeline-foot",
                {legend(working)}
                {legend_of_marks(&tracks)}
                p { class: "timeline-how",
                    {if purpose == Purpose::Zoom { words::HOW_TO_ZOOM } else { words::HOW_TO_CHOOSE }}
                }
                TimelineTable {
                    title: title.clone(),
                    layouts: layouts.clone(),
                    tracks: tracks.clone(),
                    zone,
                    working,
                }
            }
        }
    }
}

/// The times below the tracks: those of the longest.
fn labels(tracks: &[Track], length_ms: f64, zone: &Zone) -> Vec<TimeLabel> {
    let longest = tracks.iter().rfind(|track| track.to_ms - track.from_ms >= length_ms);
    let Some(track) = longest else { return Vec::new() };
    let x = Linear::new([track.from_ms, track.to_ms], [0.0, 1.0]);
    let mut labels = time_labels(track.from_ms, track.to_ms, zone, |at_ms| x.place(at_ms));
    // Below several days stands the time of each, not the date of one.
    if tracks.iter().any(|other| other.from_ms.total_cmp(&track.from_ms).is_ne()) {
        for label in &mut labels {
            label.text = words::time_below_days(&label.text, label.share).to_owned();
        }
    }
    labels
}

/// The tracks below each other.
fn drawing(tracks: &[Track], layouts: &[TrackLayout]) -> Element {
    rsx! {
        for (track , layout) in tracks.iter().zip(layouts.iter()) {
            div { class: "timeline-track",
                div { class: "chart-hatch", width: percent(layout.past) }
                svg {
                    class: "chart-drawing",
                    view_box: "0 0 {short(WIDTH)} {short(TRACK_HEIGHT)}",
                    preserve_aspect_ratio: "none",
                    role: "img",
                    "aria-label": words::drawing(&track.name),
                    path { class: "timeline-observed", d: "{layout.observed}" }
                    for (state , path) in EVENT_TYPES.into_iter().zip(&layout.paths) {
                        path { class: class(Some(state)), d: "{path}" }
                    }
                    for (class , path) in MARKS.into_iter().zip(&layout.marks) {
                        if !path.is_empty() {
                            path { class: "timeline-line-ground", d: "{path}" }
                            path { class, d: "{path}" }
                        }
                    }
                }
                {values(track, layout)}
            }
        }
    }
}

/// How long the spans are that are wide enough for it. The reading tells all of them.
fn values(track: &Track, layout: &TrackLayout) -> Element {
    let told =
        layout.spans.iter().filter(|span| segment_of(track, span).is_some() && span.width() >= LEAST_TOLD);
    rsx! {
        for span in told {
            div {
                key: "{span.from_ms}",
                class: "timeline-value",
                aria_hidden: "true",
                left: percent(span.places[0] / WIDTH),
                width: percent(span.width()),
                span { {words::short_length(span.to_ms - span.from_ms)} }
            }
        }
    }
}

/// The classes of the lines along what is corrected and along what is contested.
const MARKS: [&str; 2] = ["timeline-line-corrected", "timeline-line-contested"];

/// What the lines stand for, where there are any.
fn legend_of_marks(tracks: &[Track]) -> Element {
    let has = |is_corrected: bool| {
        tracks.iter().flat_map(|track| &*track.marks).any(|mark| mark.decision.is_some() == is_corrected)
    };
    let shown = [(true, MARKS[0], words::CORRECTED), (false, MARKS[1], words::CONTESTED)];
    let shown: Vec<_> = shown.into_iter().filter(|(is_corrected, ..)| has(*is_corrected)).collect();
    rsx! {
        if !shown.is_empty() {
            p { class: "timeline-legend",
                for (_ , class , word) in shown {
                    span { key: "{word}", class: "timeline-legend-item",
                        svg { class: "timeline-legend-line", view_box: "0 0 20 6", "aria-hidden": "true",
                            path { class, d: "M0 3H20" }
                        }
                        {word}
                    }
                }
            }
        }
    }
}

/// What each colour, height and mark stands for.
pub(super) fn legend(working: &'static str) -> Element {
    rsx! {
        p { class: "timeline-legend",
            for state in EVENT_TYPES.into_iter().map(Some).chain([None]) {
                span { class: "timeline-legend-item",
                    StateMark { state }
                    {state_word(state, working)}
                }
            }
        }
    }
}

/// What is selected, and in words; none where that is too little.
pub(super) fn selection(
    tracks: &[Track],
    zone: &Zone,
    selected: Option<Selected>,
) -> Option<([f64; 2], String)> {
    let selected = selected?;
    let track = tracks.get(selected.row)?;
    let zoomed = selected.zoomed([track.from_ms, track.to_ms])?;
    let [from, to] = zoomed.map(Instant::from_ms);
    Some((zoomed, words::selected(&zone.span(from, to))))
}

/// Which span is chosen: its track, and an instant in it.
pub(super) type Chosen = Option<(usize, f64)>;

/// The span that is told: the chosen one, otherwise the last of the first track that was observed.
pub(super) fn told(layouts: &[TrackLayout], chosen: Chosen) -> Option<(usize, usize)> {
    let of = |(track, at_ms): (usize, f64)| Some((track, layouts.get(track)?.span_of(at_ms)?));
    chosen.and_then(of).or_else(|| {
        let mut latest = layouts.iter().enumerate().map(|(track, layout)| {
            let span = layout.spans.iter().rposition(|span| span.segment.is_some());
            span.map(|span| (track, span))
        });
        latest.find_map(|latest| latest)
    })
}

/// A track's part in words, with what the model said of it.
pub(super) fn span_details(tracks: &[Track], zone: &Zone, track: usize, span: &Span) -> Vec<String> {
    let mut details = Vec::with_capacity(4);
    let track = tracks.get(track);
    if let Some(track) = track.filter(|_| tracks.len() > 1) {
        details.push(track.name.to_string());
    }
    let length = time::length(span.to_ms - span.from_ms);
    details.push(format!(
        "{} ({length})",
        zone.span(Instant::from_ms(span.from_ms), Instant::from_ms(span.to_ms))
    ));
    let segment = track.and_then(|track| segment_of(track, span));
    details.extend(segment.and_then(|segment| segment.confidence).map(words::confidence));
    details.extend(segment.and_then(|segment| segment.model.as_deref()).map(words::model));
    details.extend(track.and_then(|track| remark(track, span)));
    details
}

/// That a part of a span was corrected, and by which decisions, or that reports disagree on it.
pub(super) fn remark(track: &Track, span: &Span) -> Option<String> {
    let within = track.marks.iter().filter(|mark| mark.from_ms < span.to_ms && span.from_ms < mark.to_ms);
    let mut decisions: Vec<i32> = within.clone().filter_map(|mark| mark.decision).collect();
    decisions.dedup();
    if !decisions.is_empty() {
        return Some(words::corrected_by(&decisions));
    }
    within.clone().next().map(|_| words::CONTESTED_SPAN.to_owned())
}

pub(super) fn segment_of<'track>(track: &'track Track, span: &Span) -> Option<&'track Segment> {
    track.segments.get(span.segment?)
}

pub(super) fn state_of(tracks: &[Track], track: usize, span: &Span) -> Option<EventType> {
    tracks.get(track).and_then(|track| segment_of(track, span)).map(|segment| segment.state)
}

pub(super) fn state_word(state: Option<EventType>, working: &'static str) -> &'static str {
    match state {
        Some(EventType::Working) => working,
        Some(other) => words::state(other),
        None => words::NOT_OBSERVED,
    }
}

pub(super) fn class(state: Option<EventType>) -> &'static str {
    match state {
        Some(EventType::Working) => "timeline-working",
        Some(EventType::Idle) => "timeline-idle",
        Some(EventType::Absent) => "timeline-absent",
        None => "timeline-unobserved",
    }
}

#[component]
fn StateMark(state: Option<EventType>) -> Element {
    rsx! {
        span { class: "timeline-mark {class(state)}", aria_hidden: "true", {words::state_mark(state)} }
    }
}

#[component]
fn TimelineReading(
    layouts: Shared<Vec<TrackLayout>>,
    tracks: Rc<[Track]>,
    zone: Zone,
    working: &'static str,
    chosen: ReadSignal<Chosen>,
    selected: ReadSignal<Option<Selected>>,
) -> Element {
    if let Some((_, text)) = selection(&tracks, &zone, selected()) {
        return rsx! {
            p { class: "timeline-reading",
                b { {text} }
            }
        };
    }
    let told = told(&layouts, chosen())
        .and_then(|(track, span)| Some((track, layouts.get(track)?.spans.get(span)?)));
    let Some((track, span)) = told else {
        return rsx! {
            p { class: "timeline-reading", {words::NOTHING_OBSERVED} }
        };
    };
    let state = state_of(&tracks, track, span);
    rsx! {
        p { class: "timeline-reading",
            span {
                StateMark { state }
                b { {state_word(state, working)} }
            }
            for detail in span_details(&tracks, &zone, track, span) {
                span { {detail} }
            }
        }
    }
}
