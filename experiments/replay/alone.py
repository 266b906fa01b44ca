"""This file lets you have a replay's projects to yourself: with keys that end with it, and no second replay beside."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

from assay.core.errors import AssayError
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from sentinel.create_key import create_key
from sentinel.models import ApiKey, Project

# Of no meaning but that no other lock of ours has it.
LOCK = 4_153_534_160
LONGEST = timedelta(hours=12)


@contextmanager
def alone() -> Iterator[None]:
    """Two replays at once would spoil each other's projects: AssayError 409 `replay_under_way`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (held,) = cursor.fetchone() or (False,)
    if not held:
        raise AssayError("replay_under_way", "Another replay is under way on this database.", status=409)
    try:
        yield
    finally:
        # A connection that is gone holds no lock.
        with suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def keys_to(projects: Sequence[Project], permissions: Sequence[str]) -> Iterator[list[str]]:
    """A key to each project, that opens it while this lasts. Raises AssayError `no_superuser`."""
    maker = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if maker is None:
        raise AssayError("no_superuser", "A replay over HTTP needs keys, and there is no superuser to make them for.")
    made = [
        create_key(
            project=project,
            made_by=maker,
            permissions=permissions,
            name="Replay",
            expires_at=timezone.now() + LONGEST,
        )
        for project in projects
    ]
    try:
        yield [raw for _, raw in made]
    finally:
        ApiKey.objects.filter(pk__in=[key.pk for key, _ in made]).update(revoked_at=timezone.now())
