"""A member of one project sees nothing of another: it does not exist."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from sentinel.models import ApiKey, Membership, Project
from tests.admin.shelf import action_of, changelists, make_client, make_prompt, page_of, report
from tests.conftest import Person, make_person
from vault.models import LabelMove, Prompt, VaultSettings, Version

pytestmark = pytest.mark.django_db

TABS = ["", "versions", "history", "try", "new_version", "details"]


def test_it_answers_404_for_every_page_of_a_strangers_prompt(olga: Person, stranger: Person) -> None:
    prompt = make_prompt(olga)
    browser = stranger.browser()
    for tab in TABS:
        assert browser.get(page_of(prompt, tab)).status_code == 404, tab
    assert browser.get(reverse("admin:vault_version", args=[prompt.pk, "1.0.0"])).status_code == 404
    for view in ("history", "delete"):
        answer = browser.get(reverse(f"admin:vault_prompt_{view}", args=[prompt.pk]))
        assert answer.status_code in (403, 404)
        assert prompt.name not in answer.content.decode()


def test_it_changes_nothing_of_a_strangers_prompt(olga: Person, stranger: Person) -> None:
    prompt = make_prompt(olga)
    moves = LabelMove.objects.count()
    browser = stranger.browser()
    for name, sent in [
        ("move", {"label": "production", "version": ""}),
        ("take_back", {"label": "production"}),
        ("switch", {"active": "no"}),
    ]:
        assert browser.post(action_of(prompt, name), sent).status_code == 404
    for tab in ("new_version", "details", "try"):
        assert browser.post(page_of(prompt, tab), {"kind": "text", "content": "Mine now"}).status_code == 404
    prompt.refresh_from_db()
    assert prompt.is_active
    assert LabelMove.objects.count() == moves
    assert Version.objects.filter(prompt=prompt).count() == 1


def test_it_answers_404_for_a_strangers_client_key_member_and_settings(olga: Person, stranger: Person) -> None:
    client = make_client(olga.project)
    settings = VaultSettings.objects.of(olga.project.pk)
    key = ApiKey.objects.get(name="olga's")
    member = Membership.objects.get(user=olga.user)
    browser = stranger.browser()
    for name, object_id in [
        ("vault_client_change", client.pk),
        ("vault_vaultsettings_change", settings.pk),
        ("sentinel_apikey_change", key.pk),
        ("sentinel_membership_change", member.pk),
        ("sentinel_membership_delete", member.pk),
    ]:
        assert browser.get(reverse(f"admin:{name}", args=[object_id])).status_code == 404, name
    assert browser.post(reverse("admin:sentinel_apikey_revoke", args=[key.pk])).status_code == 404
    assert browser.post(reverse("admin:vault_client_switch", args=[client.pk]), {"active": "no"}).status_code == 404
    key.refresh_from_db()
    client.refresh_from_db()
    assert key.revoked_at is None
    assert client.is_active


def test_it_lists_and_finds_only_what_is_the_projects_own(olga: Person, stranger: Person) -> None:
    prompt = make_prompt(olga, "Zwieback secret")
    report(prompt, 0.5)
    make_client(olga.project, "Zwieback customer")
    browser = stranger.browser()
    lists = changelists(browser)
    assert {"/admin/vault/prompt/", "/admin/vault/engagementreport/", "/admin/sentinel/apikey/"} <= set(lists)
    for address in [reverse("admin:index"), *lists, *(f"{it}?q=zwieback" for it in lists)]:
        page = browser.get(address)
        assert page.status_code == 200, address
        shown = page.content.decode().replace('value="zwieback"', "")
        assert "Zwieback" not in shown, address
        # As a word: four letters come up in a token by chance.
        assert not re.search(r"\bolga\b", shown), address


def test_it_offers_no_value_of_another_project_to_filter_by(olga: Person, stranger: Person) -> None:
    make_prompt(olga, category="croissants", platform="pigeon")
    page = stranger.browser().get(reverse("admin:vault_prompt_changelist")).content.decode()
    assert "croissants" not in page
    assert "pigeon" not in page


def test_it_suggests_no_value_of_another_project_in_the_form_of_a_prompt(olga: Person, stranger: Person) -> None:
    make_prompt(olga, category="croissants")
    assert "croissants" not in stranger.browser().get(reverse("admin:vault_prompt_add")).content.decode()


def test_it_does_not_try_a_prompt_with_a_strangers_client(olga: Person, stranger: Person) -> None:
    prompt = make_prompt(olga)
    foreign = make_client(
        stranger.project, "Sawdust", brand_file={**{"do": ["a"], "dont": ["b"]}, "business_name": "Saw"}
    )
    browser = olga.browser()
    page = browser.post(page_of(prompt, "try"), {"var-dish": "rye", "client": str(foreign.pk)}).content.decode()
    assert "You speak for" not in page
    assert "Sawdust" not in page


def test_it_acts_in_the_project_that_was_chosen(olga: Person, stranger: Person) -> None:
    Membership.objects.create(user=olga.user, project=stranger.project, role="viewer")
    make_prompt(olga, "Rye caption")
    make_prompt(stranger, "Oak caption")
    browser = olga.browser()
    assert "Rye caption" in browser.get(reverse("admin:vault_prompt_changelist")).content.decode()
    browser.post(reverse("admin:switch_project"), {"project": "sawmill"})
    page = browser.get(reverse("admin:vault_prompt_changelist")).content.decode()
    assert "Oak caption" in page
    assert "Rye caption" not in page
    # The role is that of the project: a viewer here, whatever they own elsewhere.
    assert browser.get(reverse("admin:vault_prompt_add")).status_code == 403


def test_it_does_not_switch_to_a_project_one_does_not_belong_to(olga: Person, stranger: Person) -> None:
    browser = olga.browser()
    assert browser.post(reverse("admin:switch_project"), {"project": "sawmill"}).status_code == 404
    assert browser.get(reverse("admin:switch_project")).status_code == 405
    assert "sawmill" not in browser.get(reverse("admin:index")).content.decode().lower()


def test_it_leaves_a_project_whose_membership_ended(olga: Person, stranger: Person) -> None:
    membership = Membership.objects.create(user=olga.user, project=stranger.project, role="owner")
    prompt = make_prompt(stranger, "Oak caption")
    browser = olga.browser()
    browser.post(reverse("admin:switch_project"), {"project": "sawmill"})
    assert browser.get(page_of(prompt)).status_code == 200
    membership.delete()
    assert browser.get(page_of(prompt)).status_code == 404
    assert browser.get(reverse("admin:index")).status_code == 200


def test_it_lets_a_superuser_look_at_one_project_at_a_time(olga: Person, stranger: Person) -> None:
    make_prompt(olga, "Rye caption")
    make_prompt(stranger, "Oak caption")
    root = User.objects.create_superuser("root", password="correct-horse-battery")
    browser = Browser()
    browser.force_login(root, "django.contrib.auth.backends.ModelBackend")
    for slug, mine, other in [("bakery", "Rye caption", "Oak caption"), ("sawmill", "Oak caption", "Rye caption")]:
        browser.post(reverse("admin:switch_project"), {"project": slug})
        page = browser.get(reverse("admin:vault_prompt_changelist")).content.decode()
        assert mine in page
        assert other not in page


def test_it_says_so_when_there_is_no_project(db: None) -> None:
    root = User.objects.create_superuser("root", password="correct-horse-battery")
    browser = Browser()
    browser.force_login(root, "django.contrib.auth.backends.ModelBackend")
    assert not Project.objects.exists()
    assert b"There is no project" in browser.get(reverse("admin:index")).content
    assert browser.get(reverse("admin:vault_prompt_changelist")).status_code in (403, 404)


def test_it_keeps_a_prompts_own_page_out_of_a_second_persons_project(bakery: Project, olga: Person) -> None:
    other = make_person("otto", Project.objects.create(slug="brewery", name="Brewery"), "owner")
    mine, theirs = make_prompt(olga, "Caption"), make_prompt(other, "Caption")
    assert olga.browser().get(page_of(mine)).status_code == 200
    assert olga.browser().get(page_of(theirs)).status_code == 404
    assert Prompt.objects.count() == 2


def test_it_lets_a_session_act_over_http_where_its_pages_are(olga: Person, stranger: Person) -> None:
    Membership.objects.create(user=olga.user, project=stranger.project, role="viewer")
    make_prompt(olga, "Rye caption")
    browser = olga.browser()
    assert browser.get("/api/v1/prompt-vault/").status_code == 400  # nothing was chosen yet, and there are two
    browser.get(reverse("admin:index"))
    assert "Rye caption" in browser.get("/api/v1/prompt-vault/").content.decode()
    browser.post(reverse("admin:switch_project"), {"project": "sawmill"})
    assert "Rye caption" not in browser.get("/api/v1/prompt-vault/").content.decode()
