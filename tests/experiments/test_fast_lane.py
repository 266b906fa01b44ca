"""The hot path: no query once warm, and all that the long way promises."""

import json

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sentinel.models import ApiKey
from tests.conftest import Person
from tests.experiments.test_resolve import make_prompt

ADDRESS = "/api/v1/resolve"
ASKED = json.dumps({"category": "email", "vertical": "food", "variables": {"name": "Ann"}})


def ask(client: Client, body: str = ASKED, content_type: str = "application/json", **extra: str):
    return client.post(ADDRESS, body, content_type=content_type, **extra)


def test_it_resolves_without_a_query_once_warm(
    mia: Person, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_prompt(mia)
    settings.REVISION_LOOK_SECONDS = 3600
    client = mia.http()
    assert ask(client).status_code == 200
    with django_assert_num_queries(0):
        for _ in range(5):
            assert ask(client).json()["text"] == "Hello Ann"


def test_it_makes_one_look_at_the_revision_and_no_other_query(
    mia: Person, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_prompt(mia)
    client = mia.http()
    ask(client)
    # The pause is none here: one look for the key, one for the bundle.
    with django_assert_num_queries(2):
        ask(client)


def test_it_refuses_a_key_that_was_revoked_meanwhile(mia: Person) -> None:
    make_prompt(mia)
    client = mia.http()
    assert ask(client).status_code == 200
    ApiKey.objects.get(name="mia's").delete()
    refused = ask(client)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_key")
    assert refused["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (("GET", "", ""), 405, "method_not_allowed"),
        (("POST", ASKED, "text/plain"), 415, "unsupported_media_type"),
        (("POST", "{", "application/json"), 400, "invalid_json"),
        (("POST", "{}", "application/json"), 422, "invalid_context"),
        (("POST", "x" * (configured.MAX_BODY_BYTES + 1), "application/json"), 413, "body_too_large"),
    ],
)
def test_it_answers_with_problems(mia: Person, request_: tuple[str, str, str], status: int, code: str) -> None:
    method, body, content_type = request_
    answer = mia.http().generic(method, ADDRESS, body, content_type=content_type)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


def test_it_sends_the_headers_that_keep_a_browser_still(mia: Person) -> None:
    make_prompt(mia)
    answer = ask(mia.http())
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_it_leads_a_session_the_long_way(mia: Person) -> None:
    make_prompt(mia)
    assert ask(mia.browser()).json()["text"] == "Hello Ann"
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(mia.user, "django.contrib.auth.backends.ModelBackend")
    assert ask(careful).json()["code"] == "csrf_failed"


def test_it_opens_nothing_with_an_empty_key(mia: Person) -> None:
    make_prompt(mia)
    for headers in ({"X-API-Key": ""}, {"Authorization": ""}):
        assert ask(Client(headers=headers)).status_code == 401
