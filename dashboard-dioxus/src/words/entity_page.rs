//! The page of one worker or workstation.

use super::isolated;
use domain::event::EntityType;

pub(crate) const TIMELINE: &str = "Timeline";
pub(crate) const DAYS: &str = "Days";
pub(crate) const LAST_DAYS: &str = "The last seven days of the window, the latest first.";
pub(crate) const LAST_WEEK: &str = "The last seven days of the window.";
pub(crate) const BY_HOUR: &str = "By hour";
pub(crate) const BY_HOUR_LAST_WEEK: &str = "By hour, last seven days";
pub(crate) const QUALITY: &str = "Data quality";
pub(crate) const EVENTS: &str = "Latest events";
pub(crate) const ALL_EVENTS: &str = "All events";
pub(crate) const NO_EVENTS: &str = "No event of it is stored.";
pub(crate) const COMPARE: &str = "Compare with others";
pub(crate) const TO_FLOOR: &str = "To the floor";
pub(crate) const NO_AREA: &str = "No area";
pub(crate) const TIME: &str = "Time";
pub(crate) const NO_OVERLAP: &str = "Nothing was reported twice.";
pub(crate) const NO_CONFIDENCE: &str = "No report in this window states how sure its model was.";

pub(crate) fn by_day(from: &str, to: &str) -> String {
    format!("By day, {from} to {to}")
}

pub(crate) fn since(time: &str) -> String {
    format!("since {time}")
}

pub(crate) fn last_seen(time: &str) -> String {
    format!("last seen {time}")
}

pub(crate) fn area(area: &str) -> String {
    format!("Area {}", isolated(area))
}

pub(crate) fn unknown(kind: EntityType, id: &str) -> String {
    let id = isolated(id);
    match kind {
        EntityType::Worker => format!("No worker {id} was ever seen in this factory."),
        EntityType::Workstation => format!("No workstation {id} was ever seen in this factory."),
    }
}

pub(crate) fn overlap(minutes: &str) -> String {
    format!("{minutes} were seen more than once, as by two cameras at once; they are counted once.")
}

pub(crate) fn confidence(confidence: &str) -> String {
    format!("The models were {confidence} sure on average, weighted by time.")
}

pub(crate) fn unobserved(span: &str) -> String {
    format!("Nobody was looking for {span} of this window so far; that counts neither as idle nor as absent.")
}

pub(crate) fn unsure(limit: &str, total: &str) -> String {
    format!("The models were less than {limit} sure for {total}:")
}

pub(crate) fn sure(limit: &str) -> String {
    format!("No stretch of the timeline was judged with less than {limit} confidence.")
}

pub(crate) fn more_unsure(count: usize) -> String {
    if count == 1 { "one shorter stretch more".to_owned() } else { format!("{count} shorter stretches more") }
}

pub(crate) fn previous_day(date: &str) -> String {
    format!("‹ {date}")
}

pub(crate) fn next_day(date: &str) -> String {
    format!("{date} ›")
}
