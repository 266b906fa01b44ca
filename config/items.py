"""Read what a caller sent into a struct, and say where it is off."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from assay.core.errors import single

from config.complaints import told
from config.rest import check_storable

T = TypeVar("T")
# Clocks differ; more than this is a wrong clock.
CLOCK_SKEW = timedelta(minutes=5)


def convert_item(value: Any, type_: type[T]) -> T:
    """The JSON value as a `type_`.

    Raises AssayError `invalid` with the pointer of the first thing that does not fit, or `unstorable_value`.
    """
    check_storable(value)
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise told(error) from None


def time_of(at: datetime | None, *, now: datetime) -> datetime:
    """When it happened; now where it is not said. AssayError for a time without zone or from the future."""
    if at is None:
        return now
    if at.tzinfo is None:
        raise single("invalid_time", "/at", "A time names its zone, as in 2026-01-31T12:00:00Z.")
    if at > now + CLOCK_SKEW:
        raise single("time_in_future", "/at", "This time has not come yet.")
    return min(at, now)
