"""What the API must answer, made from the sums."""

from functools import cached_property

from activity import Floor, Segment, Stretch, segments
from facts import WORKER, WORKSTATION, written
from now import current, last_seen
from sums import FactorySums, Sums, minutes, summed, sums_of, totals
from windows import Window, Zone, letters, natural


def share(confidence: int | None) -> float | None:
    return None if confidence is None else confidence / 10_000


def moment(at: int | None) -> str | None:
    return None if at is None else written(at)


def window_row(window: Window | None) -> dict | None:
    return window and {"from": written(window[0]), "to": written(window[1])}


SIDES = {WORKER: ("worker", "workers"), WORKSTATION: ("workstation", "workstations")}
# The names of the figures of one worker and of one workstation.
FIGURES = {
    WORKER: {
        "workingMinutes": lambda sums: minutes(sums.working),
        "unitsPerHour": lambda sums: sums.units_per_hour,
    },
    WORKSTATION: {
        "occupiedMinutes": lambda sums: minutes(sums.working),
        "throughputPerHour": lambda sums: sums.units_per_hour,
    },
}
SHARED_FIGURES = {
    "idleMinutes": lambda sums: minutes(sums.idle),
    "absentMinutes": lambda sums: minutes(sums.absent),
    "observedMinutes": lambda sums: minutes(sums.observed),
    "overlapMinutes": lambda sums: minutes(sums.overlap),
    "contestedMinutes": lambda sums: minutes(sums.contested),
    "correctedMinutes": lambda sums: minutes(sums.corrected),
    "utilization": lambda sums: sums.utilization,
    "unitsProduced": lambda sums: sums.units,
    "meanConfidence": lambda sums: sums.mean_confidence,
}
FACTORY_FIGURES = {
    "productiveMinutes": lambda of: minutes(of.all_workers.working),
    "idleMinutes": lambda of: minutes(of.all_workers.idle),
    "absentMinutes": lambda of: minutes(of.all_workers.absent),
    "observedMinutes": lambda of: minutes(of.all_workers.observed),
    "contestedMinutes": lambda of: minutes(of.all_workers.contested),
    "correctedMinutes": lambda of: minutes(of.all_workers.corrected),
    "unitsBasis": lambda of: of.basis,
    "unitsProduced": lambda of: of.units,
    "workerUnitsProduced": lambda of: of.worker_units,
    "workstationUnitsProduced": lambda of: of.workstation_units,
    "averageUtilization": lambda of: of.average_utilization,
    "utilization": lambda of: of.all_workers.utilization,
    "averageProductionRate": lambda of: of.production_rate,
    "activeWorkers": lambda of: of.active_workers,
    "activeWorkstations": lambda of: of.active_workstations,
}


POINT_FIGURES = {
    "workingMinutes": lambda sums: minutes(sums.working),
    "idleMinutes": lambda sums: minutes(sums.idle),
    "absentMinutes": lambda sums: minutes(sums.absent),
    "observedMinutes": lambda sums: minutes(sums.observed),
    "contestedMinutes": lambda sums: minutes(sums.contested),
    "correctedMinutes": lambda sums: minutes(sums.corrected),
    "unitsProduced": lambda sums: sums.units,
    "utilization": lambda sums: sums.utilization,
    "unitsPerHour": lambda sums: sums.units_per_hour,
    "meanConfidence": lambda sums: sums.mean_confidence,
}


def point(step: Window, sums: Sums) -> dict:
    return window_row(step) | {name: figure(sums) for name, figure in POINT_FIGURES.items()}


def segment_row(segment: Segment) -> dict:
    return {
        "from": written(segment.start),
        "to": written(segment.end),
        "eventType": segment.type,
        "confidence": share(segment.confidence),
        "modelVersion": segment.model,
        "sourceId": segment.source,
        "decision": segment.decision,
    }


class Expected:
    """All figures of one factory."""

    def __init__(self, floor: Floor, basis: str, zone: Zone, now: int) -> None:
        self.floor, self.basis, self.zone, self.now = floor, basis, zone, now
        self.entities = sorted(floor.entities, key=lambda entity: natural(entity[1]))
        self.sums = {entity: sums_of(floor, entity) for entity in self.entities}

    @cached_property
    def stretches(self) -> dict[tuple[str, str], list[Stretch]]:
        return {entity: self.floor.stretches(entity) for entity in self.entities}

    @cached_property
    def present(self) -> dict[tuple[str, str], dict]:
        return {entity: self.present_of(entity) for entity in self.entities}

    def present_of(self, entity: tuple[str, str]) -> dict:
        now = current(self.floor, entity, self.now)
        return {
            "current": now
            and {
                "eventType": now.type,
                "since": written(now.since),
                "until": moment(now.until),
                "confidence": share(now.confidence),
            },
            "lastSeenAt": moment(last_seen(self.floor, entity, self.now)),
        }

    def of(self, side: str) -> list[tuple[str, str]]:
        return [entity for entity in self.entities if entity[0] == side]

    @property
    def span(self) -> Window | None:
        """All buckets with anything in them."""
        buckets = [bucket for sums in self.sums.values() for bucket in sums]
        return (min(buckets), max(buckets) + 300_000) if buckets else None

    def entity_rows(self, side: str, id_name: str, window: Window | None) -> list[dict]:
        rows = []
        for entity in self.of(side):
            sums = totals(self.sums[entity], window)
            if sums.is_listed:
                figures = {name: figure(sums) for name, figure in (FIGURES[side] | SHARED_FIGURES).items()}
                rows.append({id_name: entity[1]} | figures | self.present[entity])
        return rows

    def factory(self, window: Window | None) -> FactorySums:
        sides = ([totals(self.sums[entity], window) for entity in self.of(side)] for side in (WORKER, WORKSTATION))
        return FactorySums(*sides, self.basis)

    def factory_row(self, window: Window | None) -> dict:
        factory = self.factory(window)
        return {"window": window_row(window)} | {name: figure(factory) for name, figure in FACTORY_FIGURES.items()}

    def factory_points(self, window: Window, resolution: str) -> list[dict]:
        points = []
        for step in self.zone.steps(window, resolution):
            factory = self.factory(step)
            sums = summed(factory.workers)
            sums.units = factory.units
            if sums.is_listed:
                points.append(point(step, sums))
        return points

    def entity_series(self, side: str, window: Window, resolution: str) -> list[dict]:
        steps = self.zone.steps(window, resolution)
        series = []
        for entity in self.of(side):
            within = {bucket: sums for bucket, sums in self.sums[entity].items() if window[0] <= bucket < window[1]}
            if not totals(within, None).is_listed:
                continue
            by_step = ((step, totals(within, step)) for step in steps)
            points = [point(step, sums) for step, sums in by_step if sums.is_listed]
            series.append({"entityType": side, "entityId": entity[1], "points": points})
        return series

    def segments(self, entity: tuple[str, str], window: Window) -> list[dict]:
        rows = []
        for segment in segments(self.stretches[entity]):
            start, end = max(segment.start, window[0]), min(segment.end, window[1])
            if start < end:
                rows.append(segment_row(segment) | {"from": written(start), "to": written(end)})
        return rows

    def timelines(self, side: str, window: Window, seconds: int) -> list[dict]:
        shown = []
        for entity in self.of(side):
            states = letters(self.stretches[entity], window, seconds * 1_000)
            if totals(self.sums[entity], window).observed > 0:
                shown.append({"entityType": side, "entityId": entity[1], "states": states})
        return shown


class AsOf(Expected):
    """The figures of a factory as they were at an instant; what was so then of the present, nobody has written down."""

    def present_of(self, entity: tuple[str, str]) -> dict:
        return {"current": None, "lastSeenAt": None}
