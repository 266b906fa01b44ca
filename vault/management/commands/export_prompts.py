"""Write a project's prompts into a folder, one YAML file each."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from assay.core.errors import AssayError
from django.core.management.base import BaseCommand, CommandError

from sentinel.access import access_of_installation
from sentinel.models import Project
from vault.export_prompts import export_prompts


class Command(BaseCommand):
    help = (
        "Write a project's active prompts, with all versions and labels, as files that git diffs well and that "
        "import_prompts takes back. Scores and history stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="made if need be")
        parser.add_argument("--project", default="default", help="the project's slug")
        parser.add_argument("--prune", action="store_true", help="delete exported files whose prompt is gone")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        access = access_of_installation(project)
        try:
            exported = export_prompts(access=access, folder=options["folder"], prune=options["prune"])
        except AssayError as error:
            raise CommandError(f"{error.code}: {error.detail}") from None
        for path in exported.stale:
            self.stdout.write(
                f"{path}: {'deleted' if options['prune'] else 'no prompt is its any more (--prune deletes it)'}"
            )
        count = len(exported.written) + len(exported.unchanged)
        self.stdout.write(f"{count} prompts: {len(exported.written)} written, {len(exported.unchanged)} unchanged.")
