//! The days of all zones by the newest rules that there are: PyPI's package `tzdata`, which follows each release. This turns
//! red when the rules in use have aged so far that a day begins at the wrong instant.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::NaiveDate;
use domain::time::TimestampMs;
use domain::window::WindowSpec;
use domain::zone::Zone;
use tempfile::TempDir;
use time_zones::TimeZones;

/// The most zones that are named when days differ.
const MAX_NAMED: usize = 20;

fn run(command: &mut Command) {
    let output =
        command.output().expect("python3 with pip is needed for this test: install the package python3-pip");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The folder `tzdata` of the newest package.
fn newest_package(folder: &TempDir) -> PathBuf {
    let download =
        ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-cache-dir"];
    run(Command::new("python3")
        .args(download)
        .args(["--only-binary=:all:", "--dest", ".", "tzdata"])
        .current_dir(folder));
    let wheel =
        fs::read_dir(folder.path()).expect("a folder").next().expect("a wheel").expect("an entry").path();
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).args([wheel.as_path(), folder.path()]));
    folder.path().join("tzdata")
}

fn zones_of(package: &Path) -> Vec<Zone> {
    let names = fs::read_to_string(package.join("zones")).expect("the list of zones");
    let read = |name: &str| {
        let rules = fs::read(package.join("zoneinfo").join(name)).expect("a file for each zone");
        Zone::from_tzif(name, &rules).expect("rules")
    };
    names.lines().map(read).collect()
}

fn days() -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date");
    first.iter_days().take_while(|day| day.to_string().as_str() < "2031")
}

#[test]
fn days_of_all_zones_from_2000_to_2030_begin_and_end_as_by_the_newest_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_use = TimeZones::newest(None).expect("the bundled table at least");
    let newest = zones_of(&newest_package(&folder));
    assert!(newest.len() > 400, "{} zones", newest.len());
    let window = |day, zone| WindowSpec::Day(day).resolve(zone, TimestampMs(0));
    let differs = |zone: &Zone| {
        let ours = in_use.find(zone.name()).expect("every zone is in the table");
        days().find(|&day| window(day, ours) != window(day, *zone)).map(|day| format!("{zone} on {day}"))
    };
    let different: Vec<String> = newest.iter().filter_map(differs).collect();
    let named = &different[..different.len().min(MAX_NAMED)];
    assert!(different.is_empty(), "{} zones differ from {in_use}, such as {named:?}", different.len());
}
