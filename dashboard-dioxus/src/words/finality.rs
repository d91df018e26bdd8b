//! Whether figures will stay as they are.

use super::quantity::Quantity;
use crate::lean::zone::Zone;
use crate::model::Finality;

pub(crate) const FINAL: &str = "Final";
pub(crate) const PROVISIONAL: &str = "Provisional";

/// Why, in sentences.
pub(crate) fn how(finality: &Finality, zone: &Zone) -> String {
    let mut said: Vec<String> =
        finality.reasons.iter().map(|reason| sentence(reason, finality, zone)).collect();
    if finality.is_final {
        said.push(
            "These figures stay as they are by themselves. Late events and decisions can still move them."
                .to_owned(),
        );
    }
    if finality.lost_events > 0 {
        let count = Quantity::Count.text(Some(finality.lost_events as f64));
        said.push(format!("{count} events were lost on their way and will never come."));
    }
    said.join(" ")
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
        let reasons = ["NOT_CLOSED", "DEVICE_SILENT"].map(str::to_owned).to_vec();
        let closes_at = Instant::parse("2026-01-07T00:00Z");
        let zone = Zone::fixed("UTC", 0);
        assert_eq!(
            how(&Finality { is_final: false, reasons, closes_at, lost_events: 3 }, &zone),
            "Late events are awaited until Wed 7 Jan 2026, 00:00. A device that reports from it is silent. 3 events were lost on their way and will never come."
        );
        let done = Finality { is_final: true, ..Finality::default() };
        assert!(how(&done, &zone).starts_with("These figures stay"));
    }
}
