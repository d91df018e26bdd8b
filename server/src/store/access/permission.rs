//! What a scope permits.

/// What somebody may do in a factory.
pub trait Permission: sealed::Sealed + Send + Sync + 'static {
    /// The same as a value, by which roles permit it.
    const VALUE: domain::access::Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}

        impl sealed::Sealed for $name {}
        impl Permission for $name {
            const VALUE: domain::access::Permission = domain::access::Permission::$name;
        }
    )+};
}

permissions! {
    /// To send events.
    SendEvents,
    /// To see figures: of whom, the scope's view says.
    SeeFigures,
    /// To see what single workers did: their figures, timelines, events and decisions about them.
    SeePeople,
    /// To see devices, and what each has delivered.
    SeeDevices,
    /// To correct and retract what was reported, and to see what contradicts each other or was rejected.
    Correct,
    /// To see and decide which sources and models count.
    DecideModels,
    /// To name workers and workstations, and to say in which areas they are.
    NameEntities,
    /// To change a factory's settings.
    ChangeSettings,
}

mod sealed {
    /// Nobody else adds a permission.
    pub trait Sealed {}
}
