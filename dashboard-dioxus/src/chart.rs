//! Charts: pure scales, paths and layouts, and SVG components over them. Their inputs are plain data in shared slices,
//! so a chart is laid out again only when its data changed; what a pointer or a key chooses redraws a readout alone.
//!
//! Paths are drawn in a view box that is stretched over the space there is. Everything that must not be stretched (text,
//! marks, hatching) is HTML, positioned in percent, so that no chart ever has to measure the page.

pub(crate) mod heatmap;
pub(crate) mod heatmap_chart;
mod kept_focus;
pub(crate) mod layer;
pub(crate) mod path;
pub(crate) mod roving;
pub(crate) mod scale;
pub(crate) mod series;
pub(crate) mod series_chart;
pub(crate) mod sparkline;
pub(crate) mod state_rows;
pub(crate) mod state_rows_chart;
mod state_rows_cursor;
mod state_rows_table;
pub(crate) mod table;
pub(crate) mod time_axis;
pub(crate) mod time_tick;
pub(crate) mod timeline;
pub(crate) mod timeline_chart;
mod timeline_cursor;
mod timeline_table;
pub(crate) mod zoom;

#[cfg(test)]
mod tests;
