//! What a browser reports about its pages: what they asked for, what they said on the console, what they downloaded.

use std::fmt;

use serde_json::Value;

/// How many bytes of an exception's text are kept: its first line and some of its stack.
const MAX_TEXT_CHARS: usize = 2_000;

/// What all pages of a browser did since it was started.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The address of every request and websocket.
    pub addresses: Vec<String>,
    /// How each answer with a body was encoded: its address and its `content-encoding`, empty when it had none.
    pub encodings: Vec<(String, String)>,
    /// Everything on a console, uncaught exceptions and violations of a content security policy included.
    pub messages: Vec<Message>,
    /// What was saved, by the id under which its file is kept and the name that the page gave it.
    pub(crate) downloads: Vec<(String, String)>,
    /// The ids of those whose file is complete.
    pub(crate) complete: Vec<String>,
}

/// A line on a page's console.
#[derive(Clone, Debug)]
pub struct Message {
    pub(crate) session: String,
    /// As the browser calls it, such as `error`, `warning`, `log` or `exception`.
    pub level: String,
    /// What it says.
    pub text: String,
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.level, self.text)
    }
}

impl Seen {
    /// The addresses that are not this host's.
    pub fn elsewhere(&self) -> Vec<&str> {
        self.addresses.iter().map(String::as_str).filter(|address| !stays_here(address)).collect()
    }

    /// What a page tried that its content security policy forbids.
    pub fn policy_violations(&self) -> Vec<&Message> {
        self.messages.iter().filter(|message| message.text.contains("Content Security Policy")).collect()
    }

    /// Takes in an event of the protocol; false when it says nothing that is kept.
    pub(crate) fn note(&mut self, event: &Value) -> bool {
        let params = &event["params"];
        let message = |level: &str, text: String| Message {
            session: text_of(&event["sessionId"]),
            level: level.to_owned(),
            text: text.chars().take(MAX_TEXT_CHARS).collect(),
        };
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => self.addresses.push(text_of(&params["request"]["url"])),
            "Network.webSocketCreated" => self.addresses.push(text_of(&params["url"])),
            "Network.responseReceived" => {
                let response = &params["response"];
                let headers = response["headers"].as_object().into_iter().flatten();
                let encoding = headers
                    .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
                    .map(|(_, value)| text_of(value))
                    .next();
                self.encodings.push((text_of(&response["url"]), encoding.unwrap_or_default()));
            }
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let thrown = details["exception"]["description"].as_str().or(details["text"].as_str());
                self.messages.push(message("exception", thrown.unwrap_or_default().to_owned()));
            }
            "Runtime.consoleAPICalled" => {
                let arguments = params["args"].as_array().into_iter().flatten().map(said);
                let text = arguments.collect::<Vec<_>>().join(" ");
                self.messages.push(message(params["type"].as_str().unwrap_or_default(), text));
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let text = format!("{} {}", text_of(&entry["text"]), text_of(&entry["url"]));
                let level = entry["level"].as_str().unwrap_or_default();
                self.messages.push(message(level, text.trim().to_owned()));
            }
            "Browser.downloadWillBegin" => {
                self.downloads.push((text_of(&params["guid"]), text_of(&params["suggestedFilename"])));
            }
            "Browser.downloadProgress" if params["state"] == "completed" => {
                self.complete.push(text_of(&params["guid"]));
            }
            _ => return false,
        }
        true
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// An argument of a console's function in words.
fn said(argument: &Value) -> String {
    match (&argument["value"], argument["description"].as_str()) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, Some(description)) => description.to_owned(),
        (value, _) => value.to_string(),
    }
}

fn stays_here(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else { return false };
    let host = rest.trim_start_matches('/').split([':', '/', '?', '#']).next();
    match scheme {
        "data" | "blob" | "about" => true,
        "http" | "ws" => matches!(host, Some("127.0.0.1" | "localhost")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_this_hosts_addresses_are_here() {
        for here in ["http://127.0.0.1:8000/a?b#c", "ws://127.0.0.1/graphql", "data:,", "about:blank"] {
            assert!(stays_here(here), "{here}");
        }
        for elsewhere in ["https://127.0.0.1/", "http://127.0.0.1.example.com/", "ws://example.com", "ftp:"] {
            assert!(!stays_here(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_line_on_the_console_is_kept_in_the_words_that_a_person_would_read() {
        let mut seen = Seen::default();
        let arguments = json!([
            { "type": "string", "value": "took" }, { "type": "number", "value": 3 },
            { "type": "object", "description": "Array(2)" }
        ]);
        let event = json!({
            "method": "Runtime.consoleAPICalled", "sessionId": "1",
            "params": { "type": "warning", "args": arguments }
        });
        assert!(seen.note(&event));
        assert_eq!(seen.messages[0].to_string(), "warning: took 3 Array(2)");
    }

    #[test]
    fn an_encoding_is_found_however_its_header_is_written() {
        let mut seen = Seen::default();
        for name in ["content-encoding", "Content-Encoding"] {
            let response = json!({ "url": "http://127.0.0.1/", "headers": { name: "br" } });
            seen.note(&json!({ "method": "Network.responseReceived", "params": { "response": response } }));
        }
        assert!(seen.encodings.iter().all(|(_, encoding)| encoding == "br"), "{:?}", seen.encodings);
    }
}
