"""What a key opens, and when it no longer does."""

import secrets
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from assay.core.errors import AssayError
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from sentinel import access
from sentinel.access import access_of_key
from sentinel.create_key import create_key
from sentinel.models import ApiKey, Membership, Project
from sentinel.note_key_use import note_key_use
from sentinel.roles import MEMBER, VIEWER
from tests.api.calls import CAPTION, VAULT, call
from tests.conftest import Person

WHO = "/api/v1/access"


def opened(key: str) -> tuple[int, str]:
    answer = call(Client(), "GET", WHO, X_API_Key=key)
    return answer.status, "" if answer.status == 200 else answer.code


def test_it_opens_by_either_header(mia: Person) -> None:
    for headers in (
        {"Authorization": f"Bearer {mia.key}"},
        {"Authorization": f"bearer  {mia.key}"},
        {"X_API_Key": mia.key},
    ):
        answer = call(Client(), "GET", WHO, **headers)
        assert answer.status == 200
        assert answer.json["project"]["slug"] == "bakery"
        assert answer.json["user"] == "mia"
        assert answer.json["role"] == "member"
        assert answer.json["key"]["prefix"] == mia.key[:12]


def test_it_opens_nothing_without_a_key_or_with_a_wrong_one(mia: Person) -> None:
    cases = {
        None: "not_authenticated",
        "Bearer": "invalid_key",
        "Bearer ": "invalid_key",
        "Basic bWlhOm1pYQ==": "invalid_key",
        mia.key: "invalid_key",
        "Bearer nonsense": "invalid_key",
        f"Bearer {mia.key}x": "invalid_key",
        f"Bearer {mia.key[:-1]}": "invalid_key",
        "Bearer " + "x" * 10_000: "invalid_key",
    }
    for header, code in cases.items():
        answer = call(Client(), "GET", WHO, **({"Authorization": header} if header else {}))
        assert (answer.status, answer.code) == (401, code), header
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="assay"'


def test_it_keeps_of_a_key_only_a_hash_and_a_prefix(mia: Person) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM sentinel_apikey k")
        stored = " ".join(row for (row,) in cursor.fetchall())
    assert mia.key[:12] in stored
    assert mia.key[12:] not in stored


def test_it_refuses_a_revoked_and_an_expired_key(mia: Person) -> None:
    assert opened(mia.key) == (200, "")
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert opened(mia.key) == (401, "expired_key")
    ApiKey.objects.update(expires_at=None, revoked_at=timezone.now())
    assert opened(mia.key) == (401, "revoked_key")


def test_it_refuses_a_key_that_expires_while_it_is_remembered(mia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    expiry = timezone.now() + timedelta(hours=1)
    ApiKey.objects.update(expires_at=expiry)
    assert opened(mia.key) == (200, "")
    monkeypatch.setattr(access.timezone, "now", lambda: expiry)
    assert opened(mia.key) == (401, "expired_key")


def test_it_refuses_a_key_that_was_deleted(mia: Person) -> None:
    assert opened(mia.key) == (200, "")
    ApiKey.objects.all().delete()
    assert opened(mia.key) == (401, "invalid_key")


def test_it_takes_from_a_key_what_its_maker_loses(mia: Person) -> None:
    assert call(mia, "POST", VAULT, CAPTION).status == 201
    Membership.objects.filter(user=mia.user).update(role="viewer")
    assert call(mia, "GET", VAULT).status == 200
    answer = call(mia, "POST", VAULT, CAPTION | {"name": "another"})
    assert (answer.status, answer.code) == (403, "permission_denied")
    Membership.objects.filter(user=mia.user).update(role="admin")
    assert "keys.manage" not in call(mia, "GET", WHO).json["permissions"]
    Membership.objects.filter(user=mia.user).delete()
    answer = call(mia, "GET", VAULT)
    assert (answer.status, answer.code) == (403, "permission_denied")


@pytest.mark.parametrize("change", [{"is_active": False}, None])
def test_it_opens_nothing_for_a_maker_who_is_gone(change: dict[str, bool] | None, mia: Person) -> None:
    assert call(mia, "GET", VAULT).status == 200
    maker = User.objects.filter(pk=mia.user.pk)
    if change is None:
        maker.delete()
    else:
        maker.update(**change)
    assert call(mia, "GET", VAULT).status in (401, 403)
    assert call(mia, "GET", WHO).json["permissions"] == []


def test_it_carries_no_more_than_it_was_given(olga: Person, bakery: Project) -> None:
    _, key = create_key(project=bakery, made_by=olga.user, permissions=["prompts.read"], name="reader")
    assert call(Client(), "GET", WHO, X_API_Key=key).json["permissions"] == ["prompts.read"]
    assert call(Client(), "GET", VAULT, X_API_Key=key).status == 200
    assert call(Client(), "POST", VAULT, CAPTION, X_API_Key=key).code == "permission_denied"


def test_it_carries_no_more_than_its_maker_holds(mia: Person, bakery: Project) -> None:
    for permissions, code in (
        ([], "required"),
        (["prompts.read", "keys.manage"], "permission_not_held"),
        (["prompts.eat"], "unknown_permission"),
    ):
        with pytest.raises(AssayError) as refused:
            create_key(project=bakery, made_by=mia.user, permissions=permissions, name="more")
        assert refused.value.errors[0].code == code
    past = timezone.now() - timedelta(days=1)
    with pytest.raises(AssayError) as refused:
        create_key(project=bakery, made_by=mia.user, permissions=VIEWER, name="late", expires_at=past)
    assert refused.value.errors[0].code == "in_the_past"
    assert ApiKey.objects.count() == 1


def test_it_makes_no_key_for_another_project(mia: Person, stranger: Person) -> None:
    with pytest.raises(AssayError) as refused:
        create_key(project=stranger.project, made_by=mia.user, permissions=MEMBER, name="burglar")
    assert refused.value.errors[0].code == "permission_not_held"


def test_it_draws_a_key_again_whose_prefix_is_taken(
    mia: Person, bakery: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = [mia.key[6:12], mia.key[6:12], "prefix"]
    chance = SimpleNamespace(token_hex=lambda size: drawn.pop(0), token_urlsafe=secrets.token_urlsafe)
    monkeypatch.setattr("sentinel.models.keys.secrets", chance)
    key, raw = create_key(project=bakery, made_by=mia.user, permissions=VIEWER, name="second")
    assert key.prefix == raw[:12] == "assay_prefix"
    assert opened(raw) == (200, "")


def test_it_notes_when_a_key_was_used_outside_of_the_request_and_once_a_minute(mia: Person) -> None:
    key = ApiKey.objects.get()
    call(mia, "GET", VAULT)
    key.refresh_from_db()
    assert key.last_used_at is None
    note_key_use()
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    call(mia, "GET", VAULT)
    note_key_use()
    key.refresh_from_db()
    assert key.last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    call(mia, "GET", VAULT)
    note_key_use()
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at >= first


def test_it_knows_a_key_again_without_a_query_but_the_look(mia: Person, django_assert_num_queries: Any) -> None:
    access_of_key(mia.key)
    with django_assert_num_queries(1) as looked:
        access_of_key(mia.key)
    assert "sentinel_revision" in looked[0]["sql"]
