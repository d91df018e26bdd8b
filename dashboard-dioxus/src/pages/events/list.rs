use super::export;
use super::filter::{Filter, cleared, told};
use super::log::{Below, Listed, Whole};
use super::names::Names;
use super::row::{EventRow, key};
use super::stand::Stand;
use crate::api::operation::{Events as EventsQuery, EventsIngested, events, events_ingested};
use crate::api::{Answer, Panel, use_query, use_subscription};
use crate::components::metric_table::{Column, MetricTable};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
use crate::components::search::keyboard::use_key;
use crate::components::skeleton::Skeleton;
use crate::components::window_picker;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::live::clock::use_clock;
use crate::model::{EventFeed, EventPage};
use crate::route::{EventsAddress, go_to};
use crate::words::events as words;
use dioxus::prelude::*;
use std::rc::Rc;

/// How many events are asked for at once: two screens of a desk.
const PAGE_EVENTS: i64 = 100;
/// How often the day and the moving window are looked at, in ms.
const CLOCK_STEP_MS: u32 = 10_000;
/// How often a screen reader is told of new events, in ms: more often and it could say nothing else.
const ANNOUNCED_EVERY_MS: u32 = 15_000;
/// Holds the list and lets it move again.
const PAUSE_KEY: &str = " ";
const COLUMNS: &[Column] = &[
    Column::text(words::TIME),
    Column::text(words::WHO),
    Column::text(words::STATE),
    Column::number(words::MINUTES, words::HOW_MINUTES),
    Column::number(words::UNITS, words::HOW_UNITS),
    Column::number(words::CONFIDENCE, words::HOW_CONFIDENCE),
    Column::text(words::MODEL),
    Column::text(words::SOURCE),
    Column::text(words::WORKSTATION),
    Column::number(words::RECEIVED, words::HOW_RECEIVED),
];

/// The events of one question: its moving top, which can be held, and the pages below.
#[component]
pub(crate) fn EventList(
    address: ReadSignal<EventsAddress>,
    names: ReadSignal<Rc<Names>>,
    onunknown: EventHandler<()>,
) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let filter = use_memo(move || Filter::of(&address.read(), &context.zone(), Instant::from_ms(clock())));
    let feed = use_subscription::<EventsIngested>(move || {
        Some(events_ingested::Variables { factory_id: context.choice()?.factory_id })
    });
    // Asked once the feed has begun, so that nothing is stored between the two and seen by neither.
    let has_begun = use_memo(move || feed.with(|_| ()).is_some());
    let question = move |after: Option<String>| {
        let factory_id = context.choice()?.factory_id;
        // An address names its factory before the list of factories tells its zone, on which its days depend.
        context.factory()?;
        Some(events::Variables { factory_id, filter: Some(filter().input()), first: PAGE_EVENTS, after })
    };
    let top = use_query::<EventsQuery>(move || if has_begun() { question(None) } else { None });
    let stand = use_hook(Stand::new);
    let past = use_query::<EventsQuery>(move || question(Some(stand.cursors.read().last()?.clone())));
    use_feed(stand, feed, top, filter, names, onunknown);
    use_key(PAUSE_KEY, move || stand.toggle_pause());

    let in_past = !stand.cursors.read().is_empty();
    let answer = if in_past { past } else { top };
    let zone = context.zone();
    let today = zone.local(Instant::from_ms(clock())).date;
    let shown = shown(stand, past);
    let selection = context.selection();
    let is_empty = shown.rows.is_empty();
    let tools = rsx! { Tools { stand, rows: shown.rows.clone(), address, names } };
    rsx! {
        PanelFrame { title: words::LIST, outdated: answer.outdated(), tools,
            Standing { stand }
            match (&*feed.read(), &*answer.read()) {
                (Panel::Refused(reason), _) => rsx! { Refused { reason, onretry: move |()| feed.retry() } },
                (_, Panel::Refused(reason)) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                (_, Panel::Waiting) if is_empty => rsx! { Skeleton { lines: 12 } },
                _ if is_empty => rsx! { NoEvents { address } },
                _ => rsx! {
                    div { class: "event-list",
                    MetricTable { label: words::LIST, columns: COLUMNS,
                            for listed in shown.rows {
                                EventRow {
                                    key: "{key(&listed.event)}",
                                    name: names.read().name(listed.event.kind, &listed.event.entity_id).map(str::to_owned),
                                    listed,
                                    zone: zone.clone(),
                                    today,
                                    selection: selection.clone(),
                                }
                            }
                        }
                    }
                },
            }
        }
        Pages { stand, below: shown.below, is_empty }
        Announcer { stand }
    }
}

/// The rows in view and what lies below them.
struct Shown {
    rows: Vec<Listed>,
    below: Below,
}

fn shown(stand: Stand, past: Answer<EventPage>) -> Shown {
    if !stand.cursors.read().is_empty() {
        let mut page = super::log::EventLog::default();
        past.with(|answer| page.take_page(answer, |_| true));
        return Shown { rows: page.listed().to_vec(), below: page.below().clone() };
    }
    let paused = stand.paused.read();
    let log = stand.log.read();
    let log = paused.as_deref().unwrap_or(&log);
    Shown { rows: log.listed().to_vec(), below: log.below().clone() }
}

/// Brings the feed and the first page into the list.
fn use_feed(
    stand: Stand,
    feed: Answer<EventFeed>,
    top: Answer<EventPage>,
    filter: Memo<Filter>,
    names: ReadSignal<Rc<Names>>,
    onunknown: EventHandler<()>,
) {
    use_effect(move || {
        let panel = feed.read();
        let Some(delivery) = panel.shown() else { return };
        let filter = filter.peek();
        if stand.take_fed(delivery, |event| filter.lets_through(event)) == Whole::No {
            top.refresh();
        }
        let names = names.peek();
        if delivery.events.iter().any(|event| !names.is_known(event.kind, &event.entity_id)) {
            onunknown.call(());
        }
    });
    use_effect(move || {
        let panel = top.read();
        let Some(page) = panel.shown() else { return };
        let filter = filter.peek();
        stand.take_page(page, |event| filter.lets_through(event));
    });
}

/// Whether the list moves, and what came while it does not.
#[component]
fn Standing(stand: Stand) -> Element {
    let pages = stand.cursors.read().len();
    let skipped = (stand.skipped)();
    let (state, text) = match (pages, stand.paused.read().is_some()) {
        (0, false) => ("live", words::MOVING.to_owned()),
        (0, true) => ("paused", words::paused(stand.held_back())),
        _ => ("past", words::past(pages + 1, stand.held_back())),
    };
    rsx! {
        p { class: "event-list-standing", "data-testid": "feed-standing", "data-state": state, {text} }
        if skipped > 0 {
            p { class: "event-list-skipped", "data-testid": "feed-skipped", {words::skipped(skipped)} }
        }
    }
}

#[component]
fn Tools(
    stand: Stand,
    rows: Vec<Listed>,
    address: ReadSignal<EventsAddress>,
    names: ReadSignal<Rc<Names>>,
) -> Element {
    let context = use_page_context();
    let mut complaint = use_signal(|| None::<&'static str>);
    let is_still = stand.paused.read().is_some() || !stand.cursors.read().is_empty();
    let is_empty = rows.is_empty();
    let export = move |_| {
        let factory_id = context.choice().map(|choice| choice.factory_id).unwrap_or_default();
        let window = address.peek().selection.window.to_string();
        let events = rows.iter().map(|listed| &*listed.event);
        complaint.set(export::save(&factory_id, &window, events, &names.peek()).err());
    };
    rsx! {
        button {
            class: "button",
            r#type: "button",
            "data-testid": "feed-pause",
            aria_keyshortcuts: "Space",
            onclick: move |_| stand.toggle_pause(),
            if is_still {
                {words::resume(stand.held_back())}
            } else {
                {words::PAUSE}
            }
        }
        button {
            class: "button",
            r#type: "button",
            "data-testid": "events-csv",
            disabled: is_empty,
            onclick: export,
            {words::EXPORT}
        }
        if let Some(complaint) = complaint() {
            p { role: "alert", {complaint} }
        }
    }
}

/// The ways to the pages around the one in view.
#[component]
fn Pages(stand: Stand, below: Below, is_empty: bool) -> Element {
    let in_past = !stand.cursors.read().is_empty();
    let cursor = match &below {
        Below::Cursor(cursor) => Some(cursor.clone()),
        Below::Nothing | Below::Cut => None,
    };
    let is_end = below == Below::Nothing && !is_empty;
    rsx! {
        nav { class: "event-pages", aria_label: words::PAGES,
            button {
                class: "button",
                r#type: "button",
                "data-testid": "events-newer",
                disabled: !in_past,
                onclick: move |_| stand.newer(),
                {words::NEWER}
            }
            button {
                class: "button",
                r#type: "button",
                "data-testid": "events-older",
                disabled: cursor.is_none(),
                onclick: move |_| {
                    if let Some(cursor) = cursor.clone() {
                        stand.older(cursor);
                    }
                },
                {words::OLDER}
            }
            if is_end {
                span { class: "page-note", "data-testid": "events-end", {words::END} }
            }
        }
    }
}

/// Says in a sentence which filters let nothing through, and how to be rid of them.
#[component]
fn NoEvents(address: ReadSignal<EventsAddress>) -> Element {
    let context = use_page_context();
    let window = window_picker::label(address.read().selection.window, &context.zone());
    let told = told(&address.read(), &context.zone());
    rsx! {
        div { class: "event-list-none", "data-testid": "events-none",
            Empty { text: words::none(&told, &window) }
            if !told.is_empty() {
                button {
                    class: "button",
                    r#type: "button",
                    "data-testid": "none-clear",
                    onclick: move |_| go_to(cleared(&address.peek())),
                    {words::CLEAR}
                }
            }
        }
    }
}

/// Tells those who hear the page how many events came, now and then.
#[component]
fn Announcer(stand: Stand) -> Element {
    let clock = use_clock(ANNOUNCED_EVERY_MS);
    let mut told = use_hook(|| CopyValue::new(0_usize));
    let said = use_memo(move || {
        clock.read();
        let brought = *stand.brought.peek();
        let new = brought - told.replace(brought);
        if new == 0 { String::new() } else { words::announced(new) }
    });
    rsx! {
        p { class: "visually-hidden", role: "status", "{said}" }
    }
}
