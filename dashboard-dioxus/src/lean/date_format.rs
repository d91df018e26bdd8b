//! Dates as the browser's language writes them. The browser knows all languages; `icu` brings their tables along, which are
//! larger than the rest of the page.

use domain::MS_PER_DAY;
use domain::instant::CivilDate;
use js_sys::{Array, Function, Intl, Object, Reflect};
use std::cell::RefCell;
use web_sys::wasm_bindgen::JsValue;

/// Which fields of a date are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateFields {
    /// Such as `Mon 5 Jan 2026`.
    Date,
    /// Such as `5 Jan`.
    DayAndMonth,
    /// Such as `Mon 5 Jan`.
    WeekdayAndMonth,
    /// Such as `Mon 5`, which is how a shift leader knows the days of a week.
    WeekdayAndDay,
    /// Such as `Jan`.
    Month,
    /// Such as `January 2026`.
    MonthAndYear,
    /// Such as `M`.
    Weekday,
}

/// How many combinations of fields there are.
const KINDS: usize = 7;

impl DateFields {
    /// As the browser's formatter takes them.
    fn options(self) -> &'static [(&'static str, &'static str)] {
        const WEEKDAY: (&str, &str) = ("weekday", "short");
        const DAY: (&str, &str) = ("day", "numeric");
        const MONTH: (&str, &str) = ("month", "short");
        const YEAR: (&str, &str) = ("year", "numeric");
        match self {
            Self::Date => &[WEEKDAY, DAY, MONTH, YEAR],
            Self::DayAndMonth => &[DAY, MONTH],
            Self::WeekdayAndMonth => &[WEEKDAY, DAY, MONTH],
            Self::WeekdayAndDay => &[WEEKDAY, DAY],
            Self::Month => &[MONTH],
            Self::MonthAndYear => &[("month", "long"), YEAR],
            Self::Weekday => &[("weekday", "narrow")],
        }
    }
}

thread_local! {
    /// The formatters that were needed so far: making one takes longer than using it a hundred times.
    static FORMATS: RefCell<[Option<Function>; KINDS]> = const { RefCell::new([const { None }; KINDS]) };
}

/// The date in the browser's language; none where there is no browser.
pub(crate) fn written(fields: DateFields, date: CivilDate) -> Option<String> {
    if cfg!(not(target_arch = "wasm32")) {
        return None;
    }
    let format = FORMATS
        .with_borrow_mut(|formats| formats[fields as usize].get_or_insert_with(|| format(fields)).clone());
    let ms = (date.days() * MS_PER_DAY) as f64;
    format.call1(&JsValue::UNDEFINED, &JsValue::from_f64(ms)).ok()?.as_string()
}

fn format(fields: DateFields) -> Function {
    let options = Object::new();
    for (field, value) in fields.options().iter().chain(&[("timeZone", "UTC")]) {
        // A new object takes any field.
        _ = Reflect::set(&options, &(*field).into(), &(*value).into());
    }
    Intl::DateTimeFormat::new(&Array::new(), &options).format()
}
