"""What is asked of a server about what it has stored."""

EVENT = (
    "form timestamp entityType entityId eventType durationMinutes holdMinutes unitsProduced confidence modelVersion "
    "eventId sourceId workstationId receivedAt standing standingDecision"
)
EVENTS = (
    "query($factory: ID!, $after: String) { events(factoryId: $factory, first: 500, after: $after) "
    f"{{ edges {{ node {{ {EVENT} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
CONFLICTS = (
    "query($factory: ID!, $after: String) { conflicts(factoryId: $factory, first: 500, after: $after) "
    f"{{ edges {{ node {{ said {{ {EVENT} }} stored {{ {EVENT} }} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
FACTORY = (
    "query($factory: ID!) { factory(id: $factory) { unitsBasis stateHoldMinutes keptConflicts droppedConflicts "
    "utcOffsets { from offsetSeconds } workers { workerId } workstations { workstationId } } }"
)
DECISION = (
    "number kind madeAt madeBy note requestId withdrawnBy progress { state } correction { entityType entityIds area from to "
    "state units } standing { standing sourceId modelVersion withoutModelVersion from to } retraction { entityType entityId "
    "eventType timestamp eventId form } withdrawal"
)
DECISIONS = (
    "query($factory: ID!, $filter: DecisionFilter, $after: String) { decisions(factoryId: $factory, filter: $filter, "
    f"first: 200, after: $after) {{ edges {{ node {{ {DECISION} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
SEGMENT = "from to eventType confidence modelVersion sourceId decision"
