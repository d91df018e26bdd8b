use dioxus::prelude::*;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The widest an explanation gets, in CSS pixels, as the stylesheet says too.
const WIDTH_PX: f64 = 320.0;
/// What is kept free around it, in CSS pixels.
const MARGIN_PX: f64 = 8.0;

/// The room, in CSS pixels, that an explanation may need above its subject: a handful of lines.
const HEIGHT_PX: f64 = 120.0;

/// Where the explanation stands, in CSS pixels from the window's position.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Position {
    left: f64,
    placement: Placement,
}

/// Above, where it hides nothing that it explains; below only where there is no room above.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Placement {
    Above { bottom: f64 },
    Below { top: f64 },
}

/// A word or number that says on hover and on focus how it comes about. Escape hides what it says. A press is answered
/// with the same, unless it does something else.
#[component]
pub(crate) fn Explained(how: String, onpress: Option<EventHandler<()>>, children: Element) -> Element {
    let id = use_hook(next_id);
    let mut element = use_signal(|| None::<Rc<MountedData>>);
    let mut position = use_signal(|| None::<Position>);
    // Placed in the window itself, because a scrolling table would cut it off.
    let show = move || async move {
        let mounted = element.peek().clone();
        let Some(mounted) = mounted else { return };
        if let Ok(place) = mounted.get_client_rect().await {
            let left = left_inside(place.min_x(), window_width());
            position.set(Some(Position { left, placement: placement(place.min_y(), place.max_y()) }));
        }
    };
    let style = position().map(|Position { left, placement }| match placement {
        Placement::Above { bottom } => format!("left: {left}px; top: {bottom}px; translate: 0 -100%"),
        Placement::Below { top } => format!("left: {left}px; top: {top}px"),
    });
    rsx! {
        span {
            class: "explained",
            onmouseenter: move |_| show(),
            onmouseleave: move |_| position.set(None),
            button {
                class: "explained-subject",
                r#type: "button",
                aria_describedby: "{id}",
                onmounted: move |event| element.set(Some(event.data())),
                onfocus: move |_| show(),
                onblur: move |_| position.set(None),
                onclick: move |_| async move {
                    match onpress {
                        Some(onpress) => onpress.call(()),
                        None => show().await,
                    }
                },
                onkeydown: move |event| {
                    if event.key() == Key::Escape && position.peek().is_some() {
                        event.stop_propagation();
                        position.set(None);
                    }
                },
                {children}
            }
            span {
                id: "{id}",
                class: "explained-how",
                role: "tooltip",
                hidden: position().is_none(),
                style,
                {how}
            }
        }
    }
}

/// Where the subject begins, moved so that the whole explanation is inside the window.
fn left_inside(subject_left: f64, window_width: f64) -> f64 {
    let rightmost = (window_width - WIDTH_PX - MARGIN_PX).max(MARGIN_PX);
    subject_left.clamp(MARGIN_PX, rightmost)
}

fn placement(subject_top: f64, subject_bottom: f64) -> Placement {
    if subject_top >= HEIGHT_PX {
        Placement::Above { bottom: subject_top - MARGIN_PX / 2.0 }
    } else {
        Placement::Below { top: subject_bottom + MARGIN_PX / 2.0 }
    }
}

fn window_width() -> f64 {
    let width = web_sys::window().and_then(|window| window.inner_width().ok());
    width.and_then(|width| width.as_f64()).unwrap_or(WIDTH_PX)
}

/// An id that no other element has.
pub(crate) fn next_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("part-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_stays_inside_the_window() {
        let left = left_inside;
        assert!((left(100.0, 1_280.0) - 100.0).abs() < f64::EPSILON);
        assert!((left(1_200.0, 1_280.0) - 952.0).abs() < f64::EPSILON);
        assert!((left(200.0, 390.0) - 62.0).abs() < f64::EPSILON);
        assert!((left(200.0, 300.0) - MARGIN_PX).abs() < f64::EPSILON);
        assert_eq!(placement(200.0, 220.0), Placement::Above { bottom: 196.0 });
        assert_eq!(placement(20.0, 40.0), Placement::Below { top: 44.0 });
    }
}
