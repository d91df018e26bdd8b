//! What axe-core finds that keeps people from using a page.

use std::fmt;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Page;

/// Everything that is wrong, and only that. Each node with the way to it and what to do.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, impact, help, nodes }) => ({ id, impact, help,
        nodes: nodes.map(({ target, failureSummary }) => [target.flat().join(' '), failureSummary]) })))";

/// A rule that a page breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name, such as `color-contrast`.
    pub rule: String,
    /// How bad it is: `minor`, `moderate`, `serious` or `critical`.
    pub impact: String,
    /// What the rule asks for.
    pub help: String,
    /// The selector of each element that breaks it, and what to do about it.
    pub places: Vec<(String, String)>,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}): {}", self.rule, self.impact, self.help)?;
        for (selector, advice) in &self.places {
            write!(formatter, "\n    {selector}: {}", advice.replace('\n', " "))?;
        }
        Ok(())
    }
}

impl Page<'_> {
    /// Everything that axe-core, whose script is given, finds wrong with the page as it is now. Its own content security
    /// policy does not keep the script out.
    pub async fn axe(&self, script: &str) -> Result<Vec<Violation>> {
        if self.evaluate("typeof axe").await? != "object" {
            // The script's own value is not asked for: it has no end.
            self.compute(&format!("{script}\n;null")).await?;
        }
        let found = self.compute(RUN).await?;
        found.as_array().context("axe-core answered with no list")?.iter().map(violation).collect()
    }
}

fn violation(found: &Value) -> Result<Violation> {
    let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    let nodes = found["nodes"].as_array().context("axe-core named no elements")?;
    Ok(Violation {
        rule: text(&found["id"]),
        impact: text(&found["impact"]),
        help: text(&found["help"]),
        places: nodes.iter().map(|node| (text(&node[0]), text(&node[1]))).collect(),
    })
}
