"""Restatements: what was answered before, and what moved it since."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from activity import Floor
from facts import WORKER, Decision, Event
from standing import Decided, text
from sums import Sums, summed, sums_of, totals
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
class Asked:
    """About whom figures are, in the order of their list. Without a side they are the factory's: the sums of its workers with
    the units of the side that counts."""

    entities: tuple[tuple[str, str], ...]
    side: str | None = None
    basis: str = "WORKERS"

    def part(self, entity: tuple[str, str], sums: Sums) -> Sums:
        """What of somebody's sums is in the figures."""
        if self.side:
            return sums if entity[0] == self.side else Sums()
        units = sums.units if f"{entity[0]}S" == self.basis else 0
        return replace(sums, units=units) if entity[0] == WORKER else Sums(units=units)


@dataclass(frozen=True)
class Restatement:
    """A cause with the difference that it made to the sums of a window, and the sums of each bucket after it."""

    cause: Cause
    difference: Sums
    after: dict[tuple[str, str], dict[int, Sums]]


class History:
    """What a factory stored and decided, and when. What has one instant is one commit."""

    def __init__(self) -> None:
        self.events: dict[tuple, list[Event]] = defaultdict(list)
        self.decisions: list[tuple[int, Decision]] = []
        # What was computed of the first so many causes.
        self.floors: dict[int, Floor] = {}
        self.known: dict[tuple[int, tuple[str, str]], dict[int, Sums]] = {}

    def store(self, event: Event, device: str | None, at: int) -> None:
        self.events[at, device, event.source].append(event)
        self.forget()

    def decide(self, decision: Decision, at: int) -> None:
        self.decisions.append((at, decision))
        self.forget()

    def forget(self) -> None:
        """What was computed of less."""
        self.floors.clear()
        self.known.clear()
        vars(self).pop("causes", None)

    @cached_property
    def causes(self) -> list[Cause]:
        """In their order."""
        late = [Cause(at, tuple(events), device, source) for (at, device, source), events in self.events.items()]
        decided = [Cause(at, decision=decision) for at, decision in self.decisions]
        return sorted(late + decided, key=lambda cause: cause.rank)

    def as_of(self, at: int) -> Floor:
        """All that was committed by then."""
        return floor_of(cause for cause in self.causes if cause.at <= at)

    def restatements(self, asked: Asked, window: Window, since: int) -> Iterator[Restatement]:
        """What moved a window that was closed at the instant."""
        before = self.within(sum(cause.at <= since for cause in self.causes), asked, window)
        for index, cause in enumerate(self.causes):
            if cause.at <= since:
                continue
            after = self.within(index + 1, asked, window)
            # A difference of any bucket is one, also where those of several cancel each other.
            if after != before:
                yield Restatement(cause, total(after).less(total(before)), after)
            before = after

    def within(self, count: int, asked: Asked, window: Window) -> dict[tuple[str, str], dict[int, Sums]]:
        """What is asked about of the buckets of a window that have anything in them, after so many causes."""
        floor = self.after(count)
        found = {}
        for entity in asked.entities:
            buckets = ((bucket, asked.part(entity, sums)) for bucket, sums in self.sums(count, floor, entity).items())
            of_entity = {at: sums for at, sums in buckets if window[0] <= at < window[1] and sums != Sums()}
            if of_entity:
                found[entity] = of_entity
        return found

    def after(self, count: int) -> Floor:
        if count not in self.floors:
            self.floors[count] = floor_of(self.causes[:count])
        return self.floors[count]

    def sums(self, count: int, floor: Floor, entity: tuple[str, str]) -> dict[int, Sums]:
        if (count, entity) not in self.known:
            self.known[count, entity] = sums_of(floor, entity)
        return self.known[count, entity]


def floor_of(causes: Iterable[Cause]) -> Floor:
    taken = list(causes)
    events = [event for cause in taken for event in cause.events]
    return Floor(events, Decided(cause.decision for cause in taken if cause.decision))


def total(within: dict[tuple[str, str], dict[int, Sums]]) -> Sums:
    return summed(totals(buckets, None) for buckets in within.values())
