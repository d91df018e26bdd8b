//! What people call workers and workstations.

use crate::lean::sorted_map::SortedMap;
use crate::model::EntityName;
use domain::event::EntityType;

/// The known entities of a factory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names(SortedMap<(EntityType, String), Option<String>>);

impl Names {
    pub(crate) fn of(entities: &[EntityName]) -> Self {
        let mut names = Self::default();
        for entity in entities {
            names.0.insert((entity.kind, entity.id.clone()), entity.name.clone());
        }
        names
    }

    /// The name that was given to an entity.
    pub(crate) fn name(&self, kind: EntityType, id: &str) -> Option<&str> {
        self.0.get(&(kind, id.to_owned()))?.as_deref()
    }

    /// Whether an entity is registered, with or without a name.
    pub(crate) fn is_known(&self, kind: EntityType, id: &str) -> bool {
        self.0.get(&(kind, id.to_owned())).is_some()
    }

    /// The ids of one kind, or of both, each with its name.
    pub(crate) fn ids(&self, kind: Option<EntityType>) -> impl Iterator<Item = (&str, Option<&str>)> {
        let of_kind = self.0.iter().filter(move |((known, _), _)| kind.is_none_or(|kind| kind == *known));
        of_kind.map(|((_, id), name)| (id.as_str(), name.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_are_found_by_kind() {
        let entity = |kind, id: &str, name: Option<&str>| EntityName {
            kind,
            id: id.to_owned(),
            name: name.map(str::to_owned),
            area: None,
        };
        let names = Names::of(&[
            entity(EntityType::Worker, "W1", Some("Anna")),
            entity(EntityType::Worker, "W2", None),
            entity(EntityType::Workstation, "S1", None),
        ]);
        assert_eq!(names.name(EntityType::Worker, "W1"), Some("Anna"));
        assert_eq!(names.name(EntityType::Workstation, "W1"), None);
        assert!(names.is_known(EntityType::Worker, "W2") && !names.is_known(EntityType::Worker, "S1"));
        assert_eq!(names.ids(None).count(), 3);
        assert_eq!(names.ids(Some(EntityType::Workstation)).collect::<Vec<_>>(), [("S1", None)]);
    }
}
