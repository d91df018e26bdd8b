"""Checks the numbers of a running server against docs/METRICS.md, of which this is an implementation of its own.

    python3 core.py URL FACTORY [STORY]

It takes what the server has stored, computes every figure again in whole numbers, and tells how the server's answers
differ, bit for bit. A story is a file in JSON that says what was sent to the factory, and when by the server's clock:
`seed`, `now`, `areas` (who was put where before anything else), `graces` (when and for how many hours they were set) and
`steps`. A step is a batch (`now`, `hold`, `events`, `sender` and `answer`) or asks for a decision (`now`, `request` and
`answer`), and no two steps are of one instant. Without a story, the stored events and the decisions are taken as they are, and
all state reports as held by the factory's setting of today. A story that `isAboutNow` is judged by what the server says of
all time, of now and of some instants before. Of one that is not `isSettled` nobody knows at which instant its decisions
were in every bucket, so nothing is asked about instants before its end.
"""

import json
import random
import re
import sys
import time
from collections import Counter
from decimal import Decimal

from activity import Floor
from api import Api
from closing import Grace
from facts import BUCKET, MINUTE, as_sent, decision_of, event_of, instant, written
from finality import Devices, finalities
from made import Made
from past import Past
from queries import CONFLICTS, DECISIONS, EVENTS, FACTORY, SEGMENT
from received import ACCEPTED, CONFLICT, DUPLICATE, Stored
from restated import History
from rows import FACTORY_FIGURES, FIGURES, POINT_FIGURES, SHARED_FIGURES, SIDES, Expected
from standing import Decided
from windows import Window, Zone, grid, last_minutes

# What one series and one timeline may have at most, in milliseconds of five-minute steps.
LONGEST_SERIES = 1_900 * BUCKET
SHOWN_AT_MOST = 3


class Check:
    """One comparison after the other of what is expected with what the server says."""

    def __init__(self, api: Api, factory: str, story: dict | None) -> None:
        self.api, self.id, self.story = api, factory, story
        self.factory = self.ask(FACTORY)["factory"]
        self.now = instant(story["now"]) if story else int(time.time() * 1_000)
        self.random = random.Random(story["seed"] if story else 0)
        self.graces = [Grace(instant(one["since"]), one["hours"]) for one in story["graces"]] if story else []
        self.history, self.devices = History(), Devices()
        self.differences: list[str] = []
        self.compared = 0
        # How many answers about instants before were told, how many were refused, and how many causes of moves were listed.
        self.past_counts: Counter[str] = Counter()

    def ask(self, query: str, **variables: object) -> dict:
        return self.api.ask(query, factory=self.id, **variables)

    def same(self, what: str, expected: object, got: object) -> None:
        """Tells every leaf that differs."""
        if isinstance(expected, dict) and isinstance(got, dict):
            for name in expected.keys() & got.keys():
                self.same(f"{what}.{name}", expected[name], got[name])
            if got.keys() - expected.keys():
                self.differences.append(f"{what}: nothing is expected of {got.keys() - expected.keys()}")
        elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
            for index, pair in enumerate(zip(expected, got)):
                self.same(f"{what}[{index}{label(pair[0])}]", *pair)
        else:
            self.compared += 1
            if expected != got:
                self.differences.append(f"{what}: expected {expected!r}, got {got!r}")

    def run(self) -> None:
        stored, listed = self.events(), self.decisions()
        if self.story:
            self.replay(stored, listed)
        decided = Decided(map(decision_of, listed))
        for event, node in zip(stored, self.listed):
            standing = node["standing"], node["standingDecision"]
            self.same(f"standing of {event}", decided.standing(event), standing)
        floor = Floor(stored, decided, self.areas)
        offsets = [(instant(one["from"]), one["offsetSeconds"] * 1_000) for one in self.factory["utcOffsets"]]
        self.expected = Expected(floor, self.factory["unitsBasis"], Zone(offsets), self.now)
        self.registered()
        self.window("all time", None, None)
        span = self.expected.span
        if span is None:
            return
        if self.story and self.story["isAboutNow"]:
            # A clock that is put back changes nothing of what was answered before.
            self.past(span, 1)
            return
        for name, asked, window in self.windows(span):
            self.window(name, asked, window)
        for start in range(span[0], span[1], LONGEST_SERIES):
            self.series((start, min(span[1], start + LONGEST_SERIES)), "FIVE_MINUTES")
        for resolution in ("FIVE_MINUTES", "FIFTEEN_MINUTES", "HOUR", "DAY"):
            self.series(self.some_range(span), resolution)
        for resolution in ("FIFTEEN_MINUTES", "HOUR", "DAY"):
            self.series((span[0], min(span[1], span[0] + 3 * LONGEST_SERIES)), resolution)
        for window in (span, self.some_range(span)):
            self.timelines(window)
        if self.story:
            finalities(self, [*self.windows(span), self.whole(span), ("all time", None, None)])
        self.past(span, 6)

    # What is stored and decided.

    @property
    def areas(self) -> dict[str, list[tuple[str, str]]]:
        """Who is where."""
        areas = self.story["areas"] if self.story else {}
        return {area: [tuple(entity) for entity in there] for area, there in areas.items()}

    def events(self) -> list:
        listed = self.listed = self.api.pages(EVENTS, "events", factory=self.id)
        steps = self.story["steps"] if self.story else []
        settings = {instant(step["now"]): step["hold"] for step in steps if "events" in step}
        stored = []
        for node in listed:
            setting = settings.get(instant(node["receivedAt"]), self.factory["stateHoldMinutes"])
            stored.append(event_of(node, setting))
            self.same("form of an event", stored[-1].form, node["form"])
        times = [event.start for event in stored]
        self.same("events, the latest first", sorted(times, reverse=True), times)
        return stored

    def decisions(self) -> list[dict]:
        """All of them by their numbers, once it is sure that other lists have what they should."""

        def listed(**asked: object) -> list[dict]:
            return self.api.pages(DECISIONS, "decisions", factory=self.id, filter=asked or None)[::-1]

        found = listed()
        self.same("numbers of decisions", list(range(1, len(found) + 1)), [one["number"] for one in found])
        live = [one for one in found if one["withdrawnBy"] is None]
        self.same("live decisions", live, listed(live=True))
        for side, id in sorted({(side, id) for one in found for side, id in named_in(one)}):
            about = [one for one in found if (side, id) in named_in(one)]
            self.same(f"decisions about {id}", about, listed(entityType=side, entityId=id))
        return found

    def replay(self, stored: list, listed: list[dict]) -> None:
        """Whether what is stored and decided, and what was answered, is what the story makes."""
        events, decisions = Stored(), Made(self.areas)
        for index, step in enumerate(self.story["steps"]):
            if "request" in step:
                made = len(decisions.listed)
                outcome = decisions.take(step["request"], step["now"], events)
                self.same(f"step {index}, {step['request']}", outcome, step["answer"])
                for decision in decisions.listed[made:]:
                    self.history.decide(decision_of(decision), instant(step["now"]))
                continue
            outcomes = self.batch(step, events)
            counts = {
                "accepted": outcomes.count(ACCEPTED),
                "duplicates": outcomes.count(DUPLICATE),
                "conflicts": outcomes.count(CONFLICT),
                "rejected": 0,
            }
            self.same(f"step {index}", counts, {name: step["answer"][name] for name in counts})
        expected, got = ({as_sent(event) for event in some} for some in (events.events, stored))
        for event in expected - got:
            self.differences.append(f"events: {event} is not stored")
        for event in got - expected:
            self.differences.append(f"events: {event} is stored and should not be")
        kept = [len(several) for several in events.contradictions.values()]
        self.same("keptConflicts", sum(min(10, count) for count in kept), self.factory["keptConflicts"])
        self.conflicts(events, decisions.decisions)
        self.same("decisions", [as_set(one) for one in decisions.listed], [as_set(one) for one in listed])

    def conflicts(self, events: Stored, decisions: list) -> None:
        """Whether what is listed of contradictions is what was said, beside what is stored."""
        decided = Decided(decisions)
        said = Counter()
        for node in self.api.pages(CONFLICTS, "conflicts", factory=self.id):
            one, stored = (event_of(node[name], self.factory["stateHoldMinutes"]) for name in ("said", "stored"))
            said[one.identity, one.statement, one.workstation] += 1
            self.same(f"what {one} contradicts", as_sent(events.by_identity[one.identity]), as_sent(stored))
            for event, listed in ((one, node["said"]), (stored, node["stored"])):
                standing = listed["standing"], listed["standingDecision"]
                self.same(f"standing of {event} in a conflict", decided.standing(event), standing)
        # Of one event the newest are kept.
        few = {identity for identity, several in events.contradictions.items() if len(several) <= 10}
        expected = [(identity, *one) for identity in few for one in events.contradictions[identity]]
        listed = [one for one in said.elements() if one[0] in few]
        self.same("conflicts", sorted(map(repr, expected)), sorted(map(repr, listed)))

    def batch(self, step: dict, events: Stored) -> list[str]:
        """What becomes of the events of a batch."""
        sent = [event_of(event, step["hold"]) for event in step["events"]]
        outcomes = [events.take(event) for event in sent]
        accepted = [event for event, outcome in zip(sent, outcomes) if outcome == ACCEPTED]
        sender, at = step["sender"], instant(step["now"])
        for event in accepted:
            self.history.store(event, sender and sender["deviceId"], at)
        if sender:
            self.devices.take(sender, at, len(sent), accepted)
        return outcomes

    def registered(self) -> None:
        for side, (one, many) in SIDES.items():
            listed = [entity[f"{one}Id"] for entity in self.factory[many]]
            self.same(many, [entity[1] for entity in self.expected.of(side)], listed)

    # Figures of windows.

    def windows(self, span: Window) -> list[tuple[str, dict, Window]]:
        ranges = [self.ragged_range(span) for _ in range(8)]
        for figure in ("overlap", "corrected"):
            buckets = (sums.items() for sums in self.expected.sums.values())
            having = [bucket for some in buckets for bucket, sums in some if getattr(sums, figure)]
            ranges += [(bucket, bucket + BUCKET) for bucket in self.random.sample(having, min(15, len(having)))]
        found = [(f"{written(a)} to {written(b)}", range_input(a, b), (grid(a), grid(b))) for a, b in ranges]
        for count in (5, self.random.randrange(5, 44_645, 5)):
            found.append((f"the last {count} minutes", {"lastMinutes": count}, last_minutes(count, self.now)))
        days = {self.expected.zone.date(at) for at in (span[0], self.now)}
        for day in sorted(days):
            window = self.expected.zone.day(day)
            if window:
                found.append((f"the day {day}", {"day": day.isoformat()}, window))
        return found

    def ragged_range(self, span: Window) -> Window:
        """A range that begins and ends near where something does, and is not empty on the grid."""
        while True:
            floor = self.expected.floor
            about = self.random.choice(floor.events + floor.decided.corrections)
            start = about.start + self.random.choice((-1, 0, 1, 61_001, -7 * MINUTE))
            end = start + self.random.choice((BUCKET, 10 * MINUTE + 1, 3_600_001, 8 * 3_600_000, 86_400_000))
            if grid(start) < grid(end):
                return start, end

    def some_range(self, span: Window) -> Window:
        start = grid(self.random.randrange(*span))
        return start, start + BUCKET * self.random.randrange(1, 400)

    def window(self, name: str, asked: dict | None, window: Window | None) -> None:
        factory = self.expected.factory_row(window)
        asks = [f"factoryMetrics(factoryId: $factory, window: $window) {{ {self.factory_fields} }}"]
        for side, (one, many) in SIDES.items():
            asks.append(f"{one}Metrics(factoryId: $factory, window: $window) {{ {many} {{ {self.entity_fields(side)} }} }}")
        got = self.ask(f"query($factory: ID!, $window: WindowInput) {{ {' '.join(asks)} }}", window=asked)
        self.same(f"factoryMetrics of {name}", factory, got["factoryMetrics"])
        for side, (one, many) in SIDES.items():
            rows = self.expected.entity_rows(side, f"{one}Id", window)
            self.same(f"{one}Metrics of {name}", rows, got[f"{one}Metrics"][many])

    @property
    def factory_fields(self) -> str:
        return "window { from to } " + self.api.those_of("FactoryMetrics", FACTORY_FIGURES)

    def entity_fields(self, side: str) -> str:
        one = SIDES[side][0]
        fields = self.api.those_of(f"{one.capitalize()}Metrics", FIGURES[side] | SHARED_FIGURES)
        return f"{fields} {one}Id lastSeenAt current {{ eventType since until confidence }}"

    @property
    def point_fields(self) -> str:
        return "from to " + self.api.those_of("MetricPoint", POINT_FIGURES)

    # What is cut into steps and stretches.

    def series(self, window: Window, resolution: str) -> None:
        head = "query($factory: ID!, $window: WindowInput!, $resolution: Resolution!, $side: EntityType!)"
        arguments = "factoryId: $factory, window: $window, resolution: $resolution"
        points = f"points {{ {self.point_fields} }}"
        query = (
            f"{head} {{ metricSeries({arguments}) {{ {points} }} "
            f"entitySeries({arguments}, entityType: $side) {{ series {{ entityType entityId {points} }} }} }}"
        )
        name = f"of {written(window[0])} to {written(window[1])} by {resolution}"
        for side in SIDES:
            got = self.ask(query, window=range_input(*window), resolution=resolution, side=side)
            points = self.expected.factory_points(window, resolution)
            self.same(f"metricSeries {name}", points, got["metricSeries"]["points"])
            series = self.expected.entity_series(side, window, resolution)
            self.same(f"entitySeries {name}", series, got["entitySeries"]["series"])

    def timelines(self, window: Window) -> None:
        query = (
            "query($factory: ID!, $window: WindowInput!, $side: EntityType!, $id: ID!) { timeline(factoryId: $factory, "
            f"window: $window, entityType: $side, entityId: $id) {{ segments {{ {SEGMENT} }} truncated }} }}"
        )
        name = f"of {written(window[0])} to {written(window[1])}"
        for side, id in self.expected.entities:
            got = self.ask(query, window=range_input(*window), side=side, id=id)["timeline"]
            expected = {"segments": self.expected.segments((side, id), window), "truncated": False}
            self.same(f"timeline of {id} {name}", expected, got)
        query = (
            "query($factory: ID!, $window: WindowInput!, $side: EntityType!, $seconds: Int!) { timelines("
            "factoryId: $factory, window: $window, entityType: $side, resolutionSeconds: $seconds) "
            "{ resolutionSeconds timelines { entityType entityId states } } }"
        )
        # Shorter steps may be more than one answer may have.
        shortest = -(-(window[1] - window[0]) // 1_900_000)
        for seconds in (max(shortest, 7), max(shortest, 160), 300, 3_600):
            for side in SIDES:
                got = self.ask(query, window=range_input(*window), side=side, seconds=seconds)["timelines"]
                if seconds >= shortest and (seconds < 300 or seconds % 300 == 0):
                    self.same(f"timelines {name}", seconds, got["resolutionSeconds"])
                expected = self.expected.timelines(side, window, got["resolutionSeconds"])
                self.same(f"timelines {name} by {seconds}", expected, got["timelines"])


    # What was answered before, and what stays as it is.

    def past(self, span: Window, count: int) -> None:
        """As of so many instants, and of now."""
        if not self.story or not self.story["isSettled"]:
            return
        past = Past(self, self.history, self.graces)
        windows = [*self.windows(span), self.whole(span)]
        for at in past.instants(count):
            chosen = [*self.random.sample(windows, min(5, len(windows))), self.whole(span), ("all time", None, None)]
            for name, asked, window in chosen:
                is_long = window is not None and window[1] - window[0] > LONGEST_SERIES
                resolution = self.random.choice(("FIVE_MINUTES", "FIFTEEN_MINUTES", "HOUR", "DAY")[2 * is_long :])
                past.answers(at, name, asked, window, resolution)
            for name, asked, window in chosen[:-1]:
                past.restatements(at, name, asked, window)

    def whole(self, span: Window) -> tuple[str, dict, Window]:
        """All of the span, or the part of it that one series may have."""
        window = span[0], min(span[1], span[0] + LONGEST_SERIES)
        return f"{written(window[0])} to {written(window[1])}", range_input(*window), window


def as_set(decision: dict) -> dict:
    """It does not matter in which order somebody is named."""
    said = decision["correction"]
    return decision | ({"correction": said | {"entityIds": sorted(said["entityIds"])}} if said else {})


def named_in(decision: dict) -> list[tuple[str, str]]:
    """Whom a correction or a retraction is about."""
    if decision["correction"]:
        said = decision["correction"]
        return [(said["entityType"], id) for id in said["entityIds"]]
    said = decision["retraction"]
    return [(said["entityType"], said["entityId"])] if said else []


def range_input(start: int, end: int) -> dict:
    return {"range": {"from": written(start), "to": written(end)}}


def label(row: object) -> str:
    """To find a row by."""
    if not isinstance(row, dict):
        return ""
    name = next((row[name] for name in ("workerId", "workstationId", "entityId", "from") if name in row), "")
    return f" {name}"


def main(url: str, factory: str, story: str | None = None) -> int:
    told = None
    if story:
        with open(story, encoding="utf-8") as file:
            # As it was sent, to the last digit.
            told = json.load(file, parse_float=Decimal)
    check = Check(Api(url), factory, told)
    check.run()
    # The same figure may be wrong in all windows.
    shown = Counter()
    for one in check.differences:
        figure = re.sub(r" of .*[.\]]", " ", one.split(": expected")[0])
        shown[figure] += 1
        if shown[figure] <= SHOWN_AT_MOST:
            print(one)
    floor = check.expected.floor
    print(
        f"{len(floor.events)} events, {len(floor.decided.all)} decisions, {check.compared} figures, "
        f"{len(check.differences)} differ; as of instants: {dict(check.past_counts)}"
    )
    return 1 if check.differences or not check.compared else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
