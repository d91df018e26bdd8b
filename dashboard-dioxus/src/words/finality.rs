//! Whether figures will stay as they are.

use super::quantity::Quantity;
use crate::lean::zone::Zone;
use crate::model::Finality;

pub(crate) const FINAL: &str = "Final";
pub(crate) const PROVISIONAL: &str = "Provisional";

const STAYS: &str =
    "These figures stay as they are by themselves. Late events and decisions can still move them.";

/// Why, in sentences.
pub(crate) fn how(finality: &Finality, zone: &Zone) -> String {
    let reasons = reasons(finality, zone);
    if !finality.is_final {
        return reasons;
    }
    if reasons.is_empty() { STAYS.to_owned() } else { format!("{STAYS} {reasons}") }
}

/// What is not as it should be, in sentences; nothing of figures that stay and are whole.
pub(crate) fn reasons(finality: &Finality, zone: &Zone) -> String {
    let mut said: Vec<String> =
        finality.reasons.iter().map(|reason| sentence(reason, finality, zone)).collect();
    if finality.lost_events > 0 {
        said.push(lost(finality.lost_events));
    }
    said.join(" ")
}

fn lost(events: i64) -> String {
    if events == 1 {
        return "1 event was lost on its way and will never come.".to_owned();
    }
    let count = Quantity::Count.text(Some(events as f64));
    format!("{count} events were lost on their way and will never come.")
}

fn sentence(reason: &str, finality: &Finality, zone: &Zone) -> String {
    match reason {
        "NOT_ENDED" => "The time range has not ended.".to_owned(),
        "NOT_CLOSED" => match finality.closes_at {
            Some(at) => format!("Late events are awaited until {}.", zone.date_time(at)),
            None => "Late events are awaited.".to_owned(),
        },
        "DECISIONS_PENDING" => "A decision is still being applied.".to_owned(),
        "DEVICE_SILENT" => "A device that reports from it is silent.".to_owned(),
        "DEVICE_BEHIND" => "Events wait in a device that reports from it.".to_owned(),
        "DEVICE_HOLES" => "Events of a device that reports from it are missing.".to_owned(),
        other => format!("{other}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lean::instant::Instant;

    #[test]
    fn figures_say_why_they_may_change_and_what_never_comes() {
        let named = ["NOT_CLOSED", "DEVICE_SILENT"].map(str::to_owned).to_vec();
        let closes_at = Instant::parse("2026-01-07T00:00Z");
        let zone = Zone::fixed("UTC", 0);
        assert_eq!(
            how(&Finality { is_final: false, reasons: named, closes_at, lost_events: 3 }, &zone),
            "Late events are awaited until Wed 7 Jan 2026, 00:00. A device that reports from it is silent. 3 events were lost on their way and will never come."
        );
        let done = Finality { is_final: true, ..Finality::default() };
        assert_eq!((how(&done, &zone).as_str(), reasons(&done, &zone).as_str()), (STAYS, ""));
        let lost = Finality { lost_events: 1, ..done };
        assert_eq!(how(&lost, &zone), format!("{STAYS} 1 event was lost on its way and will never come."));
    }
}
