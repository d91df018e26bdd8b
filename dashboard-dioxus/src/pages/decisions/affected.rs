use crate::api::operation::{SourceReport, Sources, range_input, sources};
use crate::api::{Panel, use_query};
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::live::clock::now_ms;
use crate::model::{Span, StandingRule};
use crate::words::rules as words;
use dioxus::prelude::*;
use domain::MS_PER_DAY;
use domain::bucket::BUCKET_MS;
use domain::window::Resolution;

/// How far back events are counted of a rule that is open on a side, in ms.
const COUNTED_MS: i64 = 31 * MS_PER_DAY;

/// How many stored events a rule is about, of the last month that it is about.
#[component]
pub(super) fn Affected(rule: StandingRule) -> Element {
    let context = use_page_context();
    let span = use_hook(|| counted(&rule, Instant::from_ms(now_ms())));
    let answer = use_query::<Sources>(move || {
        let factory_id = context.factory_window()?.factory_id;
        Some(sources::Variables { factory_id, window: range_input(span?), resolution: Resolution::Day })
    });
    let zone = context.zone();
    match &*answer.read() {
        _ if span.is_none() => VNode::empty(),
        Panel::Waiting => rsx! { {words::COUNTING} },
        Panel::Refused(reason) => rsx! { {reason.clone()} },
        Panel::Showing(report) => {
            let Matching { events, unknown } = matching(report, &rule);
            rsx! {
                {words::affected(events, &zone.span(report.examined.from, report.examined.to))}
                if unknown > 0 {
                    " {words::unnamed(unknown)}"
                }
            }
        }
    }
}

/// The span on the server's grid in which events are counted: what has elapsed of the rule's, its last month.
fn counted(rule: &StandingRule, now: Instant) -> Option<Span> {
    let down = |at: Instant| Instant(at.0 - at.0.rem_euclid(BUCKET_MS));
    let up = |at: Instant| Instant(at.0 + (-at.0).rem_euclid(BUCKET_MS));
    let to = up(rule.to.map_or(now, |to| to.min(now)));
    let month = Instant(to.0 - COUNTED_MS);
    let from = rule.from.map_or(month, |from| down(from).max(month));
    (from < to).then_some(Span { from, to })
}

/// How many events of a report match a rule.
#[derive(Debug, PartialEq)]
struct Matching {
    events: i64,
    /// Of so many it is not known.
    unknown: i64,
}

fn matching(report: &SourceReport, rule: &StandingRule) -> Matching {
    let is_of_all = rule.model_version.is_none() && !rule.is_without_model_version;
    let named =
        report.sources.iter().filter(|one| rule.source.as_ref().is_none_or(|id| *id == one.source_id));
    let of_source = |one: &crate::api::operation::Source| {
        if is_of_all {
            return one.events;
        }
        let versions =
            one.model_versions.iter().filter(|version| version.model_version == rule.model_version);
        versions.map(|version| version.events).sum()
    };
    let events = named.map(of_source).sum();
    match (&rule.source, is_of_all) {
        (Some(_), _) => Matching { events, unknown: 0 },
        (None, true) => Matching { events: events + report.unnamed_events, unknown: 0 },
        (None, false) => Matching { events, unknown: report.unnamed_events },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::timeline::Standing;
    use serde_json::json;

    fn rule(source: Option<&str>, version: Option<&str>, is_without: bool) -> StandingRule {
        StandingRule {
            standing: Standing::Shadow,
            source: source.map(str::to_owned),
            model_version: version.map(str::to_owned),
            is_without_model_version: is_without,
            from: None,
            to: None,
        }
    }

    fn report() -> SourceReport {
        let source = |id: &str, versions: &[(Option<&str>, i64)]| {
            let seen = |(version, events): &(Option<&str>, i64)| json!({ "modelVersion": version, "events": events, "firstSeenAt": "2026-01-05T08:00:00.000Z", "lastSeenAt": "2026-01-05T08:00:00.000Z" });
            json!({
                "sourceId": id, "events": versions.iter().map(|(_, events)| events).sum::<i64>(), "observedMinutes": 0.0,
                "sharedMinutes": 0.0, "others": [], "modelVersions": versions.iter().map(seen).collect::<Vec<_>>(), "points": [],
            })
        };
        let window = json!({ "from": "2026-01-05T00:00:00.000Z", "to": "2026-01-06T00:00:00.000Z" });
        let sources = [source("cam-1", &[(Some("v1"), 5), (None, 2)]), source("cam-2", &[(Some("v1"), 3)])];
        let report = json!({ "window": window, "examined": window, "sources": sources, "unnamedEvents": 4 });
        serde_json::from_value(report).unwrap()
    }

    #[test]
    fn events_are_counted_by_source_and_model_version() {
        let told = |source, version, is_without| {
            let Matching { events, unknown } = matching(&report(), &rule(source, version, is_without));
            (events, unknown)
        };
        assert_eq!(told(Some("cam-1"), None, false), (7, 0));
        assert_eq!(told(Some("cam-1"), Some("v1"), false), (5, 0));
        assert_eq!(told(Some("cam-1"), None, true), (2, 0));
        assert_eq!(told(None, Some("v1"), false), (8, 4));
        assert_eq!(told(None, None, false), (14, 0));
        assert_eq!(told(Some("cam-3"), None, false), (0, 0));
    }

    #[test]
    fn at_most_the_last_month_of_a_rule_is_counted_and_nothing_of_the_future() {
        let at = |text: &str| Instant::parse(text).unwrap();
        let now = at("2026-03-01T12:02Z");
        let told = |from: Option<&str>, to: Option<&str>| {
            let rule = StandingRule { from: from.map(at), to: to.map(at), ..rule(None, None, false) };
            counted(&rule, now)
                .map(|span| [span.from.to_rfc3339(), span.to.to_rfc3339()].map(|at| at[5..16].to_owned()))
        };
        let expected = |from: &str, to: &str| Some([from, to].map(str::to_owned));
        assert_eq!(told(None, None), expected("01-29T12:05", "03-01T12:05"));
        assert_eq!(
            told(Some("2026-02-28T08:01Z"), Some("2026-02-28T08:04Z")),
            expected("02-28T08:00", "02-28T08:05")
        );
        assert_eq!(told(None, Some("2026-04-01T00:00Z")), expected("01-29T12:05", "03-01T12:05"));
        assert_eq!(told(Some("2026-04-01T00:00Z"), None), None);
    }
}
