//! Steps of time with a value each, as the server cuts a window, and where a chart of them stands: axes, paths, and the
//! slots that a pointer or a key chooses between.

use crate::chart::path::{self, Beside};
use crate::chart::scale::{Linear, ticks_from_zero, value_ticks};
use crate::lean::number::{grouped, percent};
use std::rc::Rc;

/// A span of time and what was measured in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// The first instant, in ms since 1970.
    pub(crate) from_ms: f64,
    /// The instant after the last.
    pub(crate) to_ms: f64,
    /// None where there is no basis for one; a step that is left out altogether was not observed.
    pub(crate) value: Option<f64>,
}

impl Step {
    /// Its middle, where a line passes.
    pub(crate) fn middle_ms(&self) -> f64 {
        f64::midpoint(self.from_ms, self.to_ms)
    }
}

/// What is measured, and how its numbers are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    /// Stands behind a number: `%`, `units`.
    pub(crate) unit: &'static str,
    pub(crate) decimals: u8,
    /// Where the axis ends whatever the values are, such as 100 percent; otherwise it ends above the highest value.
    pub(crate) ceiling: Option<f64>,
}

/// Keeps a number and its unit on one line.
const UNIT_SEPARATOR: char = '\u{a0}';
/// What stands where there is no value: never 0, because 0 is a measurement.
const NO_VALUE: &str = "-";

impl Measure {
    /// A value with its unit.
    pub(crate) fn text(&self, value: Option<f64>) -> String {
        let Some(value) = value else { return NO_VALUE.to_owned() };
        let mut text = grouped(value, self.decimals);
        if !self.unit.is_empty() {
            text.push(UNIT_SEPARATOR);
            text.push_str(self.unit);
        }
        text
    }
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// For what adds up, such as units.
    Bars,
    /// For ratios.
    Line,
}

/// One series of a chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// What tells it from the others: the measure's name, or an entity's where several are compared.
    pub(crate) name: Rc<str>,
    pub(crate) measure: Measure,
    pub(crate) mark: Mark,
    /// In the order of time, without overlap.
    pub(crate) steps: Rc<[Step]>,
}

/// The width of the view box that paths are drawn in; a tenth of it is the finest that is told apart.
pub(crate) const WIDTH: f64 = 1_000.0;
/// The height of the same.
pub(crate) const HEIGHT: f64 = 250.0;
/// Labels that a value axis can have without crowding.
const VALUE_TICKS: usize = 6;
/// Series of a chart that have colours and dashes of their own; more cannot be told apart.
pub(crate) const MOST_SERIES: usize = 4;
/// A chart has a left and a right axis.
const MOST_AXES: usize = 2;
/// Instants that are less apart are one, in ms: the API's instants have no fractions of it.
pub(crate) const SAME_INSTANT_MS: f64 = 0.5;

/// A value axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) measure: Measure,
    /// The value at its upper end.
    pub(crate) top: f64,
    /// The values that are labelled, from 0 upwards.
    pub(crate) ticks: Vec<f64>,
    /// Labels, each with its distance from the top in percent.
    pub(crate) labels: Vec<(String, String)>,
}

/// A span that is read as one: a step of one or more series, or a gap between steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(crate) from_ms: f64,
    pub(crate) to_ms: f64,
    /// Whether any series has a step here.
    pub(crate) is_observed: bool,
}

/// What a series has in a slot: none without a step, which was not observed; in a step none without a basis for a value.
pub(crate) type Reading = Option<Option<f64>>;

/// Where everything in a chart stands.
#[derive(Debug)]
pub(crate) struct SeriesLayout {
    pub(crate) from_ms: f64,
    pub(crate) to_ms: f64,
    /// The left axis and perhaps a right one.
    pub(crate) axes: Vec<Axis>,
    /// One path for each series, and the area below it where that is a single line.
    pub(crate) paths: Vec<String>,
    /// Where a series ends, as shares of width and height; none without values.
    pub(crate) ends: Vec<Option<(f64, f64)>>,
    /// What covers the hatching wherever anything was observed.
    pub(crate) observed: String,
    /// The horizontal lines of the left axis.
    pub(crate) grid: String,
    /// In the order of time, without gaps from the window's start to now.
    pub(crate) slots: Vec<Slot>,
    /// Of every slot in turn, what every series has in turn.
    values: Vec<Reading>,
    series_count: usize,
}

impl SeriesLayout {
    /// Of at most [`MOST_SERIES`] series of at most two measures; more are not drawn, and a third measure shares the
    /// right axis. What is later than `now_ms` is no gap: it is yet to come.
    pub(crate) fn new(from_ms: f64, to_ms: f64, now_ms: Option<f64>, series: &[Series]) -> Self {
        let series = &series[..series.len().min(MOST_SERIES)];
        let axes = axes(series);
        let x = Linear::new([from_ms, to_ms], [0.0, WIDTH]);
        let (slots, values) = slots(from_ms, now_ms.map_or(to_ms, |now_ms| now_ms.min(to_ms)), series);
        let bars_count = series.iter().filter(|series| series.mark == Mark::Bars).count();
        let mut bars_before = 0;
        let mut paths = Vec::with_capacity(series.len());
        let mut ends = Vec::with_capacity(series.len());
        for series in series {
            let top = axes[axis_of(&axes, series)].top;
            let y = Linear::new([0.0, top], [HEIGHT, 0.0]);
            paths.push(match series.mark {
                Mark::Line => path::line(&series.steps, &x, &y),
                Mark::Bars => {
                    bars_before += 1;
                    path::bars(&series.steps, &x, &y, Beside { index: bars_before - 1, count: bars_count })
                }
            });
            let last = series.steps.iter().rev().find_map(|step| Some((step.middle_ms(), step.value?)));
            ends.push(last.map(|(at_ms, value)| (x.place(at_ms) / WIDTH, y.place(value) / HEIGHT)));
        }
        let observed = slots.iter().filter(|slot| slot.is_observed);
        let mut observed = observed.map(|slot| [x.place(slot.from_ms), x.place(slot.to_ms)]);
        let observed = path::boxes(&mut observed, [0.0, HEIGHT]);
        let grid = axes.first().map_or_else(String::new, |axis| {
            path::horizontals(&axis.ticks, &Linear::new([0.0, axis.top], [HEIGHT, 0.0]), WIDTH)
        });
        Self { from_ms, to_ms, axes, paths, ends, observed, grid, slots, values, series_count: series.len() }
    }

    /// What each series has in a slot.
    pub(crate) fn readings(&self, slot: usize) -> &[Reading] {
        let start = slot * self.series_count;
        self.values.get(start..start + self.series_count).unwrap_or_default()
    }

    /// The slot at a share of the width, or the nearest; none where there are no slots.
    pub(crate) fn slot_at(&self, share: f64) -> Option<usize> {
        self.slot_of(self.from_ms + share * (self.to_ms - self.from_ms))
    }

    /// The slot that holds an instant, or the nearest.
    pub(crate) fn slot_of(&self, at_ms: f64) -> Option<usize> {
        let after = self.slots.partition_point(|slot| slot.from_ms <= at_ms);
        let last = self.slots.len().checked_sub(1)?;
        Some(after.saturating_sub(1).min(last))
    }

    /// The step that has begun and is not over (`now_ms` may be the end of the server's step that holds now), as its start and its width in shares of the chart's width: what it holds so far
    /// is no fall.
    pub(crate) fn unfinished(&self, now_ms: Option<f64>) -> Option<(f64, f64)> {
        let now_ms = now_ms?;
        let slot = self.slots.last().filter(|slot| slot.is_observed)?;
        (slot.from_ms < now_ms && now_ms <= slot.to_ms).then(|| self.extent(slot))
    }

    /// The latest slot with anything in it: what a chart tells before anybody chooses.
    pub(crate) fn latest(&self) -> Option<usize> {
        self.slots.iter().rposition(|slot| slot.is_observed)
    }

    /// A slot's start and width as shares of the chart's width.
    pub(crate) fn extent(&self, slot: &Slot) -> (f64, f64) {
        let x = Linear::new([self.from_ms, self.to_ms], [0.0, 1.0]);
        (x.place(slot.from_ms), x.place(slot.to_ms) - x.place(slot.from_ms))
    }
}

fn axes(series: &[Series]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::with_capacity(MOST_AXES);
    for (index, one) in series.iter().enumerate() {
        let is_new = series[..index].iter().all(|earlier| earlier.measure != one.measure);
        if !is_new || axes.len() == MOST_AXES {
            continue;
        }
        let alike = series.iter().filter(|other| other.measure == one.measure);
        let values = alike.flat_map(|series| series.steps.iter()).filter_map(|step| step.value);
        let highest = values.fold(0.0, f64::max);
        let ceiling = one.measure.ceiling.filter(|ceiling| highest <= *ceiling);
        let ticks = ceiling.map_or_else(
            || ticks_from_zero(highest, VALUE_TICKS),
            |ceiling| value_ticks(0.0, ceiling, VALUE_TICKS),
        );
        let top = ceiling.or(ticks.last().copied()).unwrap_or(1.0);
        let decimals = tick_decimals(&ticks);
        let label = |tick: &f64| (grouped(*tick, decimals), percent(1.0 - tick / top));
        axes.push(Axis { measure: one.measure, top, labels: ticks.iter().map(label).collect(), ticks });
    }
    axes
}

/// The most decimals of a label; what is finer has no place beside a chart.
const MOST_TICK_DECIMALS: u8 = 3;

/// Decimals that tell the labels of an axis apart.
fn tick_decimals(ticks: &[f64]) -> u8 {
    let step = ticks.get(1).copied().unwrap_or(1.0);
    let is_whole = |decimals: &u8| {
        let scaled = step * 10_f64.powi(i32::from(*decimals));
        (scaled - scaled.round()).abs() < 1e-6
    };
    (0..MOST_TICK_DECIMALS).find(is_whole).unwrap_or(MOST_TICK_DECIMALS)
}

/// Which axis a series is read from.
pub(crate) fn axis_of(axes: &[Axis], series: &Series) -> usize {
    axes.iter().position(|axis| axis.measure == series.measure).unwrap_or(axes.len().saturating_sub(1))
}

/// The steps of all series and the gaps between them up to `until_ms`, with their values.
fn slots(from_ms: f64, until_ms: f64, series: &[Series]) -> (Vec<Slot>, Vec<Reading>) {
    let mut next = vec![0_usize; series.len()];
    let (mut slots, mut values) = (Vec::new(), Vec::new());
    let mut at_ms = from_ms;
    let gap = |at_ms: f64, to_ms: f64, slots: &mut Vec<Slot>, values: &mut Vec<Reading>| {
        if to_ms - at_ms > SAME_INSTANT_MS {
            slots.push(Slot { from_ms: at_ms, to_ms, is_observed: false });
            values.extend(series.iter().map(|_| None));
        }
    };
    loop {
        let ahead = series.iter().zip(&next).filter_map(|(series, next)| series.steps.get(*next));
        let Some(step) = ahead.copied().min_by(|one, other| one.from_ms.total_cmp(&other.from_ms)) else {
            break;
        };
        gap(at_ms, step.from_ms, &mut slots, &mut values);
        slots.push(Slot { from_ms: step.from_ms, to_ms: step.to_ms, is_observed: true });
        for (series, next) in series.iter().zip(&mut next) {
            let same = series.steps.get(*next).filter(|other| other.from_ms - step.from_ms < SAME_INSTANT_MS);
            *next += usize::from(same.is_some());
            values.push(same.map(|step| step.value));
        }
        at_ms = step.to_ms.max(at_ms);
    }
    gap(at_ms, until_ms, &mut slots, &mut values);
    (slots, values)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these numbers are exact")]
#[path = "series/tests.rs"]
mod tests;
