"""What is stored and what was decided, in whole numbers: Unix milliseconds, units, confidence in parts per 10 000."""

import math
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction

MINUTE = 60_000
BUCKET = 5 * MINUTE
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)")

# An entity is its type and its id.
WORKER, WORKSTATION = "WORKER", "WORKSTATION"
INTERVAL, STATE = "INTERVAL", "STATE"
WORKING, IDLE, ABSENT, NOT_OBSERVED = "WORKING", "IDLE", "ABSENT", "NOT_OBSERVED"
SERVING, QUARANTINED = "SERVING", "QUARANTINED"


def instant(text: str) -> int:
    """An RFC 3339 instant in Unix milliseconds; what is finer is cut off."""
    date, clock, fraction, offset = INSTANT.fullmatch(text).groups()
    whole = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if offset in 'Zz' else offset}")
    return (whole - EPOCH) // timedelta(milliseconds=1) + int(((fraction or "") + "000")[:3])


def written(at: int) -> str:
    """An instant as the API writes it."""
    moment = EPOCH + timedelta(milliseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def nearest(value: Fraction) -> int:
    """The nearest whole number, halves up."""
    return math.floor(value + Fraction(1, 2))


@dataclass(frozen=True)
class Event:
    """An event as it is stored. What is left out is None."""

    entity: tuple[str, str]
    form: str
    type: str
    start: int
    duration: int | None
    # As sent, and as it counts: with the factory's setting of its time of arrival in the place of nothing.
    hold: int | None
    promised: int | None
    units: int
    confidence: int | None
    model: str | None
    event_id: str | None
    source: str | None
    workstation: str | None

    @property
    def reading_of(self) -> tuple:
        """What readings of the same thing agree in: all of the identity but the model version."""
        source = self.source if self.form == STATE else None
        return self.entity, self.form, self.type, self.start, self.event_id, source

    @property
    def identity(self) -> tuple:
        return *self.reading_of, self.model

    @property
    def statement(self) -> tuple:
        """What a repeat must agree in as well to be a duplicate."""
        if self.form == INTERVAL:
            return self.duration, self.units, self.confidence
        return self.hold, self.units, self.confidence, self.workstation

    @property
    def series(self) -> tuple:
        return self.entity, self.source, self.model


def event_of(fields: dict, setting: int) -> Event:
    """An event from its fields, those of an EventInput or of an Event of the API; the setting is the factory's hold in
    minutes when it came."""
    duration = fields.get("durationMinutes")
    hold = fields.get("holdMinutes")
    confidence = fields.get("confidence")
    is_state = duration is None
    hold = None if hold is None else int(hold) * MINUTE
    return Event(
        entity=(fields["entityType"], fields["entityId"]),
        form=STATE if is_state else INTERVAL,
        type=fields["eventType"],
        start=instant(fields["timestamp"]),
        duration=None if is_state else nearest(Fraction(duration) * MINUTE),
        hold=hold,
        promised=(setting * MINUTE if hold is None else hold) if is_state else None,
        units=int(fields.get("unitsProduced") or 0),
        confidence=None if confidence is None else nearest(Fraction(confidence) * 10_000),
        model=fields.get("modelVersion"),
        event_id=fields.get("eventId"),
        source=fields.get("sourceId"),
        workstation=fields.get("workstationId"),
    )


def as_sent(event: Event) -> Event:
    """Without what the server adds."""
    return replace(event, promised=None)


# A standing rule without a model version is about all of them, which is not the same as about those without one.
ANY = "any"


@dataclass(frozen=True)
class Correction:
    number: int
    entities: frozenset[tuple[str, str]]
    start: int
    end: int
    state: str | None
    units: int


@dataclass(frozen=True)
class Rule:
    """Whether events count: those of a source (None: of all), of a model version (`ANY`; None: of those without one)."""

    number: int
    source: str | None
    model: str | None
    start: int | None
    end: int | None
    standing: str


@dataclass(frozen=True)
class Retraction:
    number: int
    # Its entity, form, type, start and id.
    event: tuple


@dataclass(frozen=True)
class Withdrawal:
    number: int
    of: int


Decision = Correction | Rule | Retraction | Withdrawal


def decision_of(node: dict) -> Decision:
    """A decision as the API lists it."""
    number = node["number"]
    match node["kind"]:
        case "CORRECTION":
            said = node["correction"]
            entities = frozenset((said["entityType"], id) for id in said["entityIds"])
            start, end = instant(said["from"]), instant(said["to"])
            return Correction(number, entities, start, end, said["state"], said["units"] or 0)
        case "STANDING":
            said = node["standing"]
            is_about_all = said["modelVersion"] is None and not said["withoutModelVersion"]
            model = ANY if is_about_all else said["modelVersion"]
            start, end = (said[name] and instant(said[name]) for name in ("from", "to"))
            return Rule(number, said["sourceId"], model, start, end, said["standing"])
        case "RETRACTION":
            said = node["retraction"]
            entity, at = (said["entityType"], said["entityId"]), instant(said["timestamp"])
            return Retraction(number, (entity, said["form"], said["eventType"], at, said["eventId"]))
        case "WITHDRAWAL":
            return Withdrawal(number, node["withdrawal"])
    raise ValueError(f"{node['kind']} is no kind of decision")
