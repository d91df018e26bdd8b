//! Everything that can be selected, as the schema itself tells.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::harness::TestServer;

const INTROSPECTION: &str = "{ __schema { types { kind name possibleTypes { name } fields { name
    args { defaultValue type { kind } } type { ...type ofType { ...type ofType { ...type ofType { ...type } } } } } } } }
    fragment type on __Type { kind name }";

pub(super) struct Schema {
    types: HashMap<String, Value>,
}

impl Schema {
    pub(super) async fn of(server: &TestServer) -> Self {
        let mut data = server.ask(INTROSPECTION, json!({})).await;
        let Value::Array(types) = data["__schema"]["types"].take() else { panic!("no types in {data}") };
        let named = |of: Value| (of["name"].as_str().expect("a name").to_owned(), of);
        Self { types: types.into_iter().map(named).collect() }
    }

    /// The fields of a root type, with all that can be selected of them.
    pub(super) fn fields(&self, root: &str) -> Vec<(String, String)> {
        let fields = self.types[root]["fields"].as_array().expect("fields").iter();
        let selected = |field: &Value| {
            let name = field["name"].as_str().expect("a name");
            (name.to_owned(), self.selection(innermost(&field["type"]), &mut Vec::new()))
        };
        fields.map(selected).collect()
    }

    /// Every field of a type that needs no argument, and of theirs, once on each way down.
    fn selection(&self, name: &str, above: &mut Vec<String>) -> String {
        let of = &self.types[name];
        if let Some(possible) = of["possibleTypes"].as_array() {
            let parts = possible.iter().map(|of| {
                let name = of["name"].as_str().expect("a name");
                format!("... on {name} {}", self.selection(name, above))
            });
            return format!("{{ __typename {} }}", parts.collect::<Vec<_>>().join(" "));
        }
        let Some(fields) = of["fields"].as_array() else { return String::new() };
        above.push(name.to_owned());
        let mut parts = vec!["__typename".to_owned()];
        for field in fields.iter().filter(|field| !needs_arguments(field)) {
            let inner = innermost(&field["type"]);
            if !above.iter().any(|above| above == inner) {
                let name = field["name"].as_str().expect("a name");
                parts.push(format!("{name} {}", self.selection(inner, above)));
            }
        }
        above.pop();
        format!("{{ {} }}", parts.join(" "))
    }
}

fn needs_arguments(field: &Value) -> bool {
    let arguments = field["args"].as_array().expect("arguments").iter();
    let mut needed = arguments
        .filter(|argument| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null());
    needed.next().is_some()
}

fn innermost(of: &Value) -> &str {
    match &of["ofType"] {
        Value::Null => of["name"].as_str().expect("a name"),
        inner => innermost(inner),
    }
}
