//! Many rows of many cells, and how they are drawn with few elements: bands of rows, one path for each colour of a band.
//! A cell that changes costs its band and nothing else, and bands out of view are not painted.

use crate::chart::path;
use crate::chart::series::{SAME_INSTANT_MS, Step};
use crate::chart::time_tick::hour_steps;
use crate::lean::zone::Zone;
use std::rc::Rc;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Nobody observed anything.
    NotObserved,
    /// Something was observed, but there is no basis for a value, such as for the utilization of someone absent.
    NoValue,
    /// From 0 to 100.
    Percent(f64),
}

/// A column: an hour or another step of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Column {
    /// The first instant, in ms since 1970.
    pub(crate) from_ms: f64,
    /// The instant after the last.
    pub(crate) to_ms: f64,
}

/// A row: an entity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: Rc<str>,
    /// What people read.
    pub(crate) name: Rc<str>,
    /// One for each column; those that are missing were not observed.
    pub(crate) cells: Rc<[Cell]>,
}

/// Colours from nothing to everything: as many as can be told apart without a number beside them.
pub(crate) const SHADES: usize = 5;
/// Rows that are drawn together: few enough that a change is cheap, many enough that a thousand rows are 20 bands.
pub(crate) const BAND_ROWS: usize = 50;

/// The colour of a value, from 0 to [`SHADES`] - 1.
pub(crate) fn shade(percent: f64) -> usize {
    let shade = (percent / 100.0 * SHADES as f64).floor().max(0.0) as usize;
    shade.min(SHADES - 1)
}

/// The values that a colour stands for, in percent.
pub(crate) fn shade_span(shade: usize) -> [usize; 2] {
    [shade * 100 / SHADES, (shade + 1) * 100 / SHADES]
}

/// A band's cells: what covers the hatching where there is no value, then a path for each colour. In cells, not in
/// pixels.
pub(crate) type BandPaths = [Rc<str>; SHADES + 1];

/// The paths of a band of rows.
pub(crate) fn band_paths(rows: &[Row], columns: usize) -> BandPaths {
    let mut paths = [const { String::new() }; SHADES + 1];
    for (index, row) in rows.iter().enumerate() {
        let mut column = 0;
        let cells = &row.cells[..row.cells.len().min(columns)];
        for alike in cells.chunk_by(|one, next| layer(*one) == layer(*next)) {
            if let Some(path) = layer(alike[0]).and_then(|layer| paths.get_mut(layer)) {
                path::push_cells(path, column, index, alike.len());
            }
            column += alike.len();
        }
    }
    paths.map(Rc::from)
}

/// Which of a band's paths holds a cell; none is left hatched.
fn layer(cell: Cell) -> Option<usize> {
    match cell {
        Cell::NotObserved => None,
        Cell::NoValue => Some(0),
        Cell::Percent(percent) => Some(1 + shade(percent)),
    }
}

/// The hours of a window as columns, on the factory's local clock.
pub(crate) fn hour_columns(from_ms: f64, to_ms: f64, zone: &Zone) -> Rc<[Column]> {
    hour_steps(from_ms, to_ms, zone).into_iter().map(|(from_ms, to_ms)| Column { from_ms, to_ms }).collect()
}

/// An entity's steps as the cells of the columns that begin when they do. Both are in the order of time.
pub(crate) fn cells(columns: &[Column], steps: &[Step]) -> Rc<[Cell]> {
    let mut rest = steps;
    let mut cell = |column: &Column| {
        let earlier = rest.iter().take_while(|step| step.from_ms < column.from_ms - SAME_INSTANT_MS).count();
        rest = &rest[earlier..];
        let step = rest.first().filter(|step| step.from_ms <= column.from_ms + SAME_INSTANT_MS);
        step.map_or(Cell::NotObserved, |step| step.value.map_or(Cell::NoValue, Cell::Percent))
    };
    columns.iter().map(&mut cell).collect()
}

/// How many columns have begun; the others are yet to come and neither hatched nor told as not observed.
pub(crate) fn begun(columns: &[Column], now_ms: Option<f64>) -> usize {
    now_ms.map_or(columns.len(), |now_ms| columns.partition_point(|column| column.from_ms < now_ms))
}

/// Where an instant stands among columns of equal width, in columns: those at a window's ends may be shorter than others.
pub(crate) fn place_in(columns: &[Column], at_ms: f64) -> f64 {
    let begun = columns.partition_point(|column| column.from_ms <= at_ms);
    let Some((index, column)) = begun.checked_sub(1).and_then(|index| Some((index, columns.get(index)?)))
    else {
        return 0.0;
    };
    let part = (at_ms - column.from_ms) / (column.to_ms - column.from_ms);
    index as f64 + if part.is_finite() { part.min(1.0) } else { 0.0 }
}

/// Which of `count` columns or rows of equal size is at a share of their whole; none where there are none.
pub(crate) fn index_at(share: f64, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(((share * count as f64).max(0.0) as usize).min(last))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(cells: &[Cell]) -> Row {
        Row { id: "W1".into(), name: "Anna".into(), cells: cells.into() }
    }

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![Just(Cell::NotObserved), Just(Cell::NoValue), (0.0_f64..=100.0).prop_map(Cell::Percent)]
    }

    #[test]
    fn colours_are_of_equal_spans_and_a_hundred_is_of_the_last() {
        assert_eq!([0.0, 19.9, 20.0, 79.9, 80.0, 100.0].map(shade), [0, 0, 1, 3, 4, 4]);
        assert_eq!([-5.0, 130.0, f64::NAN].map(shade), [0, 4, 0]);
        assert_eq!([shade_span(0), shade_span(4)], [[0, 20], [80, 100]]);
    }

    #[test]
    fn cells_of_one_colour_that_touch_are_one_box_and_what_nobody_observed_is_none() {
        let cells =
            [Cell::Percent(90.0), Cell::Percent(85.0), Cell::NotObserved, Cell::NoValue, Cell::Percent(5.0)];
        let paths = band_paths(&[row(&cells), row(&[Cell::Percent(100.0)])], 5);
        let [none, lowest, .., highest] = paths.each_ref().map(|path| &**path);
        assert_eq!(none, "M3 0h1v1h-1z");
        assert_eq!(lowest, "M4 0h1v1h-1z");
        assert_eq!(highest, "M0 0h2v1h-2zM0 1h1v1h-1z");
    }

    #[test]
    fn steps_become_the_cells_of_the_columns_that_begin_with_them() {
        let columns = hour_columns(0.0, 4.0 * 3_600_000.0, &Zone::fixed("UTC", 0));
        let step =
            |hour: f64, value| Step { from_ms: hour * 3_600_000.0, to_ms: (hour + 1.0) * 3_600_000.0, value };
        let steps = [step(-1.0, Some(1.0)), step(1.0, Some(50.0)), step(3.0, None)];
        let expected = [Cell::NotObserved, Cell::Percent(50.0), Cell::NotObserved, Cell::NoValue];
        assert_eq!(*cells(&columns, &steps), expected);
        assert_eq!([0.0, 1.0, 3_600_000.0].map(|now_ms| begun(&columns, Some(now_ms))), [0, 1, 1]);
        assert_eq!(begun(&columns, None), 4);
    }

    #[test]
    fn an_instant_stands_in_its_column_however_short_that_is() {
        let columns = hour_columns(50.0 * 60_000.0, 3.0 * 3_600_000.0, &Zone::fixed("UTC", 0));
        assert_eq!(
            [0.0, 55.0, 60.0, 90.0, 180.0, 999.0].map(|minute| place_in(&columns, minute * 60_000.0)),
            [0.0, 0.5, 1.0, 1.5, 3.0, 3.0]
        );
        assert_eq!(place_in(&[], 5.0), 0.0);
    }

    #[test]
    fn a_place_leads_to_its_cell_and_outside_to_the_nearest() {
        assert_eq!([-0.1, 0.0, 0.49, 0.5, 1.0].map(|share| index_at(share, 2)), [0, 0, 0, 1, 1].map(Some));
        assert_eq!(index_at(0.5, 0), None);
    }

    proptest! {
        #[test]
        fn every_observed_cell_is_drawn_exactly_once_in_its_colour(
            rows in proptest::collection::vec(proptest::collection::vec(cell(), 0..30), 0..20),
        ) {
            let rows: Vec<Row> = rows.iter().map(|cells| row(cells)).collect();
            let mut drawn = vec![[None; 24]; rows.len()];
            for (layer, path) in band_paths(&rows, 24).iter().enumerate() {
                for part in path.split('M').filter(|part| !part.is_empty()) {
                    let numbers: Vec<usize> = part.split([' ', 'h', 'v', '-', 'z']).filter_map(|part| part.parse().ok()).collect();
                    let [column, row, columns, 1, _] = numbers[..] else { panic!("{part}") };
                    for cell in &mut drawn[row][column..column + columns] {
                        prop_assert_eq!(cell.replace(layer), None);
                    }
                }
            }
            for (row, drawn) in rows.iter().zip(drawn) {
                for (column, drawn) in drawn.into_iter().enumerate() {
                    prop_assert_eq!(drawn, row.cells.get(column).and_then(|cell| layer(*cell)));
                }
            }
        }
    }
}
