use crate::format;
use crate::live::{Connection, Live};
use dioxus::prelude::*;
use gloo_timers::future::TimeoutFuture;

/// How often the age is told anew, in ms.
const CLOCK_STEP_MS: u32 = 1_000;

/// How the page stands with the server and how old the data in view is. Only this part is drawn every second.
#[component]
pub(crate) fn ConnectionStatus() -> Element {
    let live = use_context::<Live>();
    let mut clock = use_signal(js_sys::Date::now);
    use_future(move || async move {
        loop {
            TimeoutFuture::new(CLOCK_STEP_MS).await;
            clock.set(js_sys::Date::now());
        }
    });
    // Reading the clock's signal draws this anew with every step; what is drawn in between wants the time itself.
    clock.read();
    let now_ms = js_sys::Date::now();
    let connection = live.connection.read();
    let (state, word) = state(&connection);
    let age_ms = (live.confirmed_at_ms)().map(|confirmed_at_ms| (now_ms - confirmed_at_ms).max(0.0));
    let age_s = age_ms.map(|age_ms| format!("{:.0}", (age_ms / 1_000.0).floor()));
    rsx! {
        div { class: "status",
            p { class: "status-connection", "data-testid": "connection", "data-state": state,
                span { class: "status-light", aria_hidden: "true" }
                // Read aloud when it changes, unlike the seconds beside it.
                span { role: "status", {word} }
                " "
                span { class: "status-detail", {detail(&connection, now_ms)} }
            }
            p { class: "status-age", "data-testid": "data-age", "data-value": age_s, {age_text(age_ms)} }
        }
    }
}

/// The state's name for machines, and the word for people.
fn state(connection: &Connection) -> (&'static str, &'static str) {
    match connection {
        Connection::Connecting => ("connecting", "Connecting…"),
        Connection::Live => ("live", "Live"),
        Connection::Disconnected { .. } => ("disconnected", "Disconnected."),
    }
}

/// Why there is no connection and when the next attempt is.
fn detail(connection: &Connection, now_ms: f64) -> Option<String> {
    let Connection::Disconnected { reason, retry_at_ms } = connection else { return None };
    let wait_s = ((retry_at_ms - now_ms) / 1_000.0).ceil();
    Some(if wait_s > 0.0 {
        format!("{reason} Reconnecting in {wait_s:.0} s.")
    } else {
        format!("{reason} Reconnecting now…")
    })
}

fn age_text(age_ms: Option<f64>) -> String {
    age_ms
        .map_or_else(|| "No data yet".to_owned(), |age_ms| format!("Data confirmed {}", format::age(age_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_says_why_and_when_the_next_attempt_is() {
        let lost =
            Connection::Disconnected { reason: "The server is stopping.".to_owned(), retry_at_ms: 9_000.0 };
        let told = |now_ms| detail(&lost, now_ms).unwrap();
        assert_eq!(told(6_400.0), "The server is stopping. Reconnecting in 3 s.");
        assert_eq!(told(9_000.0), "The server is stopping. Reconnecting now…");
        assert_eq!(detail(&Connection::Live, 0.0), None);
    }

    #[test]
    fn the_age_is_told_in_words_and_only_when_there_is_data() {
        assert_eq!(age_text(Some(12_345.0)), "Data confirmed 12 s ago");
        assert_eq!(age_text(None), "No data yet");
    }
}
