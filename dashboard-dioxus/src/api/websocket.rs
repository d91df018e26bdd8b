//! The browser's websocket as a stream of messages. The crate that offers this knows kinds of messages and errors that do
//! not occur here, and is 4 kB more of what a browser loads.

use futures_channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures_channel::oneshot;
use js_sys::wasm_bindgen::prelude::Closure;
use js_sys::wasm_bindgen::{JsCast, JsValue};
use std::cell::RefCell;
use web_sys::{CloseEvent, Event, MessageEvent};

/// What a websocket brings.
pub(crate) enum Message {
    Text(String),
    Bytes,
    /// The last one.
    Closed(Close),
}

/// How a websocket was closed.
pub(crate) struct Close {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Connecting,
    Open,
    Closed,
}

/// A websocket that is closed when nobody has it any more.
pub(crate) struct WebSocket {
    socket: web_sys::WebSocket,
    messages: UnboundedReceiver<Message>,
    decided: oneshot::Receiver<()>,
    /// Listens for as long as it is here.
    _listener: Closure<dyn Fn(Event)>,
}

impl WebSocket {
    /// Begins to open a websocket; the error is what the browser says of an address that it refuses.
    pub(crate) fn open(url: &str, subprotocol: &str) -> Result<Self, String> {
        let socket = web_sys::WebSocket::new_with_str(url, subprotocol).map_err(|error| said(&error))?;
        let (sender, messages) = mpsc::unbounded();
        let (opened, decided) = oneshot::channel();
        let opened = RefCell::new(Some(opened));
        let listener: Box<dyn Fn(Event)> = Box::new(move |event| take_in(event, &sender, &opened));
        let listener = Closure::wrap(listener);
        let listens = Some(listener.as_ref().unchecked_ref());
        socket.set_onopen(listens);
        socket.set_onmessage(listens);
        socket.set_onclose(listens);
        Ok(Self { socket, messages, decided, _listener: listener })
    }

    pub(crate) fn state(&self) -> State {
        match self.socket.ready_state() {
            web_sys::WebSocket::CONNECTING => State::Connecting,
            web_sys::WebSocket::OPEN => State::Open,
            _ => State::Closed,
        }
    }

    /// Is ready as soon as the websocket is open or cannot be opened.
    pub(crate) fn decided(&mut self) -> &mut oneshot::Receiver<()> {
        &mut self.decided
    }

    pub(crate) fn messages(&mut self) -> &mut UnboundedReceiver<Message> {
        &mut self.messages
    }

    /// Hands text to the browser, which sends it in time.
    pub(crate) fn send(&self, text: &str) -> Result<(), JsValue> {
        self.socket.send_with_str(text)
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // A websocket that is closed already stays so.
        _ = self.socket.close();
    }
}

/// Nobody may be there any more for whom an event is meant.
fn take_in(event: Event, messages: &UnboundedSender<Message>, opened: &RefCell<Option<oneshot::Sender<()>>>) {
    let message = match event.dyn_into::<MessageEvent>() {
        Ok(event) => event.data().as_string().map_or(Message::Bytes, Message::Text),
        Err(event) => {
            if let Some(opened) = opened.take() {
                _ = opened.send(());
            }
            let Ok(event) = event.dyn_into::<CloseEvent>() else { return };
            Message::Closed(Close { code: event.code(), reason: event.reason() })
        }
    };
    _ = messages.unbounded_send(message);
}

/// An error in the browser's words.
fn said(error: &JsValue) -> String {
    let text = error.dyn_ref::<js_sys::Object>().map(js_sys::Object::to_string);
    text.map(String::from).unwrap_or_default()
}
