"""This file lets you see that telemetry has its months."""

from collections.abc import Iterable
from datetime import datetime

from agents.telemetry.rows import COLUMNS
from config.months import keep_months

_kept: set[datetime] = set()


def keep_telemetry_months(months: Iterable[datetime]) -> None:
    """Make the partitions of these months where they are missing. No query for what this process knows to be there.

    Outside of the transaction that writes, so that a new month holds up nobody.
    """
    for table in COLUMNS if (missing := unkept_months(months)) else ():
        keep_months(table, missing)
    _kept.update(missing)


def unkept_months(months: Iterable[datetime]) -> set[datetime]:
    """Those of the months that this process does not know to be there."""
    return set(months) - _kept


def forget_months() -> None:
    """Know no month any more: one of them was dropped."""
    _kept.clear()
