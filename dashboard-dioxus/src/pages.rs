//! The pages, one for each route.

pub(crate) mod access;
pub(crate) mod access_log;
mod attention;
pub(crate) mod audit_log;
pub(crate) mod back_office;
pub(crate) mod board;
pub(crate) mod cameras;
pub(crate) mod compare;
pub(crate) mod data_problems;
pub(crate) mod decisions;
pub(crate) mod devices;
pub(crate) mod entity;
pub(crate) mod events;
pub(crate) mod floor;
pub(crate) mod moved;
pub(crate) mod not_found;
mod over_time;
pub(crate) mod people;
