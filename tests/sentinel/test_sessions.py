"""What somebody who has logged in may do, and in which project."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sentinel.current_project import SESSION_KEY
from sentinel.models import Membership
from tests.api.calls import CAPTION, VAULT, call, make_prompt
from tests.conftest import Person

WHO = "/api/v1/access"


def project_of(client: Client, **headers: str) -> str:
    answer = call(client, "GET", WHO, **headers)
    return answer.json["project"]["slug"] if answer.status == 200 else f"{answer.status} {answer.code}"


def join(person: Person, other: Person, role: str = "viewer") -> None:
    Membership.objects.create(user=person.user, project=other.project, role=role)


def test_it_acts_in_the_only_project(mia: Person) -> None:
    answer = call(mia.browser(), "GET", WHO)
    assert answer.json["project"]["slug"] == "bakery"
    assert answer.json["key"] is None
    assert answer.json["role"] == "member"


def test_it_has_to_say_which_of_two_projects(mia: Person, stranger: Person) -> None:
    join(mia, stranger)
    assert project_of(mia.browser()) == "400 project_required"
    assert project_of(mia.browser(), X_Project="sawmill") == "sawmill"
    assert project_of(mia.browser(), X_Project="bakery") == "bakery"
    answer = call(mia.browser(), "GET", WHO, X_Project="sawmill")
    assert answer.json["role"] == "viewer"


def test_it_acts_in_the_project_that_the_admin_chose(mia: Person, stranger: Person) -> None:
    join(mia, stranger)
    browser = mia.browser()
    session = browser.session
    session[SESSION_KEY] = "sawmill"
    session.save()
    assert project_of(browser) == "sawmill"
    assert project_of(browser, X_Project="bakery") == "bakery"
    Membership.objects.filter(user=mia.user, project=stranger.project).delete()
    assert project_of(browser) == "bakery"


@pytest.mark.parametrize("slug", ["sawmill", "nowhere", "", "../x", "x" * 10_000])
def test_it_finds_no_project_of_others(slug: str, mia: Person, stranger: Person) -> None:
    assert project_of(mia.browser(), X_Project=slug) == "404 not_found"


def test_it_is_nobody_without_a_membership(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("nina"), "django.contrib.auth.backends.ModelBackend")
    assert project_of(client) == "400 project_required"
    assert project_of(client, X_Project="default") == "404 not_found"


def test_it_lets_a_superuser_see_one_project_at_a_time(mia: Person, stranger: Person) -> None:
    make_prompt(mia)
    root = User.objects.create_superuser("root", password="correct-horse-battery")
    client = Client()
    client.force_login(root, "django.contrib.auth.backends.ModelBackend")
    assert project_of(client) == "400 project_required"
    assert call(client, "GET", VAULT, X_Project="bakery").json["count"] == 1
    assert call(client, "GET", VAULT, X_Project="sawmill").json["count"] == 0
    assert "members.manage" in call(client, "GET", WHO, X_Project="bakery").json["permissions"]


def test_it_ignores_the_header_for_a_key(mia: Person, stranger: Person) -> None:
    assert call(mia, "GET", WHO, X_Project="sawmill").json["project"]["slug"] == "bakery"


def test_it_prefers_the_key_to_the_session(mia: Person, stranger: Person) -> None:
    answer = call(mia.browser(), "GET", WHO, X_API_Key=stranger.key)
    assert (answer.json["project"]["slug"], answer.json["user"]) == ("sawmill", "sven")
    assert call(mia.browser(), "GET", WHO, X_API_Key="wrong").code == "invalid_key"


def strict(person: Person) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person.user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("path", "body", "accepted"),
    [
        (VAULT, CAPTION, 201),
        ("/api/v1/resolve", {"prompt": "greeting", "variables": {"name": "Ann"}}, 200),
        ("/api/v1/usage", {"items": []}, 200),
        ("/api/v1/engagement", {"items": []}, 200),
    ],
)
def test_it_asks_a_session_for_its_csrf_token(path: str, body: object, accepted: int, mia: Person) -> None:
    make_prompt(mia)
    client = strict(mia)
    answer = call(client, "POST", path, body)
    assert (answer.status, answer.code) == (403, "csrf_failed")
    token = "a" * 32
    client.cookies["assay_csrf"] = token
    assert call(client, "POST", path, body, X_CSRFToken="b" * 32).code == "csrf_failed"
    assert call(client, "POST", path, body, X_CSRFToken=token).status == accepted


def test_it_asks_no_csrf_token_for_reading_or_of_a_key(mia: Person) -> None:
    assert call(strict(mia), "GET", VAULT).status == 200
    assert call(Client(enforce_csrf_checks=True), "POST", VAULT, CAPTION, X_API_Key=mia.key).status == 201


def test_it_shows_a_browser_a_page(mia: Person) -> None:
    make_prompt(mia, name="Gr<b>eeting")
    answer = call(mia.browser(), "GET", VAULT, Accept="text/html")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"Gr<b>eeting" not in answer.body
