"""Computes every example of docs/METRICS.md that is about sums, timelines, lists, the present, restatements and finality.

    python3 examples.py METRICS.md
"""

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

from activity import Floor, segments
from facts import (
    ANY,
    EPOCH,
    INTERVAL,
    MINUTE,
    WORKER,
    WORKSTATION,
    Correction,
    Decision,
    Retraction,
    Rule,
    Withdrawal,
    event_of,
    instant,
)
from closing import Grace, is_closed
from finality import LOST, Device, Devices, finality
from now import current, last_seen
from received import ACCEPTED, Stored
from restated import Asked, History, Restatement, total
from standing import Decided
from sums import FactorySums, Sums, minutes, sums_of, totals
from windows import Window, Zone, grid, letters, natural

DAY = "2026-01-05T"
NOW = instant("2026-01-06T00:00:00Z")
SETTING = 60
GRACES = [Grace(instant("2026-01-01T00:00:00Z"), 24)]
MINUTES = {
    "working": lambda sums: minutes(sums.working),
    "idle": lambda sums: minutes(sums.idle),
    "absent": lambda sums: minutes(sums.absent),
    "observed": lambda sums: minutes(sums.observed),
    "overlap": lambda sums: minutes(sums.overlap),
    "contested": lambda sums: minutes(sums.contested),
    "corrected": lambda sums: minutes(sums.corrected),
}
COLUMNS = MINUTES | {
    "units": lambda sums: sums.units,
    "utilization": lambda sums: sums.utilization,
    "units per hour": lambda sums: sums.units_per_hour,
    "mean confidence": lambda sums: sums.mean_confidence,
}
FACTORY_COLUMNS = {
    "productive": lambda of: minutes(of.all_workers.working),
    "idle": lambda of: minutes(of.all_workers.idle),
    "absent": lambda of: minutes(of.all_workers.absent),
    "units": lambda of: of.units,
    "average utilization": lambda of: of.average_utilization,
    "utilization": lambda of: of.all_workers.utilization,
    "average production rate": lambda of: of.production_rate,
    "active workers": lambda of: of.active_workers,
    "active workstations": lambda of: of.active_workstations,
}
# What rows are about; all other columns of theirs follow.
ABOUT = {"window", "entity", "after decision", "as of", "asked at", "units basis", "step seconds"}
# An empty cell of these is a statement, too.
CAUSE = ("cause", "device", "source", "decision")
SAID = (*CAUSE, "reasons", "closes at")
REFUSED = "refused"
# What is judged before it is stored, and the calendars of time zones, are not what this is about.
ELSEWHERE = ("field", "zone")

Row = dict[str, str]


def tables(page: str) -> Iterator[tuple[int, list[Row]]]:
    """The tables of all examples, each with the number of its example."""
    for number, block in enumerate(re.findall(r"^```example\n(.*?)^```", page, re.M | re.S)):
        for table in block.strip("\n").split("\n\n"):
            lines = [[cell.strip() for cell in line.split("|")] for line in table.split("\n")]
            # An empty cell means that the field is left out.
            rows = (zip(lines[0], line, strict=True) for line in lines[1:])
            yield number, [{name: cell for name, cell in row if cell or name == "listed"} for row in rows]


def entity(name: str) -> tuple[str, str]:
    return (WORKER if name.startswith("W") else WORKSTATION), name


def at(clock: str) -> int:
    return instant(f"{DAY}{clock}:00Z")


def moment(text: str) -> int:
    """When something was committed or is asked, such as `5 Jan 12:20`."""
    when = datetime.strptime(f"2026 {text} +0000", "%Y %d %b %H:%M %z")
    return (when - EPOCH) // timedelta(milliseconds=1)


def event(row: Row):
    fields = {"entityType": entity(row["entity"])[0], "entityId": row["entity"], "eventType": row["event type"]}
    fields["timestamp"] = f"{DAY}{row['start']}:00Z"
    names = {"model": "modelVersion", "event id": "eventId", "source": "sourceId", "workstation": "workstationId"}
    fields |= {field: row[name] for name, field in names.items() if name in row}
    numbers = {"minutes": "durationMinutes", "hold": "holdMinutes", "units": "unitsProduced", "confidence": "confidence"}
    fields |= {field: Fraction(row[name]) for name, field in numbers.items() if name in row}
    return event_of(fields, SETTING)


def decision(row: Row) -> Decision:
    number = int(row["decision"])
    start, end = (at(row[name]) if name in row else None for name in ("from", "to"))
    match row["kind"]:
        case "CORRECTION":
            entities = frozenset(entity(name) for name in row["of"].split(", "))
            return Correction(number, entities, start, end, row.get("says"), int(row.get("units", 0)))
        case "STANDING":
            return Rule(number, row.get("source"), row.get("model", ANY), start, end, row["says"])
        case "RETRACTION":
            form = row.get("form", INTERVAL)
            return Retraction(number, (entity(row["of"]), form, row["says"], start, row.get("event id")))
        case "WITHDRAWAL":
            return Withdrawal(number, int(row["of"].removeprefix("decision ")))
    raise ValueError(row)


class Example:
    """What was sent and decided so far in one example."""

    def __init__(self) -> None:
        self.stored = Stored()
        self.decisions: list[Decision] = []
        self.history = History()
        # Whether it is said of all of them when they were committed.
        self.is_dated = True
        # When each device was heard, and what it told.
        self.heard: list[tuple[int, str, Row]] = []

    def take(self, row: Row) -> str:
        """What becomes of an event."""
        sent = event(row)
        outcome = self.stored.take(sent)
        if outcome == ACCEPTED and "came" in row:
            self.history.store(sent, row.get("device"), moment(row["came"]))
        self.is_dated &= "came" in row
        return outcome

    def decide(self, row: Row) -> None:
        self.decisions.append(decision(row))
        if "made" in row:
            self.history.decide(self.decisions[-1], moment(row["made"]))
        self.is_dated &= "made" in row

    def floor(self, row: Row) -> Floor:
        up_to = int(row.get("after decision", len(self.decisions)))
        return Floor(self.stored.events, Decided(one for one in self.decisions if one.number <= up_to))

    def follows(self, row: Row) -> dict[str, object]:
        """The cells of a row that follow from the events and decisions, computed."""
        if "as of" in row:
            return self.answered(row)
        if "asked at" in row:
            return self.finality(row)
        floor = self.floor(row)
        if "last seen" in row:
            return self.present(floor, entity(row["entity"]))
        window = window_of(row["window"])
        if "listed" in row:
            return {"listed": ", ".join(one[1] for one in in_order(floor) if of(floor, one, window).is_listed)}
        if "step seconds" in row:
            stretches = floor.stretches(entity(row["entity"]))
            return {"states": letters(stretches, window, int(row["step seconds"]) * 1000)}
        if "units basis" in row:
            workers, workstations = (
                [of(floor, one, window) for one in in_order(floor) if one[0] == side] for side in (WORKER, WORKSTATION)
            )
            factory = FactorySums(workers, workstations, row["units basis"])
            return {name: column(factory) for name, column in FACTORY_COLUMNS.items()}
        sums = of(floor, entity(row["entity"]), window)
        return {name: column(sums) for name, column in COLUMNS.items()}

    def answered(self, row: Row) -> dict[str, object]:
        """What was answered as of an instant; a refusal stands in the place of the first figure."""
        if not self.is_dated:
            return {}
        at, window = moment(row["as of"]), window_of(row["window"])
        if not is_closed(window, at, GRACES):
            return dict.fromkeys([name for name in row if name in COLUMNS][:1], REFUSED)
        sums = of(self.history.as_of(at), entity(row["entity"]), window)
        return {name: column(sums) for name, column in COLUMNS.items()}

    def finality(self, row: Row) -> dict[str, object]:
        """What is said when it is asked, of all that came and was heard by then."""
        now, window, of_row = moment(row["asked at"]), window_of(row["window"]), entity(row["entity"])
        devices = Devices()
        for at, code, told in self.heard:
            if at <= now:
                devices.by_code[code] = device(at, told)
        for (at, code, _), events in self.history.events.items():
            if at <= now and code:
                devices.by_code[code].events += events
        found = finality(devices, Zone([(0, 0)]), GRACES, now, window, {of_row})
        closes = found["closesAt"]
        return {
            "finality": found["state"],
            "reasons": ", ".join(found["reasons"]),
            "closes at": f"{EPOCH + timedelta(milliseconds=instant(closes)):%-d %b %H:%M}" if closes else "",
            "lost events": found["lostEvents"],
        }

    def restated(self, rows: list[Row]) -> list[dict[str, object]]:
        """All causes since the instants, of the windows and of those that the rows are about."""
        shown = []
        for about in dict.fromkeys((row["restated since"], row["window"], row["entity"]) for row in rows):
            since, window = moment(about[0]), window_of(about[1])
            if not self.is_dated or not is_closed(window, since, GRACES):
                # The page does not say what is listed then.
                return []
            one = entity(about[2])
            found = self.history.restatements(Asked((one,), side=one[0]), window, since)
            shown += [dict(zip(("restated since", "window", "entity"), about)) | restatement(one) for one in found]
        return shown

    def present(self, floor: Floor, of: tuple[str, str]) -> dict[str, object]:
        now = current(floor, of, NOW)
        seen = last_seen(floor, of, NOW)
        return {
            "last seen": clock(seen),
            "current": now and now.type,
            "since": now and clock(now.since),
            "until": now and clock(now.until),
        }

    def timeline(self, rows: list[Row]) -> list[Row]:
        floor = self.floor({})
        shown = []
        for name in dict.fromkeys(row["timeline of"] for row in rows):
            for part in segments(floor.stretches(entity(name))):
                confidence = None if part.confidence is None else repr(part.confidence / 10_000)
                row = {"timeline of": name, "from": clock(part.start), "to": clock(part.end), "event type": part.type}
                others = {"confidence": confidence, "model": part.model, "decision": part.decision and str(part.decision)}
                shown.append(row | {name: value for name, value in others.items() if value is not None})
        return shown


def in_order(floor: Floor) -> list[tuple[str, str]]:
    return sorted(floor.entities, key=lambda one: natural(one[1]))


def device(at: int, told: Row) -> Device:
    """Some that came, around those that did not."""
    missing, lost = (int(told.get(name, 0)) for name in ("missing", "lost"))
    waiting = at - moment(told["waits since"]) if "waits since" in told else 0
    closed = [(range(2, 2 + lost), LOST, None, None)]
    return Device(heard=at, waiting=waiting, came={1, 2 + lost + missing}, closed=closed)


def of(floor: Floor, one: tuple[str, str], window: Window | None) -> Sums:
    return totals(sums_of(floor, one), window)


def restatement(one: Restatement) -> dict[str, object]:
    """The minutes are the difference, the utilization is the one after it."""
    cause = one.cause
    number = None if cause.number is None else str(cause.number)
    said = zip(CAUSE, (cause.kind, cause.device, cause.source, number))
    figures = {name: column(one.difference) for name, column in MINUTES.items()}
    return {name: value or "" for name, value in said} | figures | {"utilization": total(one.after).utilization}


def clock(when: int | None) -> str | None:
    return None if when is None else f"{when // 3_600_000 % 24:02}:{when // 60_000 % 60:02}"


def window_of(text: str) -> Window | None:
    if text == "all time":
        return None
    if text == "the day":
        return at("00:00"), at("00:00") + 24 * 60 * MINUTE
    start, end = (grid(at(clock)) for clock in text.split(" to "))
    return start, end


def is_same(value: object, cell: str) -> bool:
    if value is None or isinstance(value, str):
        return cell == ("null" if value is None else value)
    if cell.endswith("…"):
        return repr(value).startswith(cell[:-1])
    return re.fullmatch(r"-?[0-9.]+", cell) is not None and Fraction(cell) == Fraction(repr(value))


def differences(example: Example, rows: list[Row], columns: set[str]) -> Iterator[str]:
    """How what a table says differs from what follows."""
    if "timeline of" in columns:
        shown = example.timeline(rows)
        if shown != rows:
            yield f"the timeline is {shown}, not {rows}"
        return
    computed = example.restated(rows) if "restated since" in columns else [example.follows(row) for row in rows]
    if len(computed) != len(rows):
        yield f"{computed} follows, not {rows}"
        return
    for row, follows in zip(rows, computed):
        # Nothing that a row says is left unjudged, and no figure that others of its table have is left out.
        yield from (f"{name} of {row} is not known" for name in sorted(row.keys() - follows.keys() - ABOUT))
        told = [name for name in follows if name in columns or name in SAID]
        differing = [name for name in told if not is_same(follows[name], row.get(name, ""))]
        yield from (f"{name} of {row} is {follows[name]}" for name in differing)
        if not told:
            yield f"nothing of {row} can be computed"


def main(page: str) -> int:
    examples: dict[int, Example] = {}
    wrong, checked, elsewhere = [], 0, 0
    for number, rows in tables(page):
        example = examples.setdefault(number, Example())
        columns = {name for row in rows for name in row}
        if columns.intersection(ELSEWHERE):
            elsewhere += len(rows)
        elif "start" in columns:
            for row in rows:
                outcome = example.take(row)
                if outcome != row.get("outcome", ACCEPTED):
                    wrong.append(f"{row} is {outcome}")
        elif "heard" in columns:
            example.heard += [(moment(row["heard"]), row["device"], row) for row in rows]
        elif "kind" in columns:
            for row in rows:
                example.decide(row)
        else:
            checked += len(rows)
            wrong += differences(example, rows, columns)
    for one in wrong:
        print(f"example: {one}")
    print(f"{checked} rows of examples, {len(wrong)} differ; {elsewhere} about fields and time zones are judged elsewhere")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.exit(main(file.read()))
