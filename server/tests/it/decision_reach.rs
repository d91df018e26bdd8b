//! What decisions change, and what they leave as it was, to the last bit.

use serde_json::{Value, json};

use crate::{
    decisions::{DECIDE, figures, plant, range},
    harness::{TestServer, millis, with},
    queries::event,
    subscriptions::Subscriber,
};

/// All that is shown of a factory, but for its revision.
const SHOWN: &str = "query($factory: ID!, $day: WindowInput!, $resolution: Resolution!) {
    factoryMetrics(factoryId: $factory) { productiveMinutes idleMinutes absentMinutes observedMinutes contestedMinutes
      correctedMinutes workerUnitsProduced workstationUnitsProduced averageUtilization utilization averageProductionRate
      activeWorkers activeWorkstations }
    workerMetrics(factoryId: $factory) { workers { workerId workingMinutes idleMinutes absentMinutes overlapMinutes
      contestedMinutes correctedMinutes utilization unitsProduced unitsPerHour meanConfidence lastSeenAt
      current { eventType since until confidence } } }
    workstationMetrics(factoryId: $factory) { workstations { workstationId occupiedMinutes idleMinutes absentMinutes
      overlapMinutes contestedMinutes correctedMinutes utilization unitsProduced throughputPerHour meanConfidence lastSeenAt
      current { eventType since until confidence } } }
    workers: entitySeries(factoryId: $factory, window: $day, resolution: $resolution, entityType: WORKER) { ...series }
    workstations: entitySeries(factoryId: $factory, window: $day, resolution: $resolution, entityType: WORKSTATION) { ...series }
    lines: timelines(factoryId: $factory, window: $day, entityType: WORKER, resolutionSeconds: 60) { timelines { entityId states } }
    stationLines: timelines(factoryId: $factory, window: $day, entityType: WORKSTATION, resolutionSeconds: 60) {
      timelines { entityId states } } }
    fragment series on EntitySeriesReport { series { entityId points { from to workingMinutes idleMinutes absentMinutes
      observedMinutes contestedMinutes correctedMinutes unitsProduced utilization unitsPerHour meanConfidence } } }";

async fn shown(server: &TestServer, factory: &str) -> Value {
    shown_by(server, factory, "FIVE_MINUTES").await
}

async fn shown_by(server: &TestServer, factory: &str, resolution: &str) -> Value {
    let day = json!({ "day": "2026-01-05" });
    server.ask(SHOWN, json!({ "factory": factory, "day": day, "resolution": resolution })).await
}

async fn decide(server: &TestServer, factory: &str, request: &str, decision: &Value) -> Value {
    let variables = json!({ "factory": factory, "request": request, "decision": decision });
    server.ask(DECIDE, variables).await["decide"].take()
}

fn at(time: &str) -> String {
    format!("2026-01-05T{time}:00.000Z")
}

/// A state report from a time on.
fn from_now_on(entity: &str, event_type: &str, time: &str, rest: &Value) -> Value {
    let mut report = event(entity, event_type, time, 0.0, 0);
    report.as_object_mut().expect("an object").remove("durationMinutes");
    with(report, rest)
}

fn rule(rest: &Value) -> Value {
    json!({ "standing": with(json!({ "standing": "SHADOW" }), rest) })
}

#[tokio::test]
async fn a_thousand_entities_corrected_and_withdrawn_have_every_sum_that_they_had() {
    let server = plant().await;
    let workers: Vec<String> = (0..1_000).map(|number| format!("W{number}")).collect();
    let events: Vec<Value> = workers
        .iter()
        .enumerate()
        .flat_map(|(number, worker)| {
            let by = json!({ "confidence": 0.1 * (number % 10) as f64 });
            [
                with(event(worker, "WORKING", "08:03", 41.0, (number % 17) as u32), &by),
                event(worker, ["IDLE", "ABSENT"][number % 2], "08:20", (number % 50) as f64, 3),
                from_now_on(worker, "WORKING", "09:00", &json!({ "workstationId": "S1" })),
                from_now_on(worker, "IDLE", "09:20", &json!({})),
            ]
        })
        .collect();
    assert_eq!(server.ingest("plant", json!(events)).await["accepted"], 4_000);
    let mut conn = server.database.connect().await;
    let mut sums = async || {
        let sql = "SELECT bucket, entity_id, working_ms, idle_ms, absent_ms, overlap_ms, contested_ms, corrected_ms, units, \
                   confidence_ms, confident_ms, events FROM rollup \
                   WHERE working_ms <> 0 OR idle_ms <> 0 OR absent_ms <> 0 OR overlap_ms <> 0 OR contested_ms <> 0 \
                   OR corrected_ms <> 0 OR units <> 0 OR confidence_ms <> 0 OR confident_ms <> 0 OR events <> 0 \
                   ORDER BY bucket, entity_id";
        conn.rows(sql).await
    };
    let before = (shown_by(&server, "plant", "HOUR").await, sums().await);
    for (number, said) in ["WORKING", "NOT_OBSERVED"].into_iter().enumerate() {
        let everybody = json!({ "correction": { "entityType": "WORKER", "entityIds": workers, "from": at("08:11"),
                                                "to": at("09:07"), "state": said } });
        let made = decide(&server, "plant", &format!("all {number}"), &everybody).await;
        assert_eq!(made["correction"]["entityIds"].as_array().map(Vec::len), Some(1_000));
        assert_ne!(sums().await, before.1);
        server.assert_audit_is_clean().await;
    }
    for (request, number) in [("back 1", 1), ("back 2", 2)] {
        decide(&server, "plant", request, &json!({ "withdrawal": number })).await;
        server.assert_audit_is_clean().await;
    }
    assert!((shown_by(&server, "plant", "HOUR").await, sums().await) == before, "not every sum is as before");
}

#[tokio::test]
async fn who_has_only_events_that_do_not_count_is_not_listed_and_is_back_when_they_count_again() {
    let server = plant().await;
    let by = json!({ "sourceId": "cam-1", "modelVersion": "v1" });
    let events = json!([
        with(event("W1", "WORKING", "08:00", 60.0, 12), &by),
        with(event("W1", "IDLE", "08:30", 10.0, 0), &by),
        from_now_on("W1", "WORKING", "09:00", &with(by.clone(), &json!({ "workstationId": "S1" }))),
        from_now_on("W1", "IDLE", "09:30", &by),
        event("W2", "WORKING", "08:00", 5.0, 1),
    ]);
    server.ingest("plant", events).await;
    let before = shown(&server, "plant").await;
    let query = "{ workerMetrics(factoryId: \"plant\") { workers { workerId lastSeenAt unitsProduced current { eventType } } }
        workstationMetrics(factoryId: \"plant\") { workstations { workstationId } } }";
    let ways = [
        rule(&json!({ "standing": "QUARANTINED", "sourceId": "cam-1" })),
        rule(&json!({ "modelVersion": "v1" })),
        rule(&json!({ "sourceId": "cam-1", "modelVersion": "v1", "from": at("08:00"), "to": at("09:31") })),
    ];
    let mut number = 0;
    for way in ways {
        let made = decide(&server, "plant", &format!("way {number}"), &way).await;
        let now = server.ask(query, json!({})).await;
        assert_eq!(now["workerMetrics"]["workers"].as_array().map(Vec::len), Some(1), "{way}: {now}");
        assert_eq!(
            now["workstationMetrics"]["workstations"],
            json!([]),
            "{way}: what W1 says of S1 does not count"
        );
        let units = json!({ "correction": { "entityType": "WORKER", "entityIds": ["W1"], "from": at("08:00"), "to": at("08:00"),
                                            "units": 1 } });
        let listed = decide(&server, "plant", &format!("listed {number}"), &units).await;
        let now = server.ask(query, json!({})).await;
        let row = json!({ "workerId": "W1", "lastSeenAt": null, "unitsProduced": 1, "current": null });
        assert_eq!(now["workerMetrics"]["workers"][0], row, "{way}");
        for back in [&listed, &made] {
            let withdrawal = json!({ "withdrawal": back["number"] });
            decide(&server, "plant", &format!("back {}", back["number"]), &withdrawal).await;
        }
        assert_eq!(shown(&server, "plant").await, before, "{way}");
        server.assert_audit_is_clean().await;
        number += 4;
    }
}

/// What two cameras and a camera that is tried out report, in two batches; the last one's reports come last in each.
fn seen_by_three(part: usize) -> (Vec<Value>, Vec<Value>) {
    let hour = 8 + part;
    let serving = ["cam-1", "cam-2"].into_iter().flat_map(|camera| {
        ["W1", "W2"].map(|worker| {
            let by = json!({ "sourceId": camera, "modelVersion": "v1", "confidence": 0.7 });
            with(
                event(
                    worker,
                    if camera == "cam-1" { "WORKING" } else { "IDLE" },
                    &format!("{hour:02}:07"),
                    33.0,
                    5,
                ),
                &by,
            )
        })
    });
    let state = |worker: &str, event_type: &str, minute: usize, camera: &str, station: Option<&str>| {
        let by = json!({ "sourceId": camera, "confidence": 0.9, "workstationId": station });
        from_now_on(worker, event_type, &format!("{hour:02}:{minute:02}"), &by)
    };
    let serving = serving
        .chain([
            state("W1", "WORKING", 30, "cam-1", Some("S1")),
            state("W1", "IDLE", 50, "cam-1", Some("S1")),
        ])
        .collect();
    let tried = vec![
        // Surer, longer and later than all others, of the same facts, and of one who is seen by nobody else.
        with(
            event("W1", "WORKING", &format!("{hour:02}:07"), 50.0, 100),
            &json!({ "sourceId": "cam-new", "modelVersion": "v2", "confidence": 1.0 }),
        ),
        with(
            event("W2", "ABSENT", &format!("{hour:02}:20"), 60.0, 7),
            &json!({ "sourceId": "cam-new", "confidence": 1.0 }),
        ),
        with(event("W9", "WORKING", &format!("{hour:02}:00"), 60.0, 7), &json!({ "sourceId": "cam-new" })),
        state("W1", "ABSENT", 40, "cam-new", None),
        state("W1", "WORKING", 55, "cam-new", Some("S1")),
        state("W2", "WORKING", 58, "cam-new", Some("S2")),
    ];
    (serving, tried)
}

#[tokio::test]
async fn what_a_source_in_the_shadow_reports_changes_no_byte_of_what_is_shown() {
    const FOLLOWED: [&str; 3] = [
        "subscription { factoryMetrics(factoryId: \"plant\") { revision productiveMinutes idleMinutes absentMinutes
            contestedMinutes correctedMinutes unitsProduced workstationUnitsProduced averageUtilization activeWorkers } }",
        "subscription { workerMetrics(factoryId: \"plant\") { revision snapshot removedWorkerIds workers { workerId workingMinutes
            idleMinutes absentMinutes overlapMinutes contestedMinutes unitsProduced meanConfidence lastSeenAt
            current { eventType since until confidence } } } }",
        "subscription { workstationMetrics(factoryId: \"plant\") { revision snapshot removedWorkstationIds workstations {
            workstationId occupiedMinutes idleMinutes absentMinutes unitsProduced lastSeenAt
            current { eventType since until confidence } } } }",
    ];
    let shadow = rule(&json!({ "sourceId": "cam-new" }));
    let servers = [plant().await, plant().await];
    let mut followers: Vec<Vec<Subscriber>> = Vec::new();
    for server in &servers {
        decide(server, "plant", "shadow", &shadow).await;
        let mut of_server = Vec::new();
        for query in FOLLOWED {
            let mut follower = Subscriber::new(server, query, json!({})).await;
            follower.next().await;
            of_server.push(follower);
        }
        followers.push(of_server);
    }
    for part in 0..3 {
        let (serving, tried) = seen_by_three(part);
        // The source in the shadow is before the others, after them, and in one batch with them.
        let of_first: Vec<Vec<Value>> = match part {
            0 => vec![tried, serving.clone()],
            1 => vec![serving.clone(), tried],
            _ => vec![[tried, serving.clone()].concat()],
        };
        let mut latest = [Value::Null, Value::Null];
        for (which, batches) in [of_first, vec![serving]].into_iter().enumerate() {
            for batch in batches {
                let answer = servers[which].ingest("plant", json!(batch)).await;
                assert_eq!(answer["accepted"], batch.len(), "{answer}");
                latest[which] = answer["revision"].clone();
            }
        }
        assert_eq!(shown(&servers[0], "plant").await, shown(&servers[1], "plant").await);
        for query in 0..FOLLOWED.len() {
            let mut states = [Value::Null, Value::Null];
            for (which, state) in states.iter_mut().enumerate() {
                *state = followed(&mut followers[which][query], &latest[which]).await;
            }
            assert_eq!(states[0], states[1], "{} of part {part}", FOLLOWED[query]);
        }
    }
    for server in &servers {
        server.assert_audit_is_clean().await;
    }
}

/// What a subscriber has once a revision is delivered: the rows that came, by their ids, or the latest figures.
async fn followed(follower: &mut Subscriber, revision: &Value) -> Value {
    let mut rows = serde_json::Map::new();
    loop {
        let mut delivery = follower.next().await;
        let reached = delivery["revision"].as_i64() >= revision.as_i64();
        for (list, id) in [("workers", "workerId"), ("workstations", "workstationId")] {
            for row in delivery[list].as_array_mut().unwrap_or(&mut Vec::new()) {
                rows.insert(row[id].as_str().expect("an id").to_owned(), row.take());
            }
        }
        if reached {
            delivery.as_object_mut().expect("an object").retain(|field, _| {
                !["revision", "snapshot", "workers", "workstations"].contains(&field.as_str())
            });
            return json!([delivery, rows]);
        }
    }
}

#[tokio::test]
async fn decisions_before_between_and_after_the_events_that_they_are_about_give_the_same() {
    let server = plant().await;
    let first = json!([
        with(event("W1", "WORKING", "08:00", 60.0, 12), &json!({ "confidence": 0.8, "sourceId": "cam-1" })),
        from_now_on("W2", "WORKING", "08:10", &json!({ "sourceId": "cam-2", "workstationId": "S1" })),
    ]);
    let second = json!([
        with(
            event("W1", "IDLE", "08:20", 20.0, 3),
            &json!({ "confidence": 0.9, "sourceId": "cam-2", "modelVersion": "v2" })
        ),
        from_now_on("W2", "IDLE", "08:40", &json!({ "sourceId": "cam-2", "workstationId": "S1" })),
        from_now_on("W2", "ABSENT", "09:30", &json!({ "sourceId": "cam-2" })),
    ]);
    let who = |ids: Value, from: &str, to: &str, rest: Value| json!({ "correction": with(json!({ "entityType": "WORKER", "entityIds": ids, "from": at(from), "to": at(to) }), &rest) });
    let decisions = [
        who(json!(["W1"]), "08:30", "08:50", json!({ "state": "ABSENT", "units": -3 })),
        rule(&json!({ "sourceId": "cam-2", "from": at("08:00"), "to": at("08:45") })),
        rule(&json!({ "standing": "SERVING", "sourceId": "cam-2", "modelVersion": "v2" })),
        who(json!(["W1", "W2", "W3"]), "08:45", "08:55", json!({ "state": "WORKING" })),
    ];
    let mut expected = None;
    let mut orders = 0;
    // Between which decisions the batches come.
    for first_at in 0..=decisions.len() {
        for second_at in 0..=decisions.len() {
            let factory = format!("plant-{first_at}-{second_at}");
            server.create_factory(&factory).await;
            for place in 0..=decisions.len() {
                for (batch, batch_at) in [(&first, first_at), (&second, second_at)] {
                    if batch_at == place {
                        server.ingest(&factory, batch.clone()).await;
                    }
                }
                if let Some(decision) = decisions.get(place) {
                    decide(&server, &factory, &format!("request {place}"), decision).await;
                }
            }
            let found = shown(&server, &factory).await;
            assert_eq!(found, *expected.get_or_insert(found.clone()), "{factory}");
            orders += 1;
        }
    }
    assert_eq!(orders, 25);
    let expected = expected.expect("figures");
    assert_eq!(expected["workerMetrics"]["workers"].as_array().map(Vec::len), Some(3), "{expected}");
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn a_workstation_was_last_seen_when_what_follows_from_its_workers_reports_ends_also_once_that_is_read_again()
 {
    let server = plant().await;
    // Of the two that W1's camera sends at once the surer covers what follows, and tells nothing of S1.
    let events = json!([
        from_now_on("W1", "IDLE", "08:00", &json!({ "workstationId": "S1", "confidence": 0.5 })),
        from_now_on("W1", "ABSENT", "08:00", &json!({ "confidence": 0.9 })),
        from_now_on("W1", "WORKING", "08:10", &json!({})),
        event("S1", "WORKING", "07:00", 5.0, 0),
    ]);
    server.ingest("plant", events).await;
    let query = "{ workstationMetrics(factoryId: \"plant\") { workstations { lastSeenAt current { eventType until } } } }";
    let before = server.ask(query, json!({})).await["workstationMetrics"]["workstations"][0].take();
    let expected =
        json!({ "lastSeenAt": at("08:00"), "current": { "eventType": "WORKING", "until": at("07:05") } });
    assert_eq!(before, expected);
    decide(
        &server,
        "plant",
        "a",
        &json!({ "retraction": { "entityType": "WORKSTATION", "entityId": "S1",
        "eventType": "WORKING", "timestamp": at("07:00") } }),
    )
    .await;
    decide(&server, "plant", "b", &json!({ "withdrawal": 1 })).await;
    let again = server.ask(query, json!({})).await["workstationMetrics"]["workstations"][0].take();
    assert_eq!(again, expected);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn of_rules_about_the_same_event_the_more_precise_one_holds_and_of_equals_the_later_one() {
    let server = plant().await;
    let by = json!({ "sourceId": "cam-1", "modelVersion": "v1" });
    server.ingest("plant", json!([with(event("W1", "WORKING", "08:00", 30.0, 4), &by)])).await;
    let counts = async || figures(&server, "W1", Value::Null).await.is_some();
    let (serving, shadow) = (json!({ "standing": "SERVING" }), json!({ "standing": "SHADOW" }));
    let (source, model) = (json!({ "sourceId": "cam-1" }), json!({ "modelVersion": "v1" }));
    let other_model = json!({ "modelVersion": "v2" });
    // Each with whether the event counts from then on.
    let steps = [
        (with(model.clone(), &shadow), false),
        (serving.clone(), false),
        (with(model.clone(), &serving), true),
        (with(model.clone(), &json!({ "standing": "QUARANTINED" })), false),
        (with(source.clone(), &serving), true),
        (with(model.clone(), &shadow), true),
        (with(source.clone(), &shadow), false),
        (with(source.clone(), &serving), true),
        (with(with(source.clone(), &other_model), &shadow), true),
        (with(source.clone(), &json!({ "withoutModelVersion": true, "standing": "SHADOW" })), true),
        (with(by.clone(), &shadow), false),
        (with(source, &serving), false),
        (with(by, &serving), true),
    ];
    for (number, (rule, expected)) in steps.iter().enumerate() {
        decide(&server, "plant", &number.to_string(), &json!({ "standing": rule })).await;
        assert_eq!(counts().await, *expected, "after rule {}: {rule}", number + 1);
    }
    // Taken back one after the other, the latest first, they give what was before.
    for number in (0..steps.len()).rev() {
        let expected = number.checked_sub(1).is_none_or(|before| steps[before].1);
        decide(&server, "plant", &format!("back {number}"), &json!({ "withdrawal": number + 1 })).await;
        assert_eq!(counts().await, expected, "without rule {}", number + 1);
    }
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn units_that_are_taken_away_where_they_were_counted_leave_none_in_any_part_of_it() {
    let server = plant().await;
    // Of 4 units over three buckets one is finished in the first, one in the second and two in the third.
    server.ingest("plant", json!([event("W1", "WORKING", "08:00", 15.0, 4)])).await;
    let units = async || {
        let mut found = Vec::new();
        for (from, to) in [("08:00", "08:05"), ("08:05", "08:10"), ("08:10", "08:15")] {
            found.push(figures(&server, "W1", range(from, to)).await.expect("W1")[6]);
        }
        found
    };
    let correction = |units: i32| {
        let whole =
            json!({ "entityType": "WORKER", "entityIds": ["W1"], "from": at("08:00"), "to": at("08:15") });
        json!({ "correction": with(whole, &json!({ "units": units })) })
    };
    assert_eq!(units().await, [1.0, 1.0, 2.0]);
    decide(&server, "plant", "a", &correction(-4)).await;
    assert_eq!(units().await, [0.0, 0.0, 0.0]);
    // Fewer than none can be left.
    decide(&server, "plant", "b", &correction(-4)).await;
    assert_eq!(units().await, [-1.0, -1.0, -2.0]);
    // 8 over the same span: 2, 3 and 3, beside -4 twice and 4.
    decide(&server, "plant", "c", &correction(8)).await;
    assert_eq!(units().await, [1.0, 2.0, 1.0]);
    server.assert_audit_is_clean().await;
}

#[tokio::test]
async fn who_was_seen_ahead_of_the_clock_was_last_seen_by_what_serves() {
    let server = plant().await;
    server.clock.set(millis("2026-01-06T12:00:00Z"));
    decide(&server, "plant", "shadow", &rule(&json!({ "modelVersion": "v2" }))).await;
    let hold = json!({ "holdMinutes": 1_440 });
    let events = json!([
        from_now_on("W1", "WORKING", "08:30", &hold),
        // Ends the one before it, a day later.
        from_now_on(
            "W1",
            "IDLE",
            "08:30",
            &with(hold.clone(), &json!({ "timestamp": "2026-01-06T08:30:00Z" }))
        ),
        event("W1", "WORKING", "10:00", 0.0, 2),
        with(event("W1", "IDLE", "11:00", 30.0, 0), &json!({ "modelVersion": "v2" })),
    ]);
    server.ingest("plant", events).await;
    let query = "{ workerMetrics(factoryId: \"plant\") { workers { lastSeenAt } } }";
    let last_seen =
        async || server.ask(query, json!({})).await["workerMetrics"]["workers"][0]["lastSeenAt"].take();
    assert_eq!(last_seen().await, "2026-01-06T08:30:00.000Z");
    server.clock.set(millis("2026-01-05T16:00:00Z"));
    assert_eq!(last_seen().await, at("10:00"));
}
