"""What record verbs share: an item's answer, and how its unit is written."""

from dataclasses import dataclass
from datetime import UTC, datetime

from assay.core.errors import AssayError

MOST_ITEMS = 5_000
LAST_MS = 253_402_300_799_000


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


def milliseconds(value: int) -> datetime:
    """Unix milliseconds as a time. A made-up resolution id may name the year 10889: the last there is stands in."""
    return datetime.fromtimestamp(min(value, LAST_MS) / 1000, tz=UTC)
