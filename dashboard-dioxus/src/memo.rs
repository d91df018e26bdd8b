//! Values that are computed again when the signals they read change.

use dioxus::prelude::Memo;

/// As [`dioxus::prelude::use_memo`], compiled once for each type of value and not for each place that has one, because a
/// browser has to load all that is compiled.
pub(crate) fn use_memo<T: PartialEq + 'static>(compute: impl FnMut() -> T + 'static) -> Memo<T> {
    of_boxed(Box::new(compute))
}

#[inline(never)]
fn of_boxed<T: PartialEq + 'static>(compute: Box<dyn FnMut() -> T>) -> Memo<T> {
    dioxus::prelude::use_memo(compute)
}
