//! Where days begin: by the newest rules of time zones that this program has.

use serde_json::{Value, json};

use crate::harness::{TestServer, code};

const DAY: &str = "query($factory: ID!, $day: Date!) \
    { factoryMetrics(factoryId: $factory, window: { day: $day }) { window { from to } } }";
const OFFSETS: &str = "query($factory: ID!) { factory(id: $factory) { utcOffsets { from offsetSeconds } } }";
const UPDATE: &str = "mutation($zone: String!) { updateFactory(factoryId: \"plant\", input: { timeZone: $zone }) { timeZone } }";

async fn day(server: &TestServer, factory: &str, day: &str) -> Value {
    let answer = server.ask(DAY, json!({ "factory": factory, "day": day })).await;
    answer["factoryMetrics"]["window"].clone()
}

#[tokio::test]
async fn a_day_begins_by_the_rules_that_hold_in_its_zone() {
    let server = TestServer::at("2026-11-28T12:00:00Z").await;
    // British Columbia, Alberta and Manitoba keep summer time from 2026 on.
    for (factory, zone, hour) in [
        ("vancouver", "America/Vancouver", "07"),
        ("edmonton", "America/Edmonton", "06"),
        ("berlin", "Europe/Berlin", "-1"),
    ] {
        server.create_factory_in(factory, zone).await;
        let (from, to) = match hour {
            "-1" => ("2026-11-26T23".to_owned(), "2026-11-27T23".to_owned()),
            hour => (format!("2026-11-27T{hour}"), format!("2026-11-28T{hour}")),
        };
        let expected = json!({ "from": format!("{from}:00:00.000Z"), "to": format!("{to}:00:00.000Z") });
        assert_eq!(day(&server, factory, "2026-11-27").await, expected, "{zone}");
    }
}

#[tokio::test]
async fn a_factory_says_how_far_its_clocks_are_ahead_of_utc() {
    let server = TestServer::at("2026-11-28T12:00:00Z").await;
    server.create_factory_in("plant", "Asia/Kathmandu").await;
    server.create_factory_in("berlin", "Europe/Berlin").await;
    let offsets = async |factory: &str| {
        let answer = server.ask(OFFSETS, json!({ "factory": factory })).await;
        answer["factory"]["utcOffsets"].as_array().expect("offsets").clone()
    };
    let first =
        |offset_seconds: i32| json!({ "from": "2000-01-01T00:00:00.000Z", "offsetSeconds": offset_seconds });
    assert_eq!(offsets("plant").await, [first(20_700)]);
    let berlin = offsets("berlin").await;
    assert_eq!(berlin[0], first(3_600));
    assert_eq!(berlin[1], json!({ "from": "2000-03-26T01:00:00.000Z", "offsetSeconds": 7_200 }));
    let last = berlin.last().expect("offsets");
    assert_eq!(last["from"], "2028-10-29T01:00:00.000Z", "those of the next two years are among them");
}

#[tokio::test]
async fn a_zone_is_found_however_its_name_is_cased_and_stored_as_iana_writes_it() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let answer = server.ask(UPDATE, json!({ "zone": "america/vancouver" })).await;
    assert_eq!(answer["updateFactory"]["timeZone"], "America/Vancouver");
}

#[tokio::test]
async fn a_name_that_windows_has_for_a_zone_is_refused_with_the_one_to_use() {
    let server = TestServer::start().await;
    server.create_factory("plant").await;
    let answer = server.answer(UPDATE, json!({ "zone": "Pacific Standard Time" })).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    assert_eq!(
        answer["errors"][0]["message"],
        "\"Pacific Standard Time\" is the name that Windows has for a time zone; use the IANA name America/Los_Angeles"
    );
}
