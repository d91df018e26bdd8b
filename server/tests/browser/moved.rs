//! Figures that move after their window was closed: every page that shows them says by how much and why.

use anyhow::Result;
use browser_driver::Page;
use chrono::{NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    axe, browser, close,
    dashboard::Dashboard as _,
    decision_steps::{choose, decide, look, open, wait_for_text},
};

/// A day of which W1's events came in time, and which is closed: the example of docs/METRICS.md.
struct ClosedDay {
    andon: Andon,
    day: NaiveDate,
}

impl ClosedDay {
    async fn new() -> Result<Self> {
        let andon = Andon::start(None).await?;
        let day = (Utc::now() - TimeDelta::days(20)).date_naive();
        let create = "mutation($input: CreateFactoryInput!) { createFactory(input: $input) { id } }";
        let input = json!({ "id": "plant", "name": "A factory", "finalityGraceHours": 720 });
        andon.graphql(create, json!({ "input": input })).await?;
        let closed = Self { andon, day };
        let events = json!([
            closed.event("WORKING", "08:00", 253.5, "cam-1"),
            closed.event("IDLE", "13:00", 59.5, "cam-1")
        ]);
        closed.andon.ingest("plant", events).await?;
        let change =
            "mutation { updateFactory(factoryId: \"plant\", input: { finalityGraceHours: 1 }) { id } }";
        closed.andon.graphql(change, json!({})).await?;
        Ok(closed)
    }

    fn at(&self, time: &str) -> String {
        format!("{}T{time}:00.000Z", self.day)
    }

    fn event(&self, event_type: &str, time: &str, minutes: f64, source: &str) -> Value {
        json!({
            "timestamp": self.at(time), "entityType": "WORKER", "entityId": "W1", "eventType": event_type,
            "durationMinutes": minutes, "sourceId": source
        })
    }

    /// Events of the afternoon come now.
    async fn ingest_late(&self) -> Result<()> {
        self.andon.ingest("plant", json!([self.event("WORKING", "14:30", 38.0, "cam-7")])).await
    }

    /// Four idle minutes were work.
    async fn correct(&self) -> Result<()> {
        let correction = json!({ "correction": {
            "entityType": "WORKER", "entityIds": ["W1"], "from": self.at("13:00"), "to": self.at("13:04"), "state": "WORKING"
        } });
        decide(&self.andon, "correction", correction).await
    }

    fn worker(&self) -> String {
        format!("/worker?factory=plant&window={}&id=W1", self.day)
    }

    fn floor(&self) -> String {
        format!("/?factory=plant&window={}", self.day)
    }
}

/// Opens what the line keeps folded.
async fn unfold(page: &Page<'_>) -> Result<()> {
    page.wait_for("[data-testid='moved-more']").await?;
    page.tab_to("button", "What moved and why").await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid='moved-since']").await
}

#[tokio::test]
async fn late_events_and_decisions_appear_with_what_they_moved_in_windows_that_are_open() -> Result<()> {
    let closed = ClosedDay::new().await?;
    let chrome = browser().await?;
    let worker = open(&chrome, &closed.andon, &closed.worker()).await?;
    let floor = open(&chrome, &closed.andon, &closed.floor()).await?;
    for page in [&worker, &floor] {
        page.wait_for("[data-testid='finality'][data-state='final']").await?;
        wait_for_text(page, "moved-line", "Nothing moved since this time range was closed (").await?;
        page.mark().await?;
    }
    closed.ingest_late().await?;
    for (page, figure) in [(&worker, "Utilization"), (&floor, "Average utilization")] {
        wait_for_text(
            page,
            "moved-line",
            "81.0\u{a0}% \u{2192} 83.0\u{a0}%, because of late events of source cam-7.",
        )
        .await?;
        wait_for_text(page, "moved-line", &format!("{figure} moved since this time range was closed ("))
            .await?;
    }
    closed.correct().await?;
    for page in [&worker, &floor] {
        let because =
            "81.0\u{a0}% \u{2192} 84.2\u{a0}%, because of decision 1 and late events of source cam-7.";
        wait_for_text(page, "moved-line", because).await?;
        assert!(page.is_marked().await?, "the page was loaded again");
    }
    close(chrome).await
}

#[tokio::test]
async fn the_causes_are_reached_by_keyboard_and_lead_to_the_decision() -> Result<()> {
    let closed = ClosedDay::new().await?;
    closed.ingest_late().await?;
    closed.correct().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &closed.andon, &closed.worker()).await?;
    unfold(&page).await?;
    page.wait_for_number("moved-productive-minutes", 295.5).await?;
    page.wait_for_number("moved-idle-minutes", 55.5).await?;
    let causes =
        "[...document.querySelectorAll(\"[data-testid='moved-cause']\")].map((one) => one.innerText)";
    page.wait_until(&format!("{causes}[0]?.includes('Decision 1: Worker W1: working;')")).await?;
    let causes: Vec<String> = serde_json::from_value(page.evaluate(causes).await?)?;
    assert_eq!(causes.len(), 2);
    for (cause, parts) in causes.iter().zip([
        ["anonymous", "As the shift leader saw it.", "Utilization 83.0\u{a0}% \u{2192} 84.2\u{a0}%"],
        [
            "Late events of source cam-7",
            "Working 4:14\u{a0}h \u{2192} 4:52\u{a0}h",
            "Utilization 81.0\u{a0}% \u{2192} 83.0\u{a0}%",
        ],
    ]) {
        for part in parts {
            assert!(cause.contains(part), "{part} in {cause}");
        }
    }
    page.tab_to("link", "Decision 1").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "decision-1", "Worker W1: working").await?;
    close(chrome).await
}

#[tokio::test]
async fn figures_are_compared_with_another_instant_that_is_chosen() -> Result<()> {
    let closed = ClosedDay::new().await?;
    closed.ingest_late().await?;
    // The window was closed long ago, and what came late came before the last Monday.
    closed.andon.move_restatements_back(TimeDelta::days(15).num_milliseconds()).await?;
    closed.correct().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &closed.andon, &closed.worker()).await?;
    let since_closing =
        "81.0\u{a0}% \u{2192} 84.2\u{a0}%, because of decision 1 and late events of source cam-7.";
    wait_for_text(&page, "moved-line", since_closing).await?;
    unfold(&page).await?;
    choose(&page, "moved-since", "monday-before").await?;
    wait_for_text(&page, "moved-line", "Utilization moved since Mon").await?;
    wait_for_text(&page, "moved-line", ", 07:00: 83.0\u{a0}% \u{2192} 84.2\u{a0}%, because of decision 1.")
        .await?;
    page.wait_for_number("moved-idle-minutes", 55.5).await?;
    close(chrome).await
}

#[tokio::test]
async fn what_moved_fits_the_narrowest_telephone_and_is_accessible() -> Result<()> {
    let closed = ClosedDay::new().await?;
    closed.ingest_late().await?;
    closed.correct().await?;
    let script = axe::script()?;
    let chrome = browser().await?;
    let page = open(&chrome, &closed.andon, &closed.worker()).await?;
    unfold(&page).await?;
    page.wait_for("[data-testid='moved-cause'] a").await?;
    look(&page, &script, "moved").await?;
    page.show(&closed.andon.url(&closed.floor())).await?;
    unfold(&page).await?;
    look(&page, &script, "floor-moved").await?;
    close(chrome).await
}
