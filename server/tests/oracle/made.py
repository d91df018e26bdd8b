"""Decisions as they are asked for: what becomes of each request, and what is listed of those that are made."""

from facts import INTERVAL, Decision, Retraction, decision_of, instant, written
from received import Stored
from windows import natural

INVALID, NOT_FOUND, REUSED = "DECISION_INVALID", "NOT_FOUND", "REQUEST_REUSED"
KINDS = {"correction": "CORRECTION", "standing": "STANDING", "retraction": "RETRACTION", "withdrawal": "WITHDRAWAL"}
NOTHING_SAID = {
    "correction": {"area": None, "state": None, "units": None},
    "standing": {"sourceId": None, "modelVersion": None, "withoutModelVersion": False, "from": None, "to": None},
    "retraction": {"eventId": None, "form": INTERVAL},
}


class Made:
    """The decisions of a factory, in the order of their numbers, as the API lists them."""

    def __init__(self, areas: dict[str, list[tuple[str, str]]]) -> None:
        self.areas = areas
        self.listed: list[dict] = []
        self.answers: dict[str, tuple[dict, int]] = {}

    @property
    def decisions(self) -> list[Decision]:
        return [decision_of(one) for one in self.listed]

    def take(self, request: dict, now: str, stored: Stored) -> int | str:
        """The number of the decision that a request makes, or made before; or why it makes none."""
        asked = {name: request[name] for name in ("decision", "note")}
        if request["requestId"] in self.answers:
            before, number = self.answers[request["requestId"]]
            return number if before == asked else REUSED
        decision = self.row(request, now)
        refusal = self.refusal(decision, stored)
        if refusal:
            return refusal
        self.listed.append(decision)
        self.answers[request["requestId"]] = asked, decision["number"]
        if decision["withdrawal"]:
            self.listed[decision["withdrawal"] - 1]["withdrawnBy"] = decision["number"]
        return decision["number"]

    def row(self, request: dict, now: str) -> dict:
        """What is listed of a decision."""
        [(field, said)] = request["decision"].items()
        row = {
            "number": len(self.listed) + 1,
            "kind": KINDS[field],
            "madeAt": written(instant(now)),
            "madeBy": "anonymous",
            "note": request["note"],
            "requestId": request["requestId"],
            "withdrawnBy": None,
            "progress": {"state": "APPLIED"},
        }
        row |= dict.fromkeys(KINDS)
        if field == "withdrawal":
            return row | {field: said}
        said = NOTHING_SAID[field] | {name: value for name, value in said.items() if value is not None}
        for name in {"from", "to", "timestamp"} & said.keys():
            said[name] = said[name] and written(instant(said[name]))
        if said.get("area"):
            there = (id for side, id in self.areas.get(said["area"], []) if side == said["entityType"])
            said["entityIds"] = sorted(there, key=natural)
        return row | {field: said}

    def refusal(self, decision: dict, stored: Stored) -> str | None:
        match decision["kind"]:
            case "CORRECTION":
                said = decision["correction"]
                start, end = instant(said["from"]), instant(said["to"])
                is_possible = (
                    1 <= len(said["entityIds"]) <= 1_000
                    and (said["state"] is not None or said["units"] is not None)
                    and (said["units"] is None or len(said["entityIds"]) == 1)
                    and (start < end or start == end and said["state"] is None)
                    and end <= instant(decision["madeAt"])
                )
                return None if is_possible else INVALID
            case "RETRACTION":
                named = decision_of(decision)
                return None if any(is_named(event, named) for event in stored.events) else NOT_FOUND
            case "WITHDRAWAL":
                number = decision["withdrawal"]
                if not 1 <= number <= len(self.listed):
                    return NOT_FOUND
                of = self.listed[number - 1]
                return INVALID if of["kind"] == "WITHDRAWAL" or of["withdrawnBy"] else None
        return None


def is_named(event, retraction: Retraction) -> bool:
    return retraction.event == (event.entity, event.form, event.type, event.start, event.event_id)
