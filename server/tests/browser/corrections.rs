//! Decisions on the dashboard: a span corrected with the pointer, with the keyboard and typed, of one and of several, what
//! other windows see of it, and how it is taken back.

use anyhow::Result;
use browser_driver::{Chrome, Network, Page};
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    axe, browser, close,
    dashboard::Dashboard as _,
    decision_steps::{
        DECISIONS, at, choose, correction, decide, decide_after_seeing, decisions,
        is_decided_at_the_second_request, look, note_requests, open, plant, put, save, wait_for_text,
    },
};

const WORKER: &str = "/worker?factory=plant&window=2026-01-05T08:00Z..2026-01-05T12:00Z&id=W1";
/// What the timeline is called while a span is chosen.
const CHOOSING: &str = "Timeline. Left and right arrows move in time. With Shift they select in steps of 5 minutes, Enter takes \
                        what is selected, or else the part that is read.";
const TIMELINE: &str = ".timeline .chart-layer";

/// The worker's page with its form.
async fn correcting<'chrome>(chrome: &'chrome Chrome, andon: &Andon) -> Result<Page<'chrome>> {
    let page = open(chrome, andon, WORKER).await?;
    page.wait_for(TIMELINE).await?;
    page.click("[data-testid='correct']").await?;
    page.wait_for("[data-testid='correction']").await?;
    Ok(page)
}

/// Says that ten minutes were idle, up to the reason.
async fn enter_ten_idle_minutes(page: &Page<'_>) -> Result<()> {
    put(page, "correction-from", "2026-01-05T09:00", "change").await?;
    put(page, "correction-to", "2026-01-05T09:10", "change").await?;
    choose(page, "correction-state", "idle").await?;
    page.wait_for_number("after-idle", 10.0).await
}

/// The place of the timeline at a share of its width, in CSS pixels.
async fn place(page: &Page<'_>, share: f64) -> Result<(f64, f64)> {
    let script = format!(
        "(() => {{ const layer = document.querySelector('{TIMELINE}'); layer.scrollIntoView({{ block: 'center' }}); \
         const box = layer.getBoundingClientRect(); return [box.x + {share} * box.width, box.y + box.height / 2]; }})()"
    );
    let place: Vec<f64> = serde_json::from_value(page.evaluate(&script).await?)?;
    Ok((place[0], place[1]))
}

#[tokio::test]
async fn a_span_that_is_dragged_is_corrected_and_every_window_moves() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let elsewhere = open(&chrome, &andon, WORKER).await?;
    elsewhere.wait_for_number("productive-minutes", 100.0).await?;
    elsewhere.mark().await?;
    let page = correcting(&chrome, &andon).await?;
    // From 9:00 to 9:30 of four hours.
    let (from, to) = (place(&page, 0.252).await?, place(&page, 0.373).await?);
    page.drag(from, to).await?;
    wait_for_text(&page, "correction-span", "09:00 to 09:30 (30 min)").await?;
    assert!(page.evaluate("location.search").await?.to_string().contains("08:00Z"), "it zoomed in");
    page.wait_for_number("before-working", 30.0).await?;
    page.wait_for_number("before-units", 6.0).await?;
    choose(&page, "correction-state", "absent").await?;
    page.wait_for_number("after-absent", 30.0).await?;
    page.wait_for_number("after-working", 0.0).await?;
    page.wait_for_number("after-units", 6.0).await?;
    assert_eq!(
        page.evaluate("document.querySelector(\"[data-testid='correction-units']\").value").await?,
        ""
    );
    page.click("[data-testid='correction-take-units']").await?;
    page.wait_for_number("after-units", 0.0).await?;
    assert!(decisions(&andon).await?.is_empty(), "decided before somebody said so");
    save(&page, "correction", "He was at the doctor's.").await?;

    wait_for_text(&page, "decision-said", "Saved as decision 1.").await?;
    page.wait_for_number("answered-absent", 30.0).await?;
    page.wait_for_number("answered-units", 0.0).await?;
    page.wait_for_number("before-working", 30.0).await?;
    let made = decisions(&andon).await?;
    assert_eq!(made[0]["note"], "He was at the doctor's.");
    let expected = json!({
        "entityType": "WORKER", "entityIds": ["W1"], "area": null, "from": at("09:00"), "to": at("09:30"),
        "state": "ABSENT", "units": -6
    });
    assert_eq!(made[0]["correction"], expected);
    for page in [&page, &elsewhere] {
        page.wait_for_number("productive-minutes", 70.0).await?;
        page.wait_for_number("absent-minutes", 30.0).await?;
        page.wait_for_number("units-produced", 18.0).await?;
        page.wait_for_number("corrected-minutes", 30.0).await?;
        page.wait_for_number("contested-minutes", 20.0).await?;
        page.wait_for(".timeline-track .timeline-line-corrected").await?;
        page.wait_for(".timeline-track .timeline-line-contested").await?;
    }
    assert!(elsewhere.is_marked().await?, "the page was loaded again");
    elsewhere.click_named("link", "Decision 1").await?;
    wait_for_text(&elsewhere, "decision-1", "Worker W1: absent, 6 units taken away").await?;
    close(chrome).await
}

#[tokio::test]
async fn a_part_of_the_timeline_is_corrected_with_the_keyboard_alone() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, WORKER).await?;
    page.wait_for(TIMELINE).await?;
    page.tab_to("button", "Correct a span").await?;
    page.press("Enter").await?;
    page.wait_for("[data-testid='correction']").await?;
    page.tab_to("slider", CHOOSING).await?;
    let outline = format!("getComputedStyle(document.querySelector('{TIMELINE}')).outlineStyle");
    assert_ne!(page.evaluate(&outline).await?, "none", "the focus is not seen");
    // The second part, as a whole.
    page.press("Home").await?;
    page.press("ArrowRight").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "correction-span", "08:30 to 08:50 (20 min)").await?;
    // And from its begin in steps of the grid.
    page.press("Shift+ArrowRight").await?;
    page.press("Shift+ArrowRight").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "correction-span", "08:30 to 08:40 (10 min)").await?;
    page.wait_for(&format!("{TIMELINE} .chart-selected")).await?;
    page.tab_to("combobox", "What it was").await?;
    page.type_text("W").await?;
    page.wait_for_number("after-working", 10.0).await?;
    page.tab_to("textbox", "Why (for those who read this later)").await?;
    page.type_text("Seen by the shift leader.").await?;
    page.press("Enter").await?;
    wait_for_text(&page, "decision-said", "Saved as decision 1.").await?;
    page.wait_for_number("productive-minutes", 110.0).await?;
    assert_eq!(
        decisions(&andon).await?[0]["correction"]["units"],
        Value::Null,
        "units are never changed by default"
    );
    close(chrome).await
}

#[tokio::test]
async fn a_span_is_typed_to_the_second_and_what_is_not_possible_is_said_in_words() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = correcting(&chrome, &andon).await?;
    put(&page, "correction-from", "2026-01-05T09:00:30", "change").await?;
    put(&page, "correction-to", "2026-01-05T08:00", "change").await?;
    wait_for_text(&page, "correction-span", "The end must be after the beginning.").await?;
    put(&page, "correction-to", "2026-01-05T09:10", "change").await?;
    wait_for_text(&page, "correction-span", "09:00:30 to 09:10 (9 min 30 s)").await?;
    page.wait_for_number("before-working", 9.5).await?;
    choose(&page, "correction-state", "not-observed").await?;
    page.wait_for_number("after-unobserved", 9.5).await?;
    // A time that has not come yet.
    put(&page, "correction-to", "2999-01-01T00:00", "change").await?;
    save(&page, "correction", "Nobody was there to see it.").await?;
    page.wait_for("[data-testid='decision-refused']").await?;
    put(&page, "correction-to", "2026-01-05T09:10", "change").await?;
    page.wait_for_number("before-working", 9.5).await?;
    page.click("[data-testid='correction-save']").await?;
    wait_for_text(&page, "decision-said", "Saved as decision 1.").await?;
    page.wait_for_number("productive-minutes", 90.5).await?;
    assert_eq!(decisions(&andon).await?[0]["correction"]["from"], "2026-01-05T09:00:30.000Z");
    close(chrome).await
}

#[tokio::test]
async fn who_decides_about_the_same_meanwhile_is_shown_and_one_may_go_on() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = correcting(&chrome, &andon).await?;
    enter_ten_idle_minutes(&page).await?;
    decide(&andon, "other", correction("W1", "09:05", "09:20", "ABSENT")).await?;
    save(&page, "correction", "He waited for parts.").await?;
    decide_after_seeing(&page, &andon, "Worker W1: absent").await?;
    close(chrome).await
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_and_it_is_decided_once() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = correcting(&chrome, &andon).await?;
    enter_ten_idle_minutes(&page).await?;
    note_requests(&page, true).await?;
    save(&page, "correction", "He waited for parts.").await?;
    is_decided_at_the_second_request(&page, &andon).await?;
    close(chrome).await
}

#[tokio::test]
async fn a_server_that_is_away_is_said_and_saving_again_is_the_same_request() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = correcting(&chrome, &andon).await?;
    enter_ten_idle_minutes(&page).await?;
    note_requests(&page, false).await?;
    page.set_network(Network::Cut).await?;
    save(&page, "correction", "He waited for parts.").await?;
    wait_for_text(&page, "decision-said", "sent again").await?;
    wait_for_text(&page, "decision-refused", "did not answer").await?;
    page.set_network(Network::Open).await?;
    page.click("[data-testid='correction-save']").await?;
    wait_for_text(&page, "decision-said", "Saved as decision 1.").await?;
    page.wait_until("new Set(window.requests).size === 1 && window.requests.length > 1").await?;
    assert_eq!(decisions(&andon).await?.len(), 1);
    close(chrome).await
}

#[tokio::test]
async fn a_decision_is_withdrawn_with_a_reason_and_every_window_shows_it() -> Result<()> {
    let andon = plant().await?;
    decide(&andon, "first", correction("W1", "09:00", "09:30", "ABSENT")).await?;
    let chrome = browser().await?;
    let worker = open(&chrome, &andon, WORKER).await?;
    worker.wait_for_number("productive-minutes", 70.0).await?;
    let other = open(&chrome, &andon, DECISIONS).await?;
    other.wait_for("[data-testid='withdraw-1']").await?;
    let page = open(&chrome, &andon, DECISIONS).await?;
    page.click("[data-testid='withdraw-1']").await?;
    page.wait_for("[data-testid='withdraw-note']:focus").await?;
    page.press("Escape").await?;
    page.wait_until("document.querySelector(\"[data-testid='withdraw-note']\") === null").await?;
    page.wait_for("[data-testid='withdraw-1']:focus").await?;
    page.click("[data-testid='withdraw-1']").await?;
    page.wait_for("[data-testid='withdraw-note']:focus").await?;
    assert_eq!(
        page.evaluate("document.querySelector(\"[data-testid='withdraw-confirm']\").disabled").await?,
        true
    );
    page.type_text("It was the other shift.").await?;
    page.click("[data-testid='withdraw-confirm']").await?;
    for page in [&page, &other] {
        wait_for_text(page, "decision-1", "withdrawn by 2").await?;
        wait_for_text(page, "decision-2", "It was the other shift.").await?;
    }
    worker.wait_for_number("productive-minutes", 100.0).await?;
    worker.wait_for_number("corrected-minutes", 0.0).await?;

    choose(&page, "decisions-force", "in-force").await?;
    page.wait_until("document.querySelector(\"[data-testid='decision-1']\") === null").await?;
    page.wait_for("[data-testid='decision-2']").await?;
    choose(&page, "decisions-kind", "correction").await?;
    page.wait_for("[data-testid='decisions-none']").await?;
    page.evaluate("history.go(-2)").await?;
    page.wait_for("[data-testid='decision-1']").await?;
    close(chrome).await
}

#[tokio::test]
async fn older_decisions_are_shown_when_they_are_asked_for() -> Result<()> {
    let andon = plant().await?;
    for number in 0..52 {
        let state = if number % 2 == 0 { "IDLE" } else { "ABSENT" };
        decide(&andon, &format!("request-{number}"), correction("W2", "08:00", "08:10", state)).await?;
    }
    let chrome = browser().await?;
    let page = open(&chrome, &andon, DECISIONS).await?;
    page.wait_for("[data-testid='decision-3']").await?;
    assert_eq!(page.evaluate("document.querySelector(\"[data-testid='decision-2']\")").await?, Value::Null);
    page.click("[data-testid='decisions-older']").await?;
    page.wait_for("[data-testid='decision-1']").await?;
    page.wait_for("[data-testid='decision-52']").await?;
    page.wait_until("document.querySelector(\"[data-testid='decisions-older']\") === null").await?;
    close(chrome).await
}

#[tokio::test]
async fn all_of_an_area_are_corrected_in_one_step_and_so_are_those_who_are_chosen() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, "/?factory=plant&window=2026-01-05&area=Line%202").await?;
    page.wait_for("[data-testid='worker-row-W2']").await?;
    page.click("[data-testid='correct-several']").await?;
    page.wait_for("[data-testid='several-area']").await?;
    assert_eq!(
        page.evaluate("document.querySelector(\"[data-testid='several-area']\").value").await?,
        "Line 2"
    );
    put(&page, "correction-from", "2026-01-05T10:00", "change").await?;
    put(&page, "correction-to", "2026-01-05T10:20", "change").await?;
    choose(&page, "correction-state", "idle").await?;
    save(&page, "several", "No parts came.").await?;
    wait_for_text(&page, "several-made", "All workers of Line 2 (2): idle").await?;
    page.wait_for_cell("worker-row-W3", "idle", 80.0).await?;
    page.wait_for_cell("worker-row-W2", "idle", 20.0).await?;

    choose(&page, "several-which", "chosen").await?;
    page.click("[data-testid='several-W1']").await?;
    page.click("[data-testid='several-W3']").await?;
    choose(&page, "correction-state", "absent").await?;
    save(&page, "several", "They were at a training.").await?;
    wait_for_text(&page, "several-made", "Workers W1, W3: absent").await?;
    page.wait_for_cell("worker-row-W3", "idle", 60.0).await?;
    let made = decisions(&andon).await?;
    assert_eq!(
        (&made[0]["correction"]["area"], &made[1]["correction"]["area"]),
        (&Value::Null, &json!("Line 2"))
    );
    close(chrome).await
}

#[tokio::test]
async fn what_a_state_report_says_that_nothing_has_ended_tells_since_when() -> Result<()> {
    let andon = plant().await?;
    let report = json!({
        "timestamp": at("11:00"), "entityType": "WORKER", "entityId": "W1", "eventType": "IDLE", "unitsProduced": 0
    });
    andon.ingest("plant", json!([report])).await?;
    let chrome = browser().await?;
    let page = open(&chrome, &andon, WORKER).await?;
    wait_for_text(&page, "entity-now", "Idle").await?;
    wait_for_text(&page, "entity-now", "since Mon, 5 Jan 2026, 11:00, not ended yet").await?;
    close(chrome).await
}

#[tokio::test]
async fn figures_say_whether_they_stay_and_otherwise_why_not() -> Result<()> {
    let andon = plant().await?;
    let chrome = browser().await?;
    // The day is long over and closed, and all time never ends.
    for address in [WORKER, "/?factory=plant&window=2026-01-05"] {
        let page = open(&chrome, &andon, address).await?;
        page.wait_for("[data-testid='finality'][data-state='final']").await?;
    }
    for address in ["/worker?factory=plant&window=all-time&id=W1", "/?factory=plant&window=today"] {
        let page = open(&chrome, &andon, address).await?;
        page.wait_for("[data-testid='finality'][data-state='provisional']").await?;
        page.hover("[data-testid='finality'] button").await?;
        wait_for_text(&page, "finality", "The time range has not ended.").await?;
    }
    close(chrome).await
}

#[tokio::test]
async fn the_forms_fit_the_narrowest_telephone_and_are_accessible() -> Result<()> {
    let andon = plant().await?;
    decide(&andon, "first", correction("W1", "09:20", "09:40", "ABSENT")).await?;
    let script = axe::script()?;
    let chrome = browser().await?;
    let page = correcting(&chrome, &andon).await?;
    put(&page, "correction-from", "2026-01-05T09:00", "change").await?;
    put(&page, "correction-to", "2026-01-05T09:30", "change").await?;
    choose(&page, "correction-state", "absent").await?;
    page.wait_for_number("after-absent", 30.0).await?;
    look(&page, &script, "correcting").await?;

    page.show(&andon.url("/?factory=plant&window=2026-01-05")).await?;
    page.wait_for("[data-testid='worker-row-W2']").await?;
    page.click("[data-testid='correct-several']").await?;
    page.wait_for("[data-testid='several']").await?;
    choose(&page, "several-which", "chosen").await?;
    page.wait_for("[data-testid='several-W1']").await?;
    look(&page, &script, "correcting-several").await?;

    page.show(&andon.url(DECISIONS)).await?;
    page.click("[data-testid='withdraw-1']").await?;
    page.wait_for("[data-testid='withdraw-note']").await?;
    look(&page, &script, "withdrawing").await?;
    close(chrome).await
}
