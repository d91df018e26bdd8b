use crate::api::{Connection, Transport, use_client};
use crate::live::clock::{now_ms, use_clock};
use crate::words::connection as words;
use crate::words::time;
use dioxus::prelude::*;

/// How often the age is told anew, in ms.
const CLOCK_STEP_MS: u32 = 1_000;

/// How the page stands with the server and how old the data in view is. Only this part is drawn every second.
#[component]
pub(crate) fn ConnectionStatus() -> Element {
    let client = use_client();
    let clock = use_clock(CLOCK_STEP_MS);
    // Reading the clock draws this anew with every step; what is drawn in between wants the time itself.
    clock.read();
    let now_ms = now_ms();
    let connection = client.connection.read();
    let (state, word) = state(&connection);
    let age_ms = (client.confirmed_at_ms)().map(|confirmed_at_ms| (now_ms - confirmed_at_ms).max(0.0));
    let age_s = age_ms.map(|age_ms| format!("{:.0}", (age_ms / 1_000.0).floor()));
    rsx! {
        div { class: "status",
            p { class: "status-connection", "data-testid": "connection", "data-state": state,
                span { class: "status-light", aria_hidden: "true" }
                // Read aloud when it changes, unlike the seconds beside it.
                span { role: "status", {word} }
                " "
                span { class: "status-detail", {detail(&connection, (client.transport)(), now_ms)} }
            }
            p { class: "status-age", "data-testid": "data-age", "data-value": age_s, {age_text(age_ms)} }
        }
    }
}

/// The state's name for machines, and the word for people.
fn state(connection: &Connection) -> (&'static str, &'static str) {
    match connection {
        Connection::Connecting => ("connecting", words::CONNECTING),
        Connection::Live => ("live", words::LIVE),
        Connection::Disconnected { .. } => ("disconnected", words::DISCONNECTED),
    }
}

/// Why there is no connection and when the next attempt is, or what keeps it from being as it should.
fn detail(connection: &Connection, transport: Transport, now_ms: f64) -> Option<String> {
    let Connection::Disconnected { reason, retry_at_ms } = connection else {
        return (transport == Transport::Http).then(|| words::NO_WEBSOCKETS.to_owned());
    };
    let wait_s = ((retry_at_ms - now_ms) / 1_000.0).ceil();
    let next = if wait_s > 0.0 { words::reconnecting_in(wait_s) } else { words::RECONNECTING.to_owned() };
    Some(format!("{reason} {next}"))
}

/// Nothing where nothing live is in view.
fn age_text(age_ms: Option<f64>) -> String {
    age_ms.map(|age_ms| words::updated(&time::age(age_ms))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_says_why_and_when_the_next_attempt_is() {
        let lost =
            Connection::Disconnected { reason: "The server is stopping.".to_owned(), retry_at_ms: 9_000.0 };
        let told = |now_ms| detail(&lost, Transport::Http, now_ms).unwrap();
        assert_eq!(told(6_400.0), "The server is stopping. Reconnecting in 3 s.");
        assert_eq!(told(9_000.0), "The server is stopping. Reconnecting now…");
        assert_eq!(detail(&Connection::Live, Transport::Websocket, 0.0), None);
        assert_eq!(detail(&Connection::Live, Transport::Http, 0.0).as_deref(), Some(words::NO_WEBSOCKETS));
    }

    #[test]
    fn the_age_is_told_in_words_and_only_where_there_is_something_live() {
        assert_eq!(age_text(Some(12_345.0)), "Updated 12 s ago");
        assert_eq!(age_text(None), "");
    }
}
