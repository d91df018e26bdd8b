//! SVG paths, one for a whole series: a browser draws one long path much sooner than many elements.

use crate::chart::scale::Linear;
use crate::chart::series::{SAME_INSTANT_MS, Step};
use crate::lean::number::push_short;
use std::fmt::Write;

/// The part of a step that its bars leave empty on each side.
const BAR_MARGIN: f64 = 0.1;

/// Which of how many bars that stand side by side in a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside {
    pub(crate) index: usize,
    pub(crate) count: usize,
}

/// Writes the commands of a path, as short as they can be.
#[derive(Debug, Default)]
pub(crate) struct Pen {
    path: String,
    /// Whether the next pair of coordinates is taken for the end of a line without a command.
    is_drawing: bool,
}

impl Pen {
    /// Begins a part of the path.
    pub(crate) fn move_to(&mut self, x: f64, y: f64) {
        self.command('M', x);
        self.number(y);
        self.is_drawing = true;
    }

    /// Draws a straight line.
    pub(crate) fn line_to(&mut self, x: f64, y: f64) {
        if self.is_drawing {
            self.number(x);
        } else {
            self.command('L', x);
        }
        self.number(y);
        self.is_drawing = true;
    }

    /// Draws a horizontal line.
    pub(crate) fn horizontal_to(&mut self, x: f64) {
        self.command('H', x);
    }

    /// Draws a vertical line.
    pub(crate) fn vertical_to(&mut self, y: f64) {
        self.command('V', y);
    }

    /// Ends a closed part of the path.
    pub(crate) fn close(&mut self) {
        self.path.push('Z');
        self.is_drawing = false;
    }

    /// Draws a rectangle between two corners.
    pub(crate) fn rectangle(&mut self, [left, right]: [f64; 2], [top, bottom]: [f64; 2]) {
        self.move_to(left, top);
        self.horizontal_to(right);
        self.vertical_to(bottom);
        self.horizontal_to(left);
        self.close();
    }

    /// The path as the attribute `d` wants it.
    pub(crate) fn path(self) -> String {
        self.path
    }

    fn command(&mut self, command: char, number: f64) {
        self.path.push(command);
        push_short(&mut self.path, number);
        self.is_drawing = false;
    }

    fn number(&mut self, number: f64) {
        self.path.push(' ');
        push_short(&mut self.path, number);
    }
}

/// A line through the middles of the steps. It is interrupted where a step has no value or is left out; a step that is
/// alone is drawn as long as it is, so that it stays visible.
pub(crate) fn line(steps: &[Step], x: &Linear, y: &Linear) -> String {
    let mut pen = Pen::default();
    for run in runs(steps) {
        if let [(step, value)] = run[..] {
            pen.move_to(x.place(step.from_ms), y.place(value));
            pen.horizontal_to(x.place(step.to_ms));
            continue;
        }
        for (index, (step, value)) in run.into_iter().enumerate() {
            let (x, y) = (x.place(step.middle_ms()), y.place(value));
            if index == 0 { pen.move_to(x, y) } else { pen.line_to(x, y) }
        }
    }
    pen.path()
}

/// What lies between [`line`] and the value 0.
pub(crate) fn area(steps: &[Step], x: &Linear, y: &Linear) -> String {
    let mut pen = Pen::default();
    for run in runs(steps) {
        let [(first, _), .., (last, _)] = run[..] else {
            if let [(step, value)] = run[..] {
                pen.rectangle([x.place(step.from_ms), x.place(step.to_ms)], [y.place(value), y.place(0.0)]);
            }
            continue;
        };
        pen.move_to(x.place(first.middle_ms()), y.place(0.0));
        for (step, value) in &run {
            pen.line_to(x.place(step.middle_ms()), y.place(*value));
        }
        pen.line_to(x.place(last.middle_ms()), y.place(0.0));
        pen.close();
    }
    pen.path()
}

/// A bar for each step, from 0 to its value; nothing where there is no value or it is 0.
pub(crate) fn bars(steps: &[Step], x: &Linear, y: &Linear, beside: Beside) -> String {
    let mut pen = Pen::default();
    let base = y.place(0.0);
    for step in steps {
        let Some(value) = step.value.filter(|value| *value != 0.0 && value.is_finite()) else { continue };
        let (from, to) = (x.place(step.from_ms), x.place(step.to_ms));
        let margin = (to - from) * BAR_MARGIN;
        let width = (to - from - 2.0 * margin) / beside.count.max(1) as f64;
        let left = from + margin + width * beside.index as f64;
        pen.rectangle([left, left + width], [y.place(value), base]);
    }
    pen.path()
}

/// Places that are less apart are one: it is what a path is rounded to.
const SAME_PLACE: f64 = 0.05;

/// A box for each stretch of places, from top to bottom; those that touch are one.
pub(crate) fn boxes(stretches: &mut dyn Iterator<Item = [f64; 2]>, rows: [f64; 2]) -> String {
    let mut pen = Pen::default();
    let mut open: Option<[f64; 2]> = None;
    for [left, right] in stretches {
        open = match open {
            Some([start, end]) if left - end < SAME_PLACE => Some([start, right.max(end)]),
            finished => {
                if let Some(finished) = finished {
                    pen.rectangle(finished, rows);
                }
                Some([left, right])
            }
        };
    }
    if let Some(last) = open {
        pen.rectangle(last, rows);
    }
    pen.path()
}

/// A line across at each of these values.
pub(crate) fn horizontals(values: &[f64], y: &Linear, width: f64) -> String {
    let mut pen = Pen::default();
    for value in values {
        pen.move_to(0.0, y.place(*value));
        pen.horizontal_to(width);
    }
    pen.path()
}

/// A box of one row in a grid of cells, in whole cells: shorter than [`Pen::rectangle`], because there may be thousands.
pub(crate) fn push_cells(path: &mut String, column: usize, row: usize, columns: usize) {
    // Writing to a text cannot fail.
    _ = write!(path, "M{column} {row}h{columns}v1h-{columns}z");
}

/// Stretches of steps that have a value and follow each other.
fn runs(steps: &[Step]) -> impl Iterator<Item = Vec<(Step, f64)>> {
    let mut rest = steps;
    std::iter::from_fn(move || {
        let first = rest.iter().position(|step| step.value.is_some_and(f64::is_finite))?;
        rest = &rest[first..];
        let mut run: Vec<(Step, f64)> = Vec::new();
        for step in rest {
            let follows = run.last().is_none_or(|(last, _)| step.from_ms - last.to_ms < SAME_INSTANT_MS);
            match step.value.filter(|value| follows && value.is_finite()) {
                Some(value) => run.push((*step, value)),
                None => break,
            }
        }
        rest = &rest[run.len()..];
        Some(run)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Steps of one time unit, one for each value; a step of none is left out.
    fn steps(values: &[Option<f64>]) -> Vec<Step> {
        let steps = values.iter().enumerate().filter(|(_, value)| value.is_some());
        steps
            .map(|(index, value)| Step {
                from_ms: index as f64 * 10.0,
                to_ms: index as f64 * 10.0 + 10.0,
                value: *value,
            })
            .collect()
    }

    fn scales(count: usize) -> (Linear, Linear) {
        (
            Linear::new([0.0, count as f64 * 10.0], [0.0, count as f64 * 10.0]),
            Linear::new([0.0, 100.0], [100.0, 0.0]),
        )
    }

    fn line_of(values: &[Option<f64>]) -> String {
        let (x, y) = scales(values.len());
        line(&steps(values), &x, &y)
    }

    #[test]
    fn a_line_passes_through_the_middles_of_its_steps() {
        assert_eq!(line_of(&[Some(10.0), Some(20.5), Some(30.0)]), "M5 90 15 79.5 25 70");
    }

    #[test]
    fn a_line_is_interrupted_where_a_step_is_left_out() {
        assert_eq!(line_of(&[Some(0.0), Some(1.0), None, Some(2.0), Some(3.0)]), "M5 100 15 99M35 98 45 97");
    }

    #[test]
    fn a_line_is_interrupted_where_a_step_has_no_value() {
        let (x, y) = scales(3);
        let mut all = steps(&[Some(0.0), Some(1.0), Some(2.0)]);
        all[1].value = None;
        assert_eq!(line(&all, &x, &y), "M0 100H10M20 98H30");
        all[1].value = Some(f64::NAN);
        assert_eq!(line(&all, &x, &y), "M0 100H10M20 98H30");
    }

    #[test]
    fn a_lone_step_is_drawn_as_long_as_it_is() {
        assert_eq!(line_of(&[None, Some(50.0), None]), "M10 50H20");
    }

    #[test]
    fn an_area_stands_on_zero_and_has_the_same_gaps() {
        let (x, y) = scales(4);
        let path = area(&steps(&[Some(10.0), Some(20.0), None, Some(30.0)]), &x, &y);
        assert_eq!(path, "M5 100 5 90 15 80 15 100ZM30 70H40V100H30Z");
    }

    #[test]
    fn bars_of_several_series_stand_side_by_side() {
        let (x, y) = scales(2);
        let all = steps(&[Some(50.0), Some(0.0)]);
        assert_eq!(bars(&all, &x, &y, Beside { index: 0, count: 1 }), "M1 50H9V100H1Z");
        assert_eq!(bars(&all, &x, &y, Beside { index: 1, count: 2 }), "M5 50H9V100H5Z");
    }

    #[test]
    fn boxes_that_touch_are_one() {
        let mut stretches = [[0.0, 10.0], [10.0, 20.0], [30.0, 40.0]].into_iter();
        assert_eq!(boxes(&mut stretches, [0.0, 5.0]), "M0 0H20V5H0ZM30 0H40V5H30Z");
        assert_eq!(boxes(&mut std::iter::empty(), [0.0, 5.0]), "");
    }

    #[test]
    fn each_value_of_an_axis_has_its_line() {
        assert_eq!(horizontals(&[0.0, 50.0], &Linear::new([0.0, 100.0], [40.0, 0.0]), 9.0), "M0 40H9M0 20H9");
    }

    #[test]
    fn no_steps_make_an_empty_path() {
        assert_eq!(line_of(&[]), "");
    }

    proptest! {
        #[test]
        fn every_value_is_drawn_once_and_every_gap_begins_anew(
            values in proptest::collection::vec(proptest::option::of(0.0_f64..100.0), 0..60),
        ) {
            let path = line_of(&values);
            let begun = path.matches('M').count();
            let runs = values.split(Option::is_none).filter(|run| !run.is_empty());
            prop_assert_eq!(begun, runs.clone().count());
            let lone = runs.filter(|run| run.len() == 1).count();
            // Every point is a pair of numbers, and the end of a lone step is one number more.
            let numbers = path.split(['M', 'H', ' ']).filter(|part| !part.is_empty()).count();
            prop_assert_eq!(numbers, values.iter().flatten().count() * 2 + lone);
        }
    }
}
