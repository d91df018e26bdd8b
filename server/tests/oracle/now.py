"""What is said of the present: `current` and `lastSeenAt`."""

from dataclasses import dataclass

from activity import Floor, Segment, joined, segments, tells_of
from facts import INTERVAL, STATE

# How far ahead of the server's clock an event may end: the setting that a server starts with.
SKEW = 10 * 60_000


@dataclass(frozen=True)
class Current:
    type: str
    since: int
    until: int | None
    confidence: int | None


def last_seen(floor: Floor, entity: tuple[str, str], now: int) -> int | None:
    ends = []
    covering = {report.event.identity: report.end for report in floor.series.covering}
    for event in floor.serving:
        if event.form == INTERVAL and event.entity == entity:
            ends.append(event.start + event.duration)
        if event.form == STATE and event.entity == entity:
            ends += [event.start, floor.series.ends[event.identity]]
        if event.form == STATE and tells_of(event, entity):
            ends += [event.start, covering.get(event.identity, event.start)]
    return max((end for end in ends if end <= now + SKEW), default=None)


def current(floor: Floor, entity: tuple[str, str], now: int) -> Current | None:
    limit = now + SKEW
    shown = segments(floor.stretches(entity, ending_by=limit))
    last = shown[-1] if shown else None
    open_reports = [report for report in floor.open_reports(entity) if report.start <= limit]
    latest = max(open_reports, key=lambda report: (report.start, report.rank), default=None)
    if latest and (last is None or latest.start >= last.end):
        event = latest.event
        # What is still so and the stretch before it are neighbours like others: where they say the same, they are one.
        going_on = Segment(latest.start, latest.start, event.type, event.confidence, event.model, event.source, None)
        since = (last and joined(last, going_on) or going_on).start
        return Current(event.type, since, None, event.confidence)
    return last and Current(last.type, last.start, last.end, last.confidence)
