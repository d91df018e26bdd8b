use crate::api::operation::{CreateDemoFactory, CreateFactory, create_demo_factory, create_factory};
use crate::api::use_client;
use crate::components::command::Command;
use crate::components::page_context::use_page_context;
use crate::lean::instant::Instant;
use crate::lean::letter_case;
use crate::live::clock::now_ms;
use crate::route::Address;
use crate::words::first_steps as words;
use dioxus::prelude::*;
use domain::MS_PER_MINUTE;
use serde::Serialize;
use web_sys::wasm_bindgen::JsCast as _;

/// The factory that the commands create as long as nobody typed another name.
const EXAMPLE_ID: &str = "plant-1";
/// The most characters of a factory's id: the server's limit.
const MAX_ID_LENGTH: usize = 64;
/// How long the example's event lasts, in minutes: it ends when the command is shown.
const EXAMPLE_MINUTES: i64 = 5;

/// What to do as long as there is no factory, or no event in the one of this id and name.
#[component]
pub(crate) fn FirstSteps(factory: Option<(String, String)>) -> Element {
    let context = use_page_context();
    let api_url = use_client().api_url;
    let url = api_url().unwrap_or_default();
    let shown_at = use_hook(|| Instant::from_ms(now_ms()));
    rsx! {
        section { class: "first-steps", "data-testid": "first-steps",
            match factory {
                None => rsx! {
                    h2 { {words::NO_FACTORY} }
                    p { {words::CREATE} }
                    NewFactory {}
                    p { {words::CREATE_BY_CURL} }
                    Command { testid: "create-by-curl", text: create_command(&url) }
                },
                Some((id, name)) => rsx! {
                    h2 { {words::NO_EVENT} }
                    p { {words::send(&name)} }
                    p { {words::SEND_BY_CURL} }
                    Command { testid: "send-by-curl", text: send_command(&url, &id, shown_at) }
                    p { {words::SEND_BY_EDGE} }
                    Command { testid: "send-by-edge", text: edge_command(&url, &id, shown_at) }
                    p {
                        {words::NAMES_FIRST}
                        " "
                        Link { to: Address::people(context.selection()), {crate::words::page::PEOPLE} }
                    }
                },
            }
            p {
                {words::BEFORE_LINK}
                if url.is_empty() {
                    {words::LINK}
                } else {
                    a { href: "{url}", {words::LINK} }
                }
                {words::AFTER_LINK}
            }
        }
    }
}

/// What a person asked for and the server has not answered yet.
#[derive(Clone, Copy, PartialEq)]
enum Pending {
    Factory,
    Demo,
}

/// A form that creates the first factory, or the demo factory.
#[component]
fn NewFactory() -> Element {
    let context = use_page_context();
    let client = use_client();
    let mut name = use_signal(|| words::EXAMPLE_NAME.to_owned());
    let mut typed_id = use_signal(|| None::<String>);
    let id = move || typed_id().unwrap_or_else(|| id_of(&name()));
    let zone = use_signal(own_zone);
    let mut pending = use_signal(|| None);
    let mut complaint = use_signal(|| None);
    let mut answered = move |answer: Result<(), String>| {
        pending.set(None);
        complaint.set(answer.err());
        context.listed.refresh();
    };
    let create = move |event: FormEvent| {
        event.prevent_default();
        pending.set(Some(Pending::Factory));
        async move {
            let variables = create_factory::Variables { id: id(), name: name(), time_zone: zone() };
            answered(client.mutate::<CreateFactory>(variables).await.map(|_| ()));
        }
    };
    let create_demo = move |_| {
        pending.set(Some(Pending::Demo));
        async move {
            let variables = create_demo_factory::Variables { time_zone: own_zone() };
            answered(client.mutate::<CreateDemoFactory>(variables).await.map(|_| ()));
        }
    };
    let waits_for = move |what| pending() == Some(what);
    rsx! {
        form { class: "first-steps-form", onsubmit: create,
            Field { label: words::NAME, testid: "factory-name", value: name(), oninput: move |text| name.set(text) }
            Field { label: words::ID, testid: "factory-id", value: id(), oninput: move |text| typed_id.set(Some(text)) }
            ZoneField { zone }
            button { class: "button", disabled: pending().is_some(), "data-testid": "factory-create",
                {if waits_for(Pending::Factory) { words::CREATING } else { words::CREATE_IT }}
            }
            button {
                class: "button",
                r#type: "button",
                disabled: pending().is_some(),
                "data-testid": "demo-create",
                onclick: create_demo,
                {if waits_for(Pending::Demo) { words::CREATING } else { words::TRY_DEMO }}
            }
            if let Some(complaint) = complaint() {
                p { class: "notice notice-refused", role: "alert", {complaint} }
            }
        }
        p { {words::ABOUT_ID} }
    }
}

/// A field of the form, which must be filled in.
#[component]
fn Field(
    label: &'static str,
    testid: &'static str,
    value: String,
    list: Option<&'static str>,
    oninput: EventHandler<String>,
) -> Element {
    rsx! {
        label {
            span { {label} }
            input {
                class: "field",
                required: true,
                "data-testid": testid,
                list,
                value,
                oninput: move |event| oninput.call(event.value()),
            }
        }
    }
}

/// The id of the list of zones, which the field refers to.
const ZONES_ID: &str = "time-zones";

/// A field for a time zone, with a list that is searched as one types.
#[component]
fn ZoneField(zone: Signal<String>) -> Element {
    let zones = use_hook(known_zones);
    rsx! {
        Field {
            label: words::ZONE,
            testid: "factory-zone",
            value: zone(),
            list: ZONES_ID,
            oninput: move |text| zone.set(text),
        }
        datalist { id: ZONES_ID,
            for name in zones {
                option { value: name }
            }
        }
    }
}

/// The time zone of the browser, UTC where it does not tell.
fn own_zone() -> String {
    let own = || {
        let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
        js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
    };
    if cfg!(target_arch = "wasm32") { own() } else { None }.unwrap_or_else(|| "UTC".to_owned())
}

/// The time zones that the browser lists, and UTC.
fn known_zones() -> Vec<String> {
    let listed = || {
        let intl = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let list: js_sys::Function =
            js_sys::Reflect::get(&intl, &"supportedValuesOf".into()).ok()?.dyn_into().ok()?;
        let zones: js_sys::Array = list.call1(&intl, &"timeZone".into()).ok()?.dyn_into().ok()?;
        Some(zones.iter().filter_map(|zone| zone.as_string()).collect())
    };
    let mut zones: Vec<String> =
        if cfg!(target_arch = "wasm32") { listed() } else { None }.unwrap_or_default();
    zones.push("UTC".to_owned());
    zones
}

/// Letters that are written out in an id; other marks above and below letters are left out.
const SPELLED_OUT: [(char, &str); 9] = [
    ('ä', "ae"),
    ('ö', "oe"),
    ('ü', "ue"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('ø', "oe"),
    ('å', "aa"),
    ('ł', "l"),
    ('đ', "d"),
];

/// An id from a name: lower case letters, digits and hyphens.
fn id_of(name: &str) -> String {
    let mut spelled = letter_case::lower(name);
    for (letter, written) in SPELLED_OUT {
        spelled = spelled.replace(letter, written);
    }
    let mut id = String::new();
    for character in letter_case::without_marks(&spelled).chars() {
        if character.is_ascii_alphanumeric() {
            id.push(character);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(MAX_ID_LENGTH);
    let id = id.trim_end_matches('-');
    if id.is_empty() { EXAMPLE_ID.to_owned() } else { id.to_owned() }
}

fn create_command(url: &str) -> String {
    let query = "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { factoryId } }";
    let input = ExampleFactory { id: EXAMPLE_ID, name: words::EXAMPLE_NAME, time_zone: own_zone() };
    curl(url, &json(&Request { query, variables: CreateVariables { input } }))
}

fn send_command(url: &str, factory_id: &str, shown_at: Instant) -> String {
    let query = "mutation($factoryId: ID!, $events: [EventInput!]!) { \
                 ingestEvents(factoryId: $factoryId, events: $events) { accepted issues { message } } }";
    let variables = SendVariables { factory_id, events: [ExampleEvent::ended_before(shown_at)] };
    curl(url, &json(&Request { query, variables }))
}

/// The arguments of one request as a shell takes them.
fn curl(url: &str, body: &str) -> String {
    format!("curl {} \\\n  -H 'content-type: application/json' \\\n  -d {}", quoted(url), quoted(body))
}

fn edge_command(url: &str, factory_id: &str, shown_at: Instant) -> String {
    let event = quoted(&json(&ExampleEvent::ended_before(shown_at)));
    format!("echo {event} \\\n  | andon-edge replay - {}", destination(url, factory_id))
}

/// What starts an agent that keeps events until this server has them.
pub(crate) fn agent_command(url: &str, factory_id: &str) -> String {
    let to = destination(url, factory_id);
    format!("andon-edge run {to} \\\n  --spool edge.spool --listen 127.0.0.1:8471")
}

/// What starts the agent of a device that has a token, where its package puts what it keeps.
pub(crate) fn device_command(url: &str, factory_id: &str, device_id: &str) -> String {
    let (to, device_id) = (destination(url, factory_id), quoted(device_id));
    format!(
        "andon-edge run {to} --device {device_id} \\\n  --token-file /etc/andon-edge/token \\\n  \
         --spool /var/lib/andon-edge/spool.db --listen 127.0.0.1:8471"
    )
}

/// Where an agent sends to, as its arguments.
fn destination(url: &str, factory_id: &str) -> String {
    let server = url.strip_suffix("/graphql").unwrap_or(url);
    format!("--to {} --factory {}", quoted(server), quoted(factory_id))
}

#[derive(Serialize)]
struct Request<V> {
    query: &'static str,
    variables: V,
}

#[derive(Serialize)]
struct CreateVariables {
    input: ExampleFactory,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExampleFactory {
    id: &'static str,
    name: &'static str,
    time_zone: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendVariables<'a> {
    factory_id: &'a str,
    events: [ExampleEvent; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExampleEvent {
    timestamp: String,
    entity_type: &'static str,
    entity_id: &'static str,
    event_type: &'static str,
    duration_minutes: i64,
    units_produced: i64,
}

impl ExampleEvent {
    /// Somebody worked until just now.
    fn ended_before(shown_at: Instant) -> Self {
        let begin = Instant((shown_at.0 / MS_PER_MINUTE - EXAMPLE_MINUTES) * MS_PER_MINUTE);
        Self {
            timestamp: begin.to_rfc3339(),
            entity_type: "WORKER",
            entity_id: "W1",
            event_type: "WORKING",
            duration_minutes: EXAMPLE_MINUTES,
            units_produced: 3,
        }
    }
}

fn json(what: &impl Serialize) -> String {
    // What is said here has no part that JSON cannot say.
    serde_json::to_string(what).unwrap_or_default()
}

/// A text as a shell reads it, whatever is in it.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_of_a_name_and_is_never_empty() {
        let cases = [
            ("Plant 1", "plant-1"),
            ("Werk Süd, Straße 5", "werk-sued-strasse-5"),
            ("Ørsted Å", "oersted-aa"),
            ("!?", "plant-1"),
            ("A--b", "a-b"),
        ];
        for (name, expected) in cases {
            assert_eq!(id_of(name), expected);
        }
        assert_eq!(id_of(&"x".repeat(90)).len(), MAX_ID_LENGTH);
    }

    #[test]
    fn commands_hold_the_real_address_and_an_event_that_has_just_ended() {
        let shown_at = Instant::parse("2026-01-05T08:07:31Z").unwrap();
        let sent = send_command("http://10.0.0.7:8000/graphql", "plant-1", shown_at);
        assert!(sent.starts_with("curl http://10.0.0.7:8000/graphql \\\n"), "{sent}");
        assert!(sent.contains(r#""timestamp":"2026-01-05T08:02:00.000Z""#), "{sent}");
        let edge = edge_command("http://10.0.0.7:8000/graphql", "plant-1", shown_at);
        assert!(edge.ends_with("andon-edge replay - --to http://10.0.0.7:8000 --factory plant-1"), "{edge}");
    }

    #[test]
    fn the_agent_of_a_device_is_told_its_name_and_where_its_token_is() {
        let command = device_command("https://andon.example/graphql", "plant-1", "cam 7");
        assert_eq!(
            command,
            "andon-edge run --to https://andon.example --factory plant-1 --device 'cam 7' \\\n  \
             --token-file /etc/andon-edge/token \\\n  --spool /var/lib/andon-edge/spool.db --listen 127.0.0.1:8471"
        );
    }

    #[test]
    fn a_shell_reads_any_text_as_one_word() {
        assert_eq!(quoted("plant-1"), "plant-1");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
