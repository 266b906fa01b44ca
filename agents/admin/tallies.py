"""This file lets one see what runs came to in a window, in all and column by column, from their rollups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from agents.admin.windows import Window
from agents.fold_counts import fold_counts
from agents.models import RunCount

NUMBERS = ("runs", "running", "success", "failure", "partial", "looping", "costed")
SUMS = (*NUMBERS, "timed", "latency_ms", "cost_usd")


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over a window. `latency_ms` is the mean of the runs that tell of it and `cost_usd` the sum of the `costed`
    ones; None where none does."""

    runs: int
    running: int
    success: int
    failure: int
    partial: int
    looping: int
    costed: int
    latency_ms: float | None
    cost_usd: Decimal | None

    @property
    def finished(self) -> int:
        return self.runs - self.running

    @property
    def failure_rate(self) -> float | None:
        """Of the finished ones; None where there are none."""
        return self.failure / self.finished if self.finished else None


@dataclass(frozen=True, slots=True)
class Column:
    """An hour or a day: its places in a chart of 0 to 1000 each way, what fails at the bottom."""

    start: datetime
    runs: int
    failure: int
    x: float
    width: float
    y: float
    height: float
    failed_y: float
    failed_height: float


def tally(project_id: UUID, window: Window, codes: dict[str, str]) -> tuple[Tally, list[Column]]:
    """Two queries, once everything is folded, whatever the number of runs."""
    fold_counts(project_id=project_id)
    counts: QuerySet[Any] = RunCount.objects.filter(project_id=project_id, grain=window.grain, **codes)
    if window.start is not None:
        counts = counts.filter(start__gte=window.start)
    if window.until is not None:
        counts = counts.filter(start__lt=window.until)
    rows = list(counts.values("start").annotate(**{f"sum_{name}": Sum(name) for name in SUMS}).order_by("start"))
    total = {name: sum(row[f"sum_{name}"] for row in rows) for name in SUMS}
    known = {row["start"]: (row["sum_runs"], row["sum_failure"]) for row in rows if row["sum_runs"] > 0}
    return (
        Tally(
            **{name: total[name] for name in NUMBERS},
            latency_ms=total["latency_ms"] / total["timed"] if total["timed"] else None,
            cost_usd=total["cost_usd"] if total["costed"] else None,
        ),
        columns(known, window.columns(min(known, default=window.end))),
    )


def columns(known: dict[datetime, tuple[int, int]], starts: Sequence[datetime]) -> list[Column]:
    """The chart's columns, empty ones as well; none where nothing was counted."""
    highest = max((known[start][0] for start in starts if start in known), default=0)
    if not highest:
        return []
    width = 1000 / len(starts)
    found = []
    for place, start in enumerate(starts):
        runs, failure = known.get(start, (0, 0))
        height, failed = 1000 * runs / highest, 1000 * failure / highest
        # What is there at all can be seen.
        height, failed = (max(it, 25.0) if it else 0.0 for it in (height, failed))
        x, room = round(place * width + width * 0.12, 2), round(width * 0.76, 2)
        found.append(Column(start, runs, failure, x, room, *_down(height), *_down(failed)))
    return found


def _down(height: float) -> tuple[float, float]:
    return round(1000 - height, 1), round(height, 1)
