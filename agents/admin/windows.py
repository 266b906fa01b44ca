"""This file lets a page be asked about a stretch of time: whole days of UTC, which rollups count exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DAY = timedelta(days=1)
# By name: what it is called, and how many days it goes back, today included. None: as far as anything is kept.
WINDOWS: dict[str, tuple[str, int | None]] = {
    "today": ("Today", 1),
    "7d": ("7 days", 7),
    "30d": ("30 days", 30),
    "all": ("All", None),
}
# No column of a chart is narrower than this allows.
MOST_COLUMNS = 120


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` (None: from the first run on) up to and without `end`, by columns of an hour or a day."""

    name: str
    title: str
    start: datetime | None
    end: datetime
    grain: str

    @property
    def until(self) -> datetime | None:
        """Where it ends; None where it goes up to now, and to clocks that are ahead."""
        return None if self.name in WINDOWS else self.end

    def columns(self, first: datetime) -> list[datetime]:
        """Where each column of a chart begins. `first`: the first of anything there is."""
        step = timedelta(hours=1) if self.grain == "h" else DAY
        start = max(self.start or first, self.end - MOST_COLUMNS * step)
        return [start + place * step for place in range(-((start - self.end) // step))]


def midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def named_window(name: str, now: datetime) -> Window | None:
    """The window of this name, or the day that it names (2026-11-20); None for anything else."""
    end = midnight(now) + DAY
    if name in WINDOWS:
        title, days = WINDOWS[name]
        return Window(name, title, None if days is None else end - days * DAY, end, "h" if days == 1 else "d")
    try:
        day = datetime.combine(date.fromisoformat(name), time(), UTC)
    except ValueError:
        return None
    if not 0 <= (midnight(now) - day).days <= 3660:
        return None
    return Window(day.date().isoformat(), f"{day:%-d %b %Y}", day, day + DAY, "h")


def narrowest(latest: datetime | None, now: datetime) -> Window:
    """The first of the named windows that the latest run lies in: today's where there is none at all."""
    names = ("today", "7d", "30d", "all") if latest else ("today",)
    windows = [window for name in names if (window := named_window(name, now)) is not None]
    return next((it for it in windows if latest is None or it.start is None or it.start <= latest), windows[-1])


def asked_window(sent: Mapping[str, str], now: datetime, *, usual: str = "30d") -> Window:
    """The window that an address asks for as `window`, or the usual one."""
    window = named_window(sent.get("window", ""), now) or named_window(usual, now)
    if window is None:
        raise ValueError(f"{usual!r} is no window.")
    return window
