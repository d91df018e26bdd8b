use super::drawn::use_drawn;
use super::filter::{Filter, cleared, described};
use super::list_state::{ListState, use_list_state};
use super::log::{Below, Completeness, EventLog, Listed};
use super::names::Names;
use super::row::EventRow;
use super::tools::Tools;
use crate::api::operation::{Events as EventsQuery, EventsIngested, events, events_ingested};
use crate::api::{Answer, Panel, use_query, use_subscription};
use crate::components::keyboard::use_key;
use crate::components::metric_table::{Column, MetricTable};
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::panel_frame::PanelFrame;
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
pub(super) const PAGE_EVENTS: i64 = 100;
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
        Some(events_ingested::Variables { factory_id: context.factory_window()?.factory_id })
    });
    // Asked once the feed has begun, so that nothing is stored between the two and seen by neither.
    let has_begun = use_memo(move || feed.with(|_| ()).is_some());
    let question = move |after: Option<String>| {
        let factory_id = context.factory_window()?.factory_id;
        // An address names its factory before the list of factories tells its zone, on which its days depend.
        context.factory()?;
        Some(events::Variables { factory_id, filter: Some(filter().input()), first: PAGE_EVENTS, after })
    };
    // Read apart: the list is not drawn with each delivery.
    let feed_refusal = use_memo(move || match &*feed.read() {
        Panel::Refused(reason) => Some(reason.clone()),
        Panel::Waiting | Panel::Showing(_) => None,
    });
    let top = use_query::<EventsQuery>(move || if has_begun() { question(None) } else { None });
    let state = use_list_state(address);
    let past = use_query::<EventsQuery>(move || {
        let after = address.read().after.clone();
        if after.is_empty() { None } else { question(Some(after)) }
    });
    use_feed(&state, feed, top, filter, names, onunknown);
    use_key(PAUSE_KEY, move || state.toggle_pause());

    let answer = if (state.in_past)() { past } else { top };
    let zone = context.zone();
    let today = zone.local(Instant::from_ms(clock())).date;
    let shown = shown(&state, past);
    let selection = context.selection();
    let is_empty = shown.rows.is_empty();
    let drawn = use_drawn(shown.rows.len());
    let not_drawn = shown.rows.len() - drawn;
    let tools = rsx! { Tools { state, is_empty, filter, address, names } };
    rsx! {
        PanelFrame { title: words::LIST, outdated: answer.outdated(), tools,
            FeedStatus { state }
            match (feed_refusal(), &*answer.read()) {
                (Some(reason), _) => rsx! { Refused { reason, onretry: move |()| feed.retry() } },
                (_, Panel::Refused(reason)) => rsx! { Refused { reason, onretry: move |()| answer.retry() } },
                (_, Panel::Waiting) if is_empty => rsx! { Skeleton { lines: 12 } },
                _ if is_empty => rsx! { NoEvents { address } },
                _ => rsx! {
                    div { class: "event-list", style: "--event-rows-below: {not_drawn}",
                        MetricTable { label: words::LIST, columns: COLUMNS,
                            for listed in shown.rows.into_iter().take(drawn) {
                                EventRow {
                                    key: "{listed.event.key()}",
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
        Pages { state, below: shown.below, is_empty }
        Announcer { state }
    }
}

/// The rows in view and what lies below them.
struct Shown {
    rows: Vec<Listed>,
    below: Below,
}

fn shown(state: &ListState, past: Answer<EventPage>) -> Shown {
    let of = |log: &EventLog| Shown { rows: log.listed().to_vec(), below: log.below().clone() };
    if (state.in_past)() {
        let mut page = EventLog::default();
        past.with(|answer| page.replace_by_page(answer, |_| true));
        return of(&page);
    }
    match &*state.paused.read() {
        Some(paused) => of(paused),
        None => of(&state.log.read()),
    }
}

/// Brings the feed and the first page into the list.
fn use_feed(
    state: &ListState,
    feed: Answer<EventFeed>,
    top: Answer<EventPage>,
    filter: Memo<Filter>,
    names: ReadSignal<Rc<Names>>,
    onunknown: EventHandler<()>,
) {
    let state = *state;
    use_effect(move || {
        let panel = feed.read();
        let Some(delivery) = panel.shown() else { return };
        let filter = filter.peek();
        if state.receive(delivery, |event| filter.matches(event)) == Completeness::Incomplete {
            top.refresh();
        }
        state.catch_up(move || top.refresh());
        let names = names.peek();
        if delivery.events.iter().any(|event| !names.is_known(event.kind, &event.entity_id)) {
            onunknown.call(());
        }
    });
    use_effect(move || {
        let panel = top.read();
        let Some(page) = panel.shown() else { return };
        let filter = filter.peek();
        state.replace_by_page(page, |event| filter.matches(event));
    });
}

/// Whether the list moves, and what came while it does not.
#[component]
fn FeedStatus(state: ListState) -> Element {
    let skipped = (state.skipped)();
    let (state, text) = match ((state.in_past)(), state.paused.read().is_some()) {
        (false, false) => ("live", words::MOVING.to_owned()),
        (false, true) => ("paused", words::paused(state.held_back_count())),
        (true, _) => ("past", words::past(state.page(), state.held_back_count())),
    };
    rsx! {
        p { class: "event-list-standing", "data-testid": "feed-standing", "data-state": state, {text} }
        if skipped > 0 {
            p { class: "event-list-skipped", "data-testid": "feed-skipped", {words::skipped(skipped)} }
        }
    }
}

/// The ways to the pages around the one in view, each with an address to which the browser's back button returns.
#[component]
fn Pages(state: ListState, below: Below, is_empty: bool) -> Element {
    let in_past = (state.in_past)();
    let newer = if in_past && state.newer().is_none() { words::NEWEST } else { words::NEWER };
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
                onclick: move |_| go_to(state.newer().unwrap_or_else(|| state.newest()).into()),
                {newer}
            }
            button {
                class: "button",
                r#type: "button",
                "data-testid": "events-older",
                disabled: cursor.is_none(),
                onclick: move |_| {
                    if let Some(cursor) = cursor.clone() {
                        go_to(state.older(cursor).into());
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
    let told = described(&address.read(), &context.zone());
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
fn Announcer(state: ListState) -> Element {
    let clock = use_clock(ANNOUNCED_EVERY_MS);
    let mut told = use_hook(|| CopyValue::new(0_usize));
    let said = use_memo(move || {
        clock.read();
        let received_count = *state.received_count.peek();
        let new = received_count - told.replace(received_count);
        if new == 0 { String::new() } else { words::announced(new) }
    });
    rsx! {
        p { class: "visually-hidden", role: "status", "{said}" }
    }
}
