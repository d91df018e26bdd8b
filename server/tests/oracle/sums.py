"""The sums of every worker and workstation in every bucket of 5 minutes, and what follows from them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from activity import Floor
from facts import ABSENT, BUCKET, IDLE, INTERVAL, MINUTE, WORKING


@dataclass
class Sums:
    """Milliseconds, units, and confidence in parts per 10 000 times milliseconds."""

    working: int = 0
    idle: int = 0
    absent: int = 0
    overlap: int = 0
    contested: int = 0
    corrected: int = 0
    units: int = 0
    stated: int = 0
    confidence: int = 0

    def add(self, other: "Sums") -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def less(self, other: "Sums") -> "Sums":
        """The difference to others."""
        return Sums(*(getattr(self, field.name) - getattr(other, field.name) for field in fields(self)))

    @property
    def observed(self) -> int:
        return self.working + self.idle + self.absent

    @property
    def is_listed(self) -> bool:
        return self.observed > 0 or self.units != 0

    @property
    def utilization(self) -> float | None:
        return ratio(100 * self.working, self.working + self.idle)

    @property
    def units_per_hour(self) -> float | None:
        return ratio(60 * MINUTE * self.units, self.working)

    @property
    def mean_confidence(self) -> float | None:
        return ratio(self.confidence, 10_000 * self.stated)


def ratio(of: int, to: int) -> float | None:
    """The floating-point number nearest to a ratio; none where there is no basis."""
    return of / to if to else None


def minutes(duration: int) -> float:
    return duration / MINUTE


FIELDS = {WORKING: "working", IDLE: "idle", ABSENT: "absent"}


def pieces(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """A span cut at the buckets: the bucket, and what is of the span in it."""
    while start < end:
        bucket = start // BUCKET * BUCKET
        until = min(end, bucket + BUCKET)
        yield bucket, start, until
        start = until


def spread(units: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Units that are finished evenly over a span, as whole numbers for each bucket."""
    if start == end:
        yield start // BUCKET * BUCKET, units
    sign = -1 if units < 0 else 1
    for bucket, piece_start, piece_end in pieces(start, end):
        done = [abs(units) * (at - start) // (end - start) for at in (piece_start, piece_end)]
        yield bucket, sign * (done[1] - done[0])


def totals(buckets: dict[int, Sums], window: tuple[int, int] | None) -> Sums:
    total = Sums()
    for bucket, sums in buckets.items():
        if window is None or window[0] <= bucket < window[1]:
            total.add(sums)
    return total


def sums_of(floor: Floor, entity: tuple[str, str]) -> dict[int, Sums]:
    """By the start of the bucket."""
    buckets: dict[int, Sums] = defaultdict(Sums)
    for stretch in floor.stretches(entity):
        for bucket, start, end in pieces(stretch.start, stretch.end):
            sums, length = buckets[bucket], end - start
            if stretch.state is not None:
                name = FIELDS[stretch.state]
                setattr(sums, name, getattr(sums, name) + length)
            sums.overlap += max(0, len(stretch.reports) - 1) * length
            sums.contested += length if stretch.is_contested else 0
            sums.corrected += length if stretch.correction else 0
            if stretch.winner and stretch.winner.event.confidence is not None:
                sums.stated += length
                sums.confidence += stretch.winner.event.confidence * length
    for event in floor.counting:
        if event.entity == entity:
            end = event.start + event.duration if event.form == INTERVAL else event.start
            add_units(buckets, event.units, event.start, end)
    for correction in floor.decided.corrections:
        if entity in correction.entities:
            add_units(buckets, correction.units, correction.start, correction.end)
    return dict(buckets)


def add_units(buckets: dict[int, Sums], units: int, start: int, end: int) -> None:
    for bucket, count in spread(units, start, end):
        buckets[bucket].units += count


@dataclass
class FactorySums:
    """A factory's figures in a window, from those of its workers in the order of their list."""

    workers: list[Sums]
    workstations: list[Sums]
    basis: str

    @property
    def all_workers(self) -> Sums:
        return summed(self.workers)

    @property
    def worker_units(self) -> int:
        return summed(self.workers).units

    @property
    def workstation_units(self) -> int:
        return summed(self.workstations).units

    @property
    def units(self) -> int:
        return self.worker_units if self.basis == "WORKERS" else self.workstation_units

    @property
    def average_utilization(self) -> float | None:
        """The plain mean, added up in the order of the list. (`sum` rounds otherwise in some versions of Python.)"""
        have_one = [sums.utilization for sums in self.workers if sums.utilization is not None]
        total = 0.0
        for one in have_one:
            total += one
        return total / len(have_one) if have_one else None

    @property
    def production_rate(self) -> float | None:
        return ratio(60 * MINUTE * self.units, self.all_workers.working)

    @property
    def active_workers(self) -> int:
        return active(self.workers)

    @property
    def active_workstations(self) -> int:
        return active(self.workstations)


def summed(several: Iterable[Sums]) -> Sums:
    total = Sums()
    for sums in several:
        total.add(sums)
    return total


def active(several: Iterable[Sums]) -> int:
    return sum(sums.working + sums.idle > 0 for sums in several)
