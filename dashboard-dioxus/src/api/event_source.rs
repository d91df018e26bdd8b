//! The browser's reader of server-sent events, for one operation.

use js_sys::wasm_bindgen::JsCast;
use js_sys::wasm_bindgen::prelude::Closure;
use js_sys::{JSON, Reflect, encode_uri_component};
use std::cell::Cell;
use std::rc::Rc;
use web_sys::{Event, EventSource, MessageEvent};

/// The longest address that is asked, in characters: the server reads headers of 16 KiB, and proxies half of that.
const MAX_URL_CHARS: u32 = 7_000;

/// What has been seen of a stream.
#[derive(Default)]
struct Seen {
    has_begun: Cell<bool>,
    has_news: Cell<bool>,
    is_complete: Cell<bool>,
    is_broken: Cell<bool>,
}

/// A stream that is closed when nobody has it any more.
pub(crate) struct EventStream {
    source: EventSource,
    seen: Rc<Seen>,
    /// Listens for as long as it is here.
    _listener: Closure<dyn Fn(Event)>,
}

impl EventStream {
    /// Begins to stream the operation of a request's body; none if it cannot be put into an address.
    pub(crate) fn open(
        url: &str,
        body: &str,
        on_next: impl Fn(&str) + 'static,
        on_complete: impl Fn() + 'static,
    ) -> Option<Self> {
        let source = EventSource::new(&address(url, body)?).ok()?;
        let seen = Rc::new(Seen::default());
        let noted = Rc::clone(&seen);
        let listener: Box<dyn Fn(Event)> = Box::new(move |event| match &*event.type_() {
            "next" => {
                noted.has_begun.set(true);
                noted.has_news.set(true);
                if let Some(answer) =
                    event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string())
                {
                    on_next(&answer);
                }
            }
            "complete" => {
                noted.is_complete.set(true);
                on_complete();
            }
            _ => noted.is_broken.set(true),
        });
        let listener = Closure::wrap(listener);
        let listens = listener.as_ref().unchecked_ref();
        for kind in ["next", "complete", "error"] {
            source.add_event_listener_with_callback(kind, listens).ok()?;
        }
        Some(Self { source, seen, _listener: listener })
    }

    /// Whether an answer has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.seen.has_begun.get()
    }

    /// Whether an answer has come since this was asked last.
    pub(crate) fn take_news(&self) -> bool {
        self.seen.has_news.take()
    }

    /// Whether the operation is over.
    pub(crate) fn is_complete(&self) -> bool {
        self.seen.is_complete.get()
    }

    /// Whether the stream could not be opened, or was lost.
    pub(crate) fn is_broken(&self) -> bool {
        self.seen.is_broken.get()
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        // Without this it would connect again by itself.
        self.source.close();
    }
}

/// The address that asks what a request's body asks.
fn address(url: &str, body: &str) -> Option<String> {
    let body = JSON::parse(body).ok()?;
    let part = |name: &str| Reflect::get(&body, &name.into()).ok();
    let query = encode_uri_component(&part("query")?.as_string()?);
    let variables = encode_uri_component(&String::from(JSON::stringify(&part("variables")?).ok()?));
    (query.length() + variables.length() < MAX_URL_CHARS)
        .then(|| format!("{url}?query={}&variables={}", String::from(query), String::from(variables)))
}
