"""Make an API key and print it, and nothing else, on standard output."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from assay.core.errors import AssayError
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sentinel.create_key import create_key
from sentinel.models import Membership, Project
from sentinel.roles import ROLE_PERMISSIONS


class Command(BaseCommand):
    help = "Make an API key. It is shown this once; what is stored of it is a hash."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, help="the project's slug")
        parser.add_argument("--role", required=True, choices=sorted(ROLE_PERMISSIONS), help="what the key may at most")
        parser.add_argument("--name", default="command line", help="to recognise it by")
        parser.add_argument(
            "--expires", type=int, metavar="DAYS", help="after which it opens nothing; never by default"
        )
        parser.add_argument("--maker", metavar="USER", help="for whom it acts; the project's first owner by default")
        parser.add_argument("--without-clients", action="store_true", help="its bundle holds no brand files")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        days = options["expires"]
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("--expires is a number of days from 1 to 36500.")
        try:
            _, key = create_key(
                project=project,
                made_by=self._maker(project, options["maker"]),
                permissions=ROLE_PERMISSIONS[options["role"]],
                name=options["name"],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                reads_clients=not options["without_clients"],
            )
        except AssayError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(key)

    def _maker(self, project: Project, username: str | None) -> User:
        if username is not None:
            user = User.objects.filter(username=username).first()
            if user is None:
                raise CommandError(f"There is no user {username}.")
            return user
        owner = Membership.objects.filter(project=project, role="owner").order_by("created_at").first()
        if owner is None:
            raise CommandError(f"The project {project.slug} has no owner to act for: name one with --maker.")
        return owner.user
