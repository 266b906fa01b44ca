"""Replay all engagement reports, and find or mend what prompts hold otherwise."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentinel.models import Project
from vault.recompute import recompute

MOST_SHOWN = 50


class Command(BaseCommand):
    help = "Replay the engagement reports of all prompts, and put right what stands otherwise than they add up to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 where something differs")
        parser.add_argument("--project", help="the slug of the only project to look at; all by default")

    def handle(self, *args: Any, **options: Any) -> None:
        project = None
        if options["project"] is not None:
            project = Project.objects.filter(slug=options["project"]).first()
            if project is None:
                raise CommandError(f"There is no project {options['project']}.")
        found = recompute(project_id=project.pk if project else None, mend=not options["check"])
        for difference in found[:MOST_SHOWN]:
            self.stdout.write(
                f"{difference.prompt_id}  {difference.name}: {difference.field} is {difference.stored!r},"
                f" the reports say {difference.replayed!r}"
            )
        if len(found) > MOST_SHOWN:
            self.stdout.write(f"… and {len(found) - MOST_SHOWN} more.")
        if not found:
            self.stdout.write("No difference: all prompts hold what their reports add up to.")
        elif options["check"]:
            self.stdout.write(f"{len(found)} differences; without --check the prompts would be put right.")
            sys.exit(1)
        else:
            self.stdout.write(f"{len(found)} differences found; the prompts hold what their reports add up to now.")
