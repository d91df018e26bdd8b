//! The GraphQL IDE that the API's address shows to a browser.

use anyhow::Result;
use chrono::{TimeDelta, Timelike, Utc};
use serde_json::json;

use crate::{andon::Andon, browser, close, live::worked};

#[tokio::test]
async fn graphiql_documents_the_schema_and_shows_a_subscriptions_deliveries() -> Result<()> {
    let andon = Andon::start(None).await?;
    // GraphiQL's second tab subscribes to today's metrics of this factory.
    andon.create_factory("demo", &zone_where_it_is_noon()).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/graphql")).await?;

    page.click("[aria-label='Show Documentation Explorer']").await?;
    let documentation = "document.querySelector('.graphiql-doc-explorer').innerText";
    page.wait_until(&format!("{documentation}.includes('Subscription')")).await?;

    page.click("#graphiql-session-tab-1").await?;
    // GraphiQL notices a moment after the text has changed which operation a run is to name.
    page.wait_until("localStorage.getItem('graphiql:operationName') === 'Live'").await?;
    page.click(".graphiql-execute-button").await?;
    let response = "document.querySelector('.result-window').innerText.replaceAll(/\\s/g, '')";
    page.wait_until(&format!("{response}.includes('\"unitsProduced\":0')")).await?;

    let just_now = (Utc::now() - TimeDelta::minutes(5)).to_rfc3339();
    andon.ingest("demo", json!([worked("W1", &just_now, 1, 7)])).await?;
    page.wait_until(&format!("{response}.includes('\"unitsProduced\":7')")).await?;
    close(chrome).await
}

/// A zone in which "today" neither begins nor ends during the test. Its sign is reversed: Etc/GMT+5 is 5 h behind UTC.
fn zone_where_it_is_noon() -> String {
    match i64::from(Utc::now().hour()) - 12 {
        0 => "Etc/GMT".to_owned(),
        hours_behind => format!("Etc/GMT{hours_behind:+}"),
    }
}
