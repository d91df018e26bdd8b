//! Rules on which events count and retractions, made on the page of decisions: checked, confirmed, and withdrawn again.

use anyhow::Result;
use browser_driver::{Chrome, Page};
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    axe, browser, close,
    dashboard::Dashboard as _,
    decision_steps::{
        DECISIONS, at, choose, decide, decide_after_seeing, decisions, is_decided_at_the_second_request,
        look, note_requests, open, plant, put, wait_for_text,
    },
};

const W4: &str = "/worker?factory=plant&window=2026-01-05&id=W4";

/// The factory with two events of a camera about W4, one of them by another model.
async fn plant_with_cameras() -> Result<Andon> {
    let andon = plant().await?;
    let seen = |time: &str, source: &str, model: &str| {
        json!({
            "timestamp": at(time), "entityType": "WORKER", "entityId": "W4", "eventType": "WORKING", "durationMinutes": 30,
            "unitsProduced": 5, "sourceId": source, "modelVersion": model
        })
    };
    let events =
        json!([seen("08:00", "cam-1", "v1"), seen("09:00", "cam-1", "v2"), seen("10:00", "cam-2", "v1")]);
    andon.ingest("plant", events).await?;
    Ok(andon)
}

/// The page with the form for a rule on one camera's events of a morning, up to the reason.
async fn making_a_rule<'chrome>(chrome: &'chrome Chrome, andon: &Andon) -> Result<Page<'chrome>> {
    let page = open(chrome, andon, DECISIONS).await?;
    page.click("[data-testid='add-rule']").await?;
    page.wait_for("[data-testid='rule-standing']:focus").await?;
    choose(&page, "rule-standing", "quarantined").await?;
    put(&page, "rule-source", "cam-1", "input").await?;
    put(&page, "rule-from", "2026-01-05T08:00", "change").await?;
    put(&page, "rule-to", "2026-01-05T12:00", "change").await?;
    Ok(page)
}

/// Says why, and looks at what would be decided.
async fn check(page: &Page<'_>, form: &str, note: &str) -> Result<()> {
    page.click(&format!("[data-testid='{form}-note']")).await?;
    page.type_text(note).await?;
    page.click(&format!("[data-testid='{form}-check']")).await?;
    page.wait_for("[data-testid='confirm-save']").await
}

#[tokio::test]
async fn a_rule_is_checked_confirmed_and_withdrawn_and_other_windows_follow() -> Result<()> {
    let andon = plant_with_cameras().await?;
    let chrome = browser().await?;
    let worker = open(&chrome, &andon, W4).await?;
    worker.wait_for_number("productive-minutes", 90.0).await?;
    worker.mark().await?;
    let page = making_a_rule(&chrome, &andon).await?;
    check(&page, "rule", "Its lens was dirty.").await?;
    let sentence =
        "Events of source cam-1 are not trusted and do not count; starting Mon, 5 Jan 2026, 08:00 to 12:00.";
    wait_for_text(&page, "confirm-sentence", sentence).await?;
    wait_for_text(&page, "confirm-affected", "2 stored events of this time match").await?;
    assert!(decisions(&andon).await?.is_empty(), "decided before it was confirmed");

    // Only one of its models, after a second look.
    page.click("[data-testid='confirm-back']").await?;
    choose(&page, "rule-versions", "one").await?;
    put(&page, "rule-version", "v2", "input").await?;
    page.click("[data-testid='rule-check']").await?;
    wait_for_text(&page, "confirm-affected", "1 stored event of this time matches").await?;
    page.wait_for("[data-testid='confirm-save']:focus").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "decision-said", "Saved as decision 1.").await?;
    wait_for_text(&page, "decision-1", "Events of source cam-1 and of model v2 are not trusted").await?;
    let made = decisions(&andon).await?;
    let expected = json!({
        "standing": "QUARANTINED", "sourceId": "cam-1", "modelVersion": "v2", "withoutModelVersion": false, "from": at("08:00"),
        "to": at("12:00")
    });
    assert_eq!((&made[0]["standing"], &made[0]["note"]), (&expected, &json!("Its lens was dirty.")));
    worker.wait_for_number("productive-minutes", 60.0).await?;

    page.click("[data-testid='withdraw-1']").await?;
    page.wait_for("[data-testid='withdraw-note']:focus").await?;
    page.type_text("It was clean.").await?;
    page.click("[data-testid='withdraw-confirm']").await?;
    wait_for_text(&page, "decision-1", "withdrawn by 2").await?;
    worker.wait_for_number("productive-minutes", 90.0).await?;
    assert!(worker.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

#[tokio::test]
async fn a_rule_about_what_somebody_decided_meanwhile_is_shown_that_first() -> Result<()> {
    let andon = plant_with_cameras().await?;
    let chrome = browser().await?;
    let page = making_a_rule(&chrome, &andon).await?;
    check(&page, "rule", "Its lens was dirty.").await?;
    let shadow = json!({ "standing": { "standing": "SHADOW", "sourceId": "cam-1" } });
    decide(&andon, "other", shadow).await?;
    page.click("[data-testid='confirm-save']").await?;
    decide_after_seeing(&page, &andon, "Events of source cam-1 are kept for comparison").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_rule_whose_answer_is_lost_is_asked_for_again_and_made_once() -> Result<()> {
    let andon = plant_with_cameras().await?;
    let chrome = browser().await?;
    let page = making_a_rule(&chrome, &andon).await?;
    check(&page, "rule", "Its lens was dirty.").await?;
    note_requests(&page, true).await?;
    page.click("[data-testid='confirm-save']").await?;
    is_decided_at_the_second_request(&page, &andon).await?;
    close(chrome).await
}

#[tokio::test]
async fn an_event_is_found_and_retracted() -> Result<()> {
    let andon = plant_with_cameras().await?;
    let chrome = browser().await?;
    let worker = open(&chrome, &andon, "/worker?factory=plant&window=2026-01-05&id=W1").await?;
    worker.wait_for_number("productive-minutes", 100.0).await?;
    let page = open(&chrome, &andon, DECISIONS).await?;
    page.click("[data-testid='retract-event']").await?;
    page.wait_for("[data-testid='retraction-kind']:focus").await?;
    put(&page, "retraction-id", "W1", "input").await?;
    put(&page, "correction-from", "2026-01-05T08:00", "change").await?;
    put(&page, "correction-to", "2026-01-05T08:20", "change").await?;
    // The latest event comes first; that of 8:30 starts after the span.
    page.wait_until("document.querySelectorAll(\"[data-testid='retraction-event']\").length === 1").await?;
    put(&page, "correction-to", "2026-01-05T09:00", "change").await?;
    page.wait_until("document.querySelectorAll(\"[data-testid='retraction-event']\").length === 2").await?;
    page.click("[data-testid='retraction-event']").await?;
    check(&page, "retraction", "He carried parts.").await?;
    wait_for_text(
        &page,
        "confirm-sentence",
        "Worker W1: the event idle does not count; Mon, 5 Jan 2026, 08:30.",
    )
    .await?;
    wait_for_text(&page, "confirm-affected", "1 stored event is about it.").await?;
    page.click("[data-testid='confirm-save']").await?;
    wait_for_text(&page, "decision-said", "Saved as decision 1.").await?;
    let retraction = json!({
        "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "timestamp": at("08:30"), "form": "INTERVAL"
    });
    assert_eq!(decisions(&andon).await?[0]["retraction"], retraction);
    worker.wait_for_number("productive-minutes", 120.0).await?;
    page.click("[data-testid='retraction-close']").await?;
    page.wait_for("[data-testid='retract-event']:focus").await?;
    close(chrome).await
}

#[tokio::test]
async fn the_forms_for_rules_fit_the_narrowest_telephone_and_are_accessible() -> Result<()> {
    let andon = plant_with_cameras().await?;
    let script = axe::script()?;
    let chrome = browser().await?;
    let page = making_a_rule(&chrome, &andon).await?;
    choose(&page, "rule-versions", "one").await?;
    put(&page, "rule-version", "v2", "input").await?;
    look(&page, &script, "making-a-rule").await?;
    check(&page, "rule", "Its lens was dirty.").await?;
    wait_for_text(&page, "confirm-affected", "1 stored event").await?;
    look(&page, &script, "confirming-a-rule").await?;
    page.click("[data-testid='confirm-back']").await?;
    page.click("[data-testid='retract-event']").await?;
    put(&page, "retraction-id", "W1", "input").await?;
    put(&page, "correction-from", "2026-01-05T08:00", "change").await?;
    put(&page, "correction-to", "2026-01-05T09:00", "change").await?;
    page.wait_for("[data-testid='retraction-event']").await?;
    look(&page, &script, "retracting").await?;
    assert_eq!(page.evaluate("document.querySelector(\"[data-testid='rule']\")").await?, Value::Null);
    close(chrome).await
}
