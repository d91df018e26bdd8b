//! How every root field is asked of a factory, and who may. Who adds a field says it here; one without an example fails the
//! test.

use domain::access::Role::{self, Admin, Device, Engineer, Supervisor, Viewer};

/// How a root field is asked of the factory `$factory`.
pub(super) struct Example {
    /// The root type and the field.
    pub(super) field: &'static str,
    /// Its arguments, in GraphQL; `WINDOW` is the day of which everything is.
    pub(super) arguments: &'static str,
    /// Whether its answer has names of what is in the factory.
    pub(super) has_names: bool,
    /// The roles that permit it.
    pub(super) roles: &'static [Role],
    /// Whether it is of no factory, or cannot be asked again and again: it has tests of its own.
    pub(super) is_apart: bool,
}

const fn named(field: &'static str, roles: &'static [Role], arguments: &'static str) -> Example {
    Example { field, arguments, has_names: true, roles, is_apart: false }
}

const fn nameless(field: &'static str, roles: &'static [Role], arguments: &'static str) -> Example {
    Example { field, arguments, has_names: false, roles, is_apart: false }
}

const fn apart(field: &'static str, roles: &'static [Role], arguments: &'static str) -> Example {
    Example { field, arguments, has_names: false, roles, is_apart: true }
}

/// Whoever sees figures.
const FIGURES: &[Role] = &[Viewer, Supervisor, Engineer, Admin];
/// Whoever sees what single workers did.
const PEOPLE: &[Role] = &[Supervisor];
/// Whoever names workers and workstations.
const NAMES: &[Role] = &[Supervisor, Admin];
/// Whoever looks after the factory.
const ADMINS: &[Role] = &[Admin];
/// Everybody who is let in.
const ALL: &[Role] = &[Device, Viewer, Supervisor, Engineer, Admin];
/// Only an operator, who has no role for it.
const NOBODY: &[Role] = &[];

/// Asks for the one window that the tables of figures have in common.
pub(super) const WINDOW: &str =
    "window: {range: {from: \"2026-01-05T00:00:00Z\", to: \"2026-01-06T00:00:00Z\"}}";

pub(super) const EXAMPLES: &[Example] = &[
    named("Query.factories", FIGURES, ""),
    named("Query.factory", FIGURES, "(id: $factory)"),
    nameless("Query.factoryMetrics", FIGURES, "(factoryId: $factory, WINDOW)"),
    named("Query.workerMetrics", PEOPLE, "(factoryId: $factory, WINDOW)"),
    named("Query.workstationMetrics", FIGURES, "(factoryId: $factory, WINDOW)"),
    nameless("Query.metricSeries", FIGURES, "(factoryId: $factory, WINDOW, resolution: HOUR)"),
    named(
        "Query.entitySeries",
        PEOPLE,
        "(factoryId: $factory, WINDOW, resolution: HOUR, entityType: WORKER)",
    ),
    nameless("Query.restatements", PEOPLE, "(factoryId: $factory, WINDOW, entityType: WORKER)"),
    named("Query.timeline", PEOPLE, "(factoryId: $factory, WINDOW, entityType: WORKER, entityId: $worker)"),
    named(
        "Query.timelines",
        PEOPLE,
        "(factoryId: $factory, WINDOW, entityType: WORKER, resolutionSeconds: 900)",
    ),
    named("Query.events", PEOPLE, "(factoryId: $factory)"),
    named("Query.conflicts", PEOPLE, "(factoryId: $factory)"),
    named("Query.rejections", PEOPLE, "(factoryId: $factory)"),
    named("Query.decisions", &[Supervisor, Engineer], "(factoryId: $factory)"),
    named("Query.devices", &[Device, Viewer, Supervisor, Engineer, Admin], "(factoryId: $factory)"),
    named("Query.sources", FIGURES, "(factoryId: $factory, WINDOW, resolution: DAY)"),
    named("Query.node", NAMES, "(id: $node)"),
    apart("Query.me", ALL, ""),
    nameless("Query.grants", ADMINS, "(factoryId: $factory)"),
    nameless("Query.tokens", ADMINS, "(factoryId: $factory)"),
    named("Query.auditLog", ADMINS, "(factoryId: $factory)"),
    nameless("Query.accessLog", ADMINS, "(factoryId: $factory, workerId: $worker)"),
    nameless("Mutation.createFactory", NOBODY, "(input: {id: $factory, name: \"Another of this name\"})"),
    nameless("Mutation.createDemoFactory", NOBODY, ""),
    named("Mutation.updateFactory", &[Admin], "(factoryId: $factory, input: {stateHoldMinutes: 61})"),
    named("Mutation.updateWorker", NAMES, "(factoryId: $factory, workerId: $worker, input: {})"),
    named(
        "Mutation.updateWorkstation",
        NAMES,
        "(factoryId: $factory, workstationId: $workstation, input: {})",
    ),
    named(
        "Mutation.updateEntities",
        NAMES,
        "(factoryId: $factory, changes: [{entityType: WORKER, entityId: $worker}])",
    ),
    nameless(
        "Mutation.ingestEvents",
        &[Device],
        "(factoryId: $factory, events: [{timestamp: \"2026-01-05T08:00:00Z\", entityType: WORKER, entityId: $worker, \
         eventType: WORKING, durationMinutes: 12}])",
    ),
    named(
        "Mutation.decide",
        PEOPLE,
        "(factoryId: $factory, requestId: \"7\", note: \"none\", decision: {correction: {entityType: WORKER, \
         entityIds: [$worker], state: IDLE, from: \"2026-01-05T08:00:00Z\", to: \"2026-01-05T08:01:00Z\"}})",
    ),
    apart("Mutation.invite", ADMINS, "(input: {factoryId: $factory, name: \"Robin\", role: VIEWER})"),
    apart("Mutation.grant", ADMINS, "(input: {factoryId: $factory, name: \"Robin\", role: SUPERVISOR})"),
    apart(
        "Mutation.revokeGrant",
        ADMINS,
        "(input: {factoryId: $factory, name: \"Robin\", role: SUPERVISOR})",
    ),
    apart("Mutation.createToken", ADMINS, "(input: {factoryId: $factory, kind: DEVICE, name: \"cam-9\"})"),
    apart("Mutation.rotateToken", ADMINS, "(id: \"1\")"),
    apart("Mutation.revokeToken", ADMINS, "(id: \"1\")"),
    nameless("Subscription.factoryMetrics", FIGURES, "(factoryId: $factory, WINDOW)"),
    named("Subscription.workerMetrics", PEOPLE, "(factoryId: $factory, WINDOW)"),
    named("Subscription.workstationMetrics", FIGURES, "(factoryId: $factory, WINDOW)"),
    named("Subscription.eventsIngested", PEOPLE, "(factoryId: $factory)"),
    named("Subscription.decisions", PEOPLE, "(factoryId: $factory)"),
];
