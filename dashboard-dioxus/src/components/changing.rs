use dioxus::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

/// A text that is marked for a moment when it has changed.
#[component]
pub(crate) fn Changing(text: String) -> Element {
    let class = use_changing(std::slice::from_ref(&text))[0];
    rsx! {
        span { class, "{text}" }
    }
}

/// The same for all texts of a component, which are always as many: the class of each one's element. One component for all
/// numbers of a row is drawn in a fraction of the time that one for each number takes.
pub(crate) fn use_changing(texts: &[String]) -> Vec<&'static str> {
    let known =
        use_hook(|| Rc::new(RefCell::new(texts.iter().map(|text| (text.clone(), 0)).collect::<Vec<_>>())));
    let mut known = known.borrow_mut();
    let classes = known.iter_mut().zip(texts).map(|((before, changes), text)| {
        if before != text {
            before.clone_from(text);
            *changes += 1;
        }
        class(*changes)
    });
    classes.collect()
}

/// Another class for every second change, so that the mark begins anew.
fn class(changes: u32) -> &'static str {
    match changes {
        0 => "changing",
        odd if odd % 2 == 1 => "changing changing-marked",
        _ => "changing changing-marked changing-again",
    }
}
