"""To somebody from another project, nothing here exists: 404 at every address, and for every id in a body."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.urls import get_resolver

from tests.api.calls import VAULT, at, call, make_prompt
from tests.conftest import Person
from vault.models import Client, Prompt

# What each address that names something of ours takes, by method. An address that is missing here fails the test.
BODIES: dict[str, dict[str, Any]] = {
    "prompt-vault/<uuid:prompt_id>/": {"GET": None, "PATCH": {"technique": "x"}, "DELETE": None},
    "prompt-vault/<uuid:prompt_id>/performance/": {"POST": {"engagement_rate": 0.5}},
    "prompt-vault/<uuid:prompt_id>/history/": {"GET": None},
    "prompt-vault/<uuid:prompt_id>/scores/": {"GET": None},
    "prompt-vault/<uuid:prompt_id>/versions/": {"GET": None, "POST": {"content": "x"}},
    "prompt-vault/<uuid:prompt_id>/versions/<str:number>/": {"GET": None},
    "prompt-vault/<uuid:prompt_id>/diff/": {"GET": None},
    "prompt-vault/<uuid:prompt_id>/labels/": {"GET": None},
    "prompt-vault/<uuid:prompt_id>/labels/<str:label>/": {"PUT": {"version": "1.0.0"}, "DELETE": None},
    "prompt-vault/<uuid:prompt_id>/labels/<str:label>/take-back/": {"POST": None},
    "clients/<uuid:client_id>/": {"GET": None, "PATCH": {"name": "x"}, "DELETE": None},
    "clients/<uuid:client_id>/brand-voice/": {"PATCH": {"do": ["a"], "dont": ["b"]}},
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def addresses() -> list[str]:
    """Every address under /api/v1/ that names a thing by its id, as the URL configuration has it."""
    api = [each for each in get_resolver().url_patterns if str(each.pattern) == "api/v1/"]
    routes = [str(route.pattern) for each in api for route in each.url_patterns]
    return [route for route in routes if "<uuid:" in route]


def test_it_knows_every_address() -> None:
    ours = [route for route in addresses() if route.startswith(("prompt-vault/", "clients/"))]
    assert sorted(ours) == sorted(BODIES)


@pytest.fixture
def ours(mia: Person) -> tuple[Prompt, Client]:
    return make_prompt(mia), Client.objects.create(project=mia.project, name="Casa")


@pytest.mark.parametrize("route", sorted(BODIES))
def test_it_is_not_there_for_a_stranger(route: str, ours: tuple[Prompt, Client], mia: Person, stranger: Person) -> None:
    prompt, client = ours
    known = {"prompt_id": prompt.pk, "client_id": client.pk, "number": "1.0.0", "label": "production"}
    path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", lambda found: str(known[found.group(1)]), route)
    if route.endswith("diff/"):
        path += "?from=1.0.0&to=1.0.0"
    for method, body in BODIES[route].items():
        absent = path.replace(str(prompt.pk), str(uuid4())).replace(str(client.pk), str(uuid4()))
        for caller in (stranger, stranger.browser()):
            there, nowhere = call(caller, method, path, body), call(caller, method, absent, body)
            assert (there.status, there.code) == (404, "not_found"), (method, path)
            # Not a word differs from what is said of a thing that nobody has.
            assert there.json == nowhere.json
        assert call(mia, method, path, body).status in (200, 201, 204), (method, path)


def test_it_lists_and_counts_nothing_of_ours(ours: tuple[Prompt, Client], stranger: Person) -> None:
    for path in (VAULT, VAULT + "?is_active=all", "/api/v1/clients/"):
        assert call(stranger, "GET", path).json["count"] == 0
    assert call(stranger, "GET", VAULT + "top/food/").json["results"] == []
    assert call(stranger, "GET", VAULT + "stats/summary/").json["prompts"] == 0
    assert call(stranger, "GET", "/api/v1/bundle").json["prompts"] == []


def test_it_is_unknown_in_a_strangers_body(ours: tuple[Prompt, Client], stranger: Person) -> None:
    prompt, client = ours
    theirs = make_prompt(stranger, name="wood")
    version = prompt.versions.get()
    request = {"prompt": "wood", "variables": {"name": "A"}, "client_id": str(client.pk)}
    assert call(stranger, "POST", "/api/v1/resolve", request).code == "unknown_client"
    for pointed in (str(version.pk), str(prompt.pk)):
        answer = call(stranger, "PUT", at(theirs, "labels/staging/"), {"version": pointed})
        assert (answer.code, answer.pointers) == ("unknown_version", ["/version"])
    report = {"engagement_rate": 1, "version": str(version.pk), "unit": "u"}
    assert call(stranger, "POST", at(theirs, "performance/"), report).code == "not_found"


@pytest.mark.parametrize("path", ["/api/v1/resolve", "/api/v1/bundle", "/api/v1/usage", VAULT, "/api/v1/access"])
def test_it_asks_everybody_who_they_are(path: str, db: None) -> None:
    for method in METHODS:
        answer = call(Browser(), method, path, {})
        assert (answer.status, answer.code) in {(401, "not_authenticated"), (405, "method_not_allowed")}
