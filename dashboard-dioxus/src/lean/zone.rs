//! Instants in the factory's time zone. The server says how far its clocks are ahead of UTC, because the browser's own rules may
//! be older than the server's; until it has said so, the browser's serve. So the bundle holds no table of zones.

use super::calendar::LocalTime;
use super::instant::Instant;
use super::sorted_map::SortedMap;
use crate::words::time as words;
use domain::instant::CivilDate;
use domain::{MS_PER_DAY, MS_PER_MINUTE};
use js_sys::{Array, Function, Object, Reflect};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use web_sys::wasm_bindgen::{JsCast, JsValue};

/// Offsets change on whole quarters of an hour at most, so one answer of the browser serves for that long, in ms.
const OFFSET_STEP_MS: i64 = 900_000;
/// The most offsets that are remembered: six weeks of quarter hours.
const MAX_REMEMBERED: usize = 4_096;

/// A time zone.
#[derive(Clone)]
pub(crate) struct Zone(Rc<Inner>);

struct Inner {
    name: String,
    clock: Clock,
    offsets_ms: RefCell<SortedMap<i64, i64>>,
}

/// From an instant on, a zone's clocks are so far ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct OffsetChange {
    /// Ms since 1970.
    pub(crate) from_ms: i64,
    pub(crate) offset_ms: i64,
}

enum Clock {
    /// What the server said, in the order of time. Before the first, the first holds.
    Listed(Vec<OffsetChange>),
    /// The browser's formatter and its method that takes an instant apart.
    Browser(JsValue, Function),
    Fixed {
        offset_ms: i64,
    },
    /// One that is changed, natively, where there is no browser.
    #[cfg(test)]
    Changing(Box<dyn Fn(i64) -> i64>),
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        let listed = |zone: &Self| match &zone.0.clock {
            Clock::Listed(changes) => Some(changes.clone()),
            _ => None,
        };
        self.0.name == other.0.name && listed(self) == listed(other)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.name)
    }
}

impl Zone {
    /// The zone of this IANA name; UTC, and called so, where the browser does not know it.
    pub(crate) fn named(name: &str) -> Self {
        match formatter(name) {
            Ok((formatter, to_parts)) => Self::new(name, Clock::Browser(formatter, to_parts)),
            Err(_) => Self::fixed("UTC", 0),
        }
    }

    /// The zone of this IANA name with these offsets.
    pub(crate) fn listed(name: &str, changes: Vec<OffsetChange>) -> Self {
        Self::new(name, Clock::Listed(changes))
    }

    /// A zone whose clocks are never changed.
    pub(crate) fn fixed(name: &str, offset_minutes: i64) -> Self {
        Self::new(name, Clock::Fixed { offset_ms: offset_minutes * MS_PER_MINUTE })
    }

    /// A zone of any offsets: ms by which its clocks are ahead of UTC at ms since 1970.
    #[cfg(test)]
    pub(crate) fn changing(offset_ms: impl Fn(i64) -> i64 + 'static) -> Self {
        Self::new("changing", Clock::Changing(Box::new(offset_ms)))
    }

    fn new(name: &str, clock: Clock) -> Self {
        Self(Rc::new(Inner { name: name.to_owned(), clock, offsets_ms: RefCell::default() }))
    }

    /// The name to say beside times.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// How far the zone's clocks are ahead of UTC at an instant, in ms.
    pub(crate) fn offset_ms(&self, instant: Instant) -> i64 {
        let (formatter, to_parts) = match &self.0.clock {
            Clock::Fixed { offset_ms } => return *offset_ms,
            Clock::Listed(changes) => {
                let next = changes.partition_point(|change| change.from_ms <= instant.0);
                return changes.get(next.saturating_sub(1)).map_or(0, |change| change.offset_ms);
            }
            Clock::Browser(formatter, to_parts) => (formatter, to_parts),
            #[cfg(test)]
            Clock::Changing(offset_ms) => return offset_ms(instant.0),
        };
        let step = instant.0.div_euclid(OFFSET_STEP_MS);
        let mut remembered = self.0.offsets_ms.borrow_mut();
        if let Some(offset_ms) = remembered.get(&step) {
            return *offset_ms;
        }
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        let begin_ms = step * OFFSET_STEP_MS;
        let shown_ms = to_parts.call1(formatter, &JsValue::from_f64(begin_ms as f64)).ok().and_then(shown);
        let offset_ms = shown_ms.map_or(0, |shown_ms| shown_ms - begin_ms);
        remembered.insert(step, offset_ms);
        offset_ms
    }

    /// What the zone's clocks show at an instant.
    pub(crate) fn local(&self, instant: Instant) -> LocalTime {
        LocalTime::of_wall_ms(instant.0 + self.offset_ms(instant))
    }

    /// The instant at which the zone's clocks show this day and time; where they show it twice, the earlier, and where
    /// they skip it, the instant as far after the skip.
    pub(crate) fn instant(&self, days: i64, minute_of_day: i64) -> Instant {
        let shown_ms = days * MS_PER_DAY + minute_of_day * MS_PER_MINUTE;
        let candidates = [shown_ms - MS_PER_DAY, shown_ms + MS_PER_DAY]
            .map(|around_ms| Instant(shown_ms - self.offset_ms(Instant(around_ms))));
        let shows_it = |instant: &Instant| instant.0 + self.offset_ms(*instant) == shown_ms;
        candidates.into_iter().filter(shows_it).min().unwrap_or(candidates[0])
    }

    /// The instant that a field for a time, such as `2026-01-05T08:00`, means on the zone's clock; none when it is empty.
    pub(crate) fn typed(&self, field: &str) -> Option<Instant> {
        let (date, _) = field.split_once('T')?;
        let days = CivilDate::parse(date)?.days();
        // Read as if it were UTC: the minutes since midnight are the same.
        let shown_ms = Instant::parse(&format!("{field}Z"))?.0;
        Some(self.instant(days, (shown_ms - days * MS_PER_DAY) / MS_PER_MINUTE))
    }

    /// What a field for a time shows for an instant.
    pub(crate) fn field(&self, instant: Instant) -> String {
        let mut text = Instant(instant.0 + self.offset_ms(instant)).to_rfc3339();
        text.truncate("2026-01-05T08:00".len());
        text
    }

    /// Such as `08:05`.
    pub(crate) fn time(&self, instant: Instant) -> String {
        words::time(&self.local(instant))
    }

    /// Such as `08:05:30`.
    pub(crate) fn time_with_seconds(&self, instant: Instant) -> String {
        words::time_with_seconds(&self.local(instant))
    }

    /// Such as `Mon 5 Jan 2026`.
    pub(crate) fn date(&self, instant: Instant) -> String {
        words::date(&self.local(instant))
    }

    /// Such as `Mon 5 Jan 2026, 08:05`.
    pub(crate) fn date_time(&self, instant: Instant) -> String {
        format!("{}, {}", self.date(instant), self.time(instant))
    }

    /// A date and a time of day, with its seconds where they are not zero.
    pub(crate) fn exact(&self, instant: Instant) -> String {
        words::date_and_exact_time(&self.local(instant))
    }

    /// A span of time, without telling a date twice: a whole day by its date, one within a day by its times.
    pub(crate) fn span(&self, from: Instant, to: Instant) -> String {
        // The span does not include its end, so a day's last date is that of the instant before.
        let last = self.local(Instant(to.0 - 1)).date;
        words::date_span(&self.local(from), &self.local(to), last)
    }

    /// The time, with the day before it unless that is the day of `now`.
    pub(crate) fn time_near(&self, instant: Instant, now: Instant) -> String {
        if self.local(instant).date == self.local(now).date {
            self.time(instant)
        } else {
            self.date_time(instant)
        }
    }
}

/// Fails where the browser does not know the zone; its own constructor would throw past this program.
fn formatter(name: &str) -> Result<(JsValue, Function), JsValue> {
    if cfg!(not(target_arch = "wasm32")) {
        return Err(JsValue::NULL);
    }
    let options = Object::new();
    for (field, value) in [
        ("timeZone", name),
        ("hourCycle", "h23"),
        ("year", "numeric"),
        ("month", "2-digit"),
        ("day", "2-digit"),
        ("hour", "2-digit"),
        ("minute", "2-digit"),
        ("second", "2-digit"),
    ] {
        Reflect::set(&options, &field.into(), &value.into())?;
    }
    let intl = Reflect::get(&js_sys::global(), &"Intl".into())?;
    let constructor: Function = Reflect::get(&intl, &"DateTimeFormat".into())?.dyn_into()?;
    let formatter = Reflect::construct(&constructor, &Array::of2(&"en-GB".into(), &options))?;
    let to_parts = Reflect::get(&formatter, &"formatToParts".into())?.dyn_into()?;
    Ok((formatter, to_parts))
}

/// What the formatter's clock shows, as if it were UTC, in ms.
fn shown(parts: JsValue) -> Option<i64> {
    let parts: Array = parts.dyn_into().ok()?;
    let number = |wanted: &str| {
        parts.iter().find_map(|part| {
            let kind = Reflect::get(&part, &"type".into()).ok()?.as_string()?;
            let value = Reflect::get(&part, &"value".into()).ok()?.as_string()?;
            if kind == wanted { value.parse::<i64>().ok() } else { None }
        })
    };
    let date = CivilDate { year: number("year")?, month: number("month")?, day: number("day")? };
    let seconds = number("hour")? * 3_600 + number("minute")? * 60 + number("second")?;
    Some(date.days() * MS_PER_DAY + seconds * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn instants_are_told_in_the_zone() {
        let zone = Zone::fixed("Asia/Kolkata", 330);
        let instant = at("2026-01-04T20:00:05Z");
        assert_eq!(zone.time(instant), "01:30");
        assert_eq!(zone.time_with_seconds(instant), "01:30:05");
        assert_eq!(zone.date(instant), "Mon 5 Jan 2026");
        assert_eq!(zone.date_time(instant), "Mon 5 Jan 2026, 01:30");
    }

    #[test]
    fn the_clock_shows_date_weekday_and_time_of_the_place() {
        let expected = LocalTime {
            date: CivilDate { year: 2026, month: 1, day: 5 },
            weekday: 0,
            hour: 13,
            minute: 30,
            second: 0,
        };
        assert_eq!(Zone::fixed("Asia/Kolkata", 330).local(at("2026-01-05T08:00Z")), expected);
    }

    #[test]
    fn the_servers_offsets_decide_what_the_clock_shows() {
        let hours = |hours: i64| hours * 3_600_000;
        let changes = [
            ("2000-01-01T00:00Z", -8),
            ("2025-03-09T10:00Z", -7),
            ("2025-11-02T09:00Z", -8),
            ("2026-03-08T10:00Z", -7),
        ]
        .map(|(from, offset)| OffsetChange { from_ms: at(from).0, offset_ms: hours(offset) });
        let vancouver = Zone::listed("America/Vancouver", changes.to_vec());
        for (instant, shown) in [
            ("1999-06-01T12:00Z", "04:00"),
            ("2025-11-02T08:59Z", "01:59"),
            ("2025-11-02T09:00Z", "01:00"),
            ("2026-11-27T07:00Z", "00:00"),
        ] {
            assert_eq!(vancouver.time(at(instant)), shown, "{instant}");
        }
        assert_ne!(
            vancouver,
            Zone::fixed("America/Vancouver", -480),
            "pages are drawn again when the server has spoken"
        );
    }

    #[test]
    fn a_span_tells_each_date_once() {
        let utc = Zone::fixed("UTC", 0);
        let hour = |hours: f64| Instant(1_767_571_200_000 + (hours * 3_600_000.0) as i64);
        let cases = [
            (8.0, 9.0, "Mon 5 Jan 2026, 08:00 to 09:00"),
            (23.0, 24.0, "Mon 5 Jan 2026, 23:00 to 24:00"),
            (23.0, 25.5, "Mon 5 Jan 2026, 23:00 to Tue 6 Jan 2026, 01:30"),
            (0.0, 24.0, "Mon 5 Jan 2026"),
            (0.0, 48.0, "Mon 5 Jan 2026 to Tue 6 Jan 2026"),
            (8.0, 8.0 + 1.0 / 240.0, "Mon 5 Jan 2026, 08:00 to 08:00:15"),
        ];
        for (from, to, expected) in cases {
            assert_eq!(utc.span(hour(from), hour(to)), expected);
        }
        assert_eq!(Zone::fixed("Asia/Kolkata", 330).exact(hour(0.0)), "Mon 5 Jan 2026, 05:30");
    }

    #[test]
    fn a_time_is_typed_and_shown_on_the_factorys_clock() {
        let zone = Zone::fixed("Asia/Kolkata", 330);
        let instant = zone.typed("2026-01-05T08:00").unwrap();
        assert_eq!(instant, at("2026-01-05T02:30Z"));
        assert_eq!(zone.field(instant), "2026-01-05T08:00");
        assert_eq!(zone.typed(""), None);
    }

    #[test]
    fn a_time_of_another_day_says_which() {
        let zone = Zone::fixed("UTC", 0);
        let now = at("2026-01-05T10:00Z");
        assert_eq!(zone.time_near(at("2026-01-05T00:00Z"), now), "00:00");
        assert_eq!(zone.time_near(at("2026-01-04T23:59Z"), now), "Sun 4 Jan 2026, 23:59");
    }

    #[test]
    fn what_a_clock_shows_is_found_again() {
        for offset_minutes in [-720, -210, 0, 60, 330, 840] {
            let zone = Zone::fixed("somewhere", offset_minutes);
            let instant = zone.instant(20_458, 8 * 60 + 5);
            assert_eq!(zone.date_time(instant), "Mon 5 Jan 2026, 08:05");
        }
    }
}
