//! Keeps one connection to the server for as long as the page is open.

use crate::api::backoff::Backoff;
use crate::api::client::{Client, Connection};
use crate::api::endpoint::Endpoint;
use crate::api::session::{Kind, Order, Standing};
use crate::api::socket::{self, Ended};
use crate::words::connection as words;
use dioxus::prelude::*;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;

/// Connects, talks and connects again. The orders that arrive decide what is asked.
pub(crate) async fn keep_live(mut client: Client, mut orders: UnboundedReceiver<Order>) {
    let mut standing = Standing::default();
    let mut endpoint = None;
    let mut backoff = Backoff::default();
    loop {
        let ended = connect_once(client, &mut endpoint, &mut standing, &mut orders).await;
        client.give_up_mutations(words::UNANSWERED);
        if *client.connection.peek() == Connection::Live {
            backoff.reset();
        }
        let random = js_sys::Math::random();
        let wait_ms =
            if ended.is_misfit { Backoff::after_refusal(random) } else { backoff.after_failure(random) };
        let retry_at_ms = js_sys::Date::now() + wait_ms;
        client.connection.set(Connection::Disconnected { reason: ended.reason, retry_at_ms });
        note_orders_for(wait_ms, client, &mut standing, &mut orders).await;
    }
}

/// Connects to the endpoint, which is looked for until it is found, and talks until the connection ends.
async fn connect_once(
    mut client: Client,
    endpoint: &mut Option<Endpoint>,
    standing: &mut Standing,
    orders: &mut UnboundedReceiver<Order>,
) -> Ended {
    let endpoint = match endpoint {
        Some(endpoint) => endpoint,
        None => match Endpoint::find().await {
            Ok(found) => {
                client.api_url.set(Some(found.api_url.clone()));
                endpoint.insert(found)
            }
            Err(reason) => return Ended { reason, is_misfit: false },
        },
    };
    let on_event = |event: crate::api::session::Event<'_>| client.take_in(event, js_sys::Date::now());
    socket::talk(&endpoint.websocket_url, standing, orders, on_event).await
}

/// Waits, and takes note of what is wanted meanwhile. What waits in line goes first, so a mutation that was ordered
/// before the connection ended is dropped here and never sent to the next one.
async fn note_orders_for(
    wait_ms: f64,
    client: Client,
    standing: &mut Standing,
    orders: &mut UnboundedReceiver<Order>,
) {
    let mut pause = TimeoutFuture::new(wait_ms as u32);
    while let Either::Left((Some(order), rest)) = select(orders.next(), pause).await {
        standing.note(&order);
        if matches!(&order, Order::Begin(_, operation) if operation.kind == Kind::Mutation) {
            client.give_up_mutations(words::NOT_SENT);
        }
        pause = rest;
    }
}
