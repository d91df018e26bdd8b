use super::subject::{EntityStatus, use_subject};
use crate::api::Panel;
use crate::components::metric_cell::raw;
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::use_memo;
use crate::lean::order;
use crate::live::table::Table;
use crate::model::{EntityMetrics, Span, Timeline};
use crate::pages::over_time::timelines::together;
use crate::route::{Address, DecisionsAddress};
use crate::words::decisions;
use crate::words::entity_page as words;
use crate::words::quantity::Quantity;
use crate::words::time;
use dioxus::prelude::*;
use domain::source::LOW_CONFIDENCE_BELOW;

/// The most unsure stretches that are listed: beyond that it is no list of exceptions any more.
const MOST_LISTED: usize = 5;
/// Unsure segments that are no further apart are one stretch, in ms: times are told to the second.
const SAME_STRETCH_MS: i64 = 1_000;
const MS_PER_MINUTE: f64 = domain::MS_PER_MINUTE as f64;

/// What to know before trusting the figures.
#[component]
pub(super) fn QualityNotes() -> Element {
    let subject = use_subject();
    let unsure = use_memo(move || {
        let count = subject.windows.read().as_ref().map_or(0, |windows| windows.row_windows().len());
        match together(&subject.timelines, count) {
            Panel::Showing(timelines) => Some(unsure(&timelines)),
            Panel::Waiting | Panel::Refused(_) => None,
        }
    });
    let corrected_spans = use_memo(move || {
        let count = subject.windows.read().as_ref().map_or(0, |windows| windows.row_windows().len());
        match together(&subject.timelines, count) {
            // Rows are drawn with the latest day first.
            Panel::Showing(timelines) => {
                timelines.iter().rev().flat_map(|timeline| timeline.corrected.clone()).collect()
            }
            Panel::Waiting | Panel::Refused(_) => Vec::new(),
        }
    });
    let decisions = Address::from(DecisionsAddress {
        selection: use_page_context().selection(),
        of: Some(subject.kind),
        id: subject.address.read().id.clone(),
        ..DecisionsAddress::default()
    });
    let status = subject.status.read();
    let row = if let EntityStatus::Seen(row) = &*status { Some(row) } else { None };
    let window = subject.entities.with(Table::window).flatten();
    let unobserved = row.zip(window).and_then(|(row, window)| unobserved_ms(row, window, (subject.now_ms)()));
    rsx! {
        PanelFrame { title: words::QUALITY,
            ul { class: "quality",
                if let Some(row) = row {
                    li { "data-testid": "overlap-minutes", "data-value": raw(Some(row.overlap_minutes)), {double_coverage(row)} }
                    li { "data-testid": "mean-confidence", "data-value": raw(row.mean_confidence), {confidence(row)} }
                }
                if let Some(unobserved) = unobserved {
                    li { "data-testid": "unobserved", {words::unobserved(&time::length(unobserved))} }
                }
                if let Some(row) = row {
                    li { "data-testid": "contested-minutes", "data-value": raw(Some(row.contested_minutes)), {contested(row)} }
                    li { "data-testid": "corrected-minutes", "data-value": raw(Some(row.corrected_minutes)),
                        {corrected(row)}
                        " "
                        Link { to: decisions, "data-testid": "entity-decisions", {words::DECISIONS} }
                        CorrectedSpans { spans: corrected_spans.cloned() }
                    }
                }
                match unsure.cloned() {
                    Some(stretches) => rsx! { UnsureNote { stretches } },
                    None => rsx! { li { Skeleton { lines: 1 } } },
                }
            }
        }
    }
}

#[component]
fn UnsureNote(stretches: Vec<Span>) -> Element {
    let context = use_page_context();
    let limit = Quantity::Confidence.text(Some(LOW_CONFIDENCE_BELOW));
    if stretches.is_empty() {
        return rsx! {
            li { {words::sure(&limit)} }
        };
    }
    let zone = context.zone();
    let total_ms: i64 = stretches.iter().map(length_ms).sum();
    let (listed, left_out) = longest(&stretches);
    rsx! {
        li { "data-testid": "unsure",
            {words::unsure(&limit, &time::length(total_ms as f64))}
            ul { class: "quality-stretches",
                for stretch in listed {
                    li { key: "{stretch.from.0}",
                        {time::from_to(&zone.date_time(stretch.from), &zone.time_near(stretch.to, stretch.from))}
                        span { class: "page-note", " {time::length(length_ms(&stretch) as f64)}" }
                    }
                }
                if left_out > 0 {
                    li { {words::more_unsure(left_out)} }
                }
            }
        }
    }
}

/// What was corrected, the latest first, each with the way to its decision.
#[component]
fn CorrectedSpans(spans: Vec<(Span, i32)>) -> Element {
    let context = use_page_context();
    if spans.is_empty() {
        return rsx! {};
    }
    let zone = context.zone();
    let left_out = spans.len().saturating_sub(MOST_LISTED);
    rsx! {
        ul { class: "quality-stretches",
            for (span , decision) in spans.into_iter().rev().take(MOST_LISTED) {
                li { key: "{span.from.0}",
                    {time::from_to(&zone.date_time(span.from), &zone.time_near(span.to, span.from))}
                    " "
                    Link { to: Address::decision(decision, context.selection()), {decisions::number(decision)} }
                }
            }
            if left_out > 0 {
                li { {words::more_corrected(left_out)} }
            }
        }
    }
}

fn contested(row: &EntityMetrics) -> String {
    if row.contested_minutes > 0.0 {
        words::contested(&Quantity::Duration.text(Some(row.contested_minutes)))
    } else {
        words::NOT_CONTESTED.to_owned()
    }
}

fn corrected(row: &EntityMetrics) -> String {
    if row.corrected_minutes > 0.0 {
        words::corrected(&Quantity::Duration.text(Some(row.corrected_minutes)))
    } else {
        words::NOT_CORRECTED.to_owned()
    }
}

fn double_coverage(row: &EntityMetrics) -> String {
    if row.overlap_minutes > 0.0 {
        words::double_coverage(&Quantity::Duration.text(Some(row.overlap_minutes)))
    } else {
        words::NO_OVERLAP.to_owned()
    }
}

fn confidence(row: &EntityMetrics) -> String {
    row.mean_confidence.map_or_else(
        || words::NO_CONFIDENCE.to_owned(),
        |confidence| words::confidence(&Quantity::Confidence.text(Some(confidence))),
    )
}

/// How much of the elapsed window nobody observed, in ms; none when that is less than a minute.
fn unobserved_ms(row: &EntityMetrics, window: Span, now_ms: f64) -> Option<f64> {
    let elapsed_ms = now_ms.min(window.to.ms()) - window.from.ms();
    let observed_minutes = row.productive_minutes + row.idle_minutes + row.absent_minutes;
    Some(elapsed_ms - observed_minutes * MS_PER_MINUTE).filter(|ms| *ms >= MS_PER_MINUTE)
}

/// The stretches in which the models were unsure, in the order of time.
fn unsure(timelines: &[Timeline]) -> Vec<Span> {
    let mut segments: Vec<Span> = timelines
        .iter()
        .flat_map(|timeline| &timeline.segments)
        .filter(|segment| segment.confidence.is_some_and(|confidence| confidence < LOW_CONFIDENCE_BELOW))
        .map(|segment| segment.span)
        .collect();
    order::sort(&mut segments, |one, other| one.from.cmp(&other.from));
    let mut stretches: Vec<Span> = Vec::new();
    for span in segments {
        match stretches.last_mut() {
            Some(last) if span.from.0 - last.to.0 < SAME_STRETCH_MS => last.to = last.to.max(span.to),
            _ => stretches.push(span),
        }
    }
    stretches
}

/// The longest stretches in the order of time, and how many are left out.
fn longest(stretches: &[Span]) -> (Vec<Span>, usize) {
    let mut listed = stretches.to_vec();
    order::sort(&mut listed, |one, other| length_ms(other).cmp(&length_ms(one)));
    listed.truncate(MOST_LISTED);
    order::sort(&mut listed, |one, other| one.from.cmp(&other.from));
    let left_out = stretches.len() - listed.len();
    (listed, left_out)
}

fn length_ms(span: &Span) -> i64 {
    span.to.0 - span.from.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;
    use crate::model::Segment;
    use domain::event::EventType;

    const MINUTE: i64 = 60_000;

    fn span(from: i64, to: i64) -> Span {
        Span { from: Instant(from * MINUTE), to: Instant(to * MINUTE) }
    }

    fn timeline(segments: &[(i64, i64, Option<f64>)]) -> Timeline {
        let segment = |(from, to, confidence): &(i64, i64, Option<f64>)| Segment {
            span: span(*from, *to),
            state: EventType::Working,
            confidence: *confidence,
            model_version: None,
            source_id: None,
        };
        Timeline {
            window: span(0, 1_440),
            revision: 1,
            truncated: false,
            segments: segments.iter().map(segment).collect(),
            contested: Vec::new(),
            corrected: Vec::new(),
        }
    }

    #[test]
    fn unsure_segments_side_by_side_are_one_stretch_also_over_midnight() {
        let later =
            timeline(&[(60, 70, Some(0.5)), (70, 80, Some(0.59)), (80, 90, Some(0.6)), (95, 99, None)]);
        let earlier = timeline(&[(10, 20, Some(0.1)), (50, 60, Some(0.2))]);
        assert_eq!(unsure(&[later, earlier]), [span(10, 20), span(50, 80)]);
    }

    #[test]
    fn the_longest_stretches_are_listed_in_the_order_of_time() {
        let stretches: Vec<_> = (0..7).map(|hour| span(hour * 60, hour * 60 + 1 + hour * 3 % 7)).collect();
        let (listed, left_out) = longest(&stretches);
        assert_eq!(left_out, 2);
        assert!(listed.is_sorted_by_key(|stretch| stretch.from));
        assert!(!listed.contains(&stretches[0]));
    }

    #[test]
    fn only_the_elapsed_part_of_a_window_can_be_unobserved() {
        let row = EntityMetrics {
            productive_minutes: 30.0,
            idle_minutes: 20.0,
            absent_minutes: 10.0,
            overlap_minutes: 5.0,
            utilization: Some(60.0),
            ..EntityMetrics::unseen(domain::event::EntityType::Worker, "W1")
        };
        let at = |minute: i64| unobserved_ms(&row, span(0, 1_440), (minute * MINUTE) as f64);
        assert_eq!(at(60), None);
        assert_eq!(at(90), Some(30.0 * MS_PER_MINUTE));
        assert_eq!(at(10_000), Some(1_380.0 * MS_PER_MINUTE));
    }
}
