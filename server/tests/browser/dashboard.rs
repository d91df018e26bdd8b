//! The dashboard's own ways to say what it shows: the attributes that its elements carry.

use anyhow::Result;
use browser_driver::Page;

/// Waits for what a dashboard shows.
pub(crate) trait Dashboard {
    /// Waits until the element with this test id carries exactly this number.
    async fn wait_for_number(&self, test_id: &str, number: f64) -> Result<()>;
    /// Waits until a row's cell carries exactly this number.
    async fn wait_for_cell(&self, row: &str, field: &str, number: f64) -> Result<()>;
    /// Waits until the page says that its connection is in this state.
    async fn wait_for_connection(&self, state: &str) -> Result<()>;
    /// Leaves a mark that a reload would wipe out.
    async fn mark(&self) -> Result<()>;
    /// Whether the page is still the one that was marked.
    async fn is_marked(&self) -> Result<bool>;
}

impl Dashboard for Page<'_> {
    async fn wait_for_number(&self, test_id: &str, number: f64) -> Result<()> {
        self.wait_until(&format!("Number({}.dataset.value) === {number}", element(test_id))).await
    }

    async fn wait_for_cell(&self, row: &str, field: &str, number: f64) -> Result<()> {
        let cell = format!(r#"{}.querySelector("[data-field='{field}']")"#, element(row));
        self.wait_until(&format!("Number({cell}.dataset.value) === {number}")).await
    }

    async fn wait_for_connection(&self, state: &str) -> Result<()> {
        self.wait_until(&format!("{}.dataset.state === '{state}'", element("connection"))).await
    }

    async fn mark(&self) -> Result<()> {
        self.evaluate("window.marked = true").await.map(drop)
    }

    async fn is_marked(&self) -> Result<bool> {
        Ok(self.evaluate("window.marked === true").await? == true)
    }
}

fn element(test_id: &str) -> String {
    format!(r#"document.querySelector("[data-testid='{test_id}']")"#)
}
