"""Make the months that grow without end are written to, and let go of what is past keeping."""

from typing import Any

from django.core.management.base import BaseCommand

from agents.keep_telemetry import keep_telemetry
from experiments.keep_execution_months import keep_execution_months


class Command(BaseCommand):
    help = (
        "Make this month's and the next months' partitions of telemetry and executions, drop those that are past the "
        "longest retention of all projects, and delete what is past a shorter one. The worker does so daily."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        keep_execution_months()
        kept = keep_telemetry()
        for name in kept.dropped:
            self.stdout.write(f"dropped {name}")
        for slug, runs in kept.deleted.items():
            self.stdout.write(f"deleted {runs} runs of {slug}")
        self.stdout.write("The months that are written to are there.")
