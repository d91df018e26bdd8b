//! Variables that take many times their length in memory.

use domain::limits::MAX_BODY_BYTES;
use futures_util::future::{FutureExt as _, join_all};

use super::{
    Prepared,
    attacker::{Attacker, Repeat},
    request::{filled, post_gzip},
};
use crate::websocket;

const AT_ONCE: usize = 4;
const SOCKETS: usize = 6;
/// As many as a socket may have.
const SUBSCRIPTIONS_A_SOCKET: usize = 50;
/// The variables of one subscription.
const SUBSCRIPTION_BYTES: usize = 60_000;

/// Variables that the operation does not name.
pub(super) fn undeclared(attacker: Attacker) -> Prepared {
    over_http(attacker, "{factories{id}}")
}

/// Variables that the operation names, of another type than they are.
pub(super) fn declared(attacker: Attacker) -> Prepared {
    over_http(attacker, "query($l:[ID!]){workerMetrics(factoryId:\\\"attacked\\\",workerIds:$l){revision}}")
}

/// Variables that subscriptions do not name, for as long as these live.
pub(super) fn of_subscriptions(attacker: Attacker) -> Prepared {
    let sockets: Vec<_> = (0..SOCKETS)
        .map(|socket| {
            let subscriptions = (0..SUBSCRIPTIONS_A_SOCKET).flat_map(move |number| {
                // No two are the same text.
                let beginning = format!(
                    "{{\"query\":\"subscription{{factoryMetrics(factoryId:\\\"attacked\\\"){{revision}}}}\",\
                     \"variables\":{{\"l\":[1{socket}{number:02},"
                );
                websocket::subscribe(
                    &number.to_string(),
                    &filled(&beginning, "0,", "0]}}", SUBSCRIPTION_BYTES),
                )
            });
            subscriptions.collect::<Vec<u8>>()
        })
        .collect();
    async move {
        join_all(sockets.iter().map(|frames| attacker.talk(frames, Repeat::Never))).await;
    }
    .boxed_local()
}

fn over_http(attacker: Attacker, query: &str) -> Prepared {
    let beginning = format!("{{\"query\":\"{query}\",\"variables\":{{\"l\":[");
    let requests = [post_gzip(filled(&beginning, "[],", "[]]}}", MAX_BODY_BYTES).as_bytes())];
    async move { attacker.flood(&requests, AT_ONCE).await }.boxed_local()
}
