"""Up to when everything is closed, by what people set."""

from collections.abc import Iterator
from dataclasses import dataclass

from facts import MINUTE
from windows import Window


@dataclass(frozen=True)
class Grace:
    """For how many hours after its end a bucket stays open, from an instant on."""

    since: int
    hours: int

    @property
    def length(self) -> int:
        return self.hours * 60 * MINUTE


def held(graces: list[Grace]) -> Iterator[tuple[Grace, int | None]]:
    """Each with the instant up to which it held."""
    return zip(graces, [*(grace.since for grace in graces[1:]), None])


def mark(graces: list[Grace], at: int) -> int | None:
    """Up to when everything is closed at an instant; it never falls. Before there was a grace, nothing is."""
    reached = [(grace, at if until is None else min(at, until)) for grace, until in held(graces) if grace.since <= at]
    return max((until - grace.length for grace, until in reached), default=None)


def is_closed(window: Window | None, at: int, graces: list[Grace]) -> bool:
    """Whether all of a window was closed at an instant; all time never is."""
    reached = mark(graces, at)
    return window is not None and reached is not None and window[1] <= reached


def closes_at(window: Window, graces: list[Grace]) -> int:
    """The first instant at which a window is closed, if the last grace stays."""
    for grace, until in held(graces):
        closes = max(grace.since, window[1] + grace.length)
        if until is None or closes <= until:
            return closes
    raise ValueError("a factory has a grace from its beginning")
