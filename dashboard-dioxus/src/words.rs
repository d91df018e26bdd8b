//! Every word that people read, in English: one file for each page or part. A translation is another folder like this
//! one.
//!
//! A sentence that holds values is a function of them.

pub(crate) mod access;
pub(crate) mod access_log;
pub(crate) mod account;
pub(crate) mod audit_log;
pub(crate) mod back_office;
pub(crate) mod board;
pub(crate) mod cameras;
pub(crate) mod chart;
pub(crate) mod compare;
pub(crate) mod connection;
pub(crate) mod data_problems;
pub(crate) mod decisions;
pub(crate) mod devices;
pub(crate) mod endpoint;
pub(crate) mod entity;
pub(crate) mod entity_page;
pub(crate) mod events;
pub(crate) mod factory;
pub(crate) mod figure;
pub(crate) mod finality;
pub(crate) mod first_steps;
pub(crate) mod floor;
pub(crate) mod moved;
pub(crate) mod notice;
pub(crate) mod over_time;
pub(crate) mod page;
pub(crate) mod people;
pub(crate) mod quantity;
pub(crate) mod rename;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod theme;
pub(crate) mod time;
pub(crate) mod window;

/// What stands where the server has no value: never 0, because 0 is a measurement.
pub(crate) const NO_VALUE: &str = "-";

/// An id or a name as a sentence holds it: what is not plain ASCII may be written from right to left, and is isolated so that
/// the words around it keep their order.
pub(crate) fn isolated(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { format!("\u{2068}{text}\u{2069}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_written_from_right_to_left_leaves_the_words_around_it_in_their_order() {
        assert_eq!(factory::named("مصنع", "plant"), "\u{2068}مصنع\u{2069} (plant)");
        assert_eq!(
            entity_page::unknown(domain::event::EntityType::Worker, "W1"),
            "Worker W1 has never been seen in this factory."
        );
    }
}
