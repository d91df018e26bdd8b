//! Foreign data: mappings that are ready, and those that people write.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Finished, andon_edge};
use crate::faulty_server::{FaultyServer, all_accepted};

/// A mapping and data in a folder of their own.
struct Files {
    _folder: TempDir,
    mapping: PathBuf,
    data: PathBuf,
}

impl Files {
    fn new(mapping: &str, data: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = Self {
            mapping: folder.path().join("mapping.toml"),
            data: folder.path().join("data"),
            _folder: folder,
        };
        std::fs::write(&files.mapping, mapping).expect("the mapping is written");
        std::fs::write(&files.data, data).expect("the data is written");
        files
    }

    async fn try_all(&self, more: &[&str]) -> Finished {
        let arguments = ["mapping", text(&self.mapping), "--try", text(&self.data), "--all"];
        andon_edge(&[&arguments, more].concat(), "").await
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A field of each event that was printed.
fn each(finished: &Finished, field: &str) -> Vec<Value> {
    let events = finished.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    events.map(|event| event[field].clone()).collect()
}

#[tokio::test]
async fn every_ready_mapping_makes_of_its_sample_what_is_printed_beside_it() {
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let samples = mappings.join("samples");
    let statestream_topic = "homeassistant/binary_sensor/press_4_occupancy/state";
    for (name, sample, more) in [
        ("frigate", "frigate.json", &[][..]),
        ("fluent-bit", "fluent-bit.json", &[]),
        ("telegraf", "telegraf.json", &[]),
        ("erpnext", "erpnext.csv", &[]),
        ("odoo", "odoo.csv", &[]),
        ("umh-core", "umh-core.json", &["--topic", "umh.v1.acme.plant-1.line-4.press-4._raw.state"]),
        ("umh-core", "umh-core.json", &["--topic", "umh/v1/acme/press-4/_machine_v1/state"]),
        (
            "umh-classic",
            "umh-classic.json",
            &["--topic", "umh/v1/acme/cologne/packaging/line-1/cnc-cutter/_historian/state"],
        ),
        ("home-assistant", "home-assistant.json", &[]),
        (
            "home-assistant-statestream",
            "home-assistant-statestream.csv",
            &["--topic", statestream_topic, "--arrived", "2026-01-05T09:00:00+01:00"],
        ),
    ] {
        let (mapping, data) = (mappings.join(format!("{name}.toml")), samples.join(sample));
        let tried = ["mapping", text(&mapping), "--try", text(&data), "--all"];
        let finished = andon_edge(&[&tried, more].concat(), "").await;
        let expected = std::fs::read_to_string(samples.join(format!("{name}.ndjson"))).expect("events");
        assert_eq!(finished.stdout, expected, "{name}: {finished:?}");
        assert_eq!(finished.code, 0, "{name}: {finished:?}");
    }
}

const GERMAN: &str = r#"
format = "csv"
delimiter = ";"
decimal = ","
encoding = "windows-1252"
time_zone = "Europe/Berlin"

[when]
Anlage = ["Säge"]

[fields]
timestamp = { from = "Beginn", format = "%d.%m.%Y %H:%M:%S" }
durationMinutes = { from = "Dauer (h)", unit = "h" }
entityType = { value = "WORKSTATION" }
entityId = { from = "Anlage" }
eventType = { from = "Zustand", values = { "läuft" = "WORKING", steht = "IDLE" }, default = "ABSENT" }
unitsProduced = { from = "Stück", default = 0 }
confidence = { from = "Sicherheit", unit = "percent" }
"#;

#[tokio::test]
async fn a_table_as_a_german_excel_writes_it_becomes_events() {
    let table = "Beginn;Anlage;Zustand;Dauer (h);Stück;Sicherheit\r\n\
        05.01.2026 09:00:00;Säge;läuft;1,5;10,0;93,5\r\n\
        05.01.2026 10:30:00;Säge;steht;0,25;;\r\n\
        05.01.2026 10:30:00;Presse;steht;0,25;;\r\n\
        05.07.2026 10:00:00;\"Säge\";unbekannt;1;2;100\r\n";
    let (windows, _, _) = encoding_rs::WINDOWS_1252.encode(table);
    let utf_8 = GERMAN.replace("windows-1252", "utf-8");
    for files in [Files::new(GERMAN, &windows), Files::new(&utf_8, format!("\u{feff}{table}"))] {
        let finished = files.try_all(&[]).await;
        assert_eq!((finished.code, finished.stdout.lines().count()), (0, 3), "{finished:?}");
        assert_eq!(
            each(&finished, "timestamp"),
            ["2026-01-05T08:00:00.000Z", "2026-01-05T09:30:00.000Z", "2026-07-05T08:00:00.000Z"]
        );
        assert_eq!(each(&finished, "entityId"), ["Säge"; 3]);
        assert_eq!(each(&finished, "eventType"), ["WORKING", "IDLE", "ABSENT"]);
        assert_eq!(each(&finished, "durationMinutes"), [90, 15, 60]);
        assert_eq!(each(&finished, "unitsProduced"), [10, 0, 2]);
        assert_eq!(each(&finished, "confidence"), [Value::from(0.935), Value::Null, Value::from(1)]);
    }
    let finished = Files::new(&utf_8, &windows).try_all(&[]).await;
    assert!(finished.stderr.contains("set encoding = \"windows-1252\""), "{finished:?}");
    let chicago = Files::new(GERMAN, &windows).try_all(&["--time-zone", "America/Chicago"]).await;
    assert_eq!(each(&chicago, "timestamp")[0], "2026-01-05T15:00:00.000Z");
}

const PLAIN: &str = r#"format = "csv"
[fields]
timestamp = { from = "at" }
durationMinutes = { from = "minutes" }
entityType = { value = "WORKER" }
entityId = { from = "who" }
eventType = { value = "IDLE" }
"#;

#[tokio::test]
async fn a_replay_sends_what_the_mapping_makes_and_names_the_lines_of_what_is_none() {
    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let files = Files::new(
        PLAIN,
        "at,minutes,who,note\n2026-01-05T08:00:00Z,1,W1,\"two\nlines\"\n\n2026-01-05T08:00:00Z,long,W2,\n2026-01-05T08:01:00Z,2.5,W3\n",
    );
    let mapping = ["--mapping", text(&files.mapping)];
    let to = ["--to", &server.url, "--factory", "plant-1"];
    let finished = andon_edge(&[&["replay", text(&files.data)], &mapping[..], &to[..]].concat(), "").await;
    assert_eq!(
        finished.stdout,
        "line 5: MALFORMED_LINE: durationMinutes (from minutes): must be a number, without separators of thousands, but is \
         \"long\"\naccepted 2, duplicates 0, conflicts 0, rejected 1\n",
        "{finished:?}"
    );
    assert_eq!(finished.code, 1);
    let body: Value = serde_json::from_str(&server.requests()[0].body).expect("JSON");
    let event = |at: &str, who: &str, minutes: f64| serde_json::json!({ "timestamp": at, "entityType": "WORKER", "entityId": who, "eventType": "IDLE", "durationMinutes": minutes });
    let mut expected =
        vec![event("2026-01-05T08:00:00.000Z", "W1", 1.0), event("2026-01-05T08:01:00.000Z", "W3", 2.5)];
    expected[0]["durationMinutes"] = 1.into();
    assert_eq!(body["variables"]["events"], Value::from(expected));
}

#[tokio::test]
async fn a_mapping_is_checked_before_anything_is_sent_and_its_errors_name_line_and_key() {
    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let with = |line: &str| PLAIN.replace("timestamp = { from = \"at\" }", line);
    for (mapping, said) in [
        (
            "format = \"xml\"\n[fields]\n".to_owned(),
            "line 1: unknown variant `xml`, expected `csv` or `json`",
        ),
        (with("timestamp = { form = \"at\" }"), "line 3: unknown field `form`, expected one of `from`"),
        (with("time = { from = \"at\" }"), "line 3: unknown field `time`, expected one of `timestamp`"),
        (with(""), "line 2, fields: must have two of timestamp, end and durationMinutes, or timestamp alone"),
        (
            with("timestamp = { from = \"at\", unit = \"minutes\" }"),
            "line 3, fields.timestamp: unit must be rfc3339, local,",
        ),
        (
            with("timestamp = { from = \"at\", unit = \"local\" }"),
            "line 3, fields.timestamp: unit = \"local\" needs a time zone",
        ),
        (
            with("timestamp = { from = \"at\", value = 1 }"),
            "line 3, fields.timestamp: has `from` and `value`",
        ),
        (
            format!("{PLAIN}holdMinutes = {{ value = 60 }}\n"),
            "line 8, fields.holdMinutes: is for events without a length",
        ),
        (
            PLAIN.replace("\"who\"", "\"@topic.last\""),
            "line 6, fields.entityId: a part of the topic is written as @topic.1",
        ),
        (
            PLAIN.replace("\"IDLE\"", "\"LAZY\""),
            "line 7, fields.eventType: must become one of WORKING, IDLE, ABSENT",
        ),
        (
            PLAIN.replace("{ from = \"who\" }", "{ from = \"who\", unit = \"s\" }"),
            "line 6, fields.entityId: unit means nothing here",
        ),
        (format!("time_zone = \"Berlin\"\n{PLAIN}"), "line 1, time_zone: \"Berlin\" is not a time zone"),
        (format!("decimal = \",\"\n{PLAIN}"), "line 1, decimal: cannot be the comma that separates columns"),
        (format!("records = \"data\"\n{PLAIN}"), "line 1, records: is for format = \"json\" alone"),
        (
            PLAIN.replace("\"who\"", "\"whom\""),
            "there is no column \"whom\", which line 6 of the mapping asks for; the first row has \"at\"",
        ),
    ] {
        let files = Files::new(&mapping, "at,minutes,who\n2026-01-05T08:00:00Z,1,W1\n");
        let arguments = [
            "replay",
            text(&files.data),
            "--mapping",
            text(&files.mapping),
            "--to",
            &server.url,
            "--factory",
            "f",
        ];
        let finished = andon_edge(&arguments, "").await;
        assert!(finished.stderr.contains(said), "{mapping}: {finished:?}");
        assert_eq!(finished.code, 2, "{finished:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn the_first_ten_events_are_shown_as_they_would_be_sent() {
    let rows: String =
        (10..40).map(|minute| format!("2026-01-05T08:{minute}:00Z,1,W1\n")).collect::<Vec<_>>().concat();
    let files = Files::new(PLAIN, format!("at,minutes,who\n{rows}"));
    let finished = andon_edge(&["mapping", text(&files.mapping), "--try", text(&files.data)], "").await;
    assert_eq!((finished.code, finished.stdout.lines().count()), (0, 10), "{finished:?}");
    assert!(
        finished.stderr.contains("the first records: events 10, not wanted 0, no events 0"),
        "{finished:?}"
    );
    assert_eq!(each(&finished, "timestamp")[9], "2026-01-05T08:19:00.000Z");
    let finished = andon_edge(&["mapping", text(&files.mapping)], "").await;
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "the mapping can be used\n"));
}

#[tokio::test]
async fn json_may_be_lines_or_an_array_or_lists_in_documents_with_fields_inside_each_other() {
    let mapping = r#"
format = "json"
[fields]
timestamp = { from = "seen.from", unit = "epoch_ms" }
end = { from = ["seen", "to.exactly"], unit = "epoch_s" }
entityType = { value = "WORKER" }
entityId = { from = "people.0.badge" }
eventType = { from = "idle", values = { true = "IDLE", false = "WORKING" } }
"#;
    let record = |badge: u32, idle: bool| {
        format!(
            r#"{{"seen": {{"from": 1767600000500, "to.exactly": 1767600030.5}}, "people": [{{"badge": {badge}}}], "idle": {idle}}}"#
        )
    };
    let (one, two) = (record(7, true), record(8, false));
    let in_documents = format!("records = \"data.rows\"\n{mapping}");
    for (mapping, data) in [
        (mapping, format!("{one}\n{two}\n")),
        (mapping, format!("[{one},\n{two}]")),
        (mapping, format!("{}{two}", one.replace(", ", ",\n"))),
        (
            in_documents.as_str(),
            format!("{{\"data\": {{\"rows\": [{one}, {two}]}}}}\n{{\"data\": {{\"rows\": []}}}}"),
        ),
    ] {
        let finished = Files::new(mapping, &data).try_all(&[]).await;
        assert_eq!(each(&finished, "entityId"), ["7", "8"], "{data}: {finished:?}");
        assert_eq!(each(&finished, "eventType"), ["IDLE", "WORKING"]);
        assert_eq!(each(&finished, "durationMinutes"), [0.5, 0.5]);
        assert_eq!(each(&finished, "timestamp"), ["2026-01-05T08:00:00.500Z"; 2]);
    }
    let finished = Files::new(mapping, format!("{one}\n{{\"seen\": NaN}}\n{two}\n")).try_all(&[]).await;
    assert_eq!((finished.code, finished.stdout.lines().count()), (1, 2), "{finished:?}");
    assert!(finished.stderr.contains("line 2: a record must be a JSON object"), "{finished:?}");
}

#[tokio::test]
async fn a_counter_becomes_differences_with_resets_and_small_dips() {
    let mapping = PLAIN.replace("\"WORKER\"", "\"WORKSTATION\"")
        + "unitsProduced = { from = \"total\", units = \"counter\", dip = 5 }\n";
    let shown = [1000, 1007, 1004, 1007, 1010, 0, 4];
    let row = |minute: usize, total: &i32| format!("2026-01-05T08:0{minute}:00Z,1,S1,{total}\n");
    let rows: String = shown.iter().enumerate().map(|(minute, total)| row(minute, total)).collect();
    let finished = Files::new(&mapping, format!("at,minutes,who,total\n{rows}")).try_all(&[]).await;
    assert_eq!(each(&finished, "unitsProduced"), [0, 7, 0, 0, 3, 0, 4], "{finished:?}");
}

const STATES: &str = r#"format = "json"
[when]
"@topic.-1" = ["state"]
[fields]
timestamp = { from = "at" }
holdMinutes = { from = "hold", default = 30 }
entityType = { value = "WORKER" }
entityId = { from = "@topic.2" }
eventType = { from = "busy", values = { true = "WORKING", false = "IDLE" } }
unitsProduced = { from = "made", units = "counter" }
"#;

#[tokio::test]
async fn without_a_length_records_become_states_from_their_timestamp_on() {
    let data = r#"{"at": "2026-01-05T08:00:00Z", "busy": true, "hold": 5, "made": 100}
{"at": "2026-01-05T08:04:00Z", "busy": false, "made": 107}
"#;
    let files = Files::new(STATES, data);
    let finished = files.try_all(&["--topic", "hall/W7/state"]).await;
    assert_eq!((finished.code, finished.stdout.lines().count()), (0, 2), "{finished:?}");
    assert_eq!(each(&finished, "entityId"), ["W7", "W7"]);
    assert_eq!(each(&finished, "durationMinutes"), [Value::Null, Value::Null]);
    assert_eq!(each(&finished, "holdMinutes"), [5, 30]);
    assert_eq!(each(&finished, "unitsProduced"), [0, 7]);
    let unwanted = files.try_all(&["--topic", "hall/W7/temperature"]).await;
    assert!(unwanted.stderr.contains("events 0, not wanted 2"), "{unwanted:?}");
    let finished =
        Files::new(STATES, data.replace("5,", "5.5,")).try_all(&["--topic", "hall/W7/state"]).await;
    assert!(finished.stderr.contains("holdMinutes (from hold): must be a whole number"), "{finished:?}");
}

#[tokio::test]
async fn a_topic_is_told_to_a_replay_and_missed_where_there_is_none() {
    let server = FaultyServer::start(|_, request| all_accepted(request)).await;
    let files = Files::new(STATES, r#"{"at": "2026-01-05T08:00:00Z", "busy": true}"#);
    let arguments = [
        "replay",
        text(&files.data),
        "--mapping",
        text(&files.mapping),
        "--to",
        &server.url,
        "--factory",
        "f",
    ];
    let finished = andon_edge(&[&arguments[..], &["--topic", "hall.W8.state"]].concat(), "").await;
    assert_eq!(finished.code, 0, "{finished:?}");
    let body: Value = serde_json::from_str(&server.requests()[0].body).expect("JSON");
    let expected = serde_json::json!([{ "timestamp": "2026-01-05T08:00:00.000Z", "entityType": "WORKER", "entityId": "W8", "eventType": "WORKING", "holdMinutes": 30 }]);
    assert_eq!(body["variables"]["events"], expected);
    let finished = andon_edge(&arguments, "").await;
    assert!(finished.stdout.contains("is in the topic of a message, and this has none"), "{finished:?}");
}
