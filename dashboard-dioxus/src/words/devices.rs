//! The devices that send events.

use domain::device::DeviceState;

pub(crate) const TITLE: &str = "Devices";
pub(crate) const LIST: &str = "Devices that number what they send";
pub(crate) const ALL_HEALTHY: &str = "All are healthy: whatever they saw has arrived.";
pub(crate) const NONE: &str = "No device has numbered its events yet";
pub(crate) const START: &str = "An agent beside the cameras keeps every event on disk until this server has it. Started \
                                like this, it shows up here within a second:";

pub(crate) const DEVICE: &str = "Device";
pub(crate) const STATE: &str = "State";
pub(crate) const HEARD: &str = "Last heard";
pub(crate) const RECEIVED: &str = "Received up to";
pub(crate) const MISSING: &str = "Missing";
pub(crate) const WAITING: &str = "Waiting";
pub(crate) const CLOCK: &str = "Clock";
pub(crate) const LOST: &str = "Lost";
pub(crate) const DEAD: &str = "For a person";
pub(crate) const HOW_HEARD: &str =
    "When the device's latest batch came. It sends one at least every 30 s, and is silent after 2 min.";
pub(crate) const HOW_RECEIVED: &str = "The highest number of an event that the server has answered for. A device numbers its events 1, 2, 3 and so on.";
pub(crate) const HOW_MISSING: &str = "Numbers below the highest that have not come and are not known to be lost. After an outage the newest events come \
     first, so the older ones are missing until they follow.";
pub(crate) const HOW_WAITING: &str = "Events that the device still held when it was last heard, and for how long the oldest had waited. More than 1 min \
     is behind.";
pub(crate) const HOW_CLOCK: &str = "How far the device's clock is from the server's. Events stay as the device stamped them; from 2 min on that is \
     worth a look.";
pub(crate) const HOW_LOST: &str = "Events that the device had to give up and says so, such as when its disk was full. It counts as losing for 24 h.";
pub(crate) const HOW_DEAD: &str =
    "Events that the server would not take, kept in the device: andon-edge dead-letters lists them.";

pub(crate) const RIGHT: &str = "right";
pub(crate) const OFF: &str = "off:";
pub(crate) const DETAILS_MISSING: &str = "Missing";
pub(crate) const DETAILS_REFUSED: &str = "Refused by the server";
pub(crate) const WHY_REFUSED: &str = "Why the server refused some of them";
pub(crate) const DETAILS_CLOSED: &str = "Will never come";
pub(crate) const NOTHING: &str = "Every number up to the highest has arrived.";
pub(crate) const USED_TWICE: &str = "Two agents send under this name. Give each a name of its own with --device, or their numbers mean nothing.";

pub(crate) fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Losing => "Losing",
        DeviceState::Silent => "Silent",
        DeviceState::Behind => "Behind",
        DeviceState::Healthy => "Healthy",
    }
}

pub(crate) fn need(count: usize, all: usize) -> String {
    format!("{count} of {all} need a look, the worst first.")
}

pub(crate) fn waiting_for(span: &str) -> String {
    format!("oldest {span}")
}

pub(crate) fn ahead(span: &str) -> String {
    format!("{span} ahead")
}

pub(crate) fn late(span: &str) -> String {
    format!("{span} late")
}

pub(crate) fn numbers(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

pub(crate) fn of_epoch(numbers: &str, epoch: &str) -> String {
    format!("{numbers} of epoch {epoch}")
}

pub(crate) fn closed(numbers: &str, is_lost: bool, missing: &str) -> String {
    let fate = if is_lost { "lost" } else { "kept in the device for a person" };
    format!("{numbers}: {missing} {fate}")
}

pub(crate) fn seen(from: &str, to: &str) -> String {
    format!("seen {from} to {to}")
}
