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
    let set_end = use_callback(move |(end, text): (usize, String)| {
        let known = *span.peek();
        let mut now = known.map_or(*ends.peek(), |span| [Some(span.from), Some(span.to)]);
        now[end] = typed(&context.zone(), &text);
        let whole = if let [Some(from), Some(to)] = now { Some(Span { from, to }) } else { None };
        ends.set(if whole.is_some() { [None; 2] } else { now });
        span.set(whole);
    });
    let text = |end: usize| {
        let known = shown.map_or(ends()[end], |span| Some([span.from, span.to][end]));
        known.map(|at| field(&zone, at)).unwrap_or_default()
    };
    rsx! {
        div { class: "decision-span",
            {input(events::in_zone(words::FROM, zone.name()), "correction-from", text(0), 0, set_end)}
            {input(events::in_zone(words::TO, zone.name()), "correction-to", text(1), 1, set_end)}
        }
    }
}

fn input(
    label: String,
    testid: &'static str,
    value: String,
    end: usize,
    set_end: Callback<(usize, String)>,
) -> Element {
    rsx! {
        label {
            span { {label} }
            input {
                class: "field",
                r#type: "datetime-local",
                "data-testid": testid,
                step: "1",
                required: true,
                value,
                onchange: move |event| set_end((end, event.value())),
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
