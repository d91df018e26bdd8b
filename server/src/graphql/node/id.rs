//! The ids of objects: `Type:factory:name`, such as `Worker:plant-1:W1`, and `Factory:plant-1` for a factory itself.
//!
//! Clients keep objects by these ids, over all factories and types, so each names one object for ever. A factory's id has no
//! colon, so whatever follows the second one is the name as it was sent.

use std::fmt;

use domain::validate::id_fault;

use crate::graphql::text::is_slug;

/// What an id names: an object, by the ids that people know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId<'a> {
    /// The factory that it belongs to, or that it is.
    pub(crate) factory: &'a str,
    /// What it is.
    pub(crate) object: Object<'a>,
}

/// An object of a factory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object<'a> {
    /// The factory itself.
    Factory,
    /// The worker with this id.
    Worker(&'a str),
    /// The workstation with this id.
    Workstation(&'a str),
    /// The device with this id.
    Device(&'a str),
}

impl<'a> NodeId<'a> {
    /// The id of an object of the factory with this slug.
    pub(crate) fn new(factory: &'a str, object: Object<'a>) -> Self {
        Self { factory, object }
    }

    /// Reads an id; none when it cannot be one of ours.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (type_name, rest) = text.split_once(':')?;
        let (factory, object) = match rest.split_once(':') {
            None if type_name == "Factory" => (rest, Object::Factory),
            None => return None,
            Some((factory, name)) => {
                let of_name = match type_name {
                    "Worker" => Object::Worker,
                    "Workstation" => Object::Workstation,
                    "Device" => Object::Device,
                    _ => return None,
                };
                // Nothing is ever registered under another name, and a database may refuse to compare it.
                if id_fault(name).is_some() {
                    return None;
                }
                (factory, of_name(name))
            }
        };
        is_slug(factory).then_some(Self { factory, object })
    }
}

impl fmt::Display for NodeId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factory = self.factory;
        match self.object {
            Object::Factory => write!(f, "Factory:{factory}"),
            Object::Worker(name) => write!(f, "Worker:{factory}:{name}"),
            Object::Workstation(name) => write!(f, "Workstation:{factory}:{name}"),
            Object::Device(name) => write!(f, "Device:{factory}:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_what_it_was_written_for() {
        let long = "ß".repeat(64);
        for factory in ["plant", "7", &"p".repeat(64)] {
            assert_eq!(
                NodeId::parse(&format!("Factory:{factory}")),
                Some(NodeId::new(factory, Object::Factory))
            );
            for name in ["W1", "Machine 4 - Turning", ":", "a:b::c", "Worker:plant:W1", "%3A", "عامل", &long]
            {
                for object in [Object::Worker(name), Object::Workstation(name), Object::Device(name)] {
                    let id = NodeId::new(factory, object);
                    assert_eq!(NodeId::parse(&id.to_string()), Some(id), "{id}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_an_id_names_nothing() {
        let texts = [
            "",
            ":",
            "::",
            "plant",
            "Factory",
            "Factory:",
            "Factory:Plant",
            "Factory:a:b",
            "factory:plant",
            "Worker:plant",
            "Worker:plant:",
            "Worker::W1",
            "Worker:plant: W1",
            "Worker:plant:\u{0}",
            "Event:plant:W1",
            "plant:worker:W1",
        ];
        for text in texts {
            assert_eq!(NodeId::parse(text), None, "{text:?}");
        }
        assert_eq!(NodeId::parse(&format!("Worker:plant:{}", "x".repeat(65))), None);
    }
}
