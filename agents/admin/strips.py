"""This file lets intervals be drawn as strips, one below the other on the same scale. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Strip:
    """All in per cent of the strip's width: where the interval begins and how wide it is, its estimate, and the line
    that it is read against. `is_clear`: that line lies outside of the interval."""

    left: float
    width: float
    middle: float | None
    line: float | None
    is_clear: bool


def reach_of(intervals: Iterable[Interval | None], least: float = 1e-9) -> float:
    """How far from zero the widest of them goes, either way."""
    ends = [abs(end) for interval in intervals if interval is not None for end in interval]
    return max([*ends, least]) * 1.05


def around_zero(interval: Interval | None, middle: float | None, reach: float) -> Strip | None:
    """A difference on a scale from −reach to reach, read against zero; None where there is no interval."""
    if interval is None:
        return None
    return between(interval, middle, -reach, reach, line=0.0)


def between(interval: Interval, middle: float | None, low: float, high: float, *, line: float | None = None) -> Strip:
    """An interval on a scale from `low` to `high`, read against `line`."""

    def place(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(100 * min(max(share, 0.0), 1.0), 2)

    left, right = place(interval[0]), place(interval[1])
    return Strip(
        left=left,
        width=max(round(right - left, 2), 0.4),
        middle=None if middle is None else place(middle),
        line=None if line is None else place(line),
        is_clear=line is not None and not interval[0] <= line <= interval[1],
    )
