//! The parts of the views.

pub(crate) mod board_header;
pub(crate) mod connection_status;
pub(crate) mod first_steps;
pub(crate) mod metric_cell;
pub(crate) mod metric_table;
pub(crate) mod metric_tile;
pub(crate) mod panel_frame;
pub(crate) mod summary;
pub(crate) mod worker_table;
pub(crate) mod workstation_table;

#[cfg(test)]
mod tests;
