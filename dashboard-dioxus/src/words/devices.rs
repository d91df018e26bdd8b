//! The devices that send events.

use domain::device::DeviceState;

pub(crate) const TITLE: &str = "Devices";
pub(crate) const LIST: &str = "Edge devices";
pub(crate) const ALL_HEALTHY: &str = "All devices are healthy, and all events have arrived.";
pub(crate) const NONE: &str = "No edge device yet";
pub(crate) const START: &str = "An agent next to the cameras keeps every event on disk until this server has stored it. Started \
                                like this, it appears here within a second:";

pub(crate) const DEVICE: &str = "Device";
pub(crate) const STATE: &str = "State";
pub(crate) const HEARD: &str = "Last seen";
pub(crate) const RECEIVED: &str = "Last sequence";
pub(crate) const MISSING: &str = "Missing";
pub(crate) const WAITING: &str = "Queued";
pub(crate) const CLOCK: &str = "Clock";
pub(crate) const LOST: &str = "Lost";
pub(crate) const DEAD: &str = "Dead letters";
pub(crate) const HOW_HEARD: &str =
    "When the device's latest batch arrived. It sends one at least every 30 s, and is offline after 2 min.";
pub(crate) const HOW_RECEIVED: &str = "The highest sequence number that the server has acknowledged. A device numbers its events 1, 2, 3 and so on.";
pub(crate) const HOW_MISSING: &str = "Sequence numbers below the last that have not arrived and are not known to be lost. After an outage the newest events \
     arrive first, so the older ones are missing until they follow.";
pub(crate) const HOW_WAITING: &str = "Events that the device still held when it was last seen, and for how long the oldest had waited. More than 1 min \
     is delayed.";
pub(crate) const HOW_CLOCK: &str = "How far the device's clock is from the server's. Events keep the device's timestamps, so check a clock that is off by \
     2 min or more.";
pub(crate) const HOW_LOST: &str = "Events that the device reports as lost, for example because its disk was full. It counts as losing data for 24 h.";
pub(crate) const HOW_DEAD: &str =
    "Events that the server refused and the device keeps. `andon-edge dead-letters` lists them.";

pub(crate) const RIGHT: &str = "in sync";
pub(crate) const OFF: &str = "off:";
pub(crate) const DETAILS_MISSING: &str = "Missing";
pub(crate) const DETAILS_REFUSED: &str = "Refused by the server";
pub(crate) const WHY_REFUSED: &str = "Why the server refused some of them";
pub(crate) const DETAILS_CLOSED: &str = "Lost or dead letters";
pub(crate) const NOTHING: &str = "Every event up to the last sequence number has arrived.";
pub(crate) const USED_TWICE: &str = "Two agents send under this name, so their sequence numbers cannot be told apart. Give each its own name with --device.";

pub(crate) fn state(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Losing => "Losing data",
        DeviceState::Silent => "Offline",
        DeviceState::Behind => "Delayed",
        DeviceState::Healthy => "Healthy",
    }
}

pub(crate) fn need(count: usize, all: usize) -> String {
    let verb = if count == 1 { "needs" } else { "need" };
    format!("{count} of {all} {verb} attention, the most severe first.")
}

pub(crate) fn waiting_for(span: &str) -> String {
    format!("oldest {span}")
}

pub(crate) fn ahead(span: &str) -> String {
    format!("{span} ahead")
}

pub(crate) fn late(span: &str) -> String {
    format!("{span} behind")
}

pub(crate) fn numbers(first: &str, last: &str) -> String {
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

pub(crate) fn of_epoch(numbers: &str, epoch: &str) -> String {
    format!("{numbers} of epoch {epoch}")
}

pub(crate) fn closed(numbers: &str, is_lost: bool, missing: &str) -> String {
    let fate = if is_lost { "lost" } else { "kept on the device as dead letters" };
    format!("{numbers}: {missing} {fate}")
}

pub(crate) fn seen(from: &str, to: &str) -> String {
    format!("seen {from} to {to}")
}
