"""Windows, the steps they are cut into, and the order of lists."""

import re
from bisect import bisect_right
from datetime import timedelta
from itertools import groupby

from facts import BUCKET, EPOCH, MINUTE

Window = tuple[int, int]
STEP = {"FIVE_MINUTES": 5 * MINUTE, "FIFTEEN_MINUTES": 15 * MINUTE, "HOUR": 60 * MINUTE}


def grid(at: int) -> int:
    return at // BUCKET * BUCKET


def last_minutes(count: int, now: int) -> Window:
    end = grid(now) + BUCKET
    return end - -(-count // 5) * BUCKET, end


class Zone:
    """A factory's clocks: since when they show which offset."""

    def __init__(self, offsets: list[tuple[int, int]]) -> None:
        self.since = [since for since, _ in offsets]
        self.offsets = [offset for _, offset in offsets]

    def offset(self, at: int) -> int:
        return self.offsets[max(0, bisect_right(self.since, at) - 1)]

    def date(self, at: int):
        return (EPOCH + timedelta(milliseconds=at + self.offset(at))).date()

    def day(self, date) -> Window | None:
        """A calendar day; none when the clocks skipped it. It begins at its first instant."""
        midnight = (date - EPOCH.date()) // timedelta(milliseconds=1)
        near = range(midnight - 36 * 3_600_000, midnight + 60 * 3_600_000, BUCKET)
        start = next(at for at in near if self.date(at) >= date)
        end = next(at for at in near if self.date(at) > date)
        return (start, end) if start < end else None

    def steps(self, window: Window, resolution: str) -> list[Window]:
        """The steps of a window, cut at its ends."""
        buckets = range(window[0], window[1], BUCKET)
        if resolution == "DAY":
            # A date that the clocks show a second time is still the day that has begun in between.
            latest = {}
            reached = self.date(window[0])
            for bucket in buckets:
                reached = max(reached, self.date(bucket))
                latest[bucket] = reached
            key = latest.get
        else:
            length = STEP[resolution]

            def key(bucket: int) -> tuple[int, int]:
                offset = self.offset(bucket)
                return bisect_right(self.since, bucket), (bucket + offset) // length

        found = [list(step) for _, step in groupby(buckets, key)]
        return [(step[0], step[-1] + BUCKET) for step in found]


def unix_steps(window: Window, length: int) -> list[Window]:
    """The steps of a timeline of many, counted from the Unix epoch."""
    first = window[0] // length * length
    return [(max(window[0], at), min(window[1], at + length)) for at in range(first, window[1], length)]


def letters(stretches, window: Window, length: int) -> str:
    """What a timeline of many shows of one."""
    shown = []
    for start, end in unix_steps(window, length):
        time = {"WORKING": 0, "IDLE": 0, "ABSENT": 0}
        for stretch in stretches:
            if stretch.state is not None and stretch.start < end and start < stretch.end:
                time[stretch.state] += min(end, stretch.end) - max(start, stretch.start)
        # Of equal ones the first.
        state = max(time, key=time.get)
        shown.append(state[0] if time[state] else "-")
    return "".join(shown).rstrip("-")


def natural(entity_id: str) -> tuple:
    """To order ids: runs of digits count as numbers, everything else and ties go by bytes."""
    parts = re.findall(rb"[0-9]+|[^0-9]", entity_id.encode())
    # A run of digits stands among other bytes where its first digit would.
    key = tuple((b"0", int(part)) if part.isdigit() else (part, 0) for part in parts)
    return key, entity_id.encode()
