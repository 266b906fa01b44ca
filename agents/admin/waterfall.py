"""This file lets the steps of a run be laid out as bars on an axis of time, nested by parent. Pure.

Places are in thousandths of the axis. A step that does not say when it began has no place; where no step does, the bars
say how long each took, and all begin at the left.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agents.models import Step

DEEPEST = 8
MOST_TICKS = 6
# What can be seen at all.
NARROWEST = 3.0
# Milliseconds: of a second by tens, of a minute, an hour and a day as clocks have them.
ROUND_TIMES = (
    *(factor * 10.0**power for power in range(-3, 5) for factor in (1, 2, 5)),
    *(minutes * 60_000.0 for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440, 2880, 10_080)),
)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Nested:
    """A step among its like: `number` counts from 1 in the order of reading, `depth` says how deep it is, bounded."""

    step: Step
    number: int
    depth: int
    children: int


@dataclass(frozen=True, slots=True)
class Row(Nested):
    """A step in its place, exactly: `left` and `width` may be outside of what is shown, or too narrow to be seen."""

    latency_ms: float | None
    left: float | None
    width: float | None

    @property
    def bar(self) -> tuple[float, float] | None:
        """Where its bar begins and how wide it is, as it can be drawn and seen; None where it has no place."""
        if self.left is None or self.width is None:
            return None
        begin = min(max(self.left, 0.0), 1000 - NARROWEST)
        end = min(max(self.left + self.width, begin + NARROWEST), 1000.0)
        return round(begin, 2), round(end - begin, 2)


@dataclass(frozen=True, slots=True)
class Tick:
    """`x` in per cent."""

    x: float
    milliseconds: float

    @property
    def mille(self) -> float:
        return round(10 * self.x, 1)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`is_timed`: the bars lie where they were; else they begin at the left. `length_ms` is what the axis spans."""

    rows: list[Row]
    ticks: list[Tick]
    length_ms: float
    is_timed: bool


def lay_out(steps: Sequence[Step], *, began_at: datetime, length_ms: float | None) -> Waterfall:
    """The waterfall of a run that began at `began_at` and took `length_ms`, where that is known."""
    starts = [step.started_at for step in steps if step.started_at is not None]
    is_timed = bool(starts)
    zero = min([began_at, *starts])
    ends = [(_offset(step, zero) or 0.0) + (took(step) or 0.0) for step in steps]
    if is_timed:
        ends.append((began_at - zero) / _MILLISECOND + (length_ms or 0.0))
    length = max(ends, default=0.0)
    rows = [_placed(nested, zero if is_timed else None, length) for nested in _nested(steps)]
    return Waterfall(rows, _ticks(length), length, is_timed)


def close_up(whole: Waterfall, rows: Sequence[Row]) -> Waterfall:
    """These rows of a waterfall on an axis of their own: that of what has nothing below it, which is shown whole."""
    timed = [row for row in rows if row.left is not None and row.width is not None]
    leaves = [row for row in timed if not row.children] or timed
    if not whole.is_timed or not leaves:
        return Waterfall(list(rows), whole.ticks, whole.length_ms, whole.is_timed)
    low = min(row.left or 0.0 for row in leaves)
    high = max((row.left or 0.0) + (row.width or 0.0) for row in leaves)
    scale = 1000 / max(high - low, 1e-6)
    closer = [
        row
        if row.left is None or row.width is None
        else replace(row, left=(row.left - low) * scale, width=row.width * scale)
        for row in rows
    ]
    since, length = low * whole.length_ms / 1000, (high - low) * whole.length_ms / 1000
    return Waterfall(closer, _ticks(length, since), length, is_timed=True)


def took(step: Step) -> float | None:
    """How long it took, in milliseconds; None where nothing says."""
    if step.latency_ms is not None:
        return step.latency_ms
    if step.started_at is not None and step.ended_at is not None:
        return (step.ended_at - step.started_at) / _MILLISECOND
    return None


def _offset(step: Step, zero: datetime) -> float | None:
    return None if step.started_at is None else (step.started_at - zero) / _MILLISECOND


def _placed(nested: Nested, zero: datetime | None, length: float) -> Row:
    latency = took(nested.step)
    left = 0.0 if zero is None else _offset(nested.step, zero)
    if left is None or not length or (zero is None and latency is None):
        return Row(nested.step, nested.number, nested.depth, nested.children, latency, None, None)
    place = 1000 * left / length, 1000 * (latency or 0.0) / length
    return Row(nested.step, nested.number, nested.depth, nested.children, latency, *place)


def _nested(steps: Sequence[Step]) -> list[Nested]:
    """Each parent before its children. What has a parent that is not there, or that it is itself a parent of, stands at
    the top."""
    known = {step.step_id for step in steps}
    children: dict[str | None, list[Step]] = {}
    for step in sorted(steps, key=lambda step: step.seq):
        parent = step.parent_step_id
        children.setdefault(parent if parent in known and parent != step.step_id else None, []).append(step)
    found: list[Nested] = []
    seen: set[str] = set()
    # Without recursion: a run may be as deep as it has steps.
    waiting = [(step, 0) for step in reversed(children.get(None, []))]
    late = iter(sorted(steps, key=lambda step: step.seq))
    while True:
        if not waiting:
            left_out = next((step for step in late if step.step_id not in seen), None)
            if left_out is None:
                return found
            waiting.append((left_out, 0))
        step, depth = waiting.pop()
        if step.step_id in seen:
            continue
        seen.add(step.step_id)
        own = children.get(step.step_id, [])
        found.append(Nested(step, len(found) + 1, min(depth, DEEPEST), len(own)))
        waiting += [(child, depth + 1) for child in reversed(own)]


def _ticks(length: float, since: float = 0.0) -> list[Tick]:
    """Round times along the axis, its very beginning left out."""
    if length <= 0:
        return []
    rough = length / MOST_TICKS
    step = next((round_time for round_time in ROUND_TIMES if round_time >= rough), rough)
    places = range(math.floor(since / step) + 1, math.floor((since + length) / step) + 1)
    return [Tick(round(100 * (place * step - since) / length, 2), place * step) for place in places]
