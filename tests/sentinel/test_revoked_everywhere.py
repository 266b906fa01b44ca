"""A key that is revoked, or whose time is up, is refused by every process within two seconds."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from sentinel.models import ApiKey, Membership
from tests.conftest import Person
from tests.live import serving

# Enough requests over connections of their own that each of two workers gets some.
REQUESTS = 24


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path) as address:
        yield address


def revoke() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sentinel_apikey SET revoked_at = now()")


def let_in_again() -> None:
    ApiKey.objects.update(revoked_at=None, expires_at=None)


def expire() -> None:
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(milliseconds=500))


def dismiss() -> None:
    Membership.objects.all().delete()


def test_it_is_refused_by_every_process_within_two_seconds(mia: Person, server: str) -> None:
    verify = httpx.create_ssl_context()

    def codes() -> set[str]:
        seen = set()
        for _ in range(REQUESTS):
            with httpx.Client(verify=verify, headers={"X-API-Key": mia.key}) as client:
                seen.add(client.get(f"{server}/api/v1/prompt-vault/", timeout=30).json().get("code", "open"))
        return seen

    steps: list[tuple[Callable[[], None], str]] = [
        (revoke, "revoked_key"),
        (let_in_again, "open"),
        (expire, "expired_key"),
        (let_in_again, "open"),
        (dismiss, "permission_denied"),
    ]
    assert codes() == {"open"}
    for change, code in steps:
        change()
        time.sleep(2)
        assert codes() == {code}
