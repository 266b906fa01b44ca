"""This file lets you bring the database up to date: migrated, seeded, and with somebody who may enter."""

import io
import secrets
from dataclasses import dataclass

import psycopg
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

# Of no meaning but that no other lock of ours has it.
LOCK = 4_153_534_159


@dataclass(frozen=True)
class FirstEntry:
    """What is shown once: it is stored nowhere."""

    username: str
    password: str
    key: str


def prepare() -> FirstEntry | None:
    """Migrate, seed, and where nobody may enter the admin yet make a superuser with a first API key.

    Processes that start at once do this one after the other. Returns what was made for the first to enter.
    """
    params = connection.get_connection_params()
    with psycopg.connect(**params, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        call_command("migrate", verbosity=0, interactive=False)
        call_command("seed", verbosity=0)
        if get_user_model()._default_manager.filter(is_superuser=True).exists():
            return None
        return _make_first()


def _make_first() -> FirstEntry:
    password = secrets.token_urlsafe(15)
    get_user_model()._default_manager.create_superuser(username="admin", email="", password=password)
    printed = io.StringIO()
    call_command("create_key", project="default", role="owner", name="First key", stdout=printed)
    return FirstEntry("admin", password, printed.getvalue().strip())
