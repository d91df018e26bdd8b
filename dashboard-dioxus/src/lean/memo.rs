//! Values that are computed again when the signals they read change.
//!
//! A memo of Dioxus is compiled anew for each type of value; this one is compiled once, with a thin layer for each type.

use dioxus::prelude::{ReadSignal, Signal, use_hook};
use dioxus::signals::MappedSignal;
use std::any::Any;

/// A value of [`use_memo`]; whoever reads it is drawn again when it changes.
pub(crate) type Memo<T> = MappedSignal<T, dioxus::signals::Memo<Computed>>;

/// As [`dioxus::prelude::use_memo`], but what keeps the value does not know its type.
pub(crate) fn use_memo<T: PartialEq + 'static>(mut compute: impl FnMut() -> T + 'static) -> Memo<T> {
    let computed = use_computed(Box::new(move || Computed(Box::new(compute()))));
    MappedSignal::new(computed, Computed::value::<T>)
}

fn use_computed(compute: Box<dyn FnMut() -> Computed>) -> dioxus::signals::Memo<Computed> {
    dioxus::prelude::use_memo(compute)
}

/// A signal that can only be read. Made once for a component, because each that is made stays until the component goes.
pub(crate) fn use_read_only<T: 'static>(signal: Signal<T>) -> ReadSignal<T> {
    use_hook(|| signal.into())
}

/// A value of any type that can be told from another one.
pub(crate) struct Computed(Box<dyn Comparable>);

impl Computed {
    fn value<T: 'static>(&self) -> &T {
        self.0.as_any().downcast_ref().expect("a memo is read as what it computes")
    }
}

impl PartialEq for Computed {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_equal(&*other.0)
    }
}

trait Comparable: Any {
    fn as_any(&self) -> &dyn Any;
    fn is_equal(&self, other: &dyn Comparable) -> bool;
}

impl<T: PartialEq + 'static> Comparable for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_equal(&self, other: &dyn Comparable) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
}
