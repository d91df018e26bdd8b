"""Time: what each worker and workstation did at every instant, and who says so."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from facts import ABSENT, IDLE, INTERVAL, NOT_OBSERVED, STATE, WORKER, WORKING, WORKSTATION, Correction, Event
from standing import Decided, certainty, counting, text

PREFERENCE = {WORKING: 2, IDLE: 1, ABSENT: 0}


@dataclass(frozen=True)
class Report:
    """What somebody says of a span of time; a span that still goes on has no end."""

    start: int
    end: int | None
    event: Event
    is_own: bool = True

    @property
    def rank(self) -> tuple:
        """The greatest wins."""
        event = self.event
        return (
            certainty(event.confidence),
            PREFERENCE[event.type],
            event.start,
            text(event.event_id),
            event.form == INTERVAL,
            self.is_own,
            text(event.model),
            text(event.source),
        )

    @property
    def rank_among_workers(self) -> tuple:
        """Of what several workers say of one workstation the greatest is what is said."""
        return PREFERENCE[self.event.type], self.rank


@dataclass(frozen=True)
class Stretch:
    """A span in which neither the reports nor the correction change."""

    start: int
    end: int
    reports: tuple[Report, ...]
    winner: Report | None
    correction: Correction | None

    @property
    def state(self) -> str | None:
        if self.correction:
            return None if self.correction.state == NOT_OBSERVED else self.correction.state
        return self.winner.event.type if self.winner else None

    @property
    def is_contested(self) -> bool:
        return self.correction is None and len({report.event.type for report in self.reports}) > 1

    @property
    def label(self) -> tuple | None:
        """Neighbours with the same one are shown as one."""
        if self.state is None:
            return None
        if self.correction:
            return self.state, None, None, None, self.correction.number
        event = self.winner.event
        return event.type, event.confidence, event.model, event.source, None


@dataclass(frozen=True)
class Segment:
    start: int
    end: int
    type: str
    confidence: int | None
    model: str | None
    source: str | None
    decision: int | None


class Series:
    """The state reports, each with the next one of its series."""

    def __init__(self, events: Iterable[Event], decided: Decided) -> None:
        by_series: dict[tuple, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
        for event in events:
            if event.form == STATE:
                by_series[event.series][event.start].append(event)
        # What covers the time after an instant, and what is open.
        self.covering: list[Report] = []
        self.open: list[Report] = []
        # When each report ends as an event; those that nothing follows in time end where they start.
        self.ends: dict[tuple, int] = {}
        for reports in by_series.values():
            instants = sorted(reports)
            for at, following in zip(instants, [*instants[1:], None]):
                serving = [event for event in reports[at] if decided.serves(event)]
                for event in serving:
                    is_followed = following is not None and following - at <= event.promised
                    self.ends[event.identity] = following if is_followed else at
                if not serving:
                    continue
                chosen = max((Report(at, following, event) for event in serving), key=lambda report: report.rank)
                if following is None:
                    self.open.append(chosen)
                elif following - at <= chosen.event.promised:
                    self.covering.append(chosen)


class Floor:
    """All that is known of a factory: its stored events and its decisions."""

    def __init__(
        self, events: Iterable[Event], decided: Decided, areas: dict[str, list[tuple[str, str]]] | None = None
    ) -> None:
        self.events = list(events)
        self.decided = decided
        self.areas = areas or {}
        self.serving = [event for event in self.events if decided.serves(event)]
        self.counting = counting(self.serving)
        self.series = Series(self.events, decided)
        self.intervals = interval_reports(self.counting)

    @property
    def entities(self) -> set[tuple[str, str]]:
        """Who is registered."""
        known = {event.entity for event in self.events}
        known |= {(WORKSTATION, event.workstation) for event in self.events if tells_of_workstation(event)}
        known |= {entity for there in self.areas.values() for entity in there}
        return known | self.decided.named

    def stretches(self, entity: tuple[str, str], ending_by: int | None = None) -> list[Stretch]:
        """What one did, in the order of time; with `ending_by` by the events alone that end no later."""
        intervals = self.intervals
        if ending_by is not None:
            lasting = (event for event in self.serving if event.form == INTERVAL)
            intervals = interval_reports(counting(one for one in lasting if one.start + one.duration <= ending_by))
        reports = [*intervals, *self.series.covering]
        if ending_by is not None:
            reports = [report for report in reports if report.end <= ending_by]
        own = [report for report in reports if report.event.entity == entity]
        told = [replace(report, is_own=False) for report in reports if tells_of(report.event, entity)]
        corrections = [one for one in self.decided.corrections if entity in one.entities and one.state is not None]
        return cut(own, told, corrections)

    def open_reports(self, entity: tuple[str, str]) -> list[Report]:
        own = [report for report in self.series.open if report.event.entity == entity]
        told = [replace(report, is_own=False) for report in self.series.open if tells_of(report.event, entity)]
        return own + told


def interval_reports(events: Iterable[Event]) -> list[Report]:
    lasting = (event for event in events if event.form == INTERVAL and event.duration > 0)
    return [Report(event.start, event.start + event.duration, event) for event in lasting]


def tells_of_workstation(event: Event) -> bool:
    """Whether a worker's report says something of the workstation that it names."""
    return (
        event.form == STATE
        and event.entity[0] == WORKER
        and event.type in (WORKING, IDLE)
        and event.workstation is not None
    )


def tells_of(event: Event, entity: tuple[str, str]) -> bool:
    return tells_of_workstation(event) and entity == (WORKSTATION, event.workstation)


def said_by_workers(told: Iterable[Report]) -> list[Report]:
    """Of all that workers say of a workstation at once one report is made."""
    said = max(told, key=lambda report: report.rank_among_workers, default=None)
    return [said] if said else []


def cut(own: list[Report], told: list[Report], corrections: list[Correction]) -> list[Stretch]:
    spans = [*own, *told, *corrections]
    borders = sorted({span.start for span in spans} | {span.end for span in spans})
    stretches = []
    for start, end in zip(borders, borders[1:]):
        covering = [[span for span in some if span.start <= start < span.end] for some in (own, told, corrections)]
        reports = (*covering[0], *said_by_workers(covering[1]))
        correction = max(covering[2], key=lambda one: one.number, default=None)
        if not reports and correction is None:
            continue
        winner = None if correction else max(reports, key=lambda report: report.rank)
        stretches.append(Stretch(start, end, reports, winner, correction))
    return stretches


def segments(stretches: Iterable[Stretch]) -> list[Segment]:
    """The stretches as they are shown: neighbours that say the same are one."""
    shown: list[Segment] = []
    for stretch in stretches:
        if stretch.label is None:
            continue
        segment = Segment(stretch.start, stretch.end, *stretch.label)
        one = joined(shown[-1], segment) if shown else None
        if one:
            shown[-1] = one
        else:
            shown.append(segment)
    return shown


def joined(segment: Segment, following: Segment) -> Segment | None:
    """Both as one, if they are neighbours that say the same."""
    one = replace(following, start=segment.start)
    return one if segment.end == following.start and replace(segment, end=one.end) == one else None
