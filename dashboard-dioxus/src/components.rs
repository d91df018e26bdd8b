//! The parts of the pages.

pub(crate) mod account;
pub(crate) mod changing;
pub(crate) mod command;
pub(crate) mod connection_status;
pub(crate) mod csv_switch;
pub(crate) mod download;
pub(crate) mod explained;
pub(crate) mod export_button;
pub(crate) mod factory_picker;
pub(crate) mod figure;
pub(crate) mod finality;
pub(crate) mod first_steps;
pub(crate) mod gradual;
pub(crate) mod guarded;
pub(crate) mod keyboard;
pub(crate) mod metric_cell;
pub(crate) mod metric_table;
pub(crate) mod notice;
pub(crate) mod open_server;
pub(crate) mod page_context;
pub(crate) mod page_title;
pub(crate) mod panel_frame;
pub(crate) mod rename;
pub(crate) mod returned_focus;
pub(crate) mod search;
pub(crate) mod shell;
pub(crate) mod skeleton;
pub(crate) mod state_mark;
pub(crate) mod theme_switch;
pub(crate) mod unknown_factory;
pub(crate) mod window_event;
pub(crate) mod window_picker;

#[cfg(test)]
mod tests;
