"""What the worker does for the sentinel. Each can be run twice."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Schedule

from config.regular_work import REGULAR, every
from sentinel.models import Heartbeat, IdempotentAnswer


def beat() -> None:
    """Show that background work gets done."""
    Heartbeat.objects.update_or_create(name="worker", defaults={"beat_at": timezone.now()})


def tidy() -> None:
    """Drop what was kept only for a while."""
    IdempotentAnswer.objects.stale().delete()


every(timedelta(minutes=1), "sentinel.tasks.beat")
every(timedelta(hours=1), "sentinel.tasks.tidy")


def schedule() -> None:
    """Have the worker do all this regularly; to be called at every start, changes nothing that is right already."""
    for name, span in REGULAR.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": name,
                "schedule_type": Schedule.MINUTES,
                "minutes": int(span.total_seconds() // 60),
                "repeats": -1,
            },
        )
