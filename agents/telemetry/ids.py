"""The ids of telemetry's rows: by its id alone one finds all that belongs to a run, in a range of the primary key."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha256
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_OWN_BITS = (1 << 62) - 1


def key_of(key: str) -> UUID:
    """By what a group is known: the first 16 bytes of SHA-256 of its key, as a UUID."""
    return UUID(bytes=sha256(key.encode()).digest()[:16])


def prefix_of(key: str, began_at: datetime) -> str:
    """The first 16 hexadecimal digits of every id in a group: 48 bits of milliseconds, the version 7, and 12 bits of
    the group's key."""
    milliseconds = (began_at - EPOCH) // _MILLISECOND
    return f"{milliseconds:012x}7{sha256(key.encode()).hexdigest()[:3]}"


def row_id(prefix: str, key: str, kind: str, own: str) -> str:
    """A UUIDv7 of this group, as 32 hexadecimal digits: the rest is 60 bits of a hash of what the row is called."""
    # None of the three holds a space, being codes.
    digest = blake2b(f"{key} {kind} {own}".encode(), digest_size=8)
    return f"{prefix}8{digest.hexdigest()[:15]}"


def group_range(id_: UUID) -> tuple[UUID, UUID]:
    """The lowest and the highest id that a row of the same group can have, both inclusive."""
    low = id_.int & ~_OWN_BITS
    return UUID(int=low), UUID(int=low | _OWN_BITS)
