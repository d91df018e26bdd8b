//! The floor: what it says of now, how it is ranked and restricted, what it exports, and how it begins.

use anyhow::{Context as _, Result};
use browser_driver::Page;
use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    andon::Andon,
    browser, close,
    dashboard::Dashboard as _,
    floor::{FACTORY, floor},
    live::worked,
};

/// Whom the floor is ranked to list first and last.
const RANKED: &str = "[...document.querySelectorAll(\"[data-testid^='worker-row-']\")].map((row) => row.dataset.testid.slice(11)).join(' ')";

#[tokio::test]
async fn a_change_marks_the_numbers_that_changed_and_no_other() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let begun = [worked("W1", "2026-01-05T08:00:00Z", 30, 12), worked("W2", "2026-01-05T08:00:00Z", 30, 12)];
    andon.ingest("plant", json!(begun)).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=all-time")).await?;
    page.wait_for_cell("worker-row-W2", "units", 12.0).await?;
    assert_eq!(page.evaluate(MARKED).await?, "");

    // Units alone, without a moment of time.
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:40:00Z", 0, 3)])).await?;
    page.wait_for_cell("worker-row-W1", "units", 15.0).await?;
    assert_eq!(page.evaluate(MARKED).await?, "worker-row-W1 units, worker-row-W1 units-per-hour");
    close(chrome).await
}

/// The cells of rows that are marked as changed.
const MARKED: &str = "[...document.querySelectorAll('tr .changing-marked')].map((one) => one.closest('tr').dataset.testid + ' ' + one.closest('td').dataset.field).join(', ')";

#[tokio::test]
async fn rows_are_ranked_by_key_and_a_link_holds_the_order() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let units = [("W1", 5), ("W2", 40), ("W3", 20)];
    let events = units.map(|(worker, units)| worked(worker, "2026-01-05T08:00:00Z", 30, units));
    andon.ingest("plant", json!(events)).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=all-time")).await?;
    page.wait_until(&format!("{RANKED} === 'W1 W2 W3'")).await?;
    page.tab_to("button", "Units").await?;
    page.press("Enter").await?;
    page.wait_until(&format!("{RANKED} === 'W2 W3 W1'")).await?;
    let head = "document.querySelector(\"[data-column='units']\").ariaSort";
    assert_eq!(page.evaluate(head).await?, "descending");
    page.press("Enter").await?;
    page.wait_until(&format!("{RANKED} === 'W1 W3 W2'")).await?;
    assert_eq!(page.evaluate(head).await?, "ascending");

    let link = page.evaluate("location.href").await?;
    let again = chrome.open(link.as_str().context("an address")?).await?;
    again.wait_until(&format!("{RANKED} === 'W1 W3 W2'")).await?;
    close(chrome).await
}

#[tokio::test]
async fn a_link_restricts_the_whole_floor_to_an_area() -> Result<()> {
    let andon = floor().await?;
    let (window, slug) = fixed_window()?;
    let query = "query($window: WindowInput, $area: String) {
        factoryMetrics(factoryId: \"plant\", window: $window, area: $area) { productiveMinutes }
        workerMetrics(factoryId: \"plant\", window: $window, area: $area) { workers { workerId } }
    }";
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    let shows = async |area: &str| -> Result<()> {
        let told = andon.graphql(query, json!({ "window": window, "area": area })).await?;
        let ids = column(&told["workerMetrics"]["workers"], "workerId");
        assert_eq!(ids.len(), 8, "{told}");
        page.wait_until(&format!("{RANKED} === '{}'", ids.join(" "))).await?;
        let minutes = told["factoryMetrics"]["productiveMinutes"].as_f64().context("minutes")?;
        page.wait_for_number("productive-minutes", minutes).await
    };
    page.show(&andon.url(&format!("/?factory={FACTORY}&window={slug}&area=Packing"))).await?;
    shows("Packing").await?;
    page.wait_until("document.querySelector(\"[data-testid='area-picker']\").value === 'Packing'").await?;
    page.evaluate(
        "(() => {
            const picker = document.querySelector(\"[data-testid='area-picker']\");
            picker.value = 'Paint';
            picker.dispatchEvent(new Event('change', { bubbles: true }));
        })()",
    )
    .await?;
    shows("Paint").await?;
    assert_eq!(page.evaluate("new URLSearchParams(location.search).get('area')").await?, "Paint");
    close(chrome).await
}

#[tokio::test]
async fn exported_files_hold_the_numbers_of_the_api() -> Result<()> {
    let andon = floor().await?;
    let (window, slug) = fixed_window()?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(&format!("/?factory={FACTORY}&window={slug}&sort=-units"))).await?;
    page.wait_for("[data-testid='worker-row-W24']").await?;
    // What comes last moves what stands below the figures.
    page.wait_for("[data-testid='needs'], [data-testid='needs-none']").await?;
    page.wait_for("[data-testid='export-series']").await?;
    page.wait_for("[data-testid='floor-timeline']").await?;
    page.click("[data-testid='export-workers']").await?;
    let file = chrome.download(0).await?;
    let named = format!("andon-plant-workers-{}.csv", slug.replace(':', "-"));
    assert_eq!(file.name, named);
    let fields = [
        ("Utilization, %", "utilization"),
        ("Units", "unitsProduced"),
        ("Units per hour", "unitsPerHour"),
        ("Working, min", "workingMinutes"),
        ("Idle, min", "idleMinutes"),
        ("Absent, min", "absentMinutes"),
        ("Double coverage, min", "overlapMinutes"),
        ("Mean confidence, %", "meanConfidence"),
    ];
    let asked = fields.map(|(_, field)| field).join(" ");
    let query = format!(
        "query($window: WindowInput) {{
            workerMetrics(factoryId: \"plant\", window: $window) {{ workers {{ workerId name area {asked} }} }}
        }}"
    );
    let told = andon.graphql(&query, json!({ "window": window })).await?;
    let workers = told["workerMetrics"]["workers"].as_array().context("workers")?;
    let (header, lines) = csv(&file.content)?;
    assert_eq!(lines.len(), workers.len());
    let units: Vec<f64> = lines.iter().map(|line| number(&header, line, "Units").unwrap()).collect();
    assert!(units.is_sorted(), "not in the order that was shown: {units:?}");
    for worker in workers {
        let line =
            lines.iter().find(|line| worker["workerId"] == line[0]).context("a line for each worker")?;
        assert_eq!(line[1], worker["name"].as_str().unwrap_or_default());
        assert_eq!(line[2], worker["area"].as_str().unwrap_or_default());
        for (name, field) in fields {
            assert_eq!(number(&header, line, name), in_file(&worker[field], field), "{name} of {worker}");
        }
    }

    page.click("[data-testid='export-series']").await?;
    let (header, lines) = csv(&chrome.download(1).await?.content)?;
    let points = series(&andon, &window).await?;
    assert_eq!(lines.len(), points.len());
    for (line, point) in lines.iter().zip(&points) {
        let from = point["from"].as_str().unwrap_or_default().replace('T', " ").replace(".000Z", "");
        assert_eq!(line[1], from);
        assert_eq!(number(&header, line, "Units"), point["unitsProduced"].as_f64());
        assert_eq!(number(&header, line, "Utilization, %"), in_file(&point["utilization"], "utilization"));
    }
    close(chrome).await
}

#[tokio::test]
async fn who_was_not_seen_for_ten_minutes_is_not_observed_also_without_an_event() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let ago =
        |seconds| (Utc::now() - TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let lost = worked("W1", &ago(16 * 60), 5, 1);
    let at_work = worked("W2", &ago(6 * 60), 5, 1);
    andon.ingest("plant", json!([lost, at_work])).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=all-time")).await?;
    let state = |worker, state| {
        format!("document.querySelector(\"[data-testid='worker-row-{worker}']\").dataset.state === '{state}'")
    };
    page.wait_until(&state("W1", "not-observed")).await?;
    page.wait_until(&state("W2", "working")).await?;
    page.wait_for("[data-testid='need-worker-W1']").await?;
    // Seen until ten minutes ago but for as long as a busy machine needs to show it on the open page.
    andon.ingest("plant", json!([worked("W3", &ago(15 * 60 - 20), 5, 1)])).await?;
    page.wait_until(&state("W3", "working")).await?;
    let revision = "document.querySelector('.floor-figures').dataset.revision";
    let before = page.evaluate(revision).await?;
    page.wait_until(&state("W3", "not-observed")).await?;
    page.wait_for("[data-testid='need-worker-W3']").await?;
    assert_eq!(page.evaluate(revision).await?, before);
    page.wait_until(&state("W2", "working")).await?;
    close(chrome).await
}

#[tokio::test]
async fn when_one_counts_as_not_observed_is_a_setting_that_goes_along_to_every_page() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let ago = (Utc::now() - TimeDelta::minutes(30)).to_rfc3339_opts(SecondsFormat::Millis, true);
    andon.ingest("plant", json!([worked("W1", &ago, 5, 1)])).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=all-time")).await?;
    let row = "document.querySelector(\"[data-testid='worker-row-W1']\").dataset.state";
    page.wait_until(&format!("{row} === 'not-observed'")).await?;
    page.wait_for("[data-testid='unseen-after']").await?;
    page.evaluate(
        "(() => {
            const choice = document.querySelector(\"[data-testid='unseen-after']\");
            choice.value = '60';
            choice.dispatchEvent(new Event('change', { bubbles: true }));
        })()",
    )
    .await?;
    page.wait_until(&format!("{row} === 'working'")).await?;
    page.click("[data-testid='worker-row-W1'] a").await?;
    page.wait_until("document.querySelector(\"[data-testid='entity-now']\").innerText.includes('Working')")
        .await?;
    assert_eq!(page.evaluate("new URLSearchParams(location.search).get('unseen-after')").await?, "60");
    close(chrome).await
}

#[tokio::test]
async fn an_unknown_factory_is_one_page_with_the_ways_to_the_others_and_heals() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("other", "UTC").await?;
    let chrome = browser().await?;
    for path in ["/", "/worker", "/compare", "/events", "/devices", "/board"] {
        let page = chrome.open(&andon.url(&format!("{path}?factory=plant&window=all-time&id=W1"))).await?;
        page.wait_for("[data-testid='unknown-factory']").await?;
        assert!(page.text("[data-testid='unknown-factory']").await?.contains("plant"), "{path}");
        let refused = "document.querySelectorAll(\"[data-testid='refused']\").length";
        assert_eq!(page.evaluate(refused).await?, 0, "{path}");
    }
    let page = chrome.open(&andon.url("/?factory=plant&window=all-time")).await?;
    page.wait_for(".unknown-factory-others a[href*='factory=other']").await?;
    andon.create_factory("plant", "UTC").await?;
    andon.ingest("plant", json!([worked("W1", "2026-01-05T08:00:00Z", 30, 12)])).await?;
    page.mark().await?;
    page.click("[data-testid='retry']").await?;
    page.wait_until("document.querySelector(\"[data-testid='units-produced']\")?.dataset.value === '12'")
        .await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

#[tokio::test]
async fn the_charts_tables_hold_the_numbers_of_the_api() -> Result<()> {
    let andon = floor().await?;
    let (window, slug) = fixed_window()?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url(&format!("/?factory={FACTORY}&window={slug}&chart=hours"))).await?;
    let points = series(&andon, &window).await?;
    let expected: Vec<String> = points
        .iter()
        .map(|point| format!("{} {}", point["unitsProduced"], shown_percent(&point["utilization"])))
        .collect();
    page.click_when_there(".series-chart .chart-table-switch").await?;
    let rows = table_rows(&page, ".series-chart").await?;
    let shown: Vec<String> = rows
        .iter()
        .filter(|cells| cells[2] != "No data")
        .map(|cells| format!("{} {}", cells[2].replace("\u{a0}units", ""), cells[3]))
        .collect();
    assert_eq!(shown, expected);

    let query = "query($window: WindowInput!) {
        entitySeries(factoryId: \"plant\", window: $window, resolution: HOUR, entityType: WORKER) {
            series { entityId points { utilization } }
        }
    }";
    let told = andon.graphql(query, json!({ "window": window })).await?;
    page.click_when_there(".heatmap .chart-table-switch").await?;
    let rows = table_rows(&page, ".heatmap").await?;
    let series = told["entitySeries"]["series"].as_array().context("series")?;
    assert_eq!((rows.len(), series.len()), (24, 24));
    for (row, entity) in rows.iter().zip(series) {
        let told = entity["points"].as_array().context("points")?.iter().map(|point| &point["utilization"]);
        let expected: Vec<String> = told.filter(|value| !value.is_null()).map(shown_percent).collect();
        let shown: Vec<&String> = row.iter().filter(|text| text.ends_with('%')).collect();
        assert_eq!(shown, expected.iter().collect::<Vec<_>>(), "{entity}");
    }
    close(chrome).await
}

#[tokio::test]
async fn a_figure_says_how_it_changed_against_the_window_before() -> Result<()> {
    let andon = Andon::start(None).await?;
    andon.create_factory("plant", "UTC").await?;
    let before = worked("W1", "2026-01-04T08:00:00Z", 60, 10);
    let idle = json!({
        "timestamp": "2026-01-04T09:00:00Z", "entityType": "WORKER", "entityId": "W1",
        "eventType": "IDLE", "durationMinutes": 20, "unitsProduced": 0
    });
    let now = worked("W1", "2026-01-05T08:00:00Z", 30, 12);
    andon.ingest("plant", json!([before, idle, now])).await?;
    let query = "{ factoryMetrics(factoryId: \"plant\", window: { day: \"2026-01-04\" }) {
        productiveMinutes unitsProduced averageUtilization averageProductionRate
    } }";
    let told = andon.graphql(query, json!({})).await?;
    let told = &told["factoryMetrics"];
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/?factory=plant&window=2026-01-05")).await?;
    for (figure, field, change) in [
        ("productive-minutes", "productiveMinutes", "\u{2212}50.0\u{a0}%"),
        ("units-produced", "unitsProduced", "+20.0\u{a0}%"),
        ("average-utilization", "averageUtilization", "+25.0\u{a0}points"),
        ("average-production-rate", "averageProductionRate", "+140.0\u{a0}%"),
    ] {
        let selector = format!("[data-testid='change-{figure}']");
        page.wait_for(&selector).await?;
        let before = format!("Number(document.querySelector(\"{selector}\").dataset.before)");
        assert_eq!(page.evaluate(&before).await?.as_f64(), told[field].as_f64(), "{figure}");
        let text = page.text(&selector).await?;
        assert!(text.starts_with(change) && text.ends_with("vs the day before"), "{figure}: {text}");
    }
    close(chrome).await
}

#[tokio::test]
async fn the_first_steps_lead_to_a_floor_that_appears_by_itself() -> Result<()> {
    let andon = Andon::start(None).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/")).await?;
    page.wait_for("[data-testid='create-by-curl']").await?;
    let create = page.text("[data-testid='create-by-curl']").await?;
    assert!(create.contains(&andon.url("/graphql")), "{create}");
    page.click("[data-testid='factory-create']").await?;
    page.wait_for("[data-testid='send-by-curl']").await?;
    let edge = page.text("[data-testid='send-by-edge']").await?;
    assert!(edge.ends_with(&format!("--to {} --factory plant-1", andon.url(""))), "{edge}");
    page.click("[data-testid='send-by-curl-copy']").await?;
    page.wait_until("document.querySelector('.command-said').innerText === 'Copied'").await?;

    page.mark().await?;
    let command = page.text("[data-testid='send-by-curl']").await?;
    let body = command.split('\'').nth(3).context("a body in quotes")?.to_owned();
    let request = Client::new().post(andon.url("/graphql")).header("content-type", "application/json");
    let answer: Value = request.body(body).send().await?.json().await?;
    assert_eq!(answer["data"]["ingestEvents"]["accepted"], 1, "{answer}");
    page.wait_for("[data-testid='worker-row-W1']").await?;
    page.wait_for("[data-testid='productive-minutes']").await?;
    assert!(page.is_marked().await?, "the page was loaded again");
    close(chrome).await
}

/// Types into a field in place of what is in it.
async fn retype(page: &Page<'_>, selector: &str, text: &str) -> Result<()> {
    page.click(selector).await?;
    page.evaluate(&format!("document.querySelector(\"{selector}\").select()")).await?;
    page.type_text(text).await
}

#[tokio::test]
async fn a_first_factory_shows_its_id_before_it_is_created() -> Result<()> {
    let andon = Andon::start(None).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/")).await?;
    page.wait_for("[data-testid='factory-name']").await?;
    retype(&page, "[data-testid='factory-name']", "Werk Süd, Łódź").await?;
    let shown = "document.querySelector(\"[data-testid='factory-id']\").value";
    page.wait_until(&format!("{shown} === 'werk-sued-lodz'")).await?;
    retype(&page, "[data-testid='factory-id']", "south").await?;
    retype(&page, "[data-testid='factory-name']", "South").await?;
    assert_eq!(page.evaluate(shown).await?, "south", "an id that was typed stays");
    let zones = page.evaluate("document.querySelectorAll('#time-zones option').length").await?;
    assert!(zones.as_i64().is_some_and(|zones| zones > 300), "{zones}");
    page.click("[data-testid='factory-create']").await?;
    page.wait_for("[data-testid='send-by-curl']").await?;
    assert!(page.text("[data-testid='send-by-edge']").await?.ends_with("--factory south"));
    close(chrome).await
}

#[tokio::test]
async fn sample_data_are_one_click_away() -> Result<()> {
    let andon = Andon::start(None).await?;
    let chrome = browser().await?;
    let page = chrome.open(&andon.url("/")).await?;
    page.wait_for("[data-testid='demo-create']").await?;
    page.click("[data-testid='demo-create']").await?;
    page.wait_for("[data-testid='productive-minutes']").await?;
    page.wait_until("document.querySelectorAll(\"[data-testid^='worker-row-']\").length > 0").await?;
    close(chrome).await
}

/// A window that holds the whole factory and stands still, and how an address names it.
fn fixed_window() -> Result<(Value, String)> {
    let now = Utc::now().duration_trunc(TimeDelta::minutes(5))?;
    let text = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%MZ").to_string();
    let (from, to) = (text(now - TimeDelta::hours(37)), text(now + TimeDelta::hours(1)));
    let range = |text: &str| text.replace('Z', ":00Z");
    Ok((json!({ "range": { "from": range(&from), "to": range(&to) } }), format!("{from}..{to}")))
}

/// The factory's hours.
async fn series(andon: &Andon, window: &Value) -> Result<Vec<Value>> {
    let query = "query($window: WindowInput!) {
        metricSeries(factoryId: \"plant\", window: $window, resolution: HOUR) {
            points { from unitsProduced utilization }
        }
    }";
    let told = andon.graphql(query, json!({ "window": window })).await?;
    told["metricSeries"]["points"].as_array().cloned().context("points")
}

/// The texts of a field of each.
fn column<'value>(list: &'value Value, field: &str) -> Vec<&'value str> {
    list.as_array().into_iter().flatten().filter_map(|one| one[field].as_str()).collect()
}

/// A number as a file has it: with one decimal, a confidence in percent.
fn in_file(value: &Value, field: &str) -> Option<f64> {
    let scale = if field == "meanConfidence" { 100.0 } else { 1.0 };
    value.as_f64().map(|value| (value * scale * 10.0).round() / 10.0)
}

/// A percentage as people read it.
fn shown_percent(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(|| "-".to_owned(), |value| format!("{:.1}\u{a0}%", (value * 10.0).round() / 10.0))
}

/// The header and the lines of a file whose only quoted cells are in its header.
fn csv(content: &[u8]) -> Result<(Vec<String>, Vec<Vec<String>>)> {
    let text = std::str::from_utf8(content)?.trim_start_matches('\u{feff}');
    let (header, rest) = text.split_once("\r\n").context("a header")?;
    let header = header.replace(", %\"", " %").replace(", min\"", " min").replace('"', "");
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    Ok((cells(&header), rest.lines().map(cells).collect()))
}

/// A line's number in a column.
fn number(header: &[String], line: &[String], name: &str) -> Option<f64> {
    let index = header.iter().position(|column| *column == name.replace(',', ""))?;
    line[index].parse().ok()
}

/// The texts of the body of a chart's table.
async fn table_rows(page: &Page<'_>, chart: &str) -> Result<Vec<Vec<String>>> {
    page.wait_for(&format!("{chart} .chart-table")).await?;
    let rows = format!(
        "[...document.querySelectorAll('{chart} .chart-table tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))"
    );
    Ok(serde_json::from_value(page.evaluate(&rows).await?)?)
}

/// Waiting and pressing in one.
trait ClickWhenThere {
    async fn click_when_there(&self, selector: &str) -> Result<()>;
}

impl ClickWhenThere for Page<'_> {
    async fn click_when_there(&self, selector: &str) -> Result<()> {
        self.wait_for(selector).await?;
        self.click(selector).await
    }
}
