"""The command that makes a key."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from sentinel.models import ApiKey
from sentinel.roles import MEMBER, ROLE_PERMISSIONS
from tests.api.calls import call
from tests.conftest import Person


def made(*arguments: str) -> str:
    out = StringIO()
    call_command("create_key", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("role", list(ROLE_PERMISSIONS))
def test_it_prints_the_key_and_nothing_else(role: str, olga: Person) -> None:
    printed = made("--project", "bakery", "--role", role, "--name", "ci")
    assert printed == printed.strip() + "\n"
    answer = call(Client(), "GET", "/api/v1/access", X_API_Key=printed.strip())
    assert set(answer.json["permissions"]) == ROLE_PERMISSIONS[role]
    assert (answer.json["user"], answer.json["key"]["name"]) == ("olga", "ci")


def test_it_makes_a_key_that_ends(olga: Person) -> None:
    made("--project", "bakery", "--role", "viewer", "--expires", "30")
    (key,) = ApiKey.objects.exclude(expires_at=None)
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days in (29, 30)


def test_it_makes_a_key_for_somebody(olga: Person, mia: Person) -> None:
    key = made("--project", "bakery", "--role", "member", "--maker", "mia", "--without-clients").strip()
    answer = call(Client(), "GET", "/api/v1/access", X_API_Key=key)
    assert (answer.json["user"], answer.json["reads_clients"]) == ("mia", False)
    assert set(answer.json["permissions"]) == MEMBER


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--project", "nowhere", "--role", "viewer"], "There is no project nowhere."),
        (["--project", "bakery", "--role", "king"], "invalid choice"),
        (["--project", "bakery", "--role", "viewer", "--expires", "0"], "--expires is a number of days"),
        (["--project", "bakery", "--role", "viewer", "--maker", "nobody"], "There is no user nobody."),
        (["--project", "bakery", "--role", "owner", "--maker", "mia"], "Its maker does not hold"),
        (["--project", "sawmill", "--role", "viewer", "--maker", "mia"], "Its maker does not hold"),
        (["--role", "viewer"], "--project"),
    ],
)
def test_it_says_why_not(arguments: list[str], told: str, olga: Person, mia: Person, stranger: Person) -> None:
    before = ApiKey.objects.count()
    with pytest.raises(CommandError, match=told):
        made(*arguments)
    assert ApiKey.objects.count() == before


def test_it_needs_an_owner_to_act_for(mia: Person) -> None:
    with pytest.raises(CommandError, match="no owner"):
        made("--project", "bakery", "--role", "viewer")
