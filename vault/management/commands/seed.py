"""Give a project the prompts that come with Assay."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import vault
from sentinel.access import access_of_installation
from sentinel.models import Project
from vault.import_prompts import import_prompts
from vault.prompt_files.read import read

SEED = Path(vault.__file__).parent / "seed"


class Command(BaseCommand):
    help = (
        "Add the prompts that come with Assay and that the project never had. What people changed or deleted stays as "
        "it is, so this can be run at every start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", default="default", help="the project's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        taken = import_prompts(access=access_of_installation(project), rows=read(SEED), defaults={}, only_new=True)
        refused = [one for one in taken if one.refusal is not None]
        if refused:
            first = refused[0]
            raise CommandError(f"{first.row.file}: {first.refusal}")
        if options["verbosity"]:
            counts = Counter(one.outcome for one in taken)
            self.stdout.write(f"{counts['new']} prompts added, {counts['unchanged']} were there before.")
