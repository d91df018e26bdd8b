//! Every word that people read, in English. A translation is another file like this one, with its words of charts.
//!
//! One module for each part of the page; a sentence that holds values is a function. It is longer than other files so
//! that a translator has one.

pub(crate) mod chart;
pub(crate) mod quantity;

/// What stands where the server has no value: never 0, because 0 is a measurement.
pub(crate) const NO_VALUE: &str = "-";

/// The page as a whole.
pub(crate) mod page {
    pub(crate) const PRODUCT: &str = "Andon";
    pub(crate) const FAILED: &str =
        "The dashboard has stopped because of an error in it. Reload the page to go on.";
    pub(crate) const SKIP: &str = "Skip to the numbers";
    pub(crate) const NAVIGATION: &str = "Pages";
    pub(crate) const FLOOR: &str = "Floor";
    pub(crate) const COMPARE: &str = "Compare";
    pub(crate) const EVENTS: &str = "Events";
    pub(crate) const DEVICES: &str = "Devices";
    pub(crate) const BOARD: &str = "Board";
    pub(crate) const NOT_FOUND: &str = "There is no such page";
    pub(crate) const HOME: &str = "To the floor";

    pub(crate) fn title(page: &str) -> String {
        format!("{page} · {PRODUCT}")
    }

    pub(crate) fn nothing_at(path: &str) -> String {
        format!("Nothing is found at /{path}.")
    }
}

/// The devices that send events.
pub(crate) mod devices {
    use crate::model::DeviceState;

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
}

/// What a part of a page says in place of numbers.
pub(crate) mod back_office {
    pub(crate) const NOT_LOADED: &str =
        "This page could not be loaded. Try again when the server can be reached, or reload the page.";
}

pub(crate) mod notice {
    pub(crate) const LOADING: &str = "Loading…";
    pub(crate) const TRY_AGAIN: &str = "Try again";

    pub(crate) fn outdated(reason: &str) -> String {
        format!("These numbers could not be renewed: {reason}")
    }
}

/// How the page stands with the server.
pub(crate) mod connection {
    use std::fmt::Display;

    pub(crate) const CONNECTING: &str = "Connecting…";
    pub(crate) const LIVE: &str = "Live";
    pub(crate) const DISCONNECTED: &str = "Disconnected.";
    pub(crate) const NO_DATA: &str = "No data yet";
    pub(crate) const RECONNECTING: &str = "Reconnecting now…";

    pub(crate) const NO_ANSWER: &str = "The server does not answer.";
    pub(crate) const SILENT: &str = "The server has fallen silent.";
    pub(crate) const NO_REASON: &str = "The server gave no answer and no reason.";
    pub(crate) const STOPPING: &str = "The server is stopping.";
    pub(crate) const UNREACHABLE: &str = "The server cannot be reached.";
    pub(crate) const LOST: &str = "The connection to the server was lost.";
    pub(crate) const BYTES: &str = "The server sent bytes instead of text.";
    pub(crate) const CLOSING: &str = "This page is being closed.";
    pub(crate) const NOT_SENT: &str =
        "There is no connection to the server, so nothing was changed. Try again when the page is live.";
    pub(crate) const UNANSWERED: &str = "The connection to the server ended before it answered, so the change may or \
                                         may not have been made. Look before you try again.";

    pub(crate) fn not_understood(error: &dyn Display) -> String {
        format!("The server sent what this page does not understand ({error}).")
    }

    pub(crate) fn another_shape(error: &dyn Display) -> String {
        format!("The server's answer has another shape than agreed ({error}).")
    }

    pub(crate) fn cannot_ask(error: &dyn Display) -> String {
        format!("This page could not put its question ({error}).")
    }

    pub(crate) fn browser_refuses(url: &str, error: &dyn Display) -> String {
        format!("The browser refuses to connect to {url} ({error}).")
    }

    pub(crate) fn refuses_this_page(reason: &str, code: u16) -> String {
        format!("The server refuses this page: {reason} (code {code}).")
    }

    pub(crate) fn reconnecting_in(wait_s: f64) -> String {
        format!("Reconnecting in {wait_s:.0} s.")
    }

    pub(crate) fn confirmed(age: &str) -> String {
        format!("Data confirmed {age}")
    }
}

/// Where the API is.
pub(crate) mod endpoint {
    use std::fmt::Display;

    pub(crate) const NO_OWN_ADDRESS: &str = "The browser does not tell this page's own address.";
    pub(crate) const UNREACHABLE: &str = "The server of this page cannot be reached.";

    pub(crate) fn too_late(path: &str, limit_s: u32) -> String {
        format!("{path} did not arrive within {limit_s} s.")
    }

    pub(crate) fn bad_config(path: &str, error: &dyn Display) -> String {
        format!("{path} must look like {{\"apiUrl\": \"http://host:port\"}}: {error}.")
    }

    pub(crate) fn bad_address(path: &str, address: &str) -> String {
        format!("apiUrl in {path} must begin with http:// or https://, but it is {address:?}.")
    }

    pub(crate) fn bad_status(path: &str, status: u16) -> String {
        format!("The server of this page answered {path} with status {status}.")
    }

    pub(crate) fn too_long(path: &str, limit_bytes: usize) -> String {
        format!("{path} is longer than {limit_bytes} bytes.")
    }
}

/// Days and spans of time.
pub(crate) mod time {
    use crate::lean::zone::Local;

    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    pub(crate) const JUST_NOW: &str = "just now";

    pub(crate) fn date(local: &Local) -> String {
        let weekday = WEEKDAYS.get(local.weekday).copied().unwrap_or_default();
        format!("{weekday} {} {}", day_and_month(local), local.date.year)
    }

    /// Such as `5 Jan`.
    pub(crate) fn day_and_month(local: &Local) -> String {
        let month = usize::try_from(local.date.month - 1).ok().and_then(|month| MONTHS.get(month));
        format!("{} {}", local.date.day, month.copied().unwrap_or_default())
    }

    /// Such as `Mon 5 Jan`.
    pub(crate) fn weekday_and_month(local: &Local) -> String {
        format!("{} {}", WEEKDAYS.get(local.weekday).copied().unwrap_or_default(), day_and_month(local))
    }

    /// A time of another day, such as `5 Jan, 08:05`.
    pub(crate) fn on_day(local: &Local, time: &str) -> String {
        format!("{}, {time}", day_and_month(local))
    }

    pub(crate) fn ago(span: &str) -> String {
        format!("{span} ago")
    }

    pub(crate) fn from_to(from: &str, to: &str) -> String {
        format!("{from} to {to}")
    }

    pub(crate) fn in_zone(zone: &str) -> String {
        format!("Times in {zone}")
    }
}

/// The window picker and what it chooses.
pub(crate) mod window {
    pub(crate) const LABEL: &str = "Window";
    pub(crate) const TODAY: &str = "Today";
    pub(crate) const YESTERDAY: &str = "Yesterday";
    pub(crate) const THIS_WEEK: &str = "This week";
    pub(crate) const LAST_7_DAYS: &str = "Last 7 days";
    pub(crate) const LAST_30_DAYS: &str = "Last 30 days";
    pub(crate) const ALL_TIME: &str = "All time";
    pub(crate) const OTHER: &str = "Other window";
    pub(crate) const LAST: &str = "Last";
    pub(crate) const MINUTES: &str = "minutes";
    pub(crate) const DAY: &str = "Day";
    pub(crate) const FROM: &str = "From";
    pub(crate) const TO: &str = "To";
    pub(crate) const SHOW: &str = "Show";
    pub(crate) const EMPTY_RANGE: &str =
        "The end must be at least 5 minutes after the beginning: windows are runs of whole 5 minutes.";

    pub(crate) fn last_minutes(minutes: u32) -> String {
        if minutes > 60 && minutes.is_multiple_of(60) {
            format!("Last {} hours", minutes / 60)
        } else {
            format!("Last {minutes} minutes")
        }
    }
}

/// The factory picker.
pub(crate) mod factory {
    pub(crate) const LABEL: &str = "Factory";

    pub(crate) fn named(name: &str, id: &str) -> String {
        if name == id { id.to_owned() } else { format!("{name} ({id})") }
    }
}

/// Light and dark.
pub(crate) mod theme {
    pub(crate) const LABEL: &str = "Theme";
    pub(crate) const SYSTEM: &str = "System";
    pub(crate) const LIGHT: &str = "Light";
    pub(crate) const DARK: &str = "Dark";
}

/// The search over workers and workstations.
pub(crate) mod search {
    pub(crate) const OPEN: &str = "Search";
    pub(crate) const KEY: &str = "/";
    pub(crate) const TITLE: &str = "Find a worker or workstation";
    pub(crate) const FIELD: &str = "Name, id or area";
    pub(crate) const RESULTS: &str = "Found";
    pub(crate) const NOTHING: &str = "Nobody and nothing of that name is known in this factory.";

    pub(crate) fn count(count: usize, more: usize) -> String {
        match (count, more) {
            (1, 0) => "1 found".to_owned(),
            (_, 0) => format!("{count} found"),
            _ => format!("{count} found, {more} of them not listed: type more of the name"),
        }
    }
}

/// Workers, workstations and what they do.
pub(crate) mod entity {
    use crate::model::{EntityKind, Presence, State};

    pub(crate) const WORKER: &str = "Worker";
    pub(crate) const WORKSTATION: &str = "Workstation";
    pub(crate) const WORKERS: &str = "Workers";
    pub(crate) const WORKSTATIONS: &str = "Workstations";
    pub(crate) const NO_WORKER: &str = "No worker was seen in this window.";
    pub(crate) const NO_WORKSTATION: &str = "No workstation was seen in this window.";
    pub(crate) const AREA: &str = "Area";
    pub(crate) const NOW: &str = "Now";
    pub(crate) const NEVER_SEEN: &str = "never";
    pub(crate) const NO_ID: &str =
        "The address names nobody. Choose a worker or workstation on the floor or by search.";

    pub(crate) fn kind(kind: EntityKind) -> &'static str {
        match kind {
            EntityKind::Worker => WORKER,
            EntityKind::Workstation => WORKSTATION,
        }
    }

    pub(crate) fn kinds(kind: EntityKind) -> &'static str {
        match kind {
            EntityKind::Worker => WORKERS,
            EntityKind::Workstation => WORKSTATIONS,
        }
    }

    pub(crate) fn none_seen(kind: EntityKind) -> &'static str {
        match kind {
            EntityKind::Worker => NO_WORKER,
            EntityKind::Workstation => NO_WORKSTATION,
        }
    }

    pub(crate) fn state(kind: EntityKind, state: State) -> &'static str {
        match (kind, state) {
            (EntityKind::Worker, State::Working) => "Working",
            (EntityKind::Workstation, State::Working) => "Occupied",
            (_, State::Idle) => "Idle",
            (_, State::Absent) => "Absent",
        }
    }

    pub(crate) fn presence(kind: EntityKind, presence: Presence) -> &'static str {
        match presence {
            Presence::Seen(seen) => state(kind, seen),
            Presence::NotObserved => "Not observed",
        }
    }

    pub(crate) fn not_in_window(kind: EntityKind, id: &str) -> String {
        match kind {
            EntityKind::Worker => format!("Worker {id} was not seen in this window."),
            EntityKind::Workstation => format!("Workstation {id} was not seen in this window."),
        }
    }
}

/// Figures: their names, units and how they come about, in the words of METRICS.
pub(crate) mod figure {
    use crate::model::UnitsBasis;

    pub(crate) const PRODUCTIVE_TIME: &str = "Productive time";
    pub(crate) const UNITS_PRODUCED: &str = "Units produced";
    pub(crate) const AVERAGE_UTILIZATION: &str = "Average utilization";
    pub(crate) const AVERAGE_PRODUCTION_RATE: &str = "Average production rate, units/h";
    pub(crate) const WORKING: &str = "Working";
    pub(crate) const OCCUPIED: &str = "Occupied";
    pub(crate) const IDLE: &str = "Idle";
    pub(crate) const ABSENT: &str = "Absent";
    pub(crate) const OVERLAP: &str = "Overlap";
    pub(crate) const UTILIZATION: &str = "Utilization";
    pub(crate) const UNITS: &str = "Units";
    pub(crate) const UNITS_PER_HOUR: &str = "Units/hour";
    pub(crate) const THROUGHPUT_PER_HOUR: &str = "Throughput/hour";
    pub(crate) const MEAN_CONFIDENCE: &str = "Mean confidence";

    pub(crate) const HOW_PRODUCTIVE_TIME: &str = "The workers' working time, summed. Every instant of a worker counts once, however many cameras saw it.";
    pub(crate) const HOW_AVERAGE_UTILIZATION: &str =
        "The plain mean of the workers' utilization (working / (working + idle)), over those that have one.";
    pub(crate) const HOW_AVERAGE_PRODUCTION_RATE: &str = "Units produced / productive time in hours.";
    pub(crate) const HOW_WORKING: &str =
        "Time seen working. Where reports overlap, the most confident one counts.";
    pub(crate) const HOW_OCCUPIED: &str =
        "Time seen occupied. Where reports overlap, the most confident one counts.";
    pub(crate) const HOW_IDLE: &str = "Time seen idle. Time in which nothing was seen counts nowhere.";
    pub(crate) const HOW_ABSENT: &str =
        "Time seen absent. It is neither working nor idle, so it lowers no utilization.";
    pub(crate) const HOW_OVERLAP: &str =
        "Time that was reported more than once: a sign of two cameras, or of a clock that is off.";
    pub(crate) const HOW_UTILIZATION: &str = "100 * working / (working + idle). None when neither was seen.";
    pub(crate) const HOW_UNITS: &str =
        "Units of the events in the window; those of an event are spread evenly over it.";
    pub(crate) const HOW_UNITS_PER_HOUR: &str = "Units / working time in hours. None when no work was seen.";
    pub(crate) const HOW_THROUGHPUT_PER_HOUR: &str =
        "Units / occupied time in hours. None when it was not occupied.";
    pub(crate) const HOW_MEAN_CONFIDENCE: &str =
        "The confidence of the reports that count, weighted by their time, over those that state one.";

    pub(crate) fn how_units_produced(basis: UnitsBasis) -> &'static str {
        match basis {
            UnitsBasis::Workers => {
                "The workers' units. Workstations report the same goods, so they are not added."
            }
            UnitsBasis::Workstations => {
                "The workstations' units. Workers report the same goods, so they are not added."
            }
        }
    }

    /// What a figure's explanation says, with the window that it is about.
    pub(crate) fn how(explanation: &str, window: &str) -> String {
        format!("{explanation} Window: {window}.")
    }
}

/// What to do as long as there is no factory or no event.
pub(crate) mod first_steps {
    pub(crate) const NO_FACTORY: &str = "There is no factory yet";
    pub(crate) const NO_EVENT: &str = "No event has arrived yet";
    pub(crate) const CREATE: &str =
        "Create one. Its time zone decides where a day begins. It appears here by itself.";
    pub(crate) const NAME: &str = "Name";
    pub(crate) const EXAMPLE_NAME: &str = "Plant 1";
    pub(crate) const ZONE: &str = "Time zone";
    pub(crate) const CREATE_IT: &str = "Create the factory";
    pub(crate) const CREATE_BY_CURL: &str = "Or from a terminal:";
    pub(crate) const BEFORE_LINK: &str =
        "Everything the API can do is documented, and can be tried out, in the ";
    pub(crate) const LINK: &str = "API explorer";
    pub(crate) const AFTER_LINK: &str = ".";
    pub(crate) const SEND_BY_CURL: &str = "With curl, from any machine that reaches this address:";
    pub(crate) const SEND_BY_EDGE: &str =
        "With andon-edge, which takes files or a stream of events and tries again until they are stored:";
    pub(crate) const DEMO: &str = "To see a simulated factory at work, start the server with --demo.";
    pub(crate) const COPY: &str = "Copy";
    pub(crate) const COPIED: &str = "Copied";
    pub(crate) const NOT_COPIED: &str =
        "The browser does not let this page copy. Select the command and copy it by key.";
    pub(crate) const COMMAND: &str = "Command";

    pub(crate) fn send(factory: &str) -> String {
        format!(
            "Send the first one to {factory}: this page turns into its floor as soon as the event is stored."
        )
    }
}

/// The page that compares entities.
pub(crate) mod compare {
    use crate::model::EntityKind;

    pub(crate) const TITLE: &str = "Compare";
    pub(crate) const NOBODY: &str = "Choose two to four workers or workstations to compare.";
    pub(crate) const PICKER: &str = "Who is compared";
    pub(crate) const KIND: &str = "Kind";
    pub(crate) const FIELD: &str = "Add by name, id or area";
    pub(crate) const FOUND: &str = "Found";
    pub(crate) const FULL: &str = "Four are compared, which is the most. Remove one to add another.";
    pub(crate) const NOTHING: &str = "Nobody and nothing else of that name is known in this factory.";
    pub(crate) const CHOSEN: &str = "Compared";
    pub(crate) const FIGURES: &str = "Figures";
    pub(crate) const FIGURE: &str = "Figure";
    pub(crate) const BEST: &str = "highest";
    pub(crate) const TIMELINES: &str = "Timelines";
    pub(crate) const UTILIZATION_BY_HOUR: &str = "Utilization by hour";
    pub(crate) const UTILIZATION_BY_DAY: &str = "Utilization by day";
    pub(crate) const UNITS_BY_HOUR: &str = "Units by hour";
    pub(crate) const UNITS_BY_DAY: &str = "Units by day";
    pub(crate) const NOT_SEEN: &str = "not seen in this window";
    pub(crate) const HOW_NOW: &str = "What the latest report says, whatever the window. Not observed when nothing was seen for as long as the floor's setting says, 10 minutes unless it was changed.";

    pub(crate) fn one_more(kind: EntityKind) -> &'static str {
        match kind {
            EntityKind::Worker => "Add another worker to compare with.",
            EntityKind::Workstation => "Add another workstation to compare with.",
        }
    }

    pub(crate) fn remove(name: &str) -> String {
        format!("Remove {name}")
    }

    pub(crate) fn add(name: &str) -> String {
        format!("Add {name}")
    }

    pub(crate) fn more(count: usize) -> String {
        format!("{count} more: type more of the name")
    }
}

/// The page of events.
pub(crate) mod events {
    use crate::model::{EntityKind, State};

    pub(crate) const TITLE: &str = "Events";
    pub(crate) const LIST: &str = "Latest first";
    pub(crate) const OWN_TIMES: &str = "Events that began in the times below";
    pub(crate) const FILTERS: &str = "Filters";
    pub(crate) const CLEAR: &str = "Clear filters";
    pub(crate) const ANY: &str = "Any";
    pub(crate) const KIND: &str = "Kind";
    pub(crate) const ENTITY: &str = "Id";
    pub(crate) const FROM: &str = "From";
    pub(crate) const TO: &str = "To";
    pub(crate) const CONFIDENCE_AT_MOST: &str = "Confidence at most, %";
    pub(crate) const TIME: &str = "Time";
    pub(crate) const WHO: &str = "Who";
    pub(crate) const STATE: &str = "State";
    pub(crate) const MINUTES: &str = "Duration";
    pub(crate) const UNITS: &str = "Units";
    pub(crate) const HOW_MINUTES: &str = "How long the event lasted from its time on, as it was sent.";
    pub(crate) const HOW_UNITS: &str = "The units that were finished during the event, as they were sent.";
    pub(crate) const CONFIDENCE: &str = "Confidence";
    pub(crate) const HOW_CONFIDENCE: &str =
        "How sure the model was of this report; a dash where it did not say. Below 60 % it is called unsure.";
    pub(crate) const UNSURE: &str = "unsure";
    pub(crate) const MODEL: &str = "Model";
    pub(crate) const SOURCE: &str = "Source";
    pub(crate) const WORKSTATION: &str = "Workstation";
    pub(crate) const RECEIVED: &str = "Received";
    pub(crate) const HOW_RECEIVED: &str = "When the event was stored. It is late when that was 5 minutes or more after \
                                           its end; it counts all the same, where its time belongs.";
    pub(crate) const MOVING: &str = "New events appear by themselves.";
    pub(crate) const PAUSE: &str = "Pause";
    pub(crate) const EXPORT: &str = "CSV";
    pub(crate) const PAGES: &str = "Pages of events";
    pub(crate) const NEWER: &str = "Newer";
    pub(crate) const OLDER: &str = "Older";
    pub(crate) const END: &str = "This is the oldest event.";
    pub(crate) const FILE: &str = "events";
    pub(crate) const CSV_HEADER: [&str; 13] = [
        "Start (UTC)",
        "Kind",
        "Id",
        "Name",
        "State",
        "Duration, min",
        "Units",
        "Confidence",
        "Model",
        "Source",
        "Workstation",
        "Event id",
        "Received (UTC)",
    ];

    pub(crate) fn began(window: &str) -> String {
        format!("Events that began in this window: {window}")
    }

    pub(crate) fn in_zone(label: &str, zone: &str) -> String {
        format!("{label} ({zone})")
    }

    pub(crate) fn filters(count: usize) -> String {
        if count == 0 { FILTERS.to_owned() } else { format!("{FILTERS} ({count})") }
    }

    pub(crate) fn filtered(label: &str, value: &str) -> String {
        format!("{label} {value}")
    }

    pub(crate) fn confidence_at_most(percent: u8) -> String {
        format!("Confidence at most {percent}\u{a0}%")
    }

    /// The word for a state where it may be a worker's or a workstation's.
    pub(crate) fn state(kind: Option<EntityKind>, state: State) -> String {
        match (kind, state) {
            (None, State::Working) => "Working, occupied".to_owned(),
            _ => super::entity::state(kind.unwrap_or_default(), state).to_owned(),
        }
    }

    fn count(count: usize) -> String {
        if count == 1 { "1 new event".to_owned() } else { format!("{count} new events") }
    }

    pub(crate) fn announced(new: usize) -> String {
        format!("{}.", count(new))
    }

    pub(crate) fn paused(new: usize) -> String {
        format!("Paused · {new} new")
    }

    pub(crate) fn resume(new: usize) -> String {
        if new == 0 { "Resume".to_owned() } else { format!("Resume ({new} new)") }
    }

    pub(crate) fn past(page: usize, new: usize) -> String {
        format!("Page {page} · {new} new since it was opened")
    }

    pub(crate) fn late_by(span: &str) -> String {
        format!("late by {span}")
    }

    pub(crate) fn skipped(skipped: i64) -> String {
        format!(
            "{skipped} skipped: more events came at once than are shown one by one. They are stored, and the list is renewed."
        )
    }

    pub(crate) fn none(filters: &[String], window: &str) -> String {
        if filters.is_empty() {
            format!("No event began in this window: {window}.")
        } else {
            format!("No event in this window ({window}) passes these filters: {}.", filters.join(", "))
        }
    }
}

/// The view for a television.
pub(crate) mod board {
    use crate::model::{Presence, State};

    pub(crate) const TITLE: &str = "Board";
    pub(crate) const LEAVE: &str = "To the floor";
    pub(crate) const TOOLS: &str = "Board";
    pub(crate) const SET_UP: &str = "Set up areas";
    pub(crate) const BACK: &str = "Back to the board";
    pub(crate) const SETUP: &str = "Areas of the board";
    pub(crate) const SETUP_NOTE: &str =
        "The board shows one area after the other. Who has none is shown under \"No area\".";
    pub(crate) const EVERYONE: &str = "Workers and workstations";
    pub(crate) const NOBODY_YET: &str = "Nobody and nothing was ever seen in this factory.";
    pub(crate) const WHO: &str = "Who";
    pub(crate) const KIND: &str = "Kind";
    pub(crate) const NOBODY: &str = "Nobody and nothing was seen in this window yet.";
    pub(crate) const UNITS_PER_HOUR: &str = "Units/hour";
    pub(crate) const NOT_LIVE: &str = "Not live";
    pub(crate) const NO_NUMBERS: &str = "There are no numbers to show.";
    pub(crate) const SCREEN_MAY_SLEEP: &str =
        "This browser does not keep the screen awake here: switch off the screen's own saving.";

    /// What an area is called.
    pub(crate) fn area(area: Option<&str>) -> String {
        area.unwrap_or("No area").to_owned()
    }

    pub(crate) fn part(part: usize, parts: usize) -> String {
        format!("{part} of {parts}")
    }

    pub(crate) fn place(place: usize, pages: usize) -> String {
        format!("Page {place} of {pages}")
    }

    pub(crate) fn since(time: &str) -> String {
        format!("since {time}")
    }

    pub(crate) fn last_seen(time: &str) -> String {
        format!("last seen {time}")
    }

    pub(crate) fn old(span: &str) -> String {
        format!("These numbers are {span} old.")
    }

    /// What workers and workstations are doing together.
    pub(crate) fn doing(presence: Presence) -> &'static str {
        match presence {
            Presence::Seen(State::Working) => "working",
            Presence::Seen(State::Idle) => "idle",
            Presence::Seen(State::Absent) => "absent",
            Presence::NotObserved => "not observed",
        }
    }
}

/// Names and areas edited in place.
pub(crate) mod rename {
    use super::entity;
    use crate::components::rename::Editable;
    use crate::model::EntityKind;

    pub(crate) const NAME: &str = "Name";
    pub(crate) const SAVE: &str = "Save";
    pub(crate) const CANCEL: &str = "Cancel";

    pub(crate) fn change(field: &str) -> String {
        format!("Change: {field}")
    }

    pub(crate) fn field(kind: EntityKind, what: Editable, id: &str) -> String {
        let kind = crate::lean::letter_case::lower(entity::kind(kind));
        match what {
            Editable::Name => format!("Name of {kind} {id}"),
            Editable::Area => format!("Area of {kind} {id}"),
        }
    }

    pub(crate) fn placeholder(what: Editable) -> &'static str {
        match what {
            Editable::Name => "No name",
            Editable::Area => "No area",
        }
    }
}

/// What entities did over time, in charts and files.
pub(crate) mod over_time {
    pub(crate) const FROM: &str = "From";
    pub(crate) const TO: &str = "To";
    pub(crate) const STATE: &str = "State";
    pub(crate) const MINUTES: &str = "Minutes";
    pub(crate) const CONFIDENCE: &str = "Confidence";
    pub(crate) const MODEL: &str = "Model";
    pub(crate) const SOURCE: &str = "Source";
    pub(crate) const EXPORT: &str = "CSV";
    pub(crate) const TRUNCATED: &str =
        "There is more in this window than can be drawn. Choose a shorter window to see the rest.";

    pub(crate) fn in_minutes(name: &str) -> String {
        format!("{name}, min")
    }

    pub(crate) fn in_percent(name: &str) -> String {
        format!("{name}, %")
    }
}

/// The page of one worker or workstation.
pub(crate) mod entity_page {
    use crate::model::EntityKind;

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
        format!("Area {area}")
    }

    pub(crate) fn unknown(kind: EntityKind, id: &str) -> String {
        match kind {
            EntityKind::Worker => format!("No worker {id} was ever seen in this factory."),
            EntityKind::Workstation => format!("No workstation {id} was ever seen in this factory."),
        }
    }

    pub(crate) fn overlap(minutes: &str) -> String {
        format!("{minutes} were seen more than once, as by two cameras at once; they are counted once.")
    }

    pub(crate) fn confidence(confidence: &str) -> String {
        format!("The models were {confidence} sure on average, weighted by time.")
    }

    pub(crate) fn unobserved(span: &str) -> String {
        format!(
            "Nobody was looking for {span} of this window so far; that counts neither as idle nor as absent."
        )
    }

    pub(crate) fn unsure(limit: &str, total: &str) -> String {
        format!("The models were less than {limit} sure for {total}:")
    }

    pub(crate) fn sure(limit: &str) -> String {
        format!("No stretch of the timeline was judged with less than {limit} confidence.")
    }

    pub(crate) fn more_unsure(count: usize) -> String {
        if count == 1 {
            "one shorter stretch more".to_owned()
        } else {
            format!("{count} shorter stretches more")
        }
    }

    pub(crate) fn previous_day(date: &str) -> String {
        format!("‹ {date}")
    }

    pub(crate) fn next_day(date: &str) -> String {
        format!("{date} ›")
    }
}

/// The floor: how it is doing, who needs somebody, who does what.
pub(crate) mod floor {
    use crate::model::{EntityKind, State};
    use crate::words::entity;
    use crate::words::quantity;

    pub(crate) const AREA: &str = "Area";
    pub(crate) const ALL_AREAS: &str = "All areas";
    pub(crate) const FIGURES: &str = "Figures";
    pub(crate) const NEEDS: &str = "What needs you";
    pub(crate) const UNSEEN_AFTER: &str = "Not observed after";
    pub(crate) const NO_NEED: &str = "Nobody and nothing needs you now.";
    pub(crate) const MORE: &str = "Rank all by what they do now";
    pub(crate) const PRODUCTION: &str = "Production over time";
    pub(crate) const NO_COURSE: &str =
        "All time has no beginning to draw from. Choose a window to see its course.";
    pub(crate) const HEAT: &str = "Utilization of workers, hour by hour";
    pub(crate) const HEAT_BY_DAY: &str = "Utilization of workers, day by day";
    pub(crate) const NO_HEAT: &str = "No worker was seen in this window.";
    pub(crate) const EXPORT: &str = "CSV";
    pub(crate) const STATE_NOW: &str = "Now";
    pub(crate) const HOW_STATE_NOW: &str = "What was seen last, and since when. When nothing was seen for as long as is set under What needs you, nobody knows: not observed.";
    pub(crate) const HOW_NAME: &str = "The name, where one is set, and the id that cameras send.";
    pub(crate) const HOW_AREA: &str = "The line or area that it was given.";
    pub(crate) const CONFIDENCE: &str = "Confidence";
    pub(crate) const PRODUCTION_RATE: &str = "Production rate";
    pub(crate) const MINUTES: &str = "min";
    pub(crate) const UNITS: &str = "units";
    pub(crate) const PERCENT: &str = "%";
    pub(crate) const PER_HOUR: &str = "units/h";

    pub(crate) const YESTERDAY: &str = "yesterday";
    pub(crate) const DAY_BEFORE: &str = "the day before";
    pub(crate) const WEEK_BEFORE: &str = "the week before";
    pub(crate) const SEVEN_DAYS_BEFORE: &str = "the 7 days before";
    pub(crate) const THIRTY_DAYS_BEFORE: &str = "the 30 days before";
    pub(crate) const SPAN_BEFORE: &str = "the same length before";

    /// The columns of exported files.
    pub(crate) const ROW_COLUMNS: [&str; 14] = [
        "Id",
        "Name",
        "Area",
        "Now",
        "Since",
        "Last seen",
        "Utilization, %",
        "Units",
        "Units per hour",
        "Working, min",
        "Idle, min",
        "Absent, min",
        "Overlap, min",
        "Mean confidence",
    ];
    pub(crate) const SERIES_COLUMNS: [&str; 9] = [
        "From",
        "To",
        "Working, min",
        "Idle, min",
        "Absent, min",
        "Units",
        "Utilization, %",
        "Units per hour",
        "Mean confidence",
    ];
    pub(crate) const SERIES_FILE: &str = "production";

    pub(crate) fn minutes_before(minutes: u32) -> String {
        if minutes > 60 && minutes.is_multiple_of(60) {
            format!("the {} hours before", minutes / 60)
        } else {
            format!("the {minutes} minutes before")
        }
    }

    pub(crate) fn until(window: &str, end: &str) -> String {
        format!("{window} until {end}")
    }

    pub(crate) fn than(window: &str) -> String {
        format!("vs {window}")
    }

    /// The change of a percentage.
    pub(crate) fn points(change: &str) -> String {
        format!("{change}\u{a0}points")
    }

    /// The change of what has become many times as much.
    pub(crate) fn times(times: &str) -> String {
        format!("{times}\u{a0}\u{d7}")
    }

    /// What a change says on hover.
    pub(crate) fn how_changed(before: &str, from: &str, to: &str) -> String {
        format!("Before: {before}, from {from} to {to}. Both windows are of the same length.")
    }

    pub(crate) fn since(time: &str) -> String {
        format!("since {time}")
    }

    pub(crate) fn state_for(kind: EntityKind, state: State, minutes: u32) -> String {
        format!("{} for {}", entity::state(kind, state), length(minutes))
    }

    pub(crate) fn unseen_for(minutes: u32) -> String {
        format!("Not observed for {}", length(minutes))
    }

    pub(crate) fn low(percent: &str) -> String {
        format!("Utilization {percent}")
    }

    pub(crate) fn minutes(minutes: u16) -> String {
        format!("{minutes} min")
    }

    pub(crate) fn more(count: usize) -> String {
        format!("and {count} more.")
    }

    fn length(minutes: u32) -> String {
        match minutes {
            0..60 => format!("{minutes} min"),
            _ if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
            _ => quantity::span(f64::from(minutes) * 60_000.0),
        }
    }
}
