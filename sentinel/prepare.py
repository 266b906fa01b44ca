"""This file lets you bring an installation up to date: migrated, seeded, and with somebody who may enter."""

import secrets
from dataclasses import dataclass

import psycopg
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction

from sentinel.create_key import create_key
from sentinel.models import Membership, Project
from sentinel.roles import OWNER

# Of no meaning but that no other lock of ours has it.
LOCK = 4_153_534_159


@dataclass(frozen=True)
class FirstEntry:
    """What is shown once: it is stored nowhere."""

    username: str
    password: str
    key: str


def prepare() -> FirstEntry | None:
    """Migrate, make the project `default`, seed it, and where nobody may enter yet make an admin with a first API key.

    Processes that start at once do this one after the other. Returns what was made for the first to enter.
    """
    params = connection.get_connection_params()
    params.pop("pool", None)
    with psycopg.connect(**params, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        call_command("migrate", verbosity=0, interactive=False)
        default, _ = Project.objects.get_or_create(slug="default", defaults={"name": "Default"})
        for command in settings.SEED_COMMANDS:
            call_command(command, verbosity=0)
        if User.objects.filter(is_superuser=True).exists():
            return None
        return _make_first(default)


@transaction.atomic
def _make_first(project: Project) -> FirstEntry:
    password = secrets.token_urlsafe(15)
    admin = User.objects.create_superuser(username="admin", email="", password=password)
    Membership.objects.create(project=project, user=admin, role="owner")
    _, key = create_key(project=project, made_by=admin, permissions=OWNER, name="First key")
    return FirstEntry("admin", password, key)
