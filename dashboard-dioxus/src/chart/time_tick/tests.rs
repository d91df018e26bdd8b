use super::*;
use proptest::prelude::*;

/// 2026-01-05T00:00Z, a Monday.
const MONDAY: f64 = 1_767_571_200_000.0;
const HOUR: f64 = MS_PER_HOUR as f64;
const DAY: f64 = MS_PER_DAY as f64;

fn utc(year: i64, month: i64, day: i64, minute: i64) -> f64 {
    (CivilDate { year, month, day }.days() * MS_PER_DAY + minute * MS_PER_MINUTE) as f64
}

fn fixed(offset_minutes: i64) -> Zone {
    Zone::fixed("somewhere", offset_minutes)
}

/// Berlin's clock in 2026.
fn berlin() -> Zone {
    let [spring, autumn] = [utc(2026, 3, 29, 60), utc(2026, 10, 25, 60)].map(|change_ms| change_ms as i64);
    Zone::changing(move |at_ms| if (spring..autumn).contains(&at_ms) { 120 } else { 60 } * MS_PER_MINUTE)
}

/// A clock whose offset in minutes changes once.
fn changing(change_ms: f64, before: i64, after: i64) -> Zone {
    Zone::changing(move |at_ms| if at_ms < change_ms as i64 { before } else { after } * MS_PER_MINUTE)
}

fn shown(ticks: &[TimeTick]) -> Vec<String> {
    let two = |number: i64| format!("{number:02}");
    ticks
        .iter()
        .map(|tick| tick.local)
        .map(|local| {
            format!("{}.{} {}:{}", local.date.day, local.date.month, two(local.hour), two(local.minute))
        })
        .collect()
}

fn hours_apart(ticks: &[TimeTick]) -> Vec<f64> {
    ticks.windows(2).map(|pair| (pair[1].at_ms - pair[0].at_ms) / HOUR).collect()
}

#[test]
fn an_eight_hour_shift_is_marked_every_hour_and_a_day_every_three() {
    let shift = time_ticks(MONDAY + 6.0 * HOUR, MONDAY + 14.0 * HOUR, 10, &fixed(0));
    assert_eq!(shown(&shift)[..3], ["5.1 06:00", "5.1 07:00", "5.1 08:00"]);
    assert_eq!(shift.len(), 9);
    let day = time_ticks(MONDAY, MONDAY + DAY, 10, &fixed(0));
    assert_eq!(
        shown(&day),
        [
            "5.1 00:00",
            "5.1 03:00",
            "5.1 06:00",
            "5.1 09:00",
            "5.1 12:00",
            "5.1 15:00",
            "5.1 18:00",
            "5.1 21:00",
            "6.1 00:00"
        ]
    );
}

#[test]
fn marks_stand_at_whole_hours_of_the_local_clock_and_not_of_utc() {
    let ticks = time_ticks(MONDAY, MONDAY + 6.0 * HOUR, 10, &fixed(330));
    assert_eq!(shown(&ticks), ["5.1 06:00", "5.1 07:00", "5.1 08:00", "5.1 09:00", "5.1 10:00", "5.1 11:00"]);
    assert_eq!(ticks[0].at_ms, MONDAY + 0.5 * HOUR);
}

#[test]
fn the_hour_that_spring_skips_has_no_mark_and_the_others_stay_an_hour_apart() {
    let ticks = time_ticks(utc(2026, 3, 28, 23 * 60), utc(2026, 3, 29, 4 * 60), 10, &berlin());
    assert_eq!(
        shown(&ticks),
        ["29.3 00:00", "29.3 01:00", "29.3 03:00", "29.3 04:00", "29.3 05:00", "29.3 06:00"]
    );
    assert_eq!(hours_apart(&ticks), [1.0; 5]);
}

#[test]
fn the_hour_that_autumn_repeats_is_marked_twice() {
    let ticks = time_ticks(utc(2026, 10, 24, 23 * 60), utc(2026, 10, 25, 3 * 60), 10, &berlin());
    assert_eq!(shown(&ticks)[..4], ["25.10 01:00", "25.10 01:30", "25.10 02:00", "25.10 02:30"]);
    let hourly = time_ticks(utc(2026, 10, 24, 22 * 60), utc(2026, 10, 25, 4 * 60), 8, &berlin());
    assert_eq!(
        shown(&hourly),
        [
            "25.10 00:00",
            "25.10 01:00",
            "25.10 02:00",
            "25.10 02:00",
            "25.10 03:00",
            "25.10 04:00",
            "25.10 05:00"
        ]
    );
    assert_eq!(hours_apart(&hourly), [1.0; 6]);
}

#[test]
fn coarser_marks_take_the_earlier_of_two_and_keep_to_the_clock() {
    let ticks = time_ticks(utc(2026, 10, 24, 22 * 60), utc(2026, 10, 25, 23 * 60), 14, &berlin());
    assert_eq!(shown(&ticks)[..4], ["25.10 00:00", "25.10 02:00", "25.10 04:00", "25.10 06:00"]);
    assert_eq!(hours_apart(&ticks)[..3], [2.0, 3.0, 2.0]);
}

#[test]
fn days_are_marked_at_their_first_instant_also_where_midnight_does_not_exist() {
    // Santiago skips from midnight to 1:00 on 2026-09-06.
    let santiago = changing(utc(2026, 9, 6, 4 * 60), -240, -180);
    let ticks = time_ticks(utc(2026, 9, 5, 4 * 60), utc(2026, 9, 8, 3 * 60), 5, &santiago);
    assert_eq!(shown(&ticks), ["5.9 00:00", "6.9 01:00", "7.9 00:00", "8.9 00:00"]);
    assert_eq!(hours_apart(&ticks), [24.0, 23.0, 24.0]);
}

#[test]
fn of_two_midnights_the_earlier_begins_the_day() {
    // Havana sets 1:00 back to midnight on 2025-11-02.
    let havana = changing(utc(2025, 11, 2, 5 * 60), -240, -300);
    let ticks = time_ticks(utc(2025, 11, 1, 4 * 60), utc(2025, 11, 3, 5 * 60), 5, &havana);
    assert_eq!(hours_apart(&ticks).iter().sum::<f64>(), 49.0);
    let days: Vec<_> = ticks.iter().filter(|tick| tick.local.is_midnight()).map(|tick| tick.at_ms).collect();
    assert_eq!(days, [utc(2025, 11, 1, 240), utc(2025, 11, 2, 240), utc(2025, 11, 3, 300)]);
}

#[test]
fn a_date_that_the_zone_skipped_has_no_mark() {
    // Apia went from 29 to 31 December 2011.
    let apia = changing(utc(2011, 12, 30, 10 * 60), -600, 840);
    let ticks = time_ticks(utc(2011, 12, 28, 10 * 60), utc(2012, 1, 1, 10 * 60), 8, &apia);
    let midnights: Vec<_> = ticks.iter().filter(|tick| tick.local.is_midnight()).copied().collect();
    assert_eq!(shown(&midnights), ["28.12 00:00", "29.12 00:00", "31.12 00:00", "1.1 00:00", "2.1 00:00"]);
}

#[test]
fn weeks_begin_on_monday_and_long_spans_are_marked_by_months_and_years() {
    let month = time_ticks(MONDAY - 3.0 * DAY, MONDAY + 28.0 * DAY, 7, &fixed(0));
    assert_eq!(shown(&month)[..2], ["5.1 00:00", "12.1 00:00"]);
    let half_year = time_ticks(utc(2026, 1, 1, 0), utc(2026, 7, 1, 0), 9, &fixed(0));
    assert_eq!(shown(&half_year)[..3], ["1.1 00:00", "1.2 00:00", "1.3 00:00"]);
    let decade = time_ticks(utc(2020, 1, 1, 0), utc(2026, 1, 2, 0), 9, &fixed(0));
    assert_eq!(
        decade.iter().map(|tick| tick.local.date.year).collect::<Vec<_>>(),
        [2020, 2021, 2022, 2023, 2024, 2025, 2026]
    );
}

#[test]
fn marks_tell_what_changes_between_them() {
    let labels = |hours: f64, at_most| -> Vec<String> {
        let (from, to) = (MONDAY + 18.0 * HOUR, MONDAY + (18.0 + hours) * HOUR);
        time_ticks(from, to, at_most, &fixed(0)).iter().map(TimeTick::label).collect()
    };
    assert_eq!(labels(12.0, 6), ["18:00", "21:00", "Tue 6", "03:00", "06:00"]);
    assert_eq!(labels(72.0, 6), ["Tue 6", "Wed 7", "Thu 8"]);
    assert_eq!(labels(24.0 * 30.0, 8), ["12 Jan", "19 Jan", "26 Jan", "2 Feb"]);
    assert_eq!(labels(24.0 * 150.0, 8), ["Feb", "Mar", "Apr", "May", "Jun"]);
    assert_eq!(labels(24.0 * 1_000.0, 8), ["Jul", "2027", "Jul", "2028", "Jul"]);
}

#[test]
fn an_empty_or_senseless_span_has_no_marks() {
    for (from, to) in
        [(MONDAY, MONDAY), (MONDAY + 1.0, MONDAY), (f64::NAN, f64::NAN), (f64::INFINITY, MONDAY)]
    {
        assert_eq!(time_ticks(from, to, 10, &fixed(0)), []);
    }
}

#[test]
fn a_window_is_cut_into_hours_as_the_server_cuts_it() {
    let steps =
        hour_steps(MONDAY + 8.0 * HOUR + 10.0 * 60_000.0, MONDAY + 10.0 * HOUR + 20.0 * 60_000.0, &fixed(0));
    assert_eq!(steps.iter().map(|(from, to)| (to - from) / 60_000.0).collect::<Vec<_>>(), [50.0, 60.0, 20.0]);
    let kolkata =
        hour_steps(MONDAY + 8.0 * HOUR + 10.0 * 60_000.0, MONDAY + 8.0 * HOUR + 50.0 * 60_000.0, &fixed(330));
    assert_eq!(kolkata.iter().map(|(from, to)| (to - from) / 60_000.0).collect::<Vec<_>>(), [20.0, 20.0]);
    let short_day = hour_steps(utc(2026, 3, 28, 23 * 60), utc(2026, 3, 29, 22 * 60), &berlin());
    assert_eq!(short_day.len(), 23);
    let long_day = hour_steps(utc(2026, 10, 24, 22 * 60), utc(2026, 10, 25, 23 * 60), &berlin());
    assert_eq!(long_day.len(), 25);
}

#[test]
fn a_change_by_half_an_hour_begins_a_step_of_its_own() {
    // Lord Howe sets 2:00 (+11:00) back to 1:30 (+10:30) on 2026-04-05.
    let lord_howe = changing(utc(2026, 4, 4, 15 * 60), 660, 630);
    let steps = hour_steps(utc(2026, 4, 4, 13 * 60), utc(2026, 4, 5, 13 * 60 + 30), &lord_howe);
    let minutes: Vec<_> = steps.iter().map(|(from, to)| (to - from) / 60_000.0).collect();
    assert_eq!(minutes[..4], [60.0, 60.0, 30.0, 60.0]);
    assert_eq!(minutes.iter().sum::<f64>(), 24.5 * 60.0);
}

proptest! {
    #[test]
    fn marks_rise_within_the_span_and_are_bounded_whenever_the_clock_changes(
        hours in 1_u32..24 * 60, start in 0_u32..24 * 90, change in 0_u32..24 * 150, shift in -4_i64..=4,
        zone in -48_i64..=56, at_most in 3_usize..16,
    ) {
        let from = MONDAY + f64::from(start) * HOUR;
        let to = from + f64::from(hours) * HOUR;
        let offset = changing(MONDAY + f64::from(change) * HOUR, zone * 15, zone * 15 + shift * 15);
        let ticks = time_ticks(from, to, at_most, &offset);
        prop_assert!(ticks.len() <= at_most);
        prop_assert!(ticks.is_sorted_by(|one, next| one.at_ms < next.at_ms));
        prop_assert!(ticks.iter().all(|tick| (from..=to).contains(&tick.at_ms)));
        for tick in &ticks {
            prop_assert_eq!(tick.local, offset.local(Instant::from_ms(tick.at_ms)));
        }
    }

    #[test]
    fn hours_cover_a_window_without_gaps(
        minutes in 1_u32..3_000, start in 0_u32..10_000, change in 0_u32..15_000, shift in -4_i64..=4,
    ) {
        let from = MONDAY + f64::from(start) * 60_000.0;
        let to = from + f64::from(minutes) * 60_000.0;
        let offset = changing(MONDAY + f64::from(change) * 60_000.0, 60, 60 + shift * 15);
        let steps = hour_steps(from, to, &offset);
        prop_assert_eq!(steps.first().unwrap().0, from);
        prop_assert_eq!(steps.last().unwrap().1, to);
        prop_assert!(steps.windows(2).all(|pair| pair[0].1 == pair[1].0));
        prop_assert!(steps.iter().all(|(from, to)| to > from && to - from <= HOUR));
    }
}
