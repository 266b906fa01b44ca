"""This file lets you have the months that executions are written to, and drop those that are past keeping."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from config.months import drop_months, keep_months, month_of, next_month
from experiments.record_executions import TABLE


def keep_execution_months() -> None:
    """Make this month and the next where they are not there yet, and drop what ended before the retention. Not within
    a transaction."""
    now = timezone.now()
    keep_months(TABLE, {month_of(now), next_month(month_of(now))})
    drop_months(TABLE, now - timedelta(days=settings.RETENTION_DAYS))
