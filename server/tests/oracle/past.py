"""What a server says that it answered before, and what moved it since."""

from collections.abc import Iterator

from closing import Grace, closes_at, is_closed
from facts import WORKER, WORKSTATION, written
from restated import DECISION, Asked, History, Restatement, total
from rows import SIDES, AsOf, window_row
from sums import FactorySums, Sums, minutes, totals
from windows import Window

TOO_EARLY = "AS_OF_TOO_EARLY"
DELTA = {
    "workingMinutes": "working",
    "idleMinutes": "idle",
    "absentMinutes": "absent",
    "observedMinutes": "observed",
    "overlapMinutes": "overlap",
    "contestedMinutes": "contested",
    "correctedMinutes": "corrected",
}
AFTER = (*DELTA, "unitsProduced", "utilization", "averageUtilization", "unitsPerHour", "meanConfidence")
RESTATEMENTS = (
    "query($factory: ID!, $window: WindowInput!, $since: DateTime!, $area: String, $side: EntityType, $ids: [ID!]) { "
    "restatements(factoryId: $factory, window: $window, since: $since, area: $area, entityType: $side, entityIds: $ids) { "
    "window { from to } since before { ...figures } earlier { count } now { ...figures } restatements { cause at deviceId "
    "sourceId decision delta { unitsProduced " + " ".join(DELTA) + " } after { ...figures } } } } "
    "fragment figures on RestatedFigures { " + " ".join(AFTER) + " }"
)


class Past:
    """The answers of a server about instants that are over, of one factory."""

    def __init__(self, check, history: History, graces: list[Grace]) -> None:
        self.check, self.history, self.graces = check, history, graces
        self.expected = check.expected
        self.random = check.random
        self.by_count: dict[int, AsOf] = {}

    def instants(self, count: int) -> list[int]:
        """Some at which something was committed, just before and after that, and between."""
        committed = sorted({cause.at for cause in self.history.causes} | {grace.since for grace in self.graces})
        chosen = []
        for _ in range(count):
            at = self.random.choice(committed) + self.random.choice((-1, 0, 0, 1, 61_001))
            chosen.append(min(at, self.latest))
        return [*chosen, self.latest]

    @property
    def latest(self) -> int:
        """Now; a clock that was put back does not put commits back."""
        return max([self.check.now, *(cause.at for cause in self.history.causes)])

    def as_of(self, at: int) -> AsOf:
        count = sum(cause.at <= at for cause in self.history.causes)
        if count not in self.by_count:
            floor = self.history.after(count)
            self.by_count[count] = AsOf(floor, self.expected.basis, self.expected.zone, at)
        return self.by_count[count]

    # Figures and series.

    def answers(self, at: int, name: str, asked: dict | None, window: Window | None, resolution: str) -> None:
        """All that can be asked as of an instant, of one window."""
        if not is_closed(window, at, self.graces):
            self.refused(at, name, asked, window, resolution)
            return
        as_of = self.as_of(at)
        about = f"{name} as of {written(at)}"
        for field, query, expected in self.questions(as_of, window, resolution):
            got = self.check.ask(query, window=asked, asOf=written(at), resolution=resolution)
            self.check.past_counts["told"] += 1
            self.check.same(f"{field} of {about}", expected, got[field])

    def questions(self, as_of: AsOf, window: Window, resolution: str) -> Iterator[tuple[str, str, object]]:
        """Each with its name, and what must be answered."""
        arguments = "factoryId: $factory, window: $window, asOf: $asOf"
        head = "query($factory: ID!, $window: WindowInput, $asOf: DateTime)"
        stepped = "query($factory: ID!, $window: WindowInput!, $asOf: DateTime, $resolution: Resolution!)"
        fields = self.check.factory_fields
        yield "factoryMetrics", f"{head} {{ factoryMetrics({arguments}) {{ {fields} }} }}", as_of.factory_row(window)
        for side, (one, many) in SIDES.items():
            query = f"{head} {{ {one}Metrics({arguments}) {{ {many} {{ {self.check.entity_fields(side)} }} }} }}"
            yield f"{one}Metrics", query, {many: as_of.entity_rows(side, f"{one}Id", window)}
        points = f"points {{ {self.check.point_fields} }}"
        query = f"{stepped} {{ metricSeries({arguments}, resolution: $resolution) {{ {points} }} }}"
        yield "metricSeries", query, {"points": as_of.factory_points(window, resolution)}
        side = self.random.choice((WORKER, WORKSTATION))
        series = f"series {{ entityType entityId {points} }}"
        query = f"{stepped} {{ entitySeries({arguments}, resolution: $resolution, entityType: {side}) {{ {series} }} }}"
        yield "entitySeries", query, {"series": as_of.entity_series(side, window, resolution)}

    def refused(self, at: int, name: str, asked: dict | None, window: Window | None, resolution: str) -> None:
        """A question about what was open must be, and the refusal says from when on it can be asked."""
        as_of = self.as_of(at)
        # A series is never of all time.
        questions = self.questions(as_of, window or (0, 300_000), resolution)
        for field, query, _ in questions:
            if window is not None or "Series" not in field:
                variables = {"window": asked, "asOf": written(at), "resolution": resolution}
                self.is_refused(field, query, variables, at, name, window)

    def is_refused(
        self, field: str, query: str, variables: dict, at: int, name: str, window: Window | None
    ) -> None:
        self.check.past_counts["refused"] += 1
        error = self.check.api.refusal(query, factory=self.check.id, **variables)
        about = f"{field} of {name} as of {written(at)}"
        self.check.same(about, TOO_EARLY, error and error["extensions"]["code"])
        if error and window:
            closes = written(closes_at(window, self.graces))
            self.check.same(f"{about} is told when", True, closes in error["message"] or f"not {closes}: {error['message']}")

    # What moved.

    def restatements(self, since: int, name: str, asked: dict, window: Window) -> None:
        question, whom = self.question()
        variables = whom | {"window": asked, "since": written(since)}
        about = f"restatements of {name} since {written(since)} for {whom or 'the factory'}"
        if not is_closed(window, since, self.graces):
            self.is_refused("restatements", RESTATEMENTS, variables, since, name, window)
            return
        got = self.check.ask(RESTATEMENTS, **variables)["restatements"]
        listed = merged(got.pop("restatements"))
        found = list(self.history.restatements(question, window, since))
        count = sum(cause.at <= since for cause in self.history.causes)
        expected = {
            "window": window_row(window),
            "since": written(since),
            "before": self.figures(question, self.history.within(count, question, window)),
            "earlier": None,
            "now": self.figures(question, self.history.within(len(self.history.causes), question, window)),
        }
        self.check.same(about, expected, got)
        rows = [self.row(question, one) for one in found]
        self.check.past_counts["moves"] += len(rows)
        if len(rows) == len(listed):
            self.check.same(about, rows, listed)
        else:
            causes = [[(row["at"], row["cause"], row["decision"]) for row in some] for some in (rows, listed)]
            self.check.same(f"causes of {about}", *causes)

    def question(self) -> tuple[Asked, dict]:
        """About whom: the factory, a side, some of it or an area; with the variables that ask so."""
        kind = self.random.randrange(4)
        entities = self.expected.entities
        if kind == 0:
            return Asked(tuple(entities), basis=self.expected.basis), {}
        if kind == 1 and self.check.areas:
            [(area, there)] = self.check.areas.items()
            inside = tuple(entity for entity in entities if entity in there)
            return Asked(inside, basis=self.expected.basis), {"area": area}
        side = self.random.choice((WORKER, WORKSTATION))
        of_side = [entity for entity in entities if entity[0] == side]
        if kind == 2 or not of_side:
            return Asked(tuple(of_side), side), {"side": side}
        one = self.random.choice(of_side)
        return Asked((one,), side), {"side": side, "ids": [one[1]]}

    def row(self, question: Asked, restatement: Restatement) -> dict:
        cause, difference = restatement.cause, restatement.difference
        return {
            "cause": cause.kind,
            "at": written(cause.at),
            "deviceId": cause.device,
            "sourceId": cause.source,
            "decision": cause.number,
            "delta": minutes_of(difference) | {"unitsProduced": difference.units},
            "after": self.figures(question, restatement.after),
        }

    def figures(self, question: Asked, within: dict) -> dict:
        sums = total(within)
        # In the order of the list; of a factory the mean is that of its workers.
        of_side = [entity for entity in question.entities if entity[0] == (question.side or WORKER)]
        each = [totals(within.get(entity, {}), None) for entity in of_side]
        return minutes_of(sums) | {
            "unitsProduced": sums.units,
            "utilization": sums.utilization,
            "averageUtilization": FactorySums(each, [], "WORKERS").average_utilization,
            "unitsPerHour": sums.units_per_hour,
            "meanConfidence": sums.mean_confidence,
        }


def minutes_of(sums: Sums) -> dict:
    return {name: minutes(getattr(sums, field)) for name, field in DELTA.items()}


def merged(listed: list[dict]) -> list[dict]:
    """A decision about much is several commits, one after the other, which here have one instant."""
    rows: list[dict] = []
    for row in listed:
        last = rows[-1] if rows else None
        if last and row["cause"] == DECISION and all(last[name] == row[name] for name in ("cause", "at", "decision")):
            both = {name: (last["delta"][name], row["delta"][name]) for name in DELTA}
            delta = {name: minutes(sum(round(one * 60_000) for one in two)) for name, two in both.items()}
            delta["unitsProduced"] = last["delta"]["unitsProduced"] + row["delta"]["unitsProduced"]
            rows[-1] = row | {"delta": delta}
        else:
            rows.append(row)
    return rows
