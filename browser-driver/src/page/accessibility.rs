//! What a page is to those who hear it instead of seeing it: roles, names and descriptions.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Page, mouse, text_literal};
use crate::{LIMIT, LOOK_INTERVAL};

/// What a screen reader says of an element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accessible {
    /// Such as `button`, `link`, `heading`, `combobox`.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// What is said beyond the name.
    pub description: String,
    /// What it holds, such as the chosen option.
    pub value: String,
}

impl Accessible {
    fn of(node: &Value) -> Self {
        let said = |property: &str| match &node[property]["value"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        Self {
            role: said("role"),
            name: said("name"),
            description: said("description"),
            value: said("value"),
        }
    }
}

impl Page<'_> {
    /// What a screen reader says of the first element that the selector finds.
    pub async fn accessible(&self, selector: &str) -> Result<Accessible> {
        self.described(&format!("document.querySelector({})", text_literal(selector))).await
    }

    /// What a screen reader says of the element that has the focus.
    pub async fn focused(&self) -> Result<Accessible> {
        self.described("document.activeElement").await
    }

    /// All elements of a role, such as `button`, in the order of the page.
    pub async fn all_of_role(&self, role: &str) -> Result<Vec<Accessible>> {
        Ok(self.found(json!({ "role": role })).await?.iter().map(Accessible::of).collect())
    }

    /// Clicks the one element of this role and name, once it is there, at rest, and nothing covers it, as somebody
    /// would who is told "press the button Export".
    pub async fn click_named(&self, role: &str, name: &str) -> Result<()> {
        let start = Instant::now();
        let mut before = None;
        loop {
            let found = self.found(json!({ "role": role, "accessibleName": name })).await?;
            ensure!(found.len() <= 1, "{} elements are a {role} with the name {name:?}", found.len());
            let place = match found.first() {
                Some(node) => self.middle(node).await?,
                None => None,
            };
            match place {
                // What still moves would no longer be there when the button goes down.
                Some((x, y)) if before == place => return self.click_at(x, y).await,
                _ => before = place,
            }
            if start.elapsed() > LIMIT {
                return Err(self
                    .in_vain(&format!("the mouse reaches a {role} with the name {name:?}"))
                    .await);
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    async fn described(&self, expression: &str) -> Result<Accessible> {
        let object = self.object(expression).await?;
        let asked = json!({ "objectId": object, "fetchRelatives": false });
        let tree = self.command("Accessibility.getPartialAXTree", asked).await?;
        Ok(Accessible::of(&tree["nodes"][0]))
    }

    /// The accessibility tree's nodes for which these properties hold.
    async fn found(&self, mut properties: Value) -> Result<Vec<Value>> {
        properties["objectId"] = self.object("document.documentElement").await?;
        let mut answer = self.command("Accessibility.queryAXTree", properties).await?;
        let nodes = answer["nodes"].take();
        let is_there = |node: &Value| node["ignored"] != true;
        Ok(nodes.as_array().into_iter().flatten().filter(|node| is_there(node)).cloned().collect())
    }

    /// The middle of a node that the mouse reaches; none when the page has changed meanwhile or something covers it.
    async fn middle(&self, node: &Value) -> Result<Option<(f64, f64)>> {
        let asked = json!({ "backendNodeId": node["backendDOMNodeId"] });
        // The node may be gone by now.
        let Ok(resolved) = self.command("DOM.resolveNode", asked).await else { return Ok(None) };
        let call = json!({
            "objectId": resolved["object"]["objectId"], "returnByValue": true,
            "functionDeclaration": format!("function() {{ return ({})(this); }}", mouse::REACH)
        });
        let Ok(answer) = self.command("Runtime.callFunctionOn", call).await else { return Ok(None) };
        let middle = &answer["result"]["value"];
        if middle.is_null() { Ok(None) } else { mouse::place(middle).map(Some) }
    }

    /// The browser's name for the object that an expression is.
    async fn object(&self, expression: &str) -> Result<Value> {
        let answer = self.command("Runtime.evaluate", json!({ "expression": expression })).await?;
        let object = answer["result"].get("objectId").with_context(|| format!("{expression} is nothing"))?;
        Ok(object.clone())
    }
}
