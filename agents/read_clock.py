"""This file lets you read the database's clock, which is the same for all who write into it."""

from datetime import datetime

from django.db import connection


def read_clock() -> datetime:
    """The time as it is now, not as it was when the transaction began. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    moment: datetime = now
    return moment
