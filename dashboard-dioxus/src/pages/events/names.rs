//! What people call workers and workstations.

use crate::model::EntityName;

use domain::event::EntityType;
use std::collections::BTreeMap;

/// The known entities of a factory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names(BTreeMap<EntityType, BTreeMap<String, Option<String>>>);

impl Names {
    pub(crate) fn of(entities: &[EntityName]) -> Self {
        let mut names = Self::default();
        for entity in entities {
            names.0.entry(entity.kind).or_default().insert(entity.id.clone(), entity.name.clone());
        }
        names
    }

    /// The name that was given to an entity.
    pub(crate) fn name(&self, kind: EntityType, id: &str) -> Option<&str> {
        self.0.get(&kind)?.get(id)?.as_deref()
    }

    /// Whether an entity is registered, with or without a name.
    pub(crate) fn is_known(&self, kind: EntityType, id: &str) -> bool {
        self.0.get(&kind).is_some_and(|ids| ids.contains_key(id))
    }

    /// The ids of one kind, or of both, each with its name.
    pub(crate) fn ids(&self, kind: Option<EntityType>) -> impl Iterator<Item = (&str, Option<&str>)> {
        let kinds = self.0.iter().filter(move |(known, _)| kind.is_none_or(|kind| kind == **known));
        kinds.flat_map(|(_, ids)| ids.iter().map(|(id, name)| (id.as_str(), name.as_deref())))
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
