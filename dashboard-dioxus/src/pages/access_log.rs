//! What others asked about a worker, for whoever that worker is.

#[cfg(test)]
mod tests;

use crate::api::operation::{
    AccessEntry, AccessLog as AccessLogQuery, Caller, FactoryEntities, access_log, factory_entities,
};
use crate::api::{Panel, use_polled_query, use_query};
use crate::components::export_button::ExportButton;
use crate::components::guarded::Guarded;
use crate::components::metric_table::{Column, MetricTable, TEXT};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::panel_frame::PanelFrame;
use crate::components::skeleton::Skeleton;
use crate::lean::calendar::LocalTime;
use crate::lean::csv::{Cell, Csv};
use crate::lean::memo::use_memo;
use crate::lean::zone::Zone;
use crate::route::{AccessAddress, Address, go_to};
use crate::words::quantity::Quantity;
use crate::words::{access_log as words, factory, over_time, time};
use dioxus::prelude::*;
use domain::event::EntityType;
use domain::instant::CivilDate;

/// How many entries a page has: some weeks of a worker whom several look at.
const PAGE_ENTRIES: i64 = 100;
const COLUMNS: &[Column] = &[
    Column::text(words::DAY),
    Column::text(words::WHO),
    Column::text(words::WHAT),
    Column::text(words::FIRST),
    Column::text(words::LAST),
    Column::number(words::TIMES, words::HOW_TIMES),
];

/// The page, for those who are a worker of the factory and those who look after it.
#[component]
pub(crate) fn AccessLog(address: ReadSignal<AccessAddress>) -> Element {
    let context = use_page_context();
    let permits = move |me: Caller| {
        context.factory_window().is_some_and(|choice| {
            me.is_admin(&choice.factory_id) || !me.own_workers(&choice.factory_id).is_empty()
        })
    };
    rsx! {
        PageTitle { title: words::TITLE,
            p { class: "page-note", {words::NOTE} }
        }
        Guarded { permits, needed: words::NOBODY, OfSomebody { address } }
    }
}

/// The worker of the address, else the one that the person is.
#[component]
fn OfSomebody(address: ReadSignal<AccessAddress>) -> Element {
    let context = use_page_context();
    let factory_id = move || context.factory_window().map(|choice| choice.factory_id);
    let is_admin = use_memo(move || {
        let factory_id = factory_id().unwrap_or_default();
        context.of_me(|me| me.is_admin(&factory_id)) == Some(true)
    });
    let own = use_memo(move || {
        let factory_id = factory_id().unwrap_or_default();
        let own =
            |me: &Caller| me.own_workers(&factory_id).into_iter().map(str::to_owned).collect::<Vec<_>>();
        context.of_me(own).unwrap_or_default()
    });
    let entities = use_query::<FactoryEntities>(move || {
        let factory_id = factory_id().filter(|_| is_admin())?;
        Some(factory_entities::Variables { factory_id })
    });
    let worker = use_memo(move || {
        let about = address.read().about.clone();
        let named = Some(about).filter(|about| !about.is_empty());
        named.or_else(|| own.read().first().cloned())
    });
    // Ids and, beside them, names.
    let choices: Vec<(String, String)> = if is_admin() {
        entities
            .with(|all| {
                let workers = all.iter().filter(|one| one.kind == EntityType::Worker);
                let named = workers.map(|one| {
                    let text = one.name.as_deref().map(|name| factory::named(name, &one.id));
                    (one.id.clone(), text.unwrap_or_else(|| one.id.clone()))
                });
                named.collect()
            })
            .unwrap_or_default()
    } else {
        own.read().iter().map(|id| (id.clone(), id.clone())).collect()
    };
    let chosen = worker();
    rsx! {
        // Somebody who is one worker has nothing to choose.
        if is_admin() || choices.len() > 1 {
            div { class: "audit-tools",
                label {
                    span { {words::WORKER} }
                    select {
                        class: "field",
                        "data-testid": "access-log-worker",
                        onchange: move |event| {
                            let to = AccessAddress { about: event.value(), after: String::new(), ..address.peek().clone() };
                            go_to(Address::Access(to));
                        },
                        option { value: "", selected: chosen.is_none(), {words::NO_WORKER} }
                        for (id, text) in choices {
                            option { key: "{id}", value: "{id}", selected: chosen.as_ref() == Some(&id), {text} }
                        }
                    }
                }
            }
        }
        match chosen {
            Some(worker) => rsx! { List { address, worker } },
            None => rsx! {
                div { "data-testid": "access-log-choose", Empty { text: words::CHOOSE } }
            },
        }
    }
}

/// One page of what was asked about a worker.
#[component]
fn List(address: ReadSignal<AccessAddress>, worker: ReadSignal<String>) -> Element {
    let context = use_page_context();
    let page = use_polled_query::<AccessLogQuery>(move || {
        let after = Some(address.read().after.clone()).filter(|after| !after.is_empty());
        let factory_id = context.factory_window()?.factory_id;
        Some(access_log::Variables { factory_id, worker_id: worker(), first: PAGE_ENTRIES, after })
    });
    let at = address();
    let is_first = at.after.is_empty();
    let next = page.with(|(_, next)| next.clone()).flatten();
    let name =
        context.factory_window().map(|choice| vec![choice.factory_id, worker(), words::FILE.to_owned()]);
    let table = move |()| page.with(|(entries, _)| csv(entries, &context.zone())).unwrap_or_default();
    let is_empty = page.with(|(entries, _)| entries.is_empty()) != Some(false);
    let tools = rsx! {
        if let Some(name) = name.filter(|_| !is_empty) {
            ExportButton { testid: "access-log-csv", name, table }
        }
    };
    rsx! {
        PanelFrame { title: words::about(&worker.read()), outdated: page.outdated(), tools,
            match &*page.read() {
                Panel::Waiting => rsx! { Skeleton { lines: 6 } },
                Panel::Refused(reason) => rsx! {
                    Refused { reason: reason.clone(), onretry: move |()| page.retry() }
                },
                Panel::Showing((entries, _)) if entries.is_empty() => rsx! {
                    div { "data-testid": "access-log-none", Empty { text: words::NONE } }
                },
                Panel::Showing((entries, _)) => rsx! {
                    MetricTable { label: words::LIST, columns: COLUMNS,
                        for entry in entries {
                            {row(entry, &context.zone())}
                        }
                    }
                },
            }
            if !is_first || next.is_some() {
                nav { class: "audit-pages", aria_label: words::PAGES,
                    if !is_first {
                        Link { to: Address::Access(AccessAddress { after: String::new(), ..at.clone() }), {words::NEWEST} }
                    }
                    if let Some(after) = next {
                        Link { to: Address::Access(AccessAddress { after, ..at }), {words::OLDER} }
                    }
                }
            }
        }
    }
}

fn row(entry: &AccessEntry, zone: &Zone) -> Element {
    let AccessEntry { reader, question, day, first_at, last_at, times } = entry;
    rsx! {
        tr { key: "{day} {reader} {question}", class: "audit-entry", "data-testid": "access-entry",
            th { scope: "row", class: TEXT, {date(day)} }
            td { class: TEXT, "data-field": "who", "{reader}" }
            td { class: TEXT, "data-field": "what", {words::question(question)} }
            for (field, at) in [("first", first_at), ("last", last_at)] {
                td { class: TEXT, "data-field": field,
                    time { datetime: at.to_rfc3339(), {zone.time(*at)} }
                }
            }
            td { "data-field": "times", "data-value": *times, {Quantity::Count.text(Some(*times as f64))} }
        }
    }
}

/// A day such as `2026-01-05` as people write it.
fn date(day: &str) -> String {
    let date = CivilDate::parse(day).map(|date| LocalTime::of_wall_ms(date.days() * domain::MS_PER_DAY));
    date.map_or_else(|| day.to_owned(), |date| time::date(&date))
}

fn csv(entries: &[AccessEntry], zone: &Zone) -> String {
    let [first, last] = [words::FIRST, words::LAST].map(|name| over_time::in_zone(name, zone.name()));
    let header = [words::DAY, words::WHO, words::WHAT, &first, &last, words::TIMES];
    let table = entries.iter().fold(Csv::new(&header), |table, entry| {
        let [first, last] = [entry.first_at, entry.last_at].map(|at| zone.time_with_seconds(at));
        table.row(&[
            entry.day.as_str().into(),
            entry.reader.as_str().into(),
            words::question(&entry.question).into(),
            first.as_str().into(),
            last.as_str().into(),
            Cell::Whole(entry.times),
        ])
    });
    table.text()
}
