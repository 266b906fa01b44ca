"""Give the agents that come with Assay their system prompts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agents.seed_roster import seed_roster
from sentinel.access import access_of_installation
from sentinel.models import Project


class Command(BaseCommand):
    help = (
        "Add the system prompts of the agents that come with Assay, those that the project never had. What people "
        "changed or deleted stays as it is, so this can be run at every start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", default="default", help="the project's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        added = seed_roster(access=access_of_installation(project))
        if options["verbosity"]:
            self.stdout.write(f"{added} system prompts added.")
