"""This file lets you cut a time into what rollups count and what is left: whole days, whole hours, ragged edges."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HALF_A_DAY = timedelta(hours=12)
USUAL = timedelta(days=30)

Span: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to and without `end`, to the millisecond; empty where they are the same.

    A run lies in it by the time that its group was first heard to begin, as its id has it.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        # An id knows milliseconds alone: of a finer bound it is the next one that decides.
        for name in ("start", "end"):
            object.__setattr__(self, name, _ceiling(getattr(self, name).astimezone(UTC), MILLISECOND))

    @property
    def parts(self) -> "Parts":
        """What it is made of."""
        first, last = _ceiling(self.start, HOUR), _floor(self.end, HOUR)
        if first >= last:
            return Parts(edges=_spans((self.start, self.end)))
        edges = _spans((self.start, first), (last, self.end))
        dawn, dusk = _ceiling(first, DAY), _floor(last, DAY)
        if dawn > dusk:
            return Parts(hours=((first, last),), edges=edges)
        # Of a day that lies in it for the most part there are fewer hours to take away than to add.
        before, after = dawn - first > HALF_A_DAY, last - dusk > HALF_A_DAY
        begin, end = dawn - DAY if before else dawn, dusk + DAY if after else dusk
        return Parts(
            days=_spans((begin, end)),
            hours=_spans((first, begin), (end, last)),
            less=_spans((begin, first), (last, end)),
            edges=edges,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Spans that together are a window: days and hours (UTC), less those hours of the days that lie outside of it, and
    edges of under an hour."""

    days: tuple[Span, ...] = ()
    hours: tuple[Span, ...] = ()
    less: tuple[Span, ...] = ()
    edges: tuple[Span, ...] = ()


def usual_window(now: datetime) -> Window:
    """The last 30 days, up to the end of this hour."""
    end = _floor(now.astimezone(UTC), HOUR) + HOUR
    return Window(end - USUAL, end)


def lowest_id(at: datetime) -> UUID:
    """What no id of this instant or later is below. `at` in whole milliseconds, as a window has it."""
    return UUID(int=max((at - EPOCH) // MILLISECOND, 0) << 80)


def _spans(*spans: Span) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in spans if start < end)


def _floor(at: datetime, step: timedelta) -> datetime:
    return at - (at - EPOCH) % step


def _ceiling(at: datetime, step: timedelta) -> datetime:
    return at + (EPOCH - at) % step
