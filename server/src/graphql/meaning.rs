//! The fingerprint of what an operation means: the same for spellings that are answered with the same text.
//!
//! Blanks, comments, the names of operations, variables and fragments, and the order of arguments make no difference. What an
//! answer looks like does, such as the order of fields, and so does what decides whether an operation is valid, such as the
//! types of its variables: who joins one that runs is not validated again.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Variables,
    parser::types::{Directive, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;

use crate::live::fingerprint::{Fingerprint, Fingerprinter};

/// What begins a part: parts of different kinds are never taken for one another.
#[derive(Clone, Copy)]
enum Part {
    Field,
    Fragment,
    Directive,
    Argument,
    Variable,
    Null,
    Absent,
    Scalar,
    List,
    Object,
}

/// The fingerprint of the only operation of a document that is within the limits of [`super::guard`].
pub(super) fn fingerprint(
    operation: &OperationDefinition,
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &Variables,
) -> Fingerprint {
    let mut meaning = Meaning {
        operation,
        fragments,
        variables,
        of_fragments: HashMap::new(),
        of_variables: HashMap::new(),
    };
    let mut printer = Fingerprinter::default();
    printer.text(&operation.ty.to_string());
    // What is not used makes a document invalid.
    printer.number(operation.variable_definitions.len());
    printer.number(fragments.len());
    meaning.directives(&mut printer, &operation.directives);
    meaning.selection_set(&mut printer, &operation.selection_set.node);
    printer.finish()
}

struct Meaning<'a> {
    operation: &'a OperationDefinition,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
    /// Each is taken in once, however often it is spread.
    of_fragments: HashMap<&'a str, Fingerprint>,
    /// Each is taken in once, however often it is named.
    of_variables: HashMap<Name, Fingerprint>,
}

impl<'a> Meaning<'a> {
    fn selection_set(&mut self, printer: &mut Fingerprinter, set: &'a SelectionSet) {
        printer.number(set.items.len());
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(printer, &field.node),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    let set = self.of_set(condition, &inline.node.selection_set.node);
                    self.fragment(printer, set, &inline.node.directives);
                }
                Selection::FragmentSpread(spread) => {
                    let set = self.of_fragment(&spread.node.fragment_name.node);
                    self.fragment(printer, set, &spread.node.directives);
                }
            }
        }
    }

    fn field(&mut self, printer: &mut Fingerprinter, field: &'a Field) {
        begin(printer, Part::Field);
        printer.text(field.response_key().node.as_str());
        printer.text(&field.name.node);
        self.arguments(printer, &field.arguments);
        self.directives(printer, &field.directives);
        self.selection_set(printer, &field.selection_set.node);
    }

    fn fragment(
        &mut self,
        printer: &mut Fingerprinter,
        set: Fingerprint,
        directives: &'a [Positioned<Directive>],
    ) {
        begin(printer, Part::Fragment);
        self.directives(printer, directives);
        printer.fingerprint(set);
    }

    fn of_set(&mut self, condition: Option<&str>, set: &'a SelectionSet) -> Fingerprint {
        let mut printer = Fingerprinter::default();
        printer.text(condition.unwrap_or_default());
        self.selection_set(&mut printer, set);
        printer.finish()
    }

    fn of_fragment(&mut self, name: &'a str) -> Fingerprint {
        if let Some(known) = self.of_fragments.get(name) {
            return *known;
        }
        let fragments = self.fragments;
        let of_fragment = match fragments.get(name) {
            Some(fragment) => self.of_set(
                Some(fragment.node.type_condition.node.on.node.as_str()),
                &fragment.node.selection_set.node,
            ),
            // Validation refuses the operation.
            None => Fingerprint::of(name),
        };
        self.of_fragments.insert(name, of_fragment);
        of_fragment
    }

    fn directives(&mut self, printer: &mut Fingerprinter, directives: &'a [Positioned<Directive>]) {
        printer.number(directives.len());
        for directive in directives {
            begin(printer, Part::Directive);
            printer.text(&directive.node.name.node);
            self.arguments(printer, &directive.node.arguments);
        }
    }

    fn arguments(
        &mut self,
        printer: &mut Fingerprinter,
        arguments: &'a [(Positioned<Name>, Positioned<Value>)],
    ) {
        let mut arguments: Vec<_> = arguments.iter().map(|(name, value)| (&name.node, &value.node)).collect();
        arguments.sort_by_key(|(name, _)| *name);
        printer.number(arguments.len());
        for (name, value) in arguments {
            begin(printer, Part::Argument);
            printer.text(name);
            self.value(printer, value);
        }
    }

    fn value(&mut self, printer: &mut Fingerprinter, value: &Value) {
        match value {
            Value::Variable(name) => {
                begin(printer, Part::Variable);
                printer.fingerprint(self.of_variable(name));
            }
            Value::Null => begin(printer, Part::Null),
            Value::List(items) => {
                begin(printer, Part::List);
                printer.number(items.len());
                for item in items {
                    self.value(printer, item);
                }
            }
            Value::Object(fields) => {
                begin(printer, Part::Object);
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| *name);
                printer.number(fields.len());
                for (name, value) in fields {
                    printer.text(name);
                    self.value(printer, value);
                }
            }
            scalar => {
                begin(printer, Part::Scalar);
                printer.text(&scalar.to_string());
            }
        }
    }

    fn of_variable(&mut self, name: &Name) -> Fingerprint {
        if let Some(known) = self.of_variables.get(name) {
            return *known;
        }
        let mut definitions = self.operation.variable_definitions.iter();
        let definition = definitions.find(|definition| definition.node.name.node == *name);
        let mut printer = Fingerprinter::default();
        printer.text(&definition.map(|definition| definition.node.var_type.to_string()).unwrap_or_default());
        match self.variables.get(name) {
            Some(value) => self.value(&mut printer, &value.clone().into_value()),
            None => begin(&mut printer, Part::Absent),
        }
        let of_variable = printer.finish();
        self.of_variables.insert(name.clone(), of_variable);
        of_variable
    }
}

fn begin(printer: &mut Fingerprinter, part: Part) {
    printer.number(part as usize);
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn of(document: &str, variables: serde_json::Value) -> Fingerprint {
        let document = parse_query(document).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        fingerprint(&operation.node, &document.fragments, &Variables::from_json(variables))
    }

    #[test]
    fn spellings_that_mean_the_same_have_one_fingerprint() {
        let plain =
            "subscription($y: Y!) { a(x: 1, y: $y, z: {p: 1, q: [E]}) { b ...f } } fragment f on T { c }";
        let other =
            "subscription Named ( $why : Y! ) { a ( z: {q: [E] p: 1}, y: $why, x: 1 ) { b, ...other } } # c
                     fragment other on T { c }";
        assert_eq!(
            of(plain, json!({ "y": { "r": ["E"], "p": "q" } })),
            of(other, json!({ "why": { "p": "q", "r": ["E"] }, "undeclared": [] }))
        );
        assert_ne!(of(plain, json!({ "y": { "r": ["E"] } })), of(plain, json!({ "y": { "r": ["F"] } })));
        let again = "subscription($p: Int, $q: Int) { a(x: $p, y: $q, z: $p) { b } }";
        let swapped = "subscription($p: Int, $q: Int) { a(x: $q, y: $p, z: $q) { b } }";
        assert_eq!(of(again, json!({ "p": 1, "q": 2 })), of(swapped, json!({ "p": 2, "q": 1 })));
        assert_ne!(of(again, json!({ "p": 1, "q": 2 })), of(swapped, json!({ "p": 1, "q": 2 })));
    }

    #[test]
    fn what_is_answered_differently_has_another_fingerprint() {
        let documents = [
            "subscription { a { b c } }",
            "subscription { a { c b } }",
            "subscription { a { b d: c } }",
            "subscription { a { b } c }",
            "subscription { a { b { c } } }",
            "subscription { a { b c @skip(if: true) } }",
            "subscription { a { b ... on T { c } } }",
            "subscription { a { b ... { c } } }",
            "subscription { a(x: 1) { b c } }",
            "subscription { a(x: \"1\") { b c } }",
            "subscription { a(x: [1]) { b c } }",
            "subscription { a(x: null) { b c } }",
            "subscription { a(x: $none) { b c } }",
            "subscription { a(y: 1) { b c } }",
            "subscription($x: Int = 1) { a(x: $x) { b c } }",
            "subscription($x: Int! = 1) { a(x: $x) { b c } }",
            "subscription($x: Int = 1, $unused: Int) { a(x: $x) { b c } }",
            "subscription { a { b c } } fragment unused on T { b }",
            "query { a { b c } }",
        ];
        let fingerprints = documents.map(|document| of(document, json!({})));
        for (index, fingerprint) in fingerprints.iter().enumerate() {
            let same = fingerprints.iter().position(|other| other == fingerprint);
            assert_eq!(same, Some(index), "{}", documents[index]);
        }
    }
}
