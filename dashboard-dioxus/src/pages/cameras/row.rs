//! One source in the table.

use super::judgement::{Judged, Warning};
use crate::api::operation::{Agreement, Source, SourcePoint, SourceVersion};
use crate::chart::series::{Measure, Step};
use crate::chart::sparkline::Sparkline;
use crate::components::metric_cell::raw;
use crate::components::metric_table::TEXT;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::Span;
use crate::route::{Address, EventsAddress, Selection};
use crate::words::cameras as words;
use crate::words::quantity::Quantity;
use crate::words::{NO_VALUE, time};
use dioxus::prelude::*;
use domain::source::LOW_CONFIDENCE_BELOW;
use domain::{MS_PER_HOUR, MS_PER_MINUTE};
use std::rc::Rc;

const CONFIDENCE: Measure = Measure { name: words::CONFIDENCE, unit: "%", decimals: 0, ceiling: Some(100.0) };
const EVENTS: Measure = Measure { name: words::EVENTS, unit: "", decimals: 0, ceiling: None };
/// The most other sources and model versions that a row names.
const MOST_NAMED: usize = 3;

/// What all rows have in common.
pub(super) struct Table {
    pub(super) now_ms: f64,
    pub(super) zone: Zone,
    pub(super) selection: Selection,
    /// The part of the window that was looked through.
    pub(super) examined: Span,
    /// Where the courses end, in ms since 1970: nothing is drawn of what is yet to come.
    pub(super) drawn_to_ms: f64,
}

impl Table {
    /// The events of a source.
    fn events_of(&self, source: &Source) -> EventsAddress {
        let (selection, source) = (self.selection.clone(), source.source_id.clone());
        EventsAddress { selection, source, ..EventsAddress::default() }
    }

    /// The row of a source.
    pub(super) fn row(&self, Judged { source, warnings }: &Judged<'_>) -> Element {
        let id = &source.source_id;
        rsx! {
            tr { key: "{id}", class: "camera", "data-testid": "camera-{id}",
                th { scope: "row",
                    Link { class: "entity-link", to: Address::from(self.events_of(source)), "{id}" }
                    for warning in warnings {
                        span { class: "camera-warning", "data-testid": "camera-warning", {self.said(source, warning)} }
                    }
                }
                {self.last(source)}
                {self.events(source)}
                {self.confidence(source)}
                {self.low(source)}
                td { "data-field": "late", "data-value": raw(source.late_share), {words::percent(source.late_share)} }
                td { "data-field": "shared", "data-value": raw(Some(source.shared_minutes)),
                    {Quantity::Duration.text(Some(source.shared_minutes))}
                }
                td { "data-field": "agreement", "data-value": raw(source.agreement),
                    {words::percent(source.agreement)}
                    {others(&source.others)}
                }
                td { class: TEXT, "data-field": "versions",
                    for version in source.model_versions.iter().take(MOST_NAMED) {
                        {self.version(source, version)}
                    }
                    {below(more(source.model_versions.len()))}
                }
            }
        }
    }

    /// What is wrong, in words.
    fn said(&self, source: &Source, warning: &Warning) -> String {
        match warning {
            Warning::Silent => words::silent(&self.near(source.last_seen_at)),
            Warning::LowConfidence(share) => words::low_confidence(*share),
            Warning::Disagrees(other) => words::disagrees(other),
            Warning::Late(share) => words::late(*share),
        }
    }

    /// The time, with its day where that is not today.
    fn near(&self, at: Option<Instant>) -> String {
        let now = Instant::from_ms(self.now_ms);
        at.map_or_else(|| NO_VALUE.to_owned(), |at| self.zone.time_near(at, now))
    }

    fn last(&self, source: &Source) -> Element {
        let age = |at: Instant| time::age(self.now_ms - at.ms());
        let late_from_ms = domain::source::LATE_FROM_MS.0 as f64;
        // When it came is worth a line only where that is another story.
        let received = source
            .last_received_at
            .zip(source.last_seen_at)
            .filter(|(received, seen)| received.ms() - seen.ms() >= late_from_ms);
        rsx! {
            td { "data-field": "last",
                if let Some(at) = source.last_seen_at {
                    time { datetime: at.to_rfc3339(), {age(at)} }
                } else {
                    {NO_VALUE}
                }
                {below(received.map(|(at, _)| words::received(&age(at))))}
            }
        }
    }

    /// Events in an hour, of what has passed of the examined window; none before a minute has.
    fn per_hour(&self, source: &Source) -> Option<f64> {
        let passed_ms = self.now_ms.min(self.examined.to.ms()) - self.examined.from.ms();
        (passed_ms >= MS_PER_MINUTE as f64).then(|| source.events as f64 * MS_PER_HOUR as f64 / passed_ms)
    }

    fn confidence(&self, source: &Source) -> Element {
        let percent = |point: &SourcePoint| point.mean_confidence.map(|confidence| confidence * 100.0);
        rsx! {
            td { "data-field": "confidence", "data-value": raw(source.mean_confidence),
                div { class: "camera-course",
                    {self.course(source, CONFIDENCE, percent)}
                    span { {Quantity::Confidence.text(source.mean_confidence)} }
                }
            }
        }
    }

    fn events(&self, source: &Source) -> Element {
        rsx! {
            td { "data-field": "events", "data-value": source.events,
                div { class: "camera-course",
                    {self.course(source, EVENTS, |point| Some(point.events as f64))}
                    span {
                        {Quantity::Count.text(Some(source.events as f64))}
                        {below(self.per_hour(source).map(words::per_hour))}
                    }
                }
            }
        }
    }

    /// One value of a source over what has passed of the examined window.
    fn course(
        &self,
        source: &Source,
        measure: Measure,
        value: impl Fn(&SourcePoint) -> Option<f64>,
    ) -> Element {
        let step = |point: &SourcePoint| Step {
            from_ms: point.from.ms(),
            to_ms: point.to.ms(),
            value: value(point),
        };
        let steps: Rc<[Step]> = source.points.iter().map(step).collect();
        let (from_ms, to_ms) = (self.examined.from.ms(), self.drawn_to_ms);
        rsx! {
            if !steps.is_empty() {
                Sparkline { measure, from_ms, to_ms, steps }
            }
        }
    }

    fn low(&self, source: &Source) -> Element {
        let percent = (LOW_CONFIDENCE_BELOW * 100.0) as u8;
        let events = EventsAddress { confidence_below: Some(percent), ..self.events_of(source) };
        rsx! {
            td { "data-field": "low", "data-value": raw(source.low_confidence_share),
                if source.low_confidence_share.is_some_and(|share| share > 0.0) {
                    Link { to: Address::from(events), {words::percent(source.low_confidence_share)} }
                } else {
                    {words::percent(source.low_confidence_share)}
                }
                {below(source.unstated_share.filter(|share| *share > 0.0).map(words::unstated))}
            }
        }
    }

    fn version(&self, source: &Source, version: &SourceVersion) -> Element {
        let SourceVersion { model_version, events, first_seen_at, last_seen_at } = version;
        let span = time::from_to(&self.near(Some(*first_seen_at)), &self.near(Some(*last_seen_at)));
        let address = |model: &String| EventsAddress { model: model.clone(), ..self.events_of(source) };
        rsx! {
            div { class: "camera-version",
                if let Some(model) = model_version {
                    Link { to: Address::from(address(model)), "{model}" }
                } else {
                    {words::NO_VERSION}
                }
                {below(Some(words::version(*events, &span)))}
            }
        }
    }
}

/// With whom it agrees; of one alone the figures of the row say how much.
fn others(others: &[Agreement]) -> Element {
    if let [other] = others {
        return below(Some(words::with_one(&other.source_id)));
    }
    rsx! {
        for other in others.iter().take(MOST_NAMED) {
            {below(Some(words::with(other.agreement, &other.source_id, other.shared_minutes)))}
        }
        {below(more(others.len()))}
    }
}

/// What stands below a number.
fn below(text: Option<String>) -> Element {
    rsx! {
        if let Some(text) = text {
            span { class: "camera-below", {text} }
        }
    }
}

/// How many of a list are not named.
fn more(count: usize) -> Option<String> {
    count.checked_sub(MOST_NAMED).filter(|hidden| *hidden > 0).map(words::more)
}
