//! Pages drawn as text, with a server that the test plays.

use crate::api::client::Client;
use crate::api::session::{Arrival, Event, Key, Order};
use dioxus::core::{NoOpMutations, ScopeId};
use dioxus::history::{History, MemoryHistory};
use dioxus::prelude::*;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::FutureExt;
use serde_json::Value;
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many rounds of work a page is given to come to rest.
const ROUNDS: usize = 8;

/// A page, and what it asked.
pub(crate) struct Drawn {
    page: VirtualDom,
    client: Client,
    orders: UnboundedReceiver<Order>,
    /// The operation names of what is asked, by key, with the variables.
    asked: BTreeMap<Key, (String, Value)>,
}

type Opened = Rc<RefCell<Option<(Client, UnboundedReceiver<Order>)>>>;

#[component]
fn Root() -> Element {
    let opened = use_context::<Opened>();
    let content = use_context::<fn() -> Element>();
    use_hook(|| {
        let (client, orders) = Client::open();
        provide_context(client);
        *opened.borrow_mut() = Some((client, orders));
    });
    content()
}

impl Drawn {
    /// Draws what a function makes of components.
    pub(crate) fn of(content: fn() -> Element) -> Self {
        let mut page = VirtualDom::new(Root);
        let opened = Opened::default();
        page.provide_root_context(Rc::clone(&opened));
        page.provide_root_context(content);
        page.rebuild_in_place();
        let (client, orders) = opened.borrow_mut().take().unwrap();
        let mut drawn = Self { page, client, orders, asked: BTreeMap::new() };
        drawn.settle();
        drawn
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
            rsx! { Router::<crate::route::Route> {} }
        })
    }

    /// The variables with which an operation is asked now, for each time that it is asked.
    pub(crate) fn asked(&self, operation: &str) -> Vec<&Value> {
        self.asked.values().filter(|(name, _)| name == operation).map(|(_, variables)| variables).collect()
    }

    /// Answers all that ask this operation.
    pub(crate) fn answer(&mut self, operation: &str, data: &Value) {
        let data = RawValue::from_string(data.to_string()).unwrap();
        for key in self.keys(operation) {
            self.take_in(Event::Answered { key, data: &data, arrival: Arrival::First });
        }
        self.settle();
    }

    /// Refuses all that ask this operation.
    pub(crate) fn refuse(&mut self, operation: &str, reason: &str) {
        for key in self.keys(operation) {
            self.take_in(Event::Refused { key, reason: reason.to_owned() });
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

    fn take_in(&self, event: Event<'_>) {
        self.page.in_scope(ScopeId::ROOT, || self.client.take_in(event, 0.0)).unwrap();
    }

    /// Lets effects and memos do their work and takes note of what they ask.
    fn settle(&mut self) {
        for _ in 0..ROUNDS {
            _ = self.page.wait_for_work().now_or_never();
            self.page.render_immediate(&mut NoOpMutations);
        }
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Begin(key, operation) => {
                    let request: Value = serde_json::from_str(&operation.request).unwrap();
                    let name = request["operationName"].as_str().unwrap().to_owned();
                    self.asked.insert(key, (name, request["variables"].clone()));
                }
                Order::End(key) => {
                    self.asked.remove(&key);
                }
                Order::Refresh(_) | Order::Retry(_) | Order::AgainIn(..) => {}
            }
        }
    }
}
