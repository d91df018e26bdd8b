use crate::chart::heatmap::index_at;
use crate::chart::layer::Layer;
use crate::chart::roving::Move;
use crate::chart::scale::Linear;
use crate::chart::series::WIDTH;
use crate::chart::table::{ChartTable, TableSwitch};
use crate::chart::time_axis::{TimeAxis, TimeLabel, time_labels};
use crate::chart::timeline::{Segment, Span, TRACK_HEIGHT, Track, TrackLayout, longest_ms};
use crate::lean::instant::Instant;
use crate::lean::number::{percent, short};
use crate::lean::shared::Shared;
use crate::lean::zone::Zone;
use crate::model::EVENT_TYPES;
use crate::words::{chart as words, time};
use dioxus::prelude::*;
use domain::event::EventType;
use std::rc::Rc;

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
) -> Element {
    let length_ms = longest_ms(&tracks);
    let layouts = tracks.iter().map(|track| TrackLayout::new(track, length_ms, now_ms));
    let layouts = Shared::new(layouts.collect::<Vec<_>>());
    let chosen = use_signal(|| None);
    let labels = labels(&tracks, length_ms, &zone);
    rsx! {
        figure { class: "timeline", aria_label: title.to_string(), "data-tracks": tracks.len() as i64,
            TimelineReading {
                layouts: layouts.clone(),
                tracks: tracks.clone(),
                zone: zone.clone(),
                working,
                chosen,
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
                    }
                }
                div { class: "timeline-times",
                    TimeAxis { labels }
                }
            }
            div { class: "timeline-foot",
                {legend(working)}
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
                }
            }
        }
    }
}

/// What each colour, height and mark stands for.
fn legend(working: &'static str) -> Element {
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

/// Which span is chosen: its track, and an instant in it.
type Chosen = Option<(usize, f64)>;

/// The span that is told: the chosen one, otherwise the last of the first track that was observed.
fn told(layouts: &[TrackLayout], chosen: Chosen) -> Option<(usize, usize)> {
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
fn span_details(tracks: &[Track], zone: &Zone, track: usize, span: &Span) -> Vec<String> {
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
    details
}

fn segment_of<'track>(track: &'track Track, span: &Span) -> Option<&'track Segment> {
    track.segments.get(span.segment?)
}

fn state_of(tracks: &[Track], track: usize, span: &Span) -> Option<EventType> {
    tracks.get(track).and_then(|track| segment_of(track, span)).map(|segment| segment.state)
}

fn state_word(state: Option<EventType>, working: &'static str) -> &'static str {
    match state {
        Some(EventType::Working) => working,
        Some(other) => words::state(other),
        None => words::NOT_OBSERVED,
    }
}

fn class(state: Option<EventType>) -> &'static str {
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
) -> Element {
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

#[component]
fn TimelineCursor(
    title: Rc<str>,
    layouts: Shared<Vec<TrackLayout>>,
    tracks: Rc<[Track]>,
    zone: Zone,
    working: &'static str,
    chosen: Signal<Chosen>,
) -> Element {
    let count = layouts.iter().map(|layout| layout.spans.len()).sum::<usize>();
    let Some(last) = count.checked_sub(1) else { return rsx! {} };
    let (track, index) = told(&layouts, chosen()).unwrap_or_else(|| first_place(&layouts));
    let span = layouts.get(track).and_then(|layout| layout.spans.get(index));
    let before = layouts.iter().take(track).map(|layout| layout.spans.len()).sum::<usize>();
    let text = span.map(|span| {
        let details = span_details(&tracks, &zone, track, span).join(", ");
        format!("{}: {details}", state_word(state_of(&tracks, track, span), working))
    });
    let mark = chosen().and(span);
    let rows = layouts.len();
    let mut choose = move |layouts: &[TrackLayout], track: usize, span: Option<usize>| {
        let span = span.and_then(|span| layouts.get(track)?.spans.get(span));
        let choice = span.map(|span| (track, span.from_ms));
        if *chosen.peek() != choice {
            chosen.set(choice);
        }
    };
    let (below_keys, below_pointer) = (layouts.clone(), layouts.clone());
    rsx! {
        Layer {
            label: format!("{title}. {}", if rows > 1 { words::KEYS_ACROSS } else { words::KEYS_ALONG }),
            place: before + index,
            last,
            text: text.unwrap_or_default(),
            on_move: move |step: Move| {
                let (track, index) = told(&below_keys, *chosen.peek()).unwrap_or_else(|| first_place(&below_keys));
                let next = step.across(track, rows);
                let count = below_keys.get(track).map_or(0, |layout| layout.spans.len());
                let span = if next == track {
                    Some(step.along(index, count))
                } else {
                    middle_of(&below_keys, track, index)
                        .and_then(|share| below_keys.get(next)?.span_at(share))
                };
                choose(&below_keys, next, span);
            },
            on_point: move |(x, y)| {
                let track = index_at(y, rows).unwrap_or(0);
                choose(&below_pointer, track, below_pointer.get(track).and_then(|layout| layout.span_at(x)));
            },
            on_leave: move |()| chosen.set(None),
            if let Some(span) = mark {
                div {
                    class: "timeline-cursor",
                    left: percent(span.places[0] / WIDTH),
                    width: percent((span.places[1] - span.places[0]) / WIDTH),
                    top: percent(track as f64 / rows as f64),
                    height: percent(1.0 / rows as f64),
                }
            }
        }
    }
}

/// Where the keys begin when nothing was observed at all.
fn first_place(layouts: &[TrackLayout]) -> (usize, usize) {
    (layouts.iter().position(|layout| !layout.spans.is_empty()).unwrap_or(0), 0)
}

/// Where a span's middle is drawn, as a share of the width.
fn middle_of(layouts: &[TrackLayout], track: usize, span: usize) -> Option<f64> {
    let [left, right] = layouts.get(track)?.spans.get(span)?.places;
    Some(f64::midpoint(left, right) / WIDTH)
}

#[component]
fn TimelineTable(
    title: Rc<str>,
    layouts: Shared<Vec<TrackLayout>>,
    tracks: Rc<[Track]>,
    zone: Zone,
    working: &'static str,
) -> Element {
    let is_open = use_signal(|| false);
    let columns = || {
        let columns = [words::ROW, words::FROM, words::TO, words::STATE, words::CONFIDENCE, words::MODEL];
        columns.map(str::to_owned).to_vec()
    };
    rsx! {
        TableSwitch { is_open }
        if is_open() {
            ChartTable { title: "{title}", columns: columns(),
                for (index , (track , layout)) in tracks.iter().zip(layouts.iter()).enumerate() {
                    for span in layout.spans.iter() {
                        TimelineTableRow { key: "{index} {span.from_ms}", track: track.clone(), span: *span, zone: zone.clone(), working }
                    }
                }
            }
        }
    }
}

#[component]
fn TimelineTableRow(track: Track, span: Span, zone: Zone, working: &'static str) -> Element {
    let segment = segment_of(&track, &span);
    let confidence = segment.and_then(|segment| segment.confidence);
    rsx! {
        tr {
            th { scope: "row", "{track.name}" }
            td { {zone.exact(Instant::from_ms(span.from_ms))} }
            td { {zone.exact(Instant::from_ms(span.to_ms))} }
            td { {state_word(segment.map(|segment| segment.state), working)} }
            td { {confidence.map(|confidence| crate::lean::number::grouped(confidence, 2))} }
            td { {segment.and_then(|segment| segment.model.as_deref())} }
        }
    }
}
