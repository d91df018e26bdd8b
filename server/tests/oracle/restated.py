"""Restatements: what was answered before, and what moved it since."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from activity import Floor
from facts import Decision, Event
from standing import Decided, text
from sums import Sums, sums_of, totals
from windows import Window

LATE_EVENTS, DECISION = "LATE_EVENTS", "DECISION"


@dataclass(frozen=True)
class Cause:
    """What one commit has of one device and one source, or one decision."""

    at: int
    events: tuple[Event, ...] = ()
    device: str | None = None
    source: str | None = None
    decision: Decision | None = None

    @property
    def kind(self) -> str:
        return DECISION if self.decision else LATE_EVENTS

    @property
    def number(self) -> int | None:
        return self.decision and self.decision.number

    @property
    def rank(self) -> tuple:
        """Causes are taken in this order; what is unknown is lowest."""
        return self.at, self.kind == DECISION, text(self.device), text(self.source), self.number or 0


@dataclass(frozen=True)
class Restatement:
    """A cause with the difference that it made to the sums of a window, and the sums after it."""

    cause: Cause
    difference: Sums
    after: Sums


class History:
    """What a factory stored and decided, and when. What has one instant is one commit."""

    def __init__(self) -> None:
        self.events: dict[tuple, list[Event]] = defaultdict(list)
        self.decisions: list[tuple[int, Decision]] = []

    def store(self, event: Event, device: str | None, at: int) -> None:
        self.events[at, device, event.source].append(event)

    def decide(self, decision: Decision, at: int) -> None:
        self.decisions.append((at, decision))

    @property
    def causes(self) -> list[Cause]:
        late = [Cause(at, tuple(events), device, source) for (at, device, source), events in self.events.items()]
        decided = [Cause(at, decision=decision) for at, decision in self.decisions]
        return sorted(late + decided, key=lambda cause: cause.rank)

    def as_of(self, at: int) -> Floor:
        """All that was committed by then."""
        return floor_of(cause for cause in self.causes if cause.at <= at)

    def restatements(self, entity: tuple[str, str], window: Window, since: int) -> Iterator[Restatement]:
        """What moved a window that was closed at the instant."""
        causes = self.causes
        before = within(floor_of(cause for cause in causes if cause.at <= since), entity, window)
        for index, cause in enumerate(causes):
            if cause.at <= since:
                continue
            after = within(floor_of(causes[: index + 1]), entity, window)
            # A difference of any bucket is one, also where those of several cancel each other.
            if after != before:
                total = totals(after, None)
                yield Restatement(cause, total.less(totals(before, None)), total)
            before = after


def is_closed(window: Window | None, at: int, grace: int) -> bool:
    """Whether all of a window was closed at an instant; all time never is."""
    return window is not None and at - window[1] >= grace


def floor_of(causes: Iterable[Cause]) -> Floor:
    taken = list(causes)
    events = [event for cause in taken for event in cause.events]
    return Floor(events, Decided(cause.decision for cause in taken if cause.decision))


def within(floor: Floor, entity: tuple[str, str], window: Window) -> dict[int, Sums]:
    """The buckets of a window that have anything in them."""
    buckets = sums_of(floor, entity).items()
    return {bucket: sums for bucket, sums in buckets if window[0] <= bucket < window[1] and sums != Sums()}
