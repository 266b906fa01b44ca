"""Keep tables that grow without end in partitions, one for each month of their rows' ids (UUIDv7)."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# One that is half detached comes first: PostgreSQL detaches no other one before.
PARTITIONS = """
    SELECT inhrelid::regclass::text, inhdetachpending FROM pg_inherits WHERE inhparent = %s::regclass
    ORDER BY inhdetachpending DESC, 1
"""


def id_at(at: datetime, own: bytes) -> UUID:
    """The UUIDv7 of a row of this time that its sender knows as `own`: made again from the same, it is the same."""
    random = int.from_bytes(hashlib.sha256(own).digest()[:10], "big")
    # As RFC 9562 lays it out: 48 bits of time, the version, 12 bits, the variant, 62 bits.
    return UUID(int=first_id(at).int | 7 << 76 | (random >> 62 & 0xFFF) << 64 | 2 << 62 | random & (1 << 62) - 1)


def first_id(at: datetime) -> UUID:
    """What no UUIDv7 of this time or later is below."""
    milliseconds = int((at - EPOCH).total_seconds() * 1000)
    return UUID(int=max(milliseconds, 0) << 80)


def time_of_id(id_: UUID) -> datetime:
    """When the row of this id was, to the millisecond."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, tz=UTC)


def month_of(at: datetime) -> datetime:
    """The first instant of its month."""
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def keep_months(table: str, months: set[datetime]) -> None:
    """See that the table has partitions for these months: one query where it has them.

    A new one is made beside the table and then attached, which keeps nobody from reading or writing meanwhile.
    """
    names = {partition(table, month): month for month in months}
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [list(names)])
        missing = names.keys() - {name for (name,) in cursor.fetchall()}
    for name in sorted(missing):
        _make(table, name, names[name])


def drop_months(table: str, before: datetime) -> list[str]:
    """Drop the partitions of months that had ended by `before`; their names. Not within a transaction.

    Each is first detached without keeping anybody from reading or writing, and only then dropped. One that was left
    half detached, because whoever was at it was stopped, is finished.
    """
    last = partition(table, month_of(before))
    dropped = []
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [table])
        for name, is_pending in cursor.fetchall():
            if name < last:
                how = "FINALIZE" if is_pending else "CONCURRENTLY"
                cursor.execute(f'ALTER TABLE "{table}" DETACH PARTITION "{name}" {how}')
                cursor.execute(f'DROP TABLE "{name}"')
                dropped.append(name)
    return dropped


def partition(table: str, month: datetime) -> str:
    """The name of the table's partition for a month; names of one table sort by time."""
    return f"{table}_{month:%Y_%m}"


@transaction.atomic
def _make(table: str, name: str, month: datetime) -> None:
    with connection.cursor() as cursor:
        # Two that find it missing at the same time: the second one finds it made.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        cursor.execute("SELECT to_regclass(%s)", [name])
        (found,) = cursor.fetchone()
        if found is not None:
            return
        cursor.execute(f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING ALL)')
        cursor.execute(
            f'ALTER TABLE "{table}" ATTACH PARTITION "{name}" FOR VALUES FROM (%s) TO (%s)',
            [first_id(month), first_id(next_month(month))],
        )
