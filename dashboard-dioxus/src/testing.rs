//! Pages drawn as text, with a server that the test plays.

use crate::api::client::Client;
use crate::api::session::{Arrival, Command, ConnectionError, Event, Key};
use crate::words;
use dioxus::core::{NoOpMutations, ScopeId};
use dioxus::prelude::*;
use dioxus_history::{History, MemoryHistory};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::FutureExt;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many rounds of work a page is given to come to rest.
const ROUNDS: usize = 8;

/// A page, and what it asked.
pub(crate) struct TestPage {
    page: VirtualDom,
    client: Client,
    input: TestInput,
    commands: UnboundedReceiver<Command>,
    /// The operation names of what is asked, by key, with the variables.
    asked: BTreeMap<Key, (String, Value)>,
    refreshes: usize,
    waits_ms: Vec<f64>,
    /// When answers come, in ms since 1970.
    now_ms: f64,
}

/// What a test sets to make a component ask something else.
#[derive(Clone, Copy)]
pub(crate) struct TestInput(pub(crate) Signal<String>);

type Opened = Rc<RefCell<Option<(Client, TestInput, UnboundedReceiver<Command>)>>>;

#[component]
fn Root() -> Element {
    let opened = use_context::<Opened>();
    let content = use_context::<fn() -> Element>();
    use_hook(|| {
        let (client, commands) = Client::open();
        provide_context(client);
        let input = provide_context(TestInput(Signal::new(String::new())));
        *opened.borrow_mut() = Some((client, input, commands));
    });
    content()
}

impl TestPage {
    /// Draws what a function makes of components.
    pub(crate) fn of(content: fn() -> Element) -> Self {
        let mut page = VirtualDom::new(Root);
        let opened = Opened::default();
        page.provide_root_context(Rc::clone(&opened));
        page.provide_root_context(content);
        page.rebuild_in_place();
        let (client, input, commands) = opened.borrow_mut().take().unwrap();
        let mut page = Self {
            page,
            client,
            input,
            commands,
            asked: BTreeMap::new(),
            refreshes: 0,
            waits_ms: Vec::new(),
            now_ms: 0.0,
        };
        page.settle();
        page
    }

    /// Draws the whole application at an address.
    pub(crate) fn at(address: &'static str) -> Self {
        thread_local! {
            static ADDRESS: RefCell<&'static str> = const { RefCell::new("/") };
        }
        ADDRESS.set(address);
        Self::of(|| {
            use_hook(|| {
                let history = MemoryHistory::with_initial_path(ADDRESS.with_borrow(|address| *address));
                provide_context::<Rc<dyn History>>(Rc::new(history));
            });
            rsx! { Router::<crate::app::Route> {} }
        })
    }

    /// The variables with which an operation is asked now, for each time that it is asked.
    pub(crate) fn asked(&self, operation: &str) -> Vec<&Value> {
        self.asked.values().filter(|(name, _)| name == operation).map(|(_, variables)| variables).collect()
    }

    /// Answers all that ask this operation.
    pub(crate) fn answer(&mut self, operation: &str, data: &Value) {
        self.try_answer(operation, data).unwrap();
    }

    /// The same for an answer that cannot be read. Who asks is everybody, as on an open server, unless it says otherwise.
    pub(crate) fn try_answer(&mut self, operation: &str, data: &Value) -> Result<(), ConnectionError> {
        let mut data = data.clone();
        if operation == "Factories" && data["me"].is_null() {
            data["me"] = json!({ "name": "anonymous", "isOperator": true, "accessOpen": true, "grants": [] });
        }
        let data = RawValue::from_string(data.to_string()).unwrap();
        for key in self.keys(operation) {
            self.handle(Event::Answered { key, data: &data, arrival: Arrival::First })?;
        }
        self.settle();
        Ok(())
    }

    /// Sets the input.
    pub(crate) fn set_input(&mut self, text: &str) {
        let TestInput(mut input) = self.input;
        self.page.in_scope(ScopeId::ROOT, || input.set(text.to_owned()));
        self.settle();
    }

    /// What comes from now on comes at this time, in ms since 1970.
    pub(crate) fn set_now(&mut self, now_ms: f64) {
        self.now_ms = now_ms;
    }

    /// The server was heard, and everything is answered.
    pub(crate) fn all_is_current(&mut self) {
        self.handle(Event::Current).unwrap();
        self.settle();
    }

    /// The connection ends.
    pub(crate) fn lose_connection(&mut self) {
        self.page.in_scope(ScopeId::ROOT, || self.client.fail_mutations(words::connection::UNANSWERED));
        self.settle();
    }

    /// How often a query was to be refreshed.
    pub(crate) fn refreshes(&self) -> usize {
        self.refreshes
    }

    /// After how long queries were to be asked again by themselves.
    pub(crate) fn waits_ms(&self) -> &[f64] {
        &self.waits_ms
    }

    /// Refuses all that ask this operation.
    pub(crate) fn refuse(&mut self, operation: &str, reason: &str) {
        for key in self.keys(operation) {
            self.handle(Event::Refused { key, reason: reason.to_owned() }).unwrap();
        }
        self.settle();
    }

    /// The page as HTML.
    pub(crate) fn html(&self) -> String {
        dioxus_ssr::render(&self.page)
    }

    /// Asserts that the page's HTML holds each of these.
    pub(crate) fn shows(&self, expected: &[&str]) {
        let html = self.html();
        for text in expected {
            assert!(html.contains(text), "{text} is not in {html}");
        }
    }

    fn keys(&self, operation: &str) -> Vec<Key> {
        let keys = self.asked.iter().filter(|(_, (name, _))| name == operation).map(|(key, _)| *key);
        let keys: Vec<Key> = keys.collect();
        assert!(!keys.is_empty(), "{operation} is not asked; asked is {:?}", self.asked);
        keys
    }

    fn handle(&self, event: Event<'_>) -> Result<(), ConnectionError> {
        self.page
            .in_scope(ScopeId::ROOT, || self.client.read_event(event, self.now_ms).map(|update| update()))
    }

    /// Lets effects and memos do their work and takes note of what they ask.
    fn settle(&mut self) {
        for _ in 0..ROUNDS {
            _ = self.page.wait_for_work().now_or_never();
            self.page.render_immediate(&mut NoOpMutations);
        }
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Start(key, request) => {
                    let request: Value = serde_json::from_str(&request.body).unwrap();
                    let name = request["operationName"].as_str().unwrap().to_owned();
                    self.asked.insert(key, (name, request["variables"].clone()));
                }
                Command::Stop(key) => {
                    self.asked.remove(&key);
                }
                Command::Refresh(_) => self.refreshes += 1,
                Command::RefreshIn(_, wait_ms) => self.waits_ms.push(wait_ms),
                Command::Retry(_) => {}
            }
        }
    }
}
