//! What moved the figures of a window after it was closed: by how much, and why.

mod causes;
mod figures;
mod since;
#[cfg(test)]
mod tests;

use self::causes::{Causes, named};
use self::figures::{Shown, moved};
use self::since::{Since, instant, offered};
use crate::api::operation::{Restatements, range_input, restatements};
use crate::api::{Panel, use_query_at};
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::memo::{Memo, use_memo};
use crate::live::clock::now_ms;
use crate::model::{Finality, Slug as _, Span};
use crate::route::Address;
use crate::words::moved as words;
use dioxus::prelude::*;
use domain::MS_PER_DAY;
use domain::event::EntityType;

/// The shortest window of which it is told, in ms: a day, also where clocks are put forward in it.
const SHORTEST_MS: i64 = MS_PER_DAY - 2 * domain::MS_PER_HOUR;

/// Figures that are in view, of a window that is closed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClosedFigures {
    pub(crate) window: Span,
    /// None for the whole factory.
    pub(crate) area: Option<String>,
    /// None for the figures of the factory.
    pub(crate) entity: Option<(EntityType, String)>,
    /// That of the figures.
    pub(crate) revision: i64,
}

impl ClosedFigures {
    /// Of those that are in view; none where the window is not closed yet, or shorter than a day.
    pub(crate) fn of(window: Option<Span>, finality: &Finality, revision: i64) -> Option<Self> {
        let window = window.filter(|window| window.to.0 - window.from.0 >= SHORTEST_MS)?;
        finality.closes_at.is_none().then_some(Self { window, area: None, entity: None, revision })
    }
}

/// What the panel needs to know, handed over to the part of the program that it belongs to.
#[derive(Clone, PartialEq)]
pub(crate) struct MovedView {
    pub(crate) figures: Memo<Option<ClosedFigures>>,
}

/// Says what moved since the window was closed or another instant, and why.
#[component]
pub(crate) fn MovedPanel(view: MovedView) -> Element {
    let figures = view.figures;
    let context = use_page_context();
    let window = use_memo(move || figures.read().as_ref().map(|figures| figures.window));
    let mut chosen = use_signal(|| Since::Closed);
    // When the window in view was closed, as far as the server said it.
    let mut closed = use_signal(|| None::<(Span, Instant)>);
    let closed_at =
        use_memo(move || closed().filter(|(of, _)| Some(*of) == window()).map(|(_, closed_at)| closed_at));
    let opened_ms = use_hook(now_ms);
    let since = use_memo(move || instant(chosen(), Instant::from_ms(opened_ms), &context.zone()));
    let answer = use_query_at::<Restatements>(
        move || figures.read().as_ref().map(|figures| figures.revision),
        move || {
            let ClosedFigures { window, area, entity, .. } = figures()?;
            let (entity_type, entity_ids) = entity.map(|(kind, id)| (kind, vec![id])).unzip();
            Some(restatements::Variables {
                factory_id: context.factory_window()?.factory_id,
                window: range_input(window),
                since: since(),
                area,
                entity_type,
                entity_ids,
            })
        },
    );
    use_effect(move || {
        let answer = answer.read();
        if let (Panel::Showing(report), Since::Closed) = (&*answer, chosen()) {
            closed.set(Some((report.window, report.since)));
        }
    });
    let mut is_open = use_signal(|| false);
    let Some(shown) = figures() else { return VNode::empty() };
    let zone = context.zone();
    let (line, report) = match &*answer.read() {
        Panel::Waiting => (rsx! { {words::ASKED} }, None),
        Panel::Refused(reason) => (rsx! { {words::not_told(reason)} }, None),
        Panel::Showing(report) => {
            let since = words::since(&zone.date_time(report.since), chosen() == Since::Closed);
            match moved(shown.side(), &report.before, &report.now).first() {
                None => (rsx! { {words::nothing(&since)} }, None),
                Some(Shown { label, before, now, .. }) => {
                    let line = words::moved(label, &since, before, now);
                    let because = because(report, &context.selection());
                    (rsx! { {line} {because} }, Some(report.clone()))
                }
            }
        }
    };
    let class = if report.is_some() { "moved moved-some" } else { "moved" };
    rsx! {
        section { class, aria_label: words::SHOW, "data-testid": "moved",
            p { class: "moved-line", "data-testid": "moved-line",
                {line}
            }
            button {
                class: "button moved-more",
                r#type: "button",
                "data-testid": "moved-more",
                aria_expanded: is_open(),
                onclick: move |_| is_open.toggle(),
                {words::SHOW}
            }
            if is_open() {
                label { class: "moved-since",
                    span { {words::SINCE} }
                    select {
                        class: "field",
                        "data-testid": "moved-since",
                        onchange: move |event| chosen.set(Since::of_slug(&event.value())),
                        option { value: Since::Closed.slug(), selected: chosen() == Since::Closed, {words::CLOSED} }
                        for (one , at) in offered(closed_at(), Instant::from_ms(opened_ms), &zone) {
                            option { key: "{one.slug()}", value: one.slug(), selected: chosen() == one, {words::at(&zone.date_time(at))} }
                        }
                    }
                }
                if let Some(report) = report {
                    {figures::table(shown.side(), &report)}
                    Causes { side: shown.side(), report }
                }
            }
        }
    }
}

impl ClosedFigures {
    /// Whose figures they are.
    fn side(&self) -> Option<EntityType> {
        self.entity.as_ref().map(|(kind, _)| *kind)
    }
}

/// The most causes that the line names.
const NAMED_CAUSES: usize = 3;

/// Why, as the end of a sentence, with the ways to the decisions.
fn because(report: &crate::model::Restatements, selection: &crate::route::Selection) -> Element {
    let causes = named(report);
    let unnamed = causes.len().saturating_sub(NAMED_CAUSES);
    let last = causes.len().min(NAMED_CAUSES) + usize::from(unnamed > 0);
    let before = |place: usize| match place {
        0 => words::BECAUSE,
        _ if place + 1 == last => words::AND,
        _ => ", ",
    };
    rsx! {
        for (place , (name , decision)) in causes.into_iter().take(NAMED_CAUSES).enumerate() {
            {before(place)}
            if let Some(decision) = decision {
                Link { to: Address::decision(decision, selection.clone()), {name} }
            } else {
                {name}
            }
        }
        if unnamed > 0 {
            {before(NAMED_CAUSES)}
            {words::others(unnamed)}
        }
        "."
    }
}
