//! What tests of decisions have in common: a factory, decisions made past the page, and the steps of a person at a form.

use anyhow::Result;
use browser_driver::{Chrome, Page, Scheme, Screen};
use serde_json::{Value, json};

use crate::{andon::Andon, dashboard::Dashboard as _, pages::judge};

pub(crate) const DECISIONS: &str = "/decisions?factory=plant";
const LIST: &str = "{ decisions(factoryId: \"plant\") { edges { node {
    number note withdrawal
    correction { entityType entityIds area from to state units }
    standing { standing sourceId modelVersion withoutModelVersion from to }
    retraction { entityType entityId eventType timestamp form }
} } } }";

pub(crate) fn at(time: &str) -> String {
    format!("2026-01-05T{time}:00.000Z")
}

/// A factory whose worker W1 worked from 8 to 10 and was reported idle for a part of it by another camera.
pub(crate) async fn plant() -> Result<Andon> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let seen = |id: &str, time: &str, minutes: u32, doing: &str, units: u32, confidence: f64| {
        json!({
            "timestamp": at(time), "entityType": "WORKER", "entityId": id, "eventType": doing,
            "durationMinutes": minutes, "unitsProduced": units, "confidence": confidence
        })
    };
    let events = json!([
        seen("W1", "08:00", 120, "WORKING", 24, 0.8),
        seen("W1", "08:30", 20, "IDLE", 0, 0.9),
        seen("W2", "08:00", 60, "WORKING", 6, 0.9),
        seen("W3", "08:00", 60, "IDLE", 0, 0.9),
    ]);
    andon.ingest("plant", events).await?;
    let area = "mutation($changes: [EntityChangeInput!]!) {
        updateEntities(factoryId: \"plant\", changes: $changes) { registered }
    }";
    let of = |id: &str, area: &str| json!({ "entityType": "WORKER", "entityId": id, "area": area });
    let changes = json!([of("W1", "Line 1"), of("W2", "Line 2"), of("W3", "Line 2")]);
    andon.graphql(area, json!({ "changes": changes })).await?;
    Ok(andon)
}

/// Makes a decision past the page.
pub(crate) async fn decide(andon: &Andon, request: &str, decision: Value) -> Result<()> {
    let mutation = "mutation($request: ID!, $decision: DecisionInput!) {
        decide(factoryId: \"plant\", requestId: $request, decision: $decision, note: \"As the shift leader saw it.\") { number }
    }";
    andon.graphql(mutation, json!({ "request": request, "decision": decision })).await.map(drop)
}

pub(crate) fn correction(id: &str, from: &str, to: &str, state: &str) -> Value {
    json!({ "correction": {
        "entityType": "WORKER", "entityIds": [id], "from": at(from), "to": at(to), "state": state
    } })
}

/// The decisions that there are, the latest first.
pub(crate) async fn decisions(andon: &Andon) -> Result<Vec<Value>> {
    let data = andon.graphql(LIST, json!({})).await?;
    let edges = data["decisions"]["edges"].as_array().cloned().unwrap_or_default();
    Ok(edges.into_iter().map(|edge| edge["node"].clone()).collect())
}

pub(crate) async fn open<'chrome>(
    chrome: &'chrome Chrome,
    andon: &Andon,
    address: &str,
) -> Result<Page<'chrome>> {
    let page = chrome.open(&andon.url(address)).await?;
    page.wait_for_connection("live").await?;
    Ok(page)
}

/// Chooses an option of a list as a person does.
pub(crate) async fn choose(page: &Page<'_>, test_id: &str, value: &str) -> Result<()> {
    put(page, test_id, value, "change").await
}

/// Leaves a text in a field, where typing would depend on the order in which the browser shows its parts.
pub(crate) async fn put(page: &Page<'_>, test_id: &str, text: &str, event: &str) -> Result<()> {
    let script = format!(
        "(() => {{ const field = document.querySelector(\"[data-testid='{test_id}']\"); field.value = {}; \
         field.dispatchEvent(new Event('{event}', {{ bubbles: true }})); return field.value; }})()",
        json!(text)
    );
    page.wait_for(&format!("[data-testid='{test_id}']")).await?;
    assert_eq!(page.evaluate(&script).await?, json!(text), "{test_id}");
    Ok(())
}

pub(crate) async fn wait_for_text(page: &Page<'_>, test_id: &str, text: &str) -> Result<()> {
    page.wait_until(&format!(
        "document.querySelector(\"[data-testid='{test_id}']\")?.innerText.includes({})",
        json!(text)
    ))
    .await
}

/// Says why and saves.
pub(crate) async fn save(page: &Page<'_>, form: &str, note: &str) -> Result<()> {
    page.click(&format!("[data-testid='{form}-note']")).await?;
    page.type_text(note).await?;
    page.click(&format!("[data-testid='{form}-save']")).await
}

/// Counts the requests that decide, in `window.requests`; the first answer of some is lost on its way back.
pub(crate) async fn note_requests(page: &Page<'_>, is_first_answer_lost: bool) -> Result<()> {
    let script = format!(
        "(() => {{ const send = window.fetch; window.requests = []; window.fetch = async (...sent) => {{
            if (!sent[1]?.body?.includes('Decide')) return send(...sent);
            window.requests.push(JSON.parse(sent[1].body).variables.requestId);
            const answer = await send(...sent);
            if ({is_first_answer_lost} && window.requests.length === 1) throw new TypeError('lost');
            return answer;
        }}; return true; }})()"
    );
    page.evaluate(&script).await.map(drop)
}

/// Waits for the first decision, whose first answer was lost: it was asked for again with the same request.
pub(crate) async fn is_decided_at_the_second_request(page: &Page<'_>, andon: &Andon) -> Result<()> {
    wait_for_text(page, "decision-said", "Saved as decision 1.").await?;
    let requests: Vec<String> = serde_json::from_value(page.evaluate("window.requests").await?)?;
    assert_eq!((requests.len(), &requests[0]), (2, &requests[1]));
    assert_eq!(decisions(andon).await?.len(), 1);
    Ok(())
}

/// Decides all the same once the page has shown what was decided first.
pub(crate) async fn decide_after_seeing(page: &Page<'_>, andon: &Andon, first: &str) -> Result<()> {
    wait_for_text(page, "decision-changed", "decision 1 was made meanwhile").await?;
    wait_for_text(page, "decision-changed-by", first).await?;
    assert_eq!(decisions(andon).await?.len(), 1);
    page.click("[data-testid='decision-anyway']").await?;
    wait_for_text(page, "decision-said", "Saved as decision 2.").await?;
    assert_eq!(decisions(andon).await?.len(), 2);
    Ok(())
}

/// Judges the page on the narrowest telephone and on a laptop, in light and in dark.
pub(crate) async fn look(page: &Page<'_>, script: &str, name: &str) -> Result<()> {
    for (width, scheme) in
        [(320, Scheme::Light), (320, Scheme::Dark), (1280, Scheme::Light), (1280, Scheme::Dark)]
    {
        page.set_screen(&Screen { width, height: 800, scheme, ..Screen::LAPTOP }).await?;
        let file = format!("{}/{name}-{}-{width}.png", crate::pages::PICTURES, scheme.name());
        page.screenshot(std::path::Path::new(&file)).await?;
        assert_eq!(judge(page, script).await?, Vec::<String>::new(), "{name} {width} {}", scheme.name());
    }
    page.set_screen(&Screen::LAPTOP).await
}
