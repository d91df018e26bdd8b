//! The values of an operation's variables, resolved before any of it is validated or executed.
//!
//! The library looks for a variable's value when it reaches the argument that uses it, so a mutation's first fields would
//! be committed before a later one turns out to lack its value. It also takes a variable that was not sent for null, which
//! would clear what a field that is left out lets stay. With every variable resolved first, validation judges
//! whole arguments before the first field runs.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::types::{Directive, FragmentDefinition, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value as InputValue;

/// Gives each declared variable that was not sent its default. Where it has none, the arguments and the fields of input
/// objects that it would fill are left out, as the specification has it; in a list null takes its place.
///
/// # Errors
/// A variable that must have a value has none, or null.
pub(crate) fn resolve(
    operation: &mut OperationDefinition,
    fragments: &mut HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &mut Variables,
) -> Result<(), ServerError> {
    let mut absent = Absent::default();
    for definition in &operation.variable_definitions {
        let variable = &definition.node;
        let name = &variable.name.node;
        if let Some(default) = &variable.default_value
            && !variables.contains_key(name)
        {
            variables.insert(name.clone(), default.node.clone());
        }
        match variables.get(name) {
            None | Some(Value::Null) if !variable.var_type.node.nullable => {
                let name = domain::validate::excerpt(name);
                let message = format!("the variable ${name} must have a value; send one that is not null");
                return Err(ServerError::new(message, Some(definition.pos)));
            }
            None => {
                absent.names.insert(name.clone());
            }
            Some(_) => {}
        }
    }
    if !absent.names.is_empty() {
        absent.leave_out_of(&mut operation.selection_set.node);
        for fragment in fragments.values_mut() {
            absent.leave_out_of(&mut fragment.node.selection_set.node);
        }
        // Validation refuses variables without a use, but these had one.
        operation.variable_definitions.retain(|variable| !absent.used.contains(&variable.node.name.node));
    }
    Ok(())
}

/// The variables that were not sent and have no default.
#[derive(Default)]
struct Absent {
    names: HashSet<Name>,
    /// Those among them that something was left out for.
    used: HashSet<Name>,
}

impl Absent {
    fn leave_out_of(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) => {
                    self.leave_out_of_arguments(&mut field.node.arguments);
                    self.leave_out_of_directives(&mut field.node.directives);
                    self.leave_out_of(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.leave_out_of_directives(&mut inline.node.directives);
                    self.leave_out_of(&mut inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    self.leave_out_of_directives(&mut spread.node.directives);
                }
            }
        }
    }

    fn leave_out_of_directives(&mut self, directives: &mut [Positioned<Directive>]) {
        for directive in directives {
            self.leave_out_of_arguments(&mut directive.node.arguments);
        }
    }

    fn leave_out_of_arguments(&mut self, arguments: &mut Vec<(Positioned<Name>, Positioned<InputValue>)>) {
        arguments.retain_mut(|(_, value)| self.fills(&mut value.node));
    }

    /// Whether there is a value, after leaving out what is absent inside of it.
    fn fills(&mut self, value: &mut InputValue) -> bool {
        match value {
            InputValue::Variable(name) if self.names.contains(name) => {
                self.used.insert(name.clone());
                return false;
            }
            InputValue::List(items) => {
                for item in items {
                    if !self.fills(item) {
                        *item = InputValue::Null;
                    }
                }
            }
            InputValue::Object(fields) => fields.retain(|_, value| self.fills(value)),
            _ => {}
        }
        true
    }
}
