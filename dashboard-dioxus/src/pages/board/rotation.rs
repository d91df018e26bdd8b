use super::data::{BoardData, use_board_data};
use super::layout::Grid;
use super::pages::{Area, Figures, Group, Page, PageId, summed};
use super::summary::Summary;
use super::tile::{Counts, Tile};
use super::top_line::{NotLive, TopLine, use_is_trusted};
use super::turning::Turning;
use super::wake_lock::{ScreenLock, use_wake_lock};
use crate::api::Panel;
use crate::components::figure::Figure;
use crate::components::finality::FinalityLine;
use crate::components::first_steps::FirstSteps;
use crate::components::notice::{Empty, Refused};
use crate::components::page_context::use_page_context;
use crate::components::page_title::PageTitle;
use crate::components::skeleton::Skeleton;
use crate::components::window_picker;
use crate::lean::memo::use_read_only;
use crate::live::clock::{now_ms, use_clock};
use crate::live::table::Table;
use crate::model::window_span::Direction;
use crate::model::{Finality, Slug};
use crate::route::{Address, BoardAddress};
use crate::words::quantity::Quantity;
use crate::words::{board as words, figure};
use dioxus::prelude::*;
use domain::metric::UnitsBasis;
use gloo_timers::future::TimeoutFuture;

/// How often it is looked whether something seen has become old, in ms.
const CLOCK_STEP_MS: u32 = 10_000;
/// How long the pointer and the tools stay in view after the pointer moved, in ms, and how often that is looked at.
const POINTER_MS: f64 = 4_000.0;
const POINTER_STEP_MS: u32 = 1_000;

/// The areas one after the other, as large as they fit.
#[component]
pub(crate) fn Rotation(address: ReadSignal<BoardAddress>) -> Element {
    let context = use_page_context();
    let clock = use_clock(CLOCK_STEP_MS);
    let BoardData { viewport, workers, workstations, areas, has_areas, pages, turning, summary } =
        use_board_data(address, clock);
    let shown = turning.shown;
    let screen_lock = use_wake_lock();
    let is_trusted = use_is_trusted();
    let (is_pointing, pointed) = use_pointer();

    let title = match &*shown.read() {
        Some(Page { id: PageId { group: Group::Area(area), .. }, .. }) if has_areas() => {
            words::area(area.as_deref())
        }
        Some(Page { id: PageId { group: Group::Exceptions, .. }, .. }) => words::EXCEPTIONS.to_owned(),
        _ => context.factory().map_or_else(|| words::TITLE.to_owned(), |factory| factory.name),
    };
    let setup = Address::people(context.selection());
    let class = if is_pointing() { "board" } else { "board board-unattended" };
    rsx! {
        main {
            class,
            "data-testid": "board",
            "data-trusted": "{is_trusted()}",
            "data-screen": screen_lock().slug(),
            onmousemove: move |_| pointed.call(()),
            TopLine { address }
            if !is_trusted() {
                NotLive {}
            }
            match (&*context.listed.read(), &*workers.read(), &*workstations.read(), &*shown.read()) {
                (Panel::Showing(listed), ..) if listed.factories.is_empty() && context.factory_window().is_none() => rsx! {
                    PageTitle { title }
                    FirstSteps {}
                },
                (_, Panel::Refused(reason), ..) => rsx! {
                    PageTitle { title }
                    Refused { reason, onretry: move |()| workers.retry() }
                },
                (_, _, Panel::Refused(reason), _) => rsx! {
                    PageTitle { title }
                    Refused { reason, onretry: move |()| workstations.retry() }
                },
                (_, Panel::Showing(_), Panel::Showing(_), None) => rsx! {
                    PageTitle { title }
                    Empty { text: words::NOBODY }
                },
                (.., None) => rsx! {
                    PageTitle { title }
                    Skeleton { lines: 12 }
                },
                (.., Some(page)) => rsx! {
                    for page in [page.clone()] {
                        AreaPage {
                            key: "{title} {page.id.part}",
                            title: title.clone(),
                            figures: figures(&areas.read(), &page, summary.with(|summary| Figures::from(summary)), basis(context.factory())),
                            // Of those without an area the server has no figures of their own.
                            finality: summary.with(|summary| summary.finality.clone()).or_else(|| workers.with(|table| Table::finality(table).clone())),
                            areas: shown_areas(&areas.read(), &page),
                            grid: viewport().grid(page.tiles.len()),
                            page,
                            clock,
                            address,
                        }
                    }
                },
            }
            footer { class: "board-foot",
                Progress { pages, shown }
                if screen_lock() == ScreenLock::Unavailable {
                    p { class: "board-asleep", "data-testid": "board-asleep", {words::SCREEN_MAY_SLEEP} }
                }
                nav { class: "board-tools", aria_label: words::TOOLS,
                    if pages.read().len() > 1 {
                        TurningButtons { turning }
                    }
                    Link { to: other_names(&address.read()), {if has_names(&address.read()) { words::NAMES_OFF } else { words::NAMES_ON }} }
                    Link { to: setup, {words::SET_UP} }
                    Link { to: Address::floor(context.selection()), {words::LEAVE} }
                }
            }
        }
    }
}

/// One page of one area.
#[component]
fn AreaPage(
    title: String,
    page: Page,
    /// That of the page; all of them where it is about all.
    areas: Vec<Area>,
    figures: Figures,
    finality: Option<Finality>,
    grid: Grid,
    clock: ReadSignal<f64>,
    address: ReadSignal<BoardAddress>,
) -> Element {
    let context = use_page_context();
    let window = window_picker::label(address.read().selection.window, &context.zone());
    let how = |explanation: &str| figure::how(explanation, &window);
    let Grid { columns, scale } = grid;
    let basis = basis(context.factory());
    rsx! {
        div { class: "board-head", "data-testid": "board-page", "data-area": page.id.area().flatten().map(str::to_owned), "data-part": "{page.id.part}",
            PageTitle { title,
                if page.parts > 1 {
                    p { class: "board-part", {words::part(page.id.part + 1, page.parts)} }
                }
            }
            FinalityLine { finality }
            Counts { entities: areas.iter().flat_map(|area| area.entities.clone()).collect::<Vec<_>>(), clock }
        }
        dl { class: "board-figures",
            Figure {
                testid: "productive-minutes",
                label: figure::PRODUCTIVE_TIME,
                how: how(figure::HOW_PRODUCTIVE_TIME),
                quantity: Quantity::Duration,
                value: figures.productive_minutes,
            }
            Figure {
                testid: "units-produced",
                label: figure::UNITS_PRODUCED,
                how: how(figure::how_units_produced(basis)),
                quantity: Quantity::Count,
                value: figures.units.map(|units| units as f64),
            }
            Figure {
                testid: "average-utilization",
                label: figure::AVERAGE_UTILIZATION,
                how: how(figure::HOW_AVERAGE_UTILIZATION),
                quantity: Quantity::Percent,
                value: figures.average_utilization,
            }
            Figure {
                testid: "average-production-rate",
                label: words::UNITS_PER_HOUR,
                how: how(figure::HOW_AVERAGE_PRODUCTION_RATE),
                quantity: Quantity::PerHour,
                value: figures.average_production_rate,
            }
        }
        if page.id.group == Group::Summary {
            Summary { areas, clock }
        } else {
            ul { class: "board-tiles", style: "--board-columns: {columns}; --board-scale: {scale}",
                for row in page.tiles {
                    Tile { key: "{row.kind.slug()} {row.id}", row, clock, has_name: has_names(&address.read()) }
                }
            }
        }
    }
}

/// The areas that a page is about.
fn shown_areas(areas: &[Area], page: &Page) -> Vec<Area> {
    let is_shown = |area: &&Area| page.id.area().is_none_or(|name| name == area.name.as_deref());
    areas.iter().filter(is_shown).cloned().collect()
}

/// What an address calls a board without names.
const OFF: &str = "off";

/// Whether people are called by their names: where visitors look at a board, ids may have to do.
fn has_names(address: &BoardAddress) -> bool {
    address.names != OFF
}

/// The same board with names, or without them.
fn other_names(address: &BoardAddress) -> Address {
    let names = if has_names(address) { OFF.to_owned() } else { String::new() };
    BoardAddress { names, ..address.clone() }.into()
}

/// Turns the pages by hand, and holds them.
#[component]
fn TurningButtons(turning: Turning) -> Element {
    let Turning { mut is_held, turn, .. } = turning;
    let held = is_held();
    rsx! {
        button { class: "board-turn", r#type: "button", "data-testid": "board-back", aria_label: words::PREVIOUS, onclick: move |_| turn.call(Direction::Back), "‹" }
        button {
            class: "board-turn",
            r#type: "button",
            "data-testid": "board-hold",
            aria_pressed: held,
            onclick: move |_| is_held.toggle(),
            {if held { words::RESUME } else { words::PAUSE }}
        }
        button { class: "board-turn", r#type: "button", "data-testid": "board-forth", aria_label: words::NEXT, onclick: move |_| turn.call(Direction::Forth), "›" }
    }
}

/// Which of the pages is in view. A single one needs no such mark.
#[component]
fn Progress(pages: ReadSignal<Vec<Page>>, shown: ReadSignal<Option<Page>>) -> Element {
    let pages = pages.read();
    let shown = shown.read();
    let place = shown.as_ref().and_then(|shown| pages.iter().position(|page| page.id == shown.id));
    rsx! {
        if let Some(place) = place.filter(|_| pages.len() > 1) {
            p { class: "board-progress", "data-testid": "board-progress",
                span { class: "visually-hidden", {words::place(place + 1, pages.len())} }
                for index in 0..pages.len() {
                    span {
                        key: "{index}",
                        class: if index == place { "board-progress-mark board-progress-here" } else { "board-progress-mark" },
                        aria_hidden: "true",
                    }
                }
            }
        }
    }
}

/// The server's figures of an area where it has them, else those that follow from the rows.
fn figures(areas: &[Area], page: &Page, summary: Option<Figures>, basis: UnitsBasis) -> Figures {
    let rows = || shown_areas(areas, page).into_iter().flat_map(|area| area.entities).collect::<Vec<_>>();
    summary.unwrap_or_else(|| summed(&rows(), basis))
}

fn basis(factory: Option<crate::model::Factory>) -> UnitsBasis {
    factory.map_or(UnitsBasis::Workers, |factory| factory.units_basis)
}

/// Whether the pointer was moved a moment ago, and what to call when it moves.
fn use_pointer() -> (ReadSignal<bool>, Callback<()>) {
    let mut is_pointing = use_signal(|| true);
    let mut moved_at_ms = use_hook(|| CopyValue::new(now_ms()));
    use_future(move || async move {
        while cfg!(target_arch = "wasm32") {
            TimeoutFuture::new(POINTER_STEP_MS).await;
            if *is_pointing.peek() && now_ms() - *moved_at_ms.peek() > POINTER_MS {
                is_pointing.set(false);
            }
        }
    });
    let pointed = use_callback(move |()| {
        moved_at_ms.set(now_ms());
        if !*is_pointing.peek() {
            is_pointing.set(true);
        }
    });
    (use_read_only(is_pointing), pointed)
}
