//! Selecting a stretch of time in a chart, to zoom into it: by dragging across the chart, or by Shift and the arrow keys.

use crate::chart::roving::Move;
use domain::bucket::BUCKET_MS;

/// What a person does to select. Places are shares of the chart's width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gesture {
    /// The button of the pointer went down at a place.
    Press(f64, f64),
    /// The pointer moved across.
    Drag(f64),
    /// The button went up.
    Release,
    /// An arrow key with Shift.
    Extend(Move),
    /// Whatever was selected is so no more.
    Cancel,
}

/// What is selected for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To see more of it: less than all, in steps of which a few select much.
    #[default]
    Zoom,
    /// To say something of it: any stretch, in the steps of the grid.
    Choose,
}

/// Where things are in a chart of one or several rows.
pub(crate) trait Canvas {
    /// The row at a share of the height.
    fn row_at(&self, share: f64) -> usize;
    /// The instants between which a row can be zoomed into, in ms.
    fn window(&self, row: usize) -> [f64; 2];
    /// The instant at a share of the width of a row, in ms.
    fn instant_at(&self, row: usize, share: f64) -> f64;
    /// The row and the instant from which keys select.
    fn chosen(&self) -> (usize, f64);
    /// What is selected for.
    fn purpose(&self) -> Purpose {
        Purpose::Zoom
    }
}

/// A stretch that is being selected in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Selected {
    pub(crate) row: usize,
    /// Where it was begun, in ms since 1970.
    begin_ms: f64,
    /// Where it reaches by now, before or after that.
    reach_ms: f64,
    /// The pointer's button is down.
    is_dragged: bool,
    purpose: Purpose,
}

/// A pointer that moved by less than this share of the window was not dragged: hands are not still when they click.
const LEAST_DRAG: f64 = 0.01;
/// A key selects this share of the window.
const KEY_STEPS: f64 = 24.0;
const GRID_MS: f64 = BUCKET_MS as f64;

impl Selected {
    /// What is selected after a gesture, and what to zoom into where the gesture says so.
    pub(crate) fn after(
        before: Option<Self>,
        gesture: Gesture,
        canvas: &dyn Canvas,
    ) -> (Option<Self>, Option<[f64; 2]>) {
        match gesture {
            Gesture::Press(x, y) => {
                let row = canvas.row_at(y);
                let at_ms = canvas.instant_at(row, x);
                let purpose = canvas.purpose();
                (Some(Self { row, begin_ms: at_ms, reach_ms: at_ms, is_dragged: true, purpose }), None)
            }
            Gesture::Drag(x) => {
                let dragged = |selected: Self| {
                    let reach_ms = canvas.instant_at(selected.row, x);
                    if selected.is_dragged { Self { reach_ms, ..selected } } else { selected }
                };
                (before.map(dragged), None)
            }
            Gesture::Release => match before {
                Some(selected) if selected.is_dragged => (None, selected.zoomed(canvas.window(selected.row))),
                kept => (kept, None),
            },
            Gesture::Extend(step) => (Some(Self::extended(before, step, canvas)), None),
            Gesture::Cancel => (None, None),
        }
    }

    fn extended(before: Option<Self>, step: Move, canvas: &dyn Canvas) -> Self {
        let selected = before.unwrap_or_else(|| {
            let (row, at_ms) = canvas.chosen();
            let purpose = canvas.purpose();
            Self { row, begin_ms: at_ms, reach_ms: at_ms, is_dragged: false, purpose }
        });
        let [from_ms, to_ms] = canvas.window(selected.row);
        let step_ms = match selected.purpose {
            Purpose::Zoom => (((to_ms - from_ms) / KEY_STEPS / GRID_MS).ceil() * GRID_MS).max(GRID_MS),
            Purpose::Choose => GRID_MS,
        };
        let reach_ms = match step {
            Move::Previous => selected.reach_ms - step_ms,
            Move::Next => selected.reach_ms + step_ms,
            Move::First => from_ms,
            Move::Last => to_ms,
            Move::Up | Move::Down | Move::PageUp | Move::PageDown => selected.reach_ms,
        };
        Self { reach_ms: reach_ms.max(from_ms).min(to_ms), ..selected }
    }

    /// Whether the pointer's button is down since the selection began.
    pub(crate) fn is_dragged(&self) -> bool {
        self.is_dragged
    }

    /// What is zoomed into: whole steps of the server's grid within the window; none where that is no less than all, or
    /// the pointer was hardly moved.
    pub(crate) fn zoomed(self, [from_ms, to_ms]: [f64; 2]) -> Option<[f64; 2]> {
        let [begin_ms, end_ms] = [self.begin_ms.min(self.reach_ms), self.begin_ms.max(self.reach_ms)];
        let least_ms = if self.is_dragged { (to_ms - from_ms) * LEAST_DRAG } else { 0.0 };
        if end_ms - begin_ms <= least_ms {
            return None;
        }
        let zoomed = [
            ((begin_ms / GRID_MS).floor() * GRID_MS).max(from_ms),
            ((end_ms / GRID_MS).ceil() * GRID_MS).min(to_ms),
        ];
        let is_less_than_all = zoomed[1] - zoomed[0] < to_ms - from_ms;
        (is_less_than_all || self.purpose == Purpose::Choose).then_some(zoomed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: f64 = 60_000.0;

    /// Two rows of eight hours, from hour 8 and from hour 32 on.
    struct Hours(f64, Purpose);

    impl Canvas for Hours {
        fn row_at(&self, share: f64) -> usize {
            usize::from(share >= 0.5)
        }

        fn window(&self, row: usize) -> [f64; 2] {
            let from_ms = (8.0 + 24.0 * row as f64) * 60.0 * MINUTE;
            [from_ms, from_ms + 480.0 * MINUTE]
        }

        fn instant_at(&self, row: usize, share: f64) -> f64 {
            self.window(row)[0] + share * 480.0 * MINUTE
        }

        fn chosen(&self) -> (usize, f64) {
            (0, self.window(0)[0] + self.0 * MINUTE)
        }

        fn purpose(&self) -> Purpose {
            self.1
        }
    }

    /// What is zoomed into after gestures, in minutes from the row's begin; and what is still selected.
    fn done(gestures: &[Gesture]) -> (Option<Selected>, Option<[f64; 2]>) {
        done_for(Purpose::Zoom, gestures)
    }

    fn done_for(purpose: Purpose, gestures: &[Gesture]) -> (Option<Selected>, Option<[f64; 2]>) {
        let canvas = Hours(62.0, purpose);
        gestures.iter().fold((None, None), |(selected, _), gesture| {
            let (selected, zoomed) = Selected::after(selected, *gesture, &canvas);
            (selected, zoomed.map(|ends| ends.map(|end| end / MINUTE - 480.0)))
        })
    }

    #[test]
    fn what_is_dragged_over_is_zoomed_into_in_whole_steps_in_either_direction() {
        let drag = |from: f64, to: f64, y: f64| {
            done(&[Gesture::Press(from, y), Gesture::Drag(0.5), Gesture::Drag(to), Gesture::Release])
        };
        assert_eq!(drag(0.126, 0.249, 0.0), (None, Some([60.0, 120.0])));
        assert_eq!(drag(0.249, 0.126, 0.0), (None, Some([60.0, 120.0])));
        let day = 24.0 * 60.0;
        assert_eq!(
            drag(0.25, 1.5, 0.9),
            (None, Some([day + 120.0, day + 480.0])),
            "in the second row, cut at its end"
        );
    }

    #[test]
    fn to_say_something_of_a_stretch_all_may_be_selected_and_keys_go_along_the_grid() {
        let all = [Gesture::Press(0.0, 0.0), Gesture::Drag(1.0), Gesture::Release];
        assert_eq!(done_for(Purpose::Choose, &all).1, Some([0.0, 480.0]));
        let right = Gesture::Extend(Move::Next);
        let (selected, _) = done_for(Purpose::Choose, &[right, right]);
        let ends = selected.and_then(|selected| selected.zoomed(Hours(0.0, Purpose::Choose).window(0)));
        assert_eq!(ends.map(|ends| ends.map(|end| end / MINUTE - 480.0)), Some([60.0, 75.0]));
    }

    #[test]
    fn a_click_is_no_drag_and_neither_is_what_was_given_up() {
        assert_eq!(done(&[Gesture::Press(0.5, 0.0), Gesture::Drag(0.505), Gesture::Release]), (None, None));
        let given_up = [Gesture::Press(0.2, 0.0), Gesture::Drag(0.8), Gesture::Cancel, Gesture::Release];
        assert_eq!(done(&given_up), (None, None));
        assert_eq!(
            done(&[Gesture::Press(0.0, 0.0), Gesture::Drag(1.0), Gesture::Release]).1,
            None,
            "all is no zoom"
        );
        assert_eq!(done(&[Gesture::Drag(0.3), Gesture::Release]), (None, None));
    }

    #[test]
    fn keys_select_from_what_is_chosen_and_the_pointer_leaves_that_alone() {
        let right = Gesture::Extend(Move::Next);
        let (selected, _) = done(&[right, right, Gesture::Drag(0.9), Gesture::Release]);
        let ends = |selected: Option<Selected>| {
            let zoomed = selected.and_then(|selected| selected.zoomed(Hours(0.0, Purpose::Zoom).window(0)));
            zoomed.map(|ends| ends.map(|end| end / MINUTE - 480.0))
        };
        // Two steps of twenty minutes from minute 62 on.
        assert_eq!(ends(selected), Some([60.0, 105.0]));
        assert_eq!(ends(done(&[right, Gesture::Extend(Move::First)]).0), Some([0.0, 65.0]));
        assert_eq!(ends(done(&[right, Gesture::Extend(Move::Previous)]).0), None, "back where it began");
        assert_eq!(ends(done(&[Gesture::Extend(Move::Last)]).0), Some([60.0, 480.0]));
    }

    proptest! {
        #[test]
        fn what_is_zoomed_into_is_on_the_grid_within_the_window_and_holds_what_was_selected(
            from in 0.0_f64..1.0, to in 0.0_f64..1.0,
        ) {
            let canvas = Hours(0.0, Purpose::Zoom);
            let (selected, _) = Selected::after(None, Gesture::Press(from, 0.0), &canvas);
            let (selected, _) = Selected::after(selected, Gesture::Drag(to), &canvas);
            let (_, zoomed) = Selected::after(selected, Gesture::Release, &canvas);
            let [begin_ms, end_ms] = [from.min(to), from.max(to)].map(|share| canvas.instant_at(0, share));
            if let Some([from_ms, to_ms]) = zoomed {
                prop_assert!(from_ms % GRID_MS == 0.0 && to_ms % GRID_MS == 0.0);
                prop_assert!(from_ms <= begin_ms && to_ms >= end_ms);
                prop_assert!(begin_ms - from_ms < GRID_MS && to_ms - end_ms < GRID_MS);
            } else {
                prop_assert!((from - to).abs() <= LEAST_DRAG + 1e-9 || (from - to).abs() > 0.97);
            }
        }
    }
}
