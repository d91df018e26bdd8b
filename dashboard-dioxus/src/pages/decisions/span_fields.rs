use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::zone::Zone;
use crate::model::Span;
use crate::words::decisions as words;
use crate::words::events;
use dioxus::prelude::*;

/// A span of time, typed to the second on the factory's clock. What was chosen otherwise stays exact until it is typed over.
#[component]
pub(super) fn SpanFields(span: Signal<Option<Span>>) -> Element {
    let context = use_page_context();
    let zone = context.zone();
    let shown = span();
    // What is typed while the other end is missing.
    let mut ends = use_signal(|| [None::<Instant>; 2]);
    let mut set_end = move |end: usize, at: Option<Instant>| {
        let known = *span.peek();
        let mut now = known.map_or(*ends.peek(), |span| [Some(span.from), Some(span.to)]);
        now[end] = at;
        let whole = if let [Some(from), Some(to)] = now { Some(Span { from, to }) } else { None };
        ends.set(if whole.is_some() { [None; 2] } else { now });
        span.set(whole);
    };
    let [from, to] = shown.map_or(ends(), |span| [Some(span.from), Some(span.to)]);
    let label = |name| events::in_zone(name, zone.name());
    rsx! {
        div { class: "decision-span",
            EndField { label: label(words::FROM), testid: "correction-from", value: from, is_required: true, onchange: move |at| set_end(0, at) }
            EndField { label: label(words::TO), testid: "correction-to", value: to, is_required: true, onchange: move |at| set_end(1, at) }
        }
    }
}

/// One end of a span, none while the field is empty.
#[component]
pub(super) fn EndField(
    label: String,
    testid: &'static str,
    value: Option<Instant>,
    #[props(default)] is_required: bool,
    onchange: EventHandler<Option<Instant>>,
) -> Element {
    let context = use_page_context();
    let shown = value.map(|at| field(&context.zone(), at)).unwrap_or_default();
    rsx! {
        label {
            span { {label} }
            input {
                class: "field",
                r#type: "datetime-local",
                "data-testid": testid,
                step: "1",
                required: is_required,
                value: shown,
                onchange: move |event| onchange.call(typed(&context.zone(), &event.value())),
            }
        }
    }
}

/// The instant that a field for a time means, with or without its seconds.
fn typed(zone: &Zone, text: &str) -> Option<Instant> {
    let minute = text.get(..MINUTE_LENGTH)?;
    let seconds = match text.get(MINUTE_LENGTH..) {
        None | Some("") => 0,
        Some(rest) => rest.strip_prefix(':')?.get(..2)?.parse::<i64>().ok()?,
    };
    Some(Instant(zone.typed(minute)?.0 + seconds * 1_000))
}

/// What a field for a time shows for an instant, to the second.
fn field(zone: &Zone, instant: Instant) -> String {
    let mut text = Instant(instant.0 + zone.offset_ms(instant)).to_rfc3339();
    text.truncate("2026-01-05T08:00:00".len());
    text
}

const MINUTE_LENGTH: usize = "2026-01-05T08:00".len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_typed_to_the_second_on_the_factorys_clock() {
        let zone = Zone::fixed("Asia/Kolkata", 330);
        let at = |text: &str| typed(&zone, text);
        assert_eq!(at("2026-01-05T08:00"), Instant::parse("2026-01-05T02:30Z"));
        assert_eq!(at("2026-01-05T08:00:30"), Instant::parse("2026-01-05T02:30:30Z"));
        assert_eq!(at("2026-01-05T08:00:30.5"), Instant::parse("2026-01-05T02:30:30Z"));
        assert_eq!(at("2026-01-05"), None);
        assert_eq!(field(&zone, at("2026-01-05T08:00:30").unwrap()), "2026-01-05T08:00:30");
    }
}
