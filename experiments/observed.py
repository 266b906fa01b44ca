"""What record verbs share: an item's answer, and how its unit is written."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from assay.core import assign
from assay.core.errors import AssayError, single

MOST_ITEMS = 5_000
HASH = re.compile(r"[0-9a-f]{16}\Z")
# The last second of the year 9999, in Unix milliseconds.
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


def unit_of(project_id: UUID, name: str | None, hashed: str | None) -> int:
    """A unit by the caller's own id of it, else by its hash in hexadecimal digits. AssayError for what is neither."""
    if name is not None:
        return number_of(assign.unit_hash(str(project_id), assign.check_unit(name)))
    if hashed is None or not HASH.match(hashed):
        raise single("invalid_unit", "/unit_hash", "unit_hash is 16 hexadecimal digits.")
    return number_of(bytes.fromhex(hashed))


def hash_of(unit: int) -> bytes:
    """The other way round."""
    return unit.to_bytes(8, "big", signed=True)


def hash_of_resolution(resolution_id: str) -> UUID:
    """By what an execution knows its resolution: the database's `experiments_resolution` does the same."""
    return UUID(bytes=hashlib.sha256(resolution_id.encode()).digest()[:16])


def milliseconds(value: int) -> datetime:
    """Unix milliseconds as a time. A made-up resolution id may name the year 10889: the last there is stands in."""
    return datetime.fromtimestamp(min(value, LAST_MS) / 1000, tz=UTC)
