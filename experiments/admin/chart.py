"""This file lets an interval, and a number that grows, be drawn over time. Pure: numbers in, places of an SVG out.

Shapes are drawn on a canvas of 1000 by 1000 that stretches to whatever room there is; words and dots lie above it, at
percentages, and keep their size."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

CANVAS = 1000
MOST_TICKS = 5
# What comes before, when next to nothing was known, must not press the rest flat.
READ_FROM = 0.34


@dataclass(frozen=True, slots=True)
class Point:
    """One look. `low`, `high` and `middle` in the same measure; None where it could not be read yet."""

    at: datetime
    low: float | None
    high: float | None
    middle: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A level across the chart: its place from the top in per cent, and its name."""

    y: float
    label: str
    kind: str = "grid"
    is_above: bool = True


@dataclass(frozen=True, slots=True)
class Chart:
    """Point lists for the canvas; `x` and `y` in per cent."""

    band: str
    middle: str
    low: str
    high: str
    lines: tuple[Line, ...]
    last_x: float
    last_y: float | None
    moment_x: float | None
    since: datetime
    until: datetime


def draw_interval(
    points: Sequence[Point],
    *,
    since: datetime,
    until: datetime,
    levels: Sequence[tuple[float, str, str]],
    say: Callable[[float], str],
    moment: datetime | None = None,
) -> Chart | None:
    """The chart of an interval as it narrows; None for fewer than two readings. `levels`: value, kind and name of the
    lines that must be seen; `say`: a value in words, for the scale; `moment`: when the verdict came."""
    read = [point for point in points if point.low is not None and point.high is not None]
    if len(read) < 2:
        return None
    counted = read[int(len(read) * READ_FROM) :]
    values = [value for point in counted for value in (point.low, point.high) if value is not None]
    highest = max(level for level, _, _ in levels)
    bottom, top = _room([*values, *(level for level, _, _ in levels)])

    def place(point: Point, value: float | None) -> tuple[float, float]:
        return _share(point.at, since, until) * CANVAS, _down(value or 0.0, bottom, top) * CANVAS

    low, high = [place(point, point.low) for point in read], [place(point, point.high) for point in read]
    middle = [place(point, point.middle) for point in read if point.middle is not None]
    last = read[-1]
    return Chart(
        band=_list([*high, *reversed(low)]),
        middle=_list(middle),
        low=_list(low),
        high=_list(high),
        lines=(
            *(Line(_down(value, bottom, top) * 100, say(value)) for value in _scale(bottom, top)),
            # Of two names close to each other one stands above its line and one below.
            *(
                Line(_down(value, bottom, top) * 100, label, kind, is_above=value == highest)
                for value, kind, label in levels
            ),
        ),
        last_x=_share(last.at, since, until) * 100,
        last_y=None if last.middle is None else _down(last.middle, bottom, top) * 100,
        moment_x=None if moment is None else _share(moment, since, until) * 100,
        since=since,
        until=until,
    )


def draw_growth(
    points: Sequence[Point], *, since: datetime, until: datetime, needed: float | None, name: str
) -> Chart | None:
    """The chart of a number that grows from 0 (`middle`), and the level it has to reach."""
    read = [point for point in points if point.middle is not None]
    if len(read) < 2:
        return None
    highest = max([point.middle or 0.0 for point in read] + [needed or 0.0, 1.0]) * 1.35
    line = [
        (_share(point.at, since, until) * CANVAS, _down(point.middle or 0.0, 0.0, highest) * CANVAS) for point in read
    ]
    return Chart(
        band=_list([(line[0][0], float(CANVAS)), *line, (line[-1][0], float(CANVAS))]),
        middle=_list(line),
        low="",
        high="",
        lines=(Line(_down(needed, 0.0, highest) * 100, name, "goal"),) if needed else (),
        last_x=_share(read[-1].at, since, until) * 100,
        last_y=_down(read[-1].middle or 0.0, 0.0, highest) * 100,
        moment_x=None,
        since=since,
        until=until,
    )


def _room(values: Sequence[float]) -> tuple[float, float]:
    bottom, top = min(values), max(values)
    margin = (top - bottom or abs(top) or 1.0) * 0.12
    return bottom - margin, top + margin


def _scale(bottom: float, top: float) -> list[float]:
    """Round values between the two, a few of them."""
    rough = (top - bottom) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(bottom / step)
    return [place * step for place in range(first, math.floor(top / step) + 1) if place]


def _share(at: datetime, since: datetime, until: datetime) -> float:
    whole = (until - since).total_seconds()
    return round(min(max((at - since).total_seconds() / whole, 0.0), 1.0), 4) if whole > 0 else 1.0


def _down(value: float, bottom: float, top: float) -> float:
    # Far outside is outside enough: browsers lose their way in very large numbers.
    return round(min(max((top - value) / (top - bottom), -5.0), 6.0), 4)


def _list(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
