//! What is written by hand so that less is compiled: a browser has to load all of it. Each file says what it stands in for.

pub(crate) mod calendar;
pub(crate) mod csv;
pub(crate) mod csv_style;
pub(crate) mod date_format;
pub(crate) mod decode;
pub(crate) mod history;
pub(crate) mod instant;
pub(crate) mod letter_case;
pub(crate) mod memo;
pub(crate) mod number;
pub(crate) mod order;
pub(crate) mod shared;
pub(crate) mod sorted_map;
pub(crate) mod zone;
