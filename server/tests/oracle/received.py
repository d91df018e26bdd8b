"""Identity: what becomes of each event that is sent, and which are stored."""

from facts import Event

ACCEPTED, DUPLICATE, CONFLICT = "accepted", "duplicate", "conflict"


class Stored:
    """The events that stand, in the order in which they came."""

    def __init__(self) -> None:
        self.by_identity: dict[tuple, Event] = {}
        self.contradictions: dict[tuple, set[tuple]] = {}

    def take(self, event: Event) -> str:
        """The first of an identity stands; a repeat is a duplicate when it says the same, and else a conflict."""
        first = self.by_identity.setdefault(event.identity, event)
        if first is event:
            return ACCEPTED
        if first.statement == event.statement:
            return DUPLICATE
        # Where a worker was is no contradiction of an interval by itself, and yet something else that one says.
        self.contradictions.setdefault(event.identity, set()).add((event.statement, event.workstation))
        return CONFLICT

    @property
    def events(self) -> list[Event]:
        return list(self.by_identity.values())
