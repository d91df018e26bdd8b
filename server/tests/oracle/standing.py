"""Which events count, by what people decided, and which of several readings of one thing does."""

from collections.abc import Iterable

from facts import ANY, QUARANTINED, SERVING, Correction, Decision, Event, Retraction, Rule, Withdrawal


class Decided:
    """What was decided, and what of it is live."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self.all = decisions = list(decisions)
        withdrawn = {one.of for one in decisions if isinstance(one, Withdrawal)}
        live = [one for one in decisions if one.number not in withdrawn]
        self.corrections = [one for one in live if isinstance(one, Correction)]
        # A correction registers whom it names, also one that was taken back.
        self.named = {entity for one in decisions if isinstance(one, Correction) for entity in one.entities}
        self.rules = [one for one in live if isinstance(one, Rule)]
        # Of several that retract the same the latest.
        self.retracted = {one.event: one.number for one in live if isinstance(one, Retraction)}

    def serves(self, event: Event) -> bool:
        return self.standing(event)[0] == SERVING

    def standing(self, event: Event) -> tuple[str, int | None]:
        """An event's standing, and the decision that gives it."""
        retraction = self.retracted.get((event.entity, event.form, event.type, event.start, event.event_id))
        if retraction is not None:
            return QUARANTINED, retraction
        about_it = [rule for rule in self.rules if is_about(rule, event)]
        if not about_it:
            return SERVING, None
        rule = max(about_it, key=lambda rule: (precision(rule), rule.number))
        return rule.standing, rule.number


def is_about(rule: Rule, event: Event) -> bool:
    return (
        rule.source in (None, event.source)
        and rule.model in (ANY, event.model)
        and (rule.start is None or rule.start <= event.start)
        and (rule.end is None or event.start < rule.end)
    )


def precision(rule: Rule) -> int:
    """Source and model version before a source alone before a model version alone before neither."""
    return 2 * (rule.source is not None) + (rule.model != ANY)


def text(value: str | None) -> bytes:
    """To compare byte for byte; what is left out is lowest."""
    return b"" if value is None else value.encode()


def certainty(confidence: int | None) -> int:
    """Not stated loses to any that is stated."""
    return -1 if confidence is None else confidence


def counting(serving: Iterable[Event]) -> list[Event]:
    """Of the readings of one thing the one that counts."""
    best: dict[tuple, Event] = {}
    for event in serving:
        other = best.get(event.reading_of)
        if other is None or sureness(event) > sureness(other):
            best[event.reading_of] = event
    return list(best.values())


def sureness(event: Event) -> tuple:
    return certainty(event.confidence), text(event.model)
