"""Keys are shown once, members keep an owner, settings are an admin's."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from sentinel.models import ApiKey, Membership
from tests.admin.shelf import key_named
from tests.conftest import Person
from vault.models import VaultSettings

pytestmark = pytest.mark.django_db

KEY = {"name": "newsletter", "permissions": ["prompts.read"], "expires": "30", "reads_clients": "on"}


def make_key(person: Person) -> tuple[str, str]:
    """The page that shows a new key, and the key on it."""
    answer = person.browser().post(reverse("admin:sentinel_apikey_add"), KEY)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    found = re.search(r'value="(assay_\w{6}_[\w-]{43})"', page)
    assert found
    return page, found[1]


def once_on(page: str) -> str:
    """What makes the form on this page good for one key."""
    found = re.search(r'name="once" value="([\w-]+)"', page)
    assert found
    return found[1]


def test_it_makes_one_key_of_a_form_that_is_sent_twice(adam: Person) -> None:
    browser = adam.browser()
    sent = KEY | {"once": once_on(browser.get(reverse("admin:sentinel_apikey_add")).content.decode())}
    assert browser.post(reverse("admin:sentinel_apikey_add"), sent).status_code == 200
    assert browser.post(reverse("admin:sentinel_apikey_add"), sent).status_code == 302
    assert ApiKey.objects.filter(name="newsletter").count() == 1


def test_it_shows_a_new_key_once_and_it_opens_what_it_should(adam: Person) -> None:
    _, raw = make_key(adam)
    key = key_named("newsletter")
    assert key.made_by == adam.user
    assert key.permissions == ["prompts.read"]
    assert key.expires_at is not None
    opened = Browser(headers={"Authorization": f"Bearer {raw}"}).get("/api/v1/prompt-vault/")
    assert opened.status_code == 200
    browser = adam.browser()
    for address in (
        reverse("admin:sentinel_apikey_changelist"),
        reverse("admin:sentinel_apikey_change", args=[key.pk]),
        reverse("admin:index"),
    ):
        page = browser.get(address).content.decode()
        assert raw not in page
        assert key.digest not in page


def test_it_revokes_a_key(adam: Person) -> None:
    _, raw = make_key(adam)
    key = key_named("newsletter")
    address = reverse("admin:sentinel_apikey_revoke", args=[key.pk])
    assert adam.browser().get(address).status_code == 405
    assert adam.browser().post(address).status_code == 302
    assert Browser(headers={"X-API-Key": raw}).get("/api/v1/prompt-vault/").status_code == 401
    revoked_at = key_named("newsletter").revoked_at
    assert revoked_at is not None
    adam.browser().post(address)
    assert key_named("newsletter").revoked_at == revoked_at


def test_it_offers_and_gives_no_permission_that_its_maker_lacks(adam: Person) -> None:
    browser = adam.browser()
    page = browser.get(reverse("admin:sentinel_apikey_add")).content.decode()
    assert 'value="keys.manage"' in page
    assert 'value="members.manage"' not in page
    sent = KEY | {"permissions": ["prompts.read", "members.manage"], "once": once_on(page)}
    assert browser.post(reverse("admin:sentinel_apikey_add"), sent).status_code == 200
    assert not ApiKey.objects.filter(name="newsletter").exists()


@pytest.mark.parametrize("missing", ["name", "permissions"])
def test_it_makes_no_key_of_half_a_form(adam: Person, missing: str) -> None:
    sent = {name: value for name, value in KEY.items() if name != missing}
    page = adam.browser().post(reverse("admin:sentinel_apikey_add"), sent).content.decode()
    assert f'id="id_{missing}_error"' in page
    assert not ApiKey.objects.filter(name="newsletter").exists()


def test_it_adds_changes_and_removes_a_member(olga: Person, mia: Person) -> None:
    User.objects.create_user("nora", password="x")
    browser = olga.browser()
    assert (
        browser.post(reverse("admin:sentinel_membership_add"), {"username": "nora", "role": "viewer"}).status_code
        == 302
    )
    nora = Membership.objects.get(user__username="nora")
    assert (nora.project, nora.role) == (olga.project, "viewer")
    browser.post(reverse("admin:sentinel_membership_change", args=[nora.pk]), {"role": "admin"})
    nora.refresh_from_db()
    assert nora.role == "admin"
    browser.post(reverse("admin:sentinel_membership_delete", args=[nora.pk]), {"post": "yes"})
    assert not Membership.objects.filter(pk=nora.pk).exists()
    assert Membership.objects.filter(user=mia.user).exists()


@pytest.mark.parametrize("username", ["nobody", "mia", ""])
def test_it_says_why_somebody_cannot_be_added(olga: Person, mia: Person, username: str) -> None:
    before = Membership.objects.count()
    sent = {"username": username, "role": "viewer"}
    page = olga.browser().post(reverse("admin:sentinel_membership_add"), sent)
    assert page.status_code == 200
    assert "errors" in page.content.decode()
    assert Membership.objects.count() == before
    assert Membership.objects.get(user=mia.user).role == "member"


def test_it_does_not_change_whose_membership_it_is(olga: Person, mia: Person) -> None:
    membership = Membership.objects.get(user=mia.user)
    sent = {"username": "olga", "role": "viewer"}
    olga.browser().post(reverse("admin:sentinel_membership_change", args=[membership.pk]), sent)
    membership.refresh_from_db()
    assert (membership.user, membership.role) == (mia.user, "viewer")
    assert Membership.objects.get(user=olga.user).role == "owner"


def test_it_keeps_the_last_owner(olga: Person, mia: Person) -> None:
    membership = Membership.objects.get(user=olga.user)
    browser = olga.browser()
    changed = browser.post(reverse("admin:sentinel_membership_change", args=[membership.pk]), {"role": "viewer"})
    removed = browser.post(reverse("admin:sentinel_membership_delete", args=[membership.pk]), {"post": "yes"})
    assert (changed.status_code, removed.status_code) == (409, 409)
    assert b"at least one owner" in removed.content
    membership.refresh_from_db()
    assert membership.role == "owner"
    Membership.objects.filter(user=mia.user).update(role="owner")
    browser.post(reverse("admin:sentinel_membership_change", args=[membership.pk]), {"role": "viewer"})
    membership.refresh_from_db()
    assert membership.role == "viewer"


def test_it_takes_from_a_key_what_its_maker_lost(olga: Person, adam: Person) -> None:
    _, raw = make_key(adam)
    membership = Membership.objects.get(user=adam.user)
    olga.browser().post(reverse("admin:sentinel_membership_delete", args=[membership.pk]), {"post": "yes"})
    assert Browser(headers={"X-API-Key": raw}).get("/api/v1/prompt-vault/").status_code in (401, 403)


def test_it_saves_the_settings(adam: Person) -> None:
    sent = {"policy": "thompson", "default_language": "fr", "protected_labels": "production, beta"}
    assert adam.browser().post(reverse("admin:vault_vaultsettings_changelist"), sent).status_code == 302
    settings = VaultSettings.objects.get(project=adam.project)
    assert (settings.policy, settings.default_language) == ("thompson", "fr")
    assert settings.protected_labels == ["production", "beta"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"default_language": "not a tag"}, "default_language"), ({"protected_labels": "Not One"}, "protected_labels")],
)
def test_it_says_which_setting_is_wrong(adam: Person, changed: dict[str, str], field: str) -> None:
    sent = {"policy": "score", "default_language": "en", "protected_labels": ""} | changed
    page = adam.browser().post(reverse("admin:vault_vaultsettings_changelist"), sent).content.decode()
    assert f'id="id_{field}_error"' in page
    assert VaultSettings.objects.of(adam.project.pk).default_language == "en"


def test_it_makes_its_maker_owner_of_a_new_project(olga: Person) -> None:
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True)
    browser = olga.browser()
    assert browser.post(reverse("admin:sentinel_project_add"), {"name": "Mill", "slug": "mill"}).status_code == 302
    assert Membership.objects.get(project__slug="mill").role == "owner"
    assert browser.post(reverse("admin:sentinel_project_add"), {"name": "Mill", "slug": "No Slug"}).status_code == 200


def test_it_makes_a_person_who_can_log_in_once_they_belong_somewhere(olga: Person) -> None:
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True)
    browser = olga.browser()
    assert 'name="password1"' in browser.get(reverse("admin:auth_user_add")).content.decode()
    password = "a-loaf-of-rye-bread"
    made = {"username": "nora", "usable_password": "true", "password1": password, "password2": password}
    assert browser.post(reverse("admin:auth_user_add"), made).status_code == 302
    log_in = {"username": "nora", "password": password}
    assert Browser().post(reverse("admin:login"), log_in).status_code == 200
    browser.post(reverse("admin:sentinel_membership_add"), {"username": "nora", "role": "viewer"})
    assert Browser().post(reverse("admin:login"), log_in).status_code == 302
