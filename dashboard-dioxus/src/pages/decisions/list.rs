use super::row::DecisionRow;
use crate::api::operation::{DecisionFeed, DecisionFilter, Decisions, decision_feed, decisions};
use crate::api::{Panel, use_query, use_subscription};
use crate::components::metric_table::{Column, MetricTable};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::memo::use_memo;
use crate::lean::sorted_map::SortedMap;
use crate::model::Decision;
use crate::route::{DecisionsAddress, Force};
use crate::words::decisions as words;
use dioxus::prelude::*;

/// How many decisions are asked for at once: a screen or two.
const PAGE_DECISIONS: i64 = 50;
const COLUMNS: &[Column] = &[
    Column::text(words::NUMBER),
    Column::text(words::WHAT),
    Column::text(words::WHY),
    Column::text(words::WHO),
    Column::text(words::WHEN),
    Column::number(words::EVENTS, words::HOW_EVENTS),
    Column::text(words::FORCE),
];

/// What has come of one question, by the numbers of the decisions.
type Known = SortedMap<i32, Decision>;

/// The decisions of one question, the latest first: those that are being made, and page by page those before.
#[component]
pub(super) fn DecisionList(address: ReadSignal<DecisionsAddress>) -> Element {
    let context = use_page_context();
    let factory_id = move || context.factory_window().map(|choice| choice.factory_id);
    let feed = use_subscription::<DecisionFeed>(move || {
        Some(decision_feed::Variables { factory_id: factory_id()? })
    });
    // Asked once the feed has begun, so that nothing is decided between the two and seen by neither.
    let has_begun = use_memo(move || feed.with(|_| ()).is_some());
    let mut after = use_signal(|| None::<String>);
    let page = use_query::<Decisions>(move || {
        has_begun().then_some(())?;
        let filter = Some(input(&address.read()));
        Some(decisions::Variables {
            factory_id: factory_id()?,
            filter,
            first: PAGE_DECISIONS,
            after: after(),
        })
    });
    let mut known = use_signal(Known::default);
    let mut next = use_signal(|| None::<String>);
    use_effect(move || {
        let page = page.read();
        let Some(page) = page.shown() else { return };
        next.set(page.next.clone());
        let mut known = known.write();
        for decision in &page.decisions {
            known.insert(decision.number, decision.clone());
        }
    });
    // What may have been missed while the connection was gone is on the first page, or the list begins anew with it.
    let gaps = use_memo(move || feed.with(|feed| feed.gaps).unwrap_or_default());
    use_effect(move || {
        if gaps() > 0 {
            known.set(Known::default());
            after.set(None);
        }
    });
    let shown = use_memo(move || {
        let address = address.read();
        let mut all = known.read().clone();
        feed.with(|feed| {
            for decision in &feed.decisions {
                all.insert(decision.number, decision.clone());
            }
        });
        let mut shown: Vec<Decision> =
            all.values().filter(|decision| is_wanted(decision, &address)).cloned().collect();
        shown.reverse();
        shown
    });
    let is_restricted = *address.read()
        != DecisionsAddress { selection: address.read().selection.clone(), ..DecisionsAddress::default() };
    let is_empty = shown.read().is_empty();
    rsx! {
        PanelFrame { title: words::TITLE, outdated: page.outdated(),
            match (&*feed.read(), &*page.read()) {
                (Panel::Refused(reason), _) => rsx! { Refused { reason, onretry: move |()| feed.retry() } },
                (_, Panel::Refused(reason)) => rsx! { Refused { reason, onretry: move |()| page.retry() } },
                (_, Panel::Waiting) if is_empty => rsx! { Skeleton { lines: 6 } },
                _ if is_empty => rsx! {
                    div { "data-testid": "decisions-none",
                        Empty { text: if is_restricted { words::NONE_MATCHES } else { words::NONE } }
                    }
                },
                _ => rsx! {
                    MetricTable { label: words::TITLE, columns: COLUMNS,
                        for decision in shown.read().iter() {
                            DecisionRow { key: "{decision.number}", decision: decision.clone(), zone: context.zone(), selection: context.selection() }
                        }
                    }
                },
            }
            if let Some(cursor) = next() {
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "decisions-older",
                    onclick: move |_| after.set(Some(cursor.clone())),
                    {words::OLDER}
                }
            }
        }
    }
}

/// The address's filters as the API takes them.
fn input(address: &DecisionsAddress) -> DecisionFilter {
    let entity = address.of.filter(|_| !address.id.is_empty());
    DecisionFilter {
        number: address.number.map(i64::from),
        kind: address.kind,
        entity_type: entity,
        entity_id: entity.map(|_| address.id.clone()),
        live: address.force.map(|force| force == Force::InForce),
    }
}

/// Whether a decision passes the address's filters, as the server would judge it.
fn is_wanted(decision: &Decision, address: &DecisionsAddress) -> bool {
    let is_about = |kind| address.id.is_empty() || decision.is_about(kind, &address.id);
    address.number.is_none_or(|number| u32::try_from(decision.number) == Ok(number))
        && address.kind.is_none_or(|kind| kind == decision.kind())
        && address.of.is_none_or(is_about)
        && address.force.is_none_or(|force| (force == Force::InForce) == decision.withdrawn_by.is_none())
}
