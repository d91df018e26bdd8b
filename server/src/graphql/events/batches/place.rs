//! Which variables may hold a batch: those that only the resolver reads.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        BaseType, Directive, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet, Type,
    },
};
use async_graphql_value::Value;

/// The type of a batch's events.
const EVENT_INPUT: &str = "EventInput";
/// The field that takes a batch, and its argument.
const INGEST_EVENTS: (&str, &str) = ("ingestEvents", "events");

/// Whether this variable of an operation is declared as a list of events and used as a batch and as nothing else.
/// Validation lets some other uses pass and repeats the variable's value in its messages.
pub(crate) fn holds_batch(
    operation: &OperationDefinition,
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
    variable: &str,
) -> bool {
    let mut fragments = fragments.values();
    is_declared(operation, variable)
        && !is_in_directives(&operation.directives, variable)
        && is_only_a_batch(&operation.selection_set.node, variable)
        && fragments.all(|fragment| {
            !is_in_directives(&fragment.node.directives, variable)
                && is_only_a_batch(&fragment.node.selection_set.node, variable)
        })
}

fn is_declared(operation: &OperationDefinition, variable: &str) -> bool {
    let mut declared =
        operation.variable_definitions.iter().filter(|declared| declared.node.name.node == variable);
    // A variable that is declared twice is for validation to refuse.
    match (declared.next(), declared.next()) {
        (Some(Positioned { node, .. }), None) => is_list_of_events(&node.var_type.node),
        _ => false,
    }
}

fn is_list_of_events(declared: &Type) -> bool {
    match &declared.base {
        BaseType::List(item) => {
            !item.nullable && matches!(&item.base, BaseType::Named(name) if name == EVENT_INPUT)
        }
        BaseType::Named(_) => false,
    }
}

fn is_only_a_batch(set: &SelectionSet, variable: &str) -> bool {
    set.items.iter().all(|selection| {
        let inside = match &selection.node {
            Selection::Field(field) => {
                has_only_a_batch(&field.node, variable)
                    && is_only_a_batch(&field.node.selection_set.node, variable)
            }
            Selection::InlineFragment(inline) => is_only_a_batch(&inline.node.selection_set.node, variable),
            Selection::FragmentSpread(_) => true,
        };
        inside && !is_in_directives(selection.node.directives(), variable)
    })
}

fn has_only_a_batch(field: &Field, variable: &str) -> bool {
    field.arguments.iter().all(|(argument, value)| {
        let is_batch = (field.name.node.as_str(), argument.node.as_str()) == INGEST_EVENTS
            && matches!(value.node, Value::Variable(_));
        is_batch || !is_in(&value.node, variable)
    })
}

fn is_in_directives(directives: &[Positioned<Directive>], variable: &str) -> bool {
    let mut arguments = directives.iter().flat_map(|directive| &directive.node.arguments);
    arguments.any(|(_, value)| is_in(&value.node, variable))
}

fn is_in(value: &Value, variable: &str) -> bool {
    match value {
        Value::Variable(name) => name == variable,
        Value::List(items) => items.iter().any(|item| is_in(item, variable)),
        Value::Object(fields) => fields.values().any(|value| is_in(value, variable)),
        _ => false,
    }
}
