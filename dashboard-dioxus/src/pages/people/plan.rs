//! What a paste would change, and what is wrong with it, before anything is changed.
//!
//! What Unicode says of a character is left to the server, which refuses those that cannot be seen and says where: its tables
//! are 8 kB of what a browser would load with the first page.

use super::pasted::{Fault, Pasted, PastedRow};
use crate::api::operation::{EntityChange, EntityChangeInput, Unknown};
use crate::lean::letter_case::lower;
use crate::model::EntityName;
use crate::words::people as words;
use domain::event::EntityType;
use domain::validate::id_fault;
use std::collections::HashMap;

/// All that a paste says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) lines: Vec<Line>,
    /// The titles of columns that are not used.
    pub(super) unused: Vec<String>,
    /// Why none of it can be used.
    pub(super) fault: Option<Fault>,
}

/// What one line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) id: String,
    /// None where that cannot be told.
    pub(super) kind: Option<EntityType>,
    pub(super) name: Stated,
    pub(super) area: Stated,
    pub(super) outcome: Outcome,
}

/// What a line says of a name or an area.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stated {
    pub(super) before: Option<String>,
    /// None where it stays.
    pub(super) after: Option<Option<String>>,
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Changed,
    /// Nothing was ever heard of this id.
    New,
    /// All is as the line says already.
    Same,
    /// It cannot be used, and why.
    Wrong(String),
}

/// How many lines come to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) changed: usize,
    pub(super) new: usize,
    pub(super) same: usize,
    pub(super) wrong: usize,
}

/// Those who are known, by kind and id.
type Known<'a> = HashMap<(EntityType, &'a str), &'a EntityName>;

impl Plan {
    /// What a paste says of those who are known. An id that is not is taken for one of `new_kind` where its line has no kind.
    pub(super) fn new(pasted: Pasted, known: &[EntityName], new_kind: EntityType) -> Self {
        let known: Known<'_> = known.iter().map(|named| ((named.kind, named.id.as_str()), named)).collect();
        let mut first_lines = HashMap::new();
        let mut lines = Vec::with_capacity(pasted.rows.len());
        for row in pasted.rows {
            let mut line = line(row, &known, new_kind);
            if let Some(kind) = line.kind {
                let first = *first_lines.entry((kind, line.id.clone())).or_insert(line.number);
                if first != line.number {
                    line.outcome = Outcome::Wrong(words::named_before(first));
                }
            }
            lines.push(line);
        }
        Self { lines, unused: pasted.unused, fault: pasted.fault }
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for line in &self.lines {
            match line.outcome {
                Outcome::Changed => counts.changed += 1,
                Outcome::New => counts.new += 1,
                Outcome::Same => counts.same += 1,
                Outcome::Wrong(_) => counts.wrong += 1,
            }
        }
        counts
    }

    /// What is to be sent: nothing as long as a line is wrong, and what is new only where it is to be registered.
    pub(super) fn changes(&self, unknown: Unknown) -> Vec<EntityChangeInput> {
        if self.counts().wrong > 0 {
            return Vec::new();
        }
        let is_sent = |line: &&Line| match line.outcome {
            Outcome::Changed => true,
            Outcome::New => unknown == Unknown::Register,
            Outcome::Same | Outcome::Wrong(_) => false,
        };
        let input = |line: &Line| {
            let change = EntityChange { name: line.name.change(), area: line.area.change() };
            Some(EntityChangeInput { entity_type: line.kind?, entity_id: line.id.clone(), change })
        };
        self.lines.iter().filter(is_sent).filter_map(input).collect()
    }
}

impl Stated {
    fn new(cell: Option<String>, before: Option<&String>) -> Self {
        let after = cell.map(|text| Some(text).filter(|text| !text.is_empty()));
        Self { before: before.cloned(), after }
    }

    /// What is to be set, none where it is so already.
    pub(super) fn change(&self) -> Option<Option<String>> {
        self.after.clone().filter(|after| *after != self.before)
    }

    /// Why it cannot be set.
    fn fault(&self, field: &str) -> Option<String> {
        let text = self.after.as_ref()?.as_deref()?;
        id_fault(text).map(|fault| words::not_allowed(field, &fault))
    }
}

fn line(row: PastedRow, known: &Known<'_>, new_kind: EntityType) -> Line {
    let PastedRow { line: number, id, name, area, kind } = row;
    let resolved = resolve_kind(kind.as_deref().unwrap_or_default(), &id, known, new_kind);
    let kind = resolved.as_ref().ok().copied();
    let before = kind.and_then(|kind| known.get(&(kind, id.as_str())));
    let name = Stated::new(name, before.and_then(|before| before.name.as_ref()));
    let area = Stated::new(area, before.and_then(|before| before.area.as_ref()));
    let of_id = || {
        let fault = if before.is_none() { id_fault(&id) } else { None };
        fault.map(|fault| words::not_allowed(words::ID, &fault))
    };
    let fault = resolved.err().or_else(of_id);
    let fault = fault.or_else(|| name.fault(words::NAME)).or_else(|| area.fault(words::AREA));
    let outcome = match fault {
        Some(why) => Outcome::Wrong(why),
        None if before.is_none() => Outcome::New,
        None if name.change().is_none() && area.change().is_none() => Outcome::Same,
        None => Outcome::Changed,
    };
    Line { number, id, kind, name, area, outcome }
}

/// Whether a line is about a worker or a workstation: as it says itself, else as its id is known.
fn resolve_kind(
    stated: &str,
    id: &str,
    known: &Known<'_>,
    new_kind: EntityType,
) -> Result<EntityType, String> {
    let is_known = |kind| known.contains_key(&(kind, id));
    match lower(stated).as_str() {
        "worker" | "workers" | "person" | "people" | "employee" | "operator" => Ok(EntityType::Worker),
        "workstation" | "workstations" | "station" | "machine" => Ok(EntityType::Workstation),
        "" => match (is_known(EntityType::Worker), is_known(EntityType::Workstation)) {
            (true, true) => Err(words::BOTH_KINDS.to_owned()),
            (true, false) => Ok(EntityType::Worker),
            (false, true) => Ok(EntityType::Workstation),
            (false, false) => Ok(new_kind),
        },
        _ => Err(words::no_kind(stated)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pasted::read;
    use super::*;
    use serde_json::json;

    fn named(kind: EntityType, id: &str, name: Option<&str>, area: Option<&str>) -> EntityName {
        EntityName { kind, id: id.to_owned(), name: name.map(str::to_owned), area: area.map(str::to_owned) }
    }

    fn known() -> Vec<EntityName> {
        vec![
            named(EntityType::Worker, "W1", Some("Ada"), Some("Line 1")),
            named(EntityType::Worker, "7", None, None),
            named(EntityType::Workstation, "S1", Some("Press"), None),
            named(EntityType::Workstation, "7", None, None),
        ]
    }

    fn plan(text: &str) -> Plan {
        Plan::new(read(text), &known(), EntityType::Worker)
    }

    fn wrong(text: &str) -> String {
        let plan = plan(text);
        assert!(plan.changes(Unknown::Register).is_empty(), "{plan:?}");
        let why = plan.lines.iter().find_map(|line| match &line.outcome {
            Outcome::Wrong(why) => Some(format!("{}: {why}", line.number)),
            _ => None,
        });
        why.unwrap_or_else(|| panic!("nothing is wrong: {plan:?}"))
    }

    #[test]
    fn only_what_differs_is_sent_and_an_empty_cell_takes_away_what_was_there() {
        let plan = plan("id\tname\tarea\nW1\tAda\t\nS1\tPress\t\nW9\tEve\tLine 2");
        assert_eq!(plan.counts(), Counts { changed: 1, new: 1, same: 1, wrong: 0 });
        let known = json!([{ "entityType": "WORKER", "entityId": "W1", "area": null }]);
        assert_eq!(serde_json::to_value(plan.changes(Unknown::Refuse)).unwrap(), known);
        let all = json!([
            { "entityType": "WORKER", "entityId": "W1", "area": null },
            { "entityType": "WORKER", "entityId": "W9", "name": "Eve", "area": "Line 2" },
        ]);
        assert_eq!(serde_json::to_value(plan.changes(Unknown::Register)).unwrap(), all);
        assert_eq!(plan.lines[0].area, Stated { before: Some("Line 1".to_owned()), after: Some(None) });
    }

    #[test]
    fn a_column_that_is_not_there_changes_nothing() {
        assert_eq!(plan("W1\tAda\nS1").counts(), Counts { same: 2, ..Counts::default() });
    }

    #[test]
    fn a_kind_is_as_stated_else_as_known_else_as_chosen() {
        let kinds = |text| plan(text).lines.iter().map(|line| line.kind).collect::<Vec<_>>();
        let (worker, station) = (Some(EntityType::Worker), Some(EntityType::Workstation));
        assert_eq!(kinds("S1\tPress\nW1\tAda\nX1\tNew"), [station, worker, worker]);
        assert_eq!(kinds("id,kind\n7,Station\n7,person\nX1,machine"), [station, worker, station]);
        assert!(wrong("7\tSeven").contains("worker and a workstation"));
        assert!(wrong("id,kind\nW1,robot").contains("robot"));
    }

    #[test]
    fn what_is_wrong_names_its_line_and_what_is_allowed_and_nothing_is_sent() {
        assert!(wrong("id\tname\nW1\tBen\n\tNobody").starts_with("3: Id must have 1 to 64 characters"));
        let long = format!("W1\t{}", "x".repeat(65));
        assert!(wrong(&long).starts_with("1: Name must have 1 to 64 characters"), "{}", wrong(&long));
        assert!(wrong("id,area\nW1,\"a\nb\"").starts_with("2: Area must have"));
        assert!(wrong("W1\tBen\nW2\tEve\nW1\tAda").starts_with("3: ") && wrong("W1\nW1").contains("Line 1"));
        // Of the same id, one is a worker and one a workstation.
        assert_eq!(plan("id,kind\n7,worker\n7,station").counts().wrong, 0);
    }
}
