"""Take runs from a file of transcripts, without a word of them."""

from argparse import ArgumentParser
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assay.core.errors import AssayError
from assay.core.privacy import is_code
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from tqdm import tqdm

from agents.import_runs import Imported, Ran, import_runs
from sentinel.models import Project

OUTCOMES = ("stored", "updated", "duplicate")
MOST_SECONDS = 86_400.0


class Command(BaseCommand):
    help = (
        "Take runs from transcripts of an agent that called tools, in the shape of tau-bench: a JSON list, or a "
        "transcript a line, gzip or not. Which tools were called and what came of it is kept, no word that was said. "
        "A second time changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE", help="a .json, .jsonl, or either of them gzipped")
        parser.add_argument("--project", default="default", help="the project's slug")
        parser.add_argument("--agent-id", default="airline-agent", help="whose runs these are; %(default)s by default")
        parser.add_argument("--agent-version", default="1", help="%(default)s by default")
        parser.add_argument("--environment", default="production", help="%(default)s by default")
        parser.add_argument(
            "--begin",
            help="when the first run began, as in 2026-01-31T12:00:00Z; a transcript does not say. "
            "A day ago by default, on the hour",
        )
        parser.add_argument(
            "--every", type=float, default=60, help="seconds from a run to the next, up to a day; 60 by default"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        ran = Ran(*(options[name] for name in ("agent_id", "agent_version", "environment")))
        if not all(is_code(name) for name in (ran.agent_id, ran.agent_version, ran.environment)):
            raise CommandError("An agent, its version and an environment are codes, without spaces.")
        if not 0 <= options["every"] <= MOST_SECONDS:
            raise CommandError(f"--every is from 0 to {MOST_SECONDS:.0f} seconds.")
        try:
            with tqdm(unit=" runs", disable=options["verbosity"] == 0) as bar:
                imported = import_runs(
                    project_id=project.pk,
                    path=options["path"],
                    ran=ran,
                    begin=_begin(options["begin"]),
                    every=timedelta(seconds=options["every"]),
                    progress=bar.update,
                )
        except AssayError as error:
            raise CommandError(f"{error.code}: {error.detail}") from None
        self._tell(imported)

    def _tell(self, imported: Imported) -> None:
        for number, error in imported.refused.items():
            place = error.errors[0].pointer if error.errors else ""
            self.stdout.write(f"Run {number}{place}: {error.code}: {error.detail}")
        told = ", ".join(f"{imported.counts[outcome]} {outcome}" for outcome in OUTCOMES)
        self.stdout.write(f"{told}, {len(imported.refused)} refused.")


def _begin(said: str | None) -> datetime:
    if said is None:
        return timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=1)
    with suppress(ValueError, OverflowError):
        begin = parse_datetime(said)
        if begin is not None and begin.tzinfo is not None:
            return begin.astimezone(UTC)
    raise CommandError("--begin is a time with its zone, as in 2026-01-31T12:00:00Z.")
