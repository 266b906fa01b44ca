"""Do the background work."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django_q.tasks import async_task

from sentinel.tasks import schedule


class Command(BaseCommand):
    help = "Do the background work until told to stop (SIGTERM or Ctrl-C)."

    def handle(self, *args: Any, **options: Any) -> None:
        schedule()
        # At once, so that nobody waits for the first minute to see that it works.
        async_task("sentinel.tasks.beat")
        call_command("qcluster")
