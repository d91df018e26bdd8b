//! How every root field is asked of a factory. Who adds a field says it here; one without an example fails the test.

/// How a root field is asked of the factory `$factory`.
pub(super) struct Example {
    /// The root type and the field.
    pub(super) field: &'static str,
    /// Its arguments, in GraphQL; `WINDOW` is the day of which everything is.
    pub(super) arguments: &'static str,
    /// Whether its answer has names of what is in the factory.
    pub(super) has_names: bool,
}

const fn named(field: &'static str, arguments: &'static str) -> Example {
    Example { field, arguments, has_names: true }
}

const fn nameless(field: &'static str, arguments: &'static str) -> Example {
    Example { field, arguments, has_names: false }
}

/// Asks for the one window that the tables of figures have in common.
pub(super) const WINDOW: &str =
    "window: {range: {from: \"2026-01-05T00:00:00Z\", to: \"2026-01-06T00:00:00Z\"}}";

pub(super) const EXAMPLES: &[Example] = &[
    named("Query.factories", ""),
    named("Query.factory", "(id: $factory)"),
    nameless("Query.factoryMetrics", "(factoryId: $factory, WINDOW)"),
    named("Query.workerMetrics", "(factoryId: $factory, WINDOW)"),
    named("Query.workstationMetrics", "(factoryId: $factory, WINDOW)"),
    nameless("Query.metricSeries", "(factoryId: $factory, WINDOW, resolution: HOUR)"),
    named("Query.entitySeries", "(factoryId: $factory, WINDOW, resolution: HOUR, entityType: WORKER)"),
    nameless("Query.restatements", "(factoryId: $factory, WINDOW, entityType: WORKER)"),
    named("Query.timeline", "(factoryId: $factory, WINDOW, entityType: WORKER, entityId: $worker)"),
    named("Query.timelines", "(factoryId: $factory, WINDOW, entityType: WORKER, resolutionSeconds: 900)"),
    named("Query.events", "(factoryId: $factory)"),
    named("Query.conflicts", "(factoryId: $factory)"),
    named("Query.rejections", "(factoryId: $factory)"),
    named("Query.decisions", "(factoryId: $factory)"),
    named("Query.devices", "(factoryId: $factory)"),
    named("Query.sources", "(factoryId: $factory, WINDOW, resolution: DAY)"),
    named("Query.node", "(id: $node)"),
    nameless("Mutation.createFactory", "(input: {id: $factory, name: \"Another of this name\"})"),
    nameless("Mutation.createDemoFactory", ""),
    named("Mutation.updateFactory", "(factoryId: $factory, input: {stateHoldMinutes: 61})"),
    named("Mutation.updateWorker", "(factoryId: $factory, workerId: $worker, input: {})"),
    named("Mutation.updateWorkstation", "(factoryId: $factory, workstationId: $workstation, input: {})"),
    named(
        "Mutation.updateEntities",
        "(factoryId: $factory, changes: [{entityType: WORKER, entityId: $worker}])",
    ),
    nameless(
        "Mutation.ingestEvents",
        "(factoryId: $factory, events: [{timestamp: \"2026-01-05T08:00:00Z\", entityType: WORKER, entityId: $worker, \
         eventType: WORKING, durationMinutes: 12}])",
    ),
    named(
        "Mutation.decide",
        "(factoryId: $factory, requestId: \"7\", note: \"none\", decision: {correction: {entityType: WORKER, \
         entityIds: [$worker], state: IDLE, from: \"2026-01-05T08:00:00Z\", to: \"2026-01-05T08:01:00Z\"}})",
    ),
    nameless("Subscription.factoryMetrics", "(factoryId: $factory, WINDOW)"),
    named("Subscription.workerMetrics", "(factoryId: $factory, WINDOW)"),
    named("Subscription.workstationMetrics", "(factoryId: $factory, WINDOW)"),
    named("Subscription.eventsIngested", "(factoryId: $factory)"),
    named("Subscription.decisions", "(factoryId: $factory)"),
];
