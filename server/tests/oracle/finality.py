"""Whether figures stay as they are by themselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from closing import Grace, closes_at, is_closed
from facts import MINUTE, Event, instant, written
from rows import SIDES
from windows import Window, Zone

LOST = "LOST"


@dataclass
class Device:
    """What is known of a device that numbers what it sends."""

    heard: int = 0
    # How long its oldest event waited when it was last heard.
    waiting: int = 0
    came: set[int] = field(default_factory=set)
    # Ranges of numbers that never come, with the times of their events, as far as they are known.
    closed: list[tuple[range, str, int | None, int | None]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def has_holes(self) -> bool:
        told = {number for numbers, *_ in self.closed for number in numbers}
        highest = max(self.came | told, default=0)
        return len(self.came | told) < highest

    def lost(self, window: Window | None) -> int:
        """How many of its events never come that reach into a window, as far as it knows their times."""
        numbers: set[int] = set()
        for lost, reason, start, end in self.closed:
            begins_in_time = window is None or start is None or start < window[1]
            is_after = window is None or end is None or end >= window[0]
            if reason == LOST and begins_in_time and is_after:
                numbers.update(lost)
        return len(numbers - self.came)

    def concerns(self, entities: set[tuple[str, str]], zone: Zone, window: Window | None) -> bool:
        """Whether it sent an event of one of these that starts on a day of the window or on the day before."""
        of_them = [event for event in self.events if event.entity in entities]
        if window is None:
            return bool(of_them)
        first, last = zone.date(window[0]) - timedelta(days=1), zone.date(window[1] - 1)
        return any(first <= zone.date(event.start) <= last for event in of_them)


class Devices:
    """All that sent something."""

    def __init__(self) -> None:
        self.by_code: dict[str, Device] = {}

    def take(self, sender: dict, at: int, count: int, accepted: list[Event]) -> None:
        """A batch of so many events, of which some are stored."""
        device = self.by_code.setdefault(sender["deviceId"], Device())
        device.heard = at
        oldest = sender["oldestQueuedAt"]
        device.waiting = instant(sender["sentAt"]) - instant(oldest) if oldest else 0
        first = sender["firstSequence"]
        device.came.update(range(first, first + count))
        for one in sender["closed"]:
            numbers = range(one["firstSequence"], one["lastSequence"] + 1)
            start, end = (instant(one[name]) if name in one else None for name in ("from", "to"))
            device.closed.append((numbers, one["reason"], start, end))
        device.events += accepted


def finality(
    devices: Devices, zone: Zone, graces: list[Grace], now: int, window: Window | None, entities: set[tuple[str, str]]
) -> dict:
    """That of a window, for whom it is asked; all decisions are applied."""
    concerned = [device for device in devices.by_code.values() if device.concerns(entities, zone, window)]
    has_ended = window is not None and window[1] <= now
    closed = is_closed(window, now, graces)
    holding = {
        "NOT_ENDED": not has_ended,
        "NOT_CLOSED": has_ended and not closed,
        "DEVICE_SILENT": any(now - device.heard > 2 * MINUTE for device in concerned),
        "DEVICE_BEHIND": any(device.waiting > MINUTE for device in concerned),
        "DEVICE_HOLES": any(device.has_holes for device in concerned),
    }
    reasons = [reason for reason, holds in holding.items() if holds]
    return {
        "state": "PROVISIONAL" if reasons else "FINAL",
        "reasons": reasons,
        "closesAt": None if window is None or closed else written(closes_at(window, graces)),
        "lostEvents": sum(device.lost(window) for device in concerned),
    }


def finalities(check, windows: list[tuple[str, dict | None, Window | None]]) -> None:
    """Compares what is said of windows, each with its name and how it is asked for, for all and for some."""
    zone = check.expected.zone
    for name, asked, window in windows:
        for field_name, of, rest in about_windows(check, window is not None):
            finality_of = "{ finality { state reasons closesAt lostEvents } }"
            kind = "WindowInput!" if window else "WindowInput"
            head = f"query($factory: ID!, $window: {kind})"
            query = f"{head} {{ {field_name}(factoryId: $factory, window: $window{rest}) {finality_of} }}"
            got = check.ask(query, window=asked)[field_name]["finality"]
            expected = finality(check.devices, zone, check.graces, check.now, window, set(of))
            check.same(f"finality of {field_name}{rest} of {name}", expected, got)


def about_windows(check, has_ends: bool) -> Iterator[tuple[str, list[tuple[str, str]], str]]:
    """Fields, whom they are about, and the arguments that say so."""
    entities = check.expected.entities
    yield "factoryMetrics", entities, ""
    for side, (one, _) in SIDES.items():
        of_side = [entity for entity in entities if entity[0] == side]
        some = check.random.sample(of_side, min(1, len(of_side)))
        ids = json.dumps([entity[1] for entity in some])
        yield f"{one}Metrics", of_side, ""
        yield f"{one}Metrics", some, f", {one}Ids: {ids}"
        if not has_ends:
            continue
        yield "timelines", of_side, f", entityType: {side}, resolutionSeconds: 86400"
        yield "entitySeries", some, f", entityType: {side}, entityIds: {ids}, resolution: DAY"
        for entity in some:
            yield "timeline", [entity], f", entityType: {side}, entityId: {json.dumps(entity[1])}"
    if has_ends:
        yield "metricSeries", entities, ", resolution: DAY"
        yield "sources", entities, ", resolution: DAY"
        for area, there in check.areas.items():
            inside = [entity for entity in entities if entity in there]
            yield "factoryMetrics", inside, f", area: {json.dumps(area)}"
