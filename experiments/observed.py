"""What record verbs share: an item's answer, and what time and unit an item may name."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assay.core.errors import AssayError, single

MOST_ITEMS = 5_000
# Clocks differ; more than this is a wrong clock.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Taken:
    """An item that is stored, now or before. `counted`: it counts for an experiment as things stand."""

    counted: bool
    duplicate: bool = False


Answer = Taken | AssayError


def number_of(unit_hash: bytes) -> int:
    """A unit's 8-byte hash as it is stored: a signed number of 64 bits."""
    return int.from_bytes(unit_hash, "big", signed=True)


def hash_of(unit: int) -> bytes:
    """The other way round."""
    return unit.to_bytes(8, "big", signed=True)


def time_of(at: datetime | None, *, now: datetime) -> datetime:
    """When it happened; now where it is not said. AssayError for a time without zone or from the future."""
    if at is None:
        return now
    if at.tzinfo is None:
        raise single("invalid_time", "/at", "A time names its zone, as in 2026-01-31T12:00:00Z.")
    if at > now + CLOCK_SKEW:
        raise single("time_in_future", "/at", "This time has not come yet.")
    return min(at, now)


def milliseconds(value: int) -> datetime:
    """Unix milliseconds as a time."""
    return datetime.fromtimestamp(value / 1000, tz=UTC)


def check_batch(items: object, *, most: int = MOST_ITEMS) -> list[object]:
    """The items of a batch; AssayError 413 for too many of them, 422 for what is no list."""
    if not isinstance(items, list):
        raise single("invalid", "/items", "Send `items`, a list.")
    if len(items) > most:
        raise single("too_many_items", "/items", f"A batch holds {most} items at most.", status=413)
    return items
