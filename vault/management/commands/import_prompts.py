"""Take prompts from a CSV, JSON or YAML file, or from the folder of an export."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from assay.core.errors import AssayError
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sentinel.access import access_of_installation
from sentinel.models import Project
from vault.import_prompts import Taken, import_prompts
from vault.prompt_files.read import read
from vault.prompt_files.to_record import printable

OUTCOMES = ("new", "changed", "unchanged", "refused")


class Command(BaseCommand):
    help = (
        "Take prompts from a file: CSV with a name and a text in each row, or JSON or YAML; or from a folder that "
        "export_prompts wrote. A second time changes nothing. Each row that cannot be taken is listed with its reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE", help="a .csv, .json or .yaml file, or a folder")
        parser.add_argument("--project", default="default", help="the project's slug")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and write nothing")
        told = "for rows that do not say it; %(default)s by default"
        parser.add_argument("--category", default="community", help=told)
        parser.add_argument("--vertical", default="generic", help=told)
        parser.add_argument("--language", default="en", help=told)
        parser.add_argument("--platform", help="for rows that do not say it")
        parser.add_argument("--agent-code", help="for rows that do not say it")
        parser.add_argument("--source", help="for rows that do not say it; the file's name by default")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        fields = ("category", "vertical", "language", "platform", "agent_code")
        defaults = {name: options[name] for name in fields if options[name] is not None}
        source = path.name if options["source"] is None else options["source"]
        # A file's name may hold bytes that are no text.
        defaults["source"] = source.encode("utf-8", "replace").decode()[:200]
        try:
            rows = read(path)
            with tqdm(total=len(rows), unit=" prompts", disable=options["verbosity"] == 0) as bar:
                taken = import_prompts(
                    access=access_of_installation(project),
                    rows=rows,
                    defaults=defaults,
                    dry_run=options["dry_run"],
                    progress=bar.update,
                )
        except AssayError as error:
            raise CommandError(f"{error.code}: {error.detail}") from None
        self._tell(taken, dry_run=options["dry_run"])

    def _tell(self, taken: list[Taken], *, dry_run: bool) -> None:
        for one in taken:
            if one.refusal is not None:
                name = f" {one.row.name!r}" if one.row.name else ""
                pointer = f" ({one.refusal.pointer})" if one.refusal.pointer else ""
                where = f"{one.row.file}, row {one.row.number}{name}"
                self.stdout.write(printable(f"{where}: {one.refusal.code}: {one.refusal.detail}{pointer}"))
        ignored = sorted({column for one in taken for column in one.row.ignored})
        if ignored:
            self.stdout.write(f"Columns that mean nothing here: {', '.join(ignored)}.")
        counts = Counter(one.outcome for one in taken)
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        self.stdout.write(f"{len(taken)} rows: {told}.{' Nothing was written.' if dry_run else ''}")
