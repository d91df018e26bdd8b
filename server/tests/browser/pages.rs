//! Every page on every screen, in light and in dark: it fits, writes nothing to the console, and has no accessibility violation. What it
//! looks like is written to target/screenshots.

use std::path::Path;

use anyhow::Result;
use browser_driver::{Page, Scheme, Screen};

use crate::{andon::Andon, axe, browser, close, dashboard::Dashboard as _};

/// A telephone, a laptop, the wall of a hall: width and height in CSS pixels.
const SCREENS: [(u32, u32); 3] = [(390, 844), (1280, 900), (1920, 1080)];
const SCHEMES: [Scheme; 2] = [Scheme::Light, Scheme::Dark];
/// Where the pictures go: `floor-dark-390.png` and so on.
pub(crate) const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");

/// What one would have to scroll sideways to see: the document's excess width and the elements that make it.
const TOO_WIDE: &str = "(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return '';
    const beyond = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth);
    const names = beyond.slice(0, 5).map((one) => `${one.localName}.${[...one.classList].join('.')}`);
    return `${scrollWidth} pixels wide because of ${names.join(', ')}`;
})()";

/// Numbers of which a part is not shown: those that stand out of a box that cuts off what does.
pub(crate) const CUT: &str = "(() => {
    const numbers = document.querySelectorAll('[data-value], .figure-value, .entity-rows-elapsed, .floor-need-reason, .board-tile-elapsed, time');
    const isCut = (one) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        const text = range.getBoundingClientRect();
        for (let box = one; box !== document.body; box = box.parentElement) {
            if (!['hidden', 'clip'].includes(getComputedStyle(box).overflowX)) continue;
            const { left, right } = box.getBoundingClientRect();
            if (text.left < left - 1 || text.right > right + 1) return true;
        }
        return false;
    };
    const cut = [...numbers].filter((one) => one.checkVisibility() && isCut(one));
    return cut.slice(0, 5).map((one) => `cut off: ${one.textContent}`).join(', ');
})()";

/// Tables that have to be scrolled sideways: what is out of view is not looked for.
const SCROLLS: &str = "[...document.querySelectorAll('.metric-table-frame')]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
    .map((one) => `${one.scrollWidth} pixels of table in ${one.clientWidth}: ${one.firstElementChild.ariaLabel}`).join(', ')";

/// One test a page: its name, the address to open, and a selector of what must be seen before the picture is taken.
macro_rules! pages {
    ($($name:ident: $address:literal, $shown:literal;)*) => {$(
        mod $name {
            #[tokio::test]
            async fn fits_every_screen_writes_nothing_to_the_console_and_is_accessible() -> anyhow::Result<()> {
                super::look(stringify!($name), $address, $shown).await
            }
        }
    )*};
}

pages! {
    floor: "/?factory=plant&window=last-8-hours", "[data-testid='floor-timeline']";
    worker: "/worker?factory=plant&window=today&id=W9", ".timeline-reading b";
    worker_week: "/worker?factory=plant&window=last-7-days&id=W3", ".timeline-reading b";
    workstation: "/workstation?factory=plant&window=last-8-hours&id=S4", ".timeline-reading b";
    compare: "/compare?factory=plant&window=last-8-hours&kind=worker&ids=W1,W2,W9,W22", ".series-chart-reading b";
    events: "/events?factory=plant&window=last-8-hours", "[data-testid='event-row']";
    events_filtered: "/events?factory=plant&window=all-time&kind=worker&state=idle&confidence-below=60", "[data-testid='event-row']";
    people: "/people?factory=plant", "[data-testid='person-worker-W24']";
    board: "/board?factory=plant&window=last-8-hours&rotate=600", "[data-testid='board-worker-W1']";
    floor_of_an_area: "/?factory=plant&window=today&area=Packing&sort=now&chart=hours", "[data-testid='heatmap']";
}

/// The pages of a server that nobody has used yet.
mod first_run {
    use crate::andon::Andon;

    #[tokio::test]
    async fn without_a_factory_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let andon = Andon::start(None).await?;
        super::look_at(&andon, "first-run", "/", "[data-testid='create-by-curl']").await
    }

    #[tokio::test]
    async fn without_an_event_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let andon = Andon::start(None).await?;
        andon.create_factory("plant", "Europe/Berlin").await?;
        super::look_at(&andon, "first-event", "/?factory=plant", "[data-testid='send-by-curl']").await
    }
}

/// The devices of a factory that has some of every kind.
mod devices {
    use crate::devices::every_kind;

    #[tokio::test]
    async fn all_of_them_fit_every_screen_and_are_accessible() -> anyhow::Result<()> {
        let address = "/devices?factory=plant";
        super::look_at(&every_kind().await?, "devices", address, "[data-testid='device-edge-lab']").await
    }

    #[tokio::test]
    async fn what_is_missing_of_one_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let address = "/devices?factory=plant&id=edge-paint";
        super::look_at(&every_kind().await?, "device", address, "[data-testid='device-details']").await
    }

    #[tokio::test]
    async fn without_any_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let andon = crate::andon::Andon::start(None).await?;
        andon.create_factory("plant", "UTC").await?;
        super::look_at(&andon, "devices-none", "/devices?factory=plant", "[data-testid='run-edge']").await
    }
}

/// The cameras of the demo, each of which has something to show.
mod cameras {
    use crate::cameras::demo;

    #[tokio::test]
    async fn all_of_them_fit_every_screen_and_are_accessible() -> anyhow::Result<()> {
        let shown = "[data-testid='camera-cam-milling-2'] .sparkline";
        super::look_at(&demo().await?, "cameras", "/cameras?factory=demo&window=last-7-days", shown).await
    }

    #[tokio::test]
    async fn without_any_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let andon = crate::andon::Andon::start(None).await?;
        andon.create_factory("plant", "UTC").await?;
        let shown = "[data-testid='cameras-none']";
        super::look_at(&andon, "cameras-none", "/cameras?factory=plant", shown).await
    }
}

/// What came and was not stored.
mod data_problems {
    use crate::data_problems::some_of_every_kind;

    #[tokio::test]
    async fn all_of_them_fit_every_screen_and_are_accessible() -> anyhow::Result<()> {
        let address = "/data-problems?factory=plant";
        super::look_at(&some_of_every_kind().await?, "data-problems", address, "[data-testid='conflict']")
            .await
    }

    #[tokio::test]
    async fn without_any_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let andon = crate::andon::Andon::start(None).await?;
        andon.create_factory("plant", "UTC").await?;
        let shown = "[data-testid='data-problems-none']";
        super::look_at(&andon, "data-problems-none", "/data-problems?factory=plant", shown).await
    }
}

/// Who may do what, what was done, and who looked at whom, of a server on which everybody sees these pages.
mod access {
    use crate::access_pages::some_of_every_kind;

    #[tokio::test]
    async fn people_and_tokens_fit_every_screen_and_are_accessible() -> anyhow::Result<()> {
        let (andon, shown) = (some_of_every_kind().await?, "[data-testid='token-cam-7']");
        super::look_at(&andon, "access", "/access?factory=plant", shown).await
    }

    #[tokio::test]
    async fn without_anybody_it_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let andon = crate::andon::Andon::start(None).await?;
        andon.create_factory("plant", "UTC").await?;
        super::look_at(&andon, "access-none", "/access?factory=plant", "[data-testid='new-device']").await
    }

    #[tokio::test]
    async fn the_audit_log_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let (andon, shown) = (some_of_every_kind().await?, "[data-testid='audit-entry']");
        super::look_at(&andon, "audit-log", "/access?page=audit-log&factory=plant", shown).await
    }

    #[tokio::test]
    async fn who_looked_at_somebody_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let (andon, shown) = (some_of_every_kind().await?, "[data-testid='access-log-none']");
        super::look_at(&andon, "access-log", "/access?page=access-log&factory=plant&about=W1", shown).await
    }
}

/// What people decided.
mod decisions {
    use serde_json::json;

    use crate::decision_steps::{correction, decide, plant};

    #[tokio::test]
    async fn some_of_every_kind_fit_every_screen_and_are_accessible() -> anyhow::Result<()> {
        let andon = plant().await?;
        decide(&andon, "1", correction("W1", "09:00", "09:30", "ABSENT")).await?;
        let area = json!({
            "entityType": "WORKER", "area": "Line 2", "from": "2026-01-05T10:00:00Z", "to": "2026-01-05T10:20:00Z",
            "state": "NOT_OBSERVED"
        });
        decide(&andon, "2", json!({ "correction": area })).await?;
        let standing = json!({ "standing": "SHADOW", "sourceId": "cam-1", "modelVersion": "activity-2" });
        decide(&andon, "3", json!({ "standing": standing })).await?;
        let retraction = json!({
            "entityType": "WORKER", "entityId": "W2", "eventType": "WORKING", "timestamp": "2026-01-05T08:00:00Z"
        });
        decide(&andon, "4", json!({ "retraction": retraction })).await?;
        decide(&andon, "5", json!({ "withdrawal": 1 })).await?;
        let shown = "[data-testid='decision-1']";
        super::look_at(&andon, "decisions", "/decisions?factory=plant", shown).await?;
        super::look_at(
            &andon,
            "worker-corrected",
            "/worker?factory=plant&window=2026-01-05&id=W3",
            ".timeline-line-corrected",
        )
        .await
    }

    #[tokio::test]
    async fn without_any_fits_every_screen_and_is_accessible() -> anyhow::Result<()> {
        let andon = plant().await?;
        let shown = "[data-testid='decisions-none']";
        super::look_at(&andon, "decisions-none", "/decisions?factory=plant", shown).await
    }
}

/// Ids, names, areas, sources and models as long as they may be, of characters as wide as there are.
mod long_names {
    use anyhow::Result;
    use browser_driver::Screen;
    use chrono::{SecondsFormat, TimeDelta, Utc};
    use serde_json::json;

    use super::{CUT, SCROLLS, TOO_WIDE};
    use crate::{andon::Andon, browser, close, dashboard::Dashboard as _};

    /// A worker of which everything is as long as it may be, and its id.
    async fn plant() -> Result<(Andon, String)> {
        let andon = Andon::start(None).await?;
        andon.create_factory("plant", "America/Argentina/ComodRivadavia").await?;
        let (id, wide) = ("W".repeat(64), "\u{ff37}".repeat(64));
        let at =
            |minutes| (Utc::now() - TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let seen = |minutes| {
            json!({
                "timestamp": at(minutes), "entityType": "WORKER", "entityId": id, "eventType": "WORKING", "durationMinutes": 30,
                "unitsProduced": 1_000_000, "confidence": 0.5, "sourceId": wide, "modelVersion": wide,
            })
        };
        andon.ingest("plant", json!([seen(200), seen(100)])).await?;
        let update = "mutation($id: ID!, $input: UpdateEntityInput!) {
            updateWorker(factoryId: \"plant\", workerId: $id, input: $input) { id }
        }";
        andon.graphql(update, json!({ "id": id, "input": { "name": wide, "area": wide } })).await?;
        Ok((andon, id))
    }

    #[tokio::test]
    async fn make_no_page_scroll_sideways_and_cut_no_number() -> Result<()> {
        let (andon, id) = plant().await?;
        let chrome = browser().await?;
        let page = chrome.blank().await?;
        // A narrow telephone, a laptop's window at 200 %, and without.
        for (width, height) in [(320, 640), (640, 360), (1_280, 900)] {
            page.set_screen(&Screen { width, height, ..Screen::LAPTOP }).await?;
            for (path, shown) in [
                ("/?", "[data-testid='floor-timeline']"),
                (&*format!("/worker?id={id}&"), "[data-testid='entity-event']"),
                (&*format!("/compare?kind=worker&ids={id}&"), ".series-chart-reading b"),
                ("/events?", ".event-row"),
                ("/cameras?", ".camera"),
                ("/people?", ".person"),
                ("/board?rotate=600&", ".board-tile"),
            ] {
                page.show(&andon.url(&format!("{path}factory=plant&window=last-8-hours"))).await?;
                page.wait_for_connection("live").await?;
                page.wait_for(shown).await?;
                page.wait_until("document.querySelector('.skeleton') === null").await?;
                // A table of a laptop may be scrolled by itself when everything in it is as long as it may be.
                let looks = if width < 1_280 { &[TOO_WIDE, CUT, SCROLLS][..] } else { &[TOO_WIDE, CUT] };
                for look in looks {
                    assert_eq!(page.evaluate(look).await?, "", "{path} at {width}");
                }
            }
        }
        close(chrome).await
    }
}

async fn look(name: &str, address: &str, shown: &str) -> Result<()> {
    look_at(&crate::floor::floor().await?, name, address, shown).await
}

async fn look_at(andon: &Andon, name: &str, address: &str, shown: &str) -> Result<()> {
    let script = axe::script()?;
    let chrome = browser().await?;
    let page = chrome.blank().await?;
    let mut wrong = Vec::new();
    for (width, height) in SCREENS {
        for scheme in SCHEMES {
            page.set_screen(&Screen { width, height, scheme, ..Screen::default() }).await?;
            page.show(&andon.url(address)).await?;
            page.wait_for_connection("live").await?;
            page.wait_for(shown).await?;
            // What comes last makes the page longer.
            page.wait_until("document.querySelector('.skeleton') === null").await?;
            let view = format!("{name}-{}-{width}", scheme.name());
            page.screenshot(&Path::new(PICTURES).join(format!("{view}.png"))).await?;
            wrong.extend(judge(&page, &script).await?.into_iter().map(|what| format!("{view}: {what}")));
        }
    }
    wrong.extend(page.messages().iter().map(|message| format!("on the console: {message}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    close(chrome).await
}

/// What is wrong with the page as it is now.
pub(crate) async fn judge(page: &Page<'_>, axe: &str) -> Result<Vec<String>> {
    let violations = page.axe(axe).await?;
    let mut wrong: Vec<_> = violations.iter().map(ToString::to_string).collect();
    for look in [TOO_WIDE, CUT, SCROLLS] {
        let said = page.evaluate(look).await?;
        wrong.extend(said.as_str().filter(|said| !said.is_empty()).map(str::to_owned));
    }
    Ok(wrong)
}
