//! A device that reaches several servers of one database.

use server::clock::Clock;

use crate::{
    devices::{NOW, device, events, plant, ranges, send, sender},
    harness::{TestServer, has_postgres, millis, patient},
};

#[tokio::test]
async fn two_servers_on_one_database_keep_one_account_of_a_device() {
    if !has_postgres() {
        return;
    }
    let one = plant().await;
    let other = TestServer::on(one.database.clone(), Clock::manual(millis(NOW)), patient()).await;
    let sending = (0..30_i64).map(|number| {
        let first = 10 * number + 1;
        send(if number % 2 == 0 { &one } else { &other }, events(first..first + 10), sender(first))
    });
    futures_util::future::join_all(sending.collect::<Vec<_>>()).await;
    for server in [&one, &other] {
        assert_eq!(ranges(&device(server).await["stored"]), "a:1-300");
    }
}
