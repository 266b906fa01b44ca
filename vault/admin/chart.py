"""This file lets a score be drawn over its reports. Pure: numbers in, places of an SVG out."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 20, 7, 8, 8
HIGHEST = 10.0
MOST_POINTS = 120


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the chart and what it stands for."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template needs to draw one line: SVG point lists, the last point and the grid."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    line: str
    area: str
    last_x: float
    last_y: float
    ticks: list[Tick]


def sequences_to_draw(reports: int) -> list[int]:
    """Which of a prompt's reports to draw, of those numbered 1 to `reports`: all, or so many spread evenly, the last
    always among them."""
    if reports <= MOST_POINTS:
        return list(range(1, reports + 1))
    return sorted({round(1 + place * (reports - 1) / (MOST_POINTS - 1)) for place in range(MOST_POINTS)})


def draw(scores: Sequence[float]) -> Chart | None:
    """The chart of scores in order, each in [0, 10]; None for fewer than two, which make no line."""
    if len(scores) < 2:
        return None
    step = (WIDTH - LEFT - RIGHT) / (len(scores) - 1)
    places = [(round(LEFT + index * step, 1), _y(score)) for index, score in enumerate(scores)]
    line = " ".join(f"{x},{y}" for x, y in places)
    floor = HEIGHT - BOTTOM
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=floor,
        line=line,
        area=f"{LEFT},{floor} {line} {places[-1][0]},{floor}",
        last_x=places[-1][0],
        last_y=places[-1][1],
        ticks=[Tick(_y(value), f"{value:g}") for value in (0.0, 5.0, 10.0)],
    )


def _y(score: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(score, 0.0), HIGHEST) / HIGHEST), 1)
