//! Two servers on one database: a decision that one of them began with is applied to its end, whichever of them is there.

use server::{
    clock::Clock,
    store::{Store, writer::Writer},
};

use crate::{
    decision_slices::{NOW, begin, hour, until_applied},
    harness::{TestServer, has_postgres, millis, patient},
};

#[tokio::test]
async fn what_one_server_began_to_apply_another_one_applies_to_its_end() {
    if !has_postgres() {
        return;
    }
    let server = TestServer::at(NOW).await;
    server.create_factory("plant").await;
    // Beside the running server, which was not told of it.
    let store = Store::open(server.database.url()).await.expect("a database");
    let made = begin(&store, &hour()).await;
    until_applied(&server, i64::from(made.number)).await;
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn two_servers_that_apply_slices_of_the_same_decision_apply_each_once() {
    if !has_postgres() {
        return;
    }
    let one = TestServer::at(NOW).await;
    one.create_factory("plant").await;
    let other = TestServer::on(one.database.clone(), Clock::manual(millis(NOW)), patient()).await;
    let store = Store::open(one.database.url()).await.expect("a database");
    let made = begin(&store, &hour()).await;
    let mut writers = [(); 2].map(|()| Writer::new(store.clone()).with_slices(1));
    let [first, second] = &mut writers;
    let slug = "plant".into();
    while let (Some(_), _) | (_, Some(_)) = {
        let (first, second) = tokio::join!(first.apply_slice(&slug), second.apply_slice(&slug));
        (first.expect("a commit"), second.expect("a commit"))
    } {}
    for server in [&one, &other] {
        until_applied(server, i64::from(made.number)).await;
        server.assert_audit_is_clean().await;
    }
}
