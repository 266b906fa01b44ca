"""Roles become buttons and pages in one place; what is not shown is also refused."""

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from sentinel.models import Membership, Project
from tests.admin.shelf import action_of, changelists, make_client, make_prompt, page_of, version_fields
from tests.conftest import Person
from vault.models import LabelMove, VaultSettings, Version

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


def test_it_lets_a_member_in_who_is_no_staff(bakery: Project) -> None:
    user = User.objects.create_user("nora", password=PASSWORD)
    Membership.objects.create(user=user, project=bakery, role="viewer")
    answer = Browser().post(reverse("admin:login"), {"username": "nora", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("admin:index")
    assert b"Bakery" in answer.content


def test_it_goes_on_to_the_page_that_was_asked_for(olga: Person) -> None:
    wanted = reverse("admin:vault_client_changelist")
    browser = Browser()
    login = browser.get(wanted)
    answer = browser.post(login.url, {"username": "olga", "password": PASSWORD, "next": wanted})
    assert answer.url == wanted


@pytest.mark.parametrize("is_staff", [False, True])
def test_it_keeps_out_who_belongs_to_no_project(bakery: Project, is_staff: bool) -> None:
    User.objects.create_user("nemo", password=PASSWORD, is_staff=is_staff)
    browser = Browser()
    answer = browser.post(reverse("admin:login"), {"username": "nemo", "password": PASSWORD})
    assert answer.status_code == 200
    assert b"belongs to no project" in answer.content
    assert browser.get(reverse("admin:index")).status_code == 302


def test_it_shows_each_role_its_own_pages(olga: Person, adam: Person, mia: Person, vic: Person) -> None:
    ours = ("/admin/vault/", "/admin/experiments/", "/admin/sentinel/")
    shown = {
        it.user.username: {address for address in changelists(it.browser()) if address.startswith(ours)}
        for it in (olga, adam, mia, vic)
    }
    vault = {f"/admin/vault/{name}/" for name in ("prompt", "client", "labelmove", "engagementreport", "vaultsettings")}
    vault |= {"/admin/experiments/experiment/", "/admin/experiments/metric/"}
    assert shown["vic"] == shown["mia"] == vault
    assert shown["adam"] == vault | {"/admin/sentinel/apikey/"}
    assert shown["olga"] == vault | {"/admin/sentinel/apikey/", "/admin/sentinel/membership/"}


def test_it_shows_a_superuser_the_whole_installation(olga: Person) -> None:
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True)
    lists = set(changelists(olga.browser()))
    assert {"/admin/sentinel/project/", "/admin/auth/user/", "/admin/django_q/schedule/"} <= lists
    assert not {it for it in lists if "group" in it}


@pytest.mark.parametrize(
    "name", ["sentinel_project", "auth_user", "django_q_schedule", "django_q_success", "axes_accessattempt"]
)
def test_it_refuses_an_owner_what_belongs_to_the_installation(olga: Person, name: str) -> None:
    assert olga.browser().get(reverse(f"admin:{name}_changelist")).status_code == 403


def test_it_shows_a_viewer_everything_and_lets_them_change_nothing(olga: Person, vic: Person) -> None:
    prompt, client = make_prompt(olga), make_client(olga.project)
    moves = LabelMove.objects.count()
    browser = vic.browser()
    page = browser.get(page_of(prompt)).content.decode()
    assert "New version" not in page
    assert action_of(prompt, "move") not in page
    assert browser.get(page_of(prompt, "versions")).status_code == 200
    assert browser.post(page_of(prompt, "try"), {"var-dish": "rye"}).status_code == 200
    assert browser.get(page_of(prompt, "new_version")).status_code == 403
    assert browser.get(page_of(prompt, "details")).status_code == 403
    assert browser.get(reverse("admin:vault_prompt_add")).status_code == 403
    assert browser.post(page_of(prompt, "new_version"), version_fields()).status_code == 403
    assert browser.post(action_of(prompt, "move"), {"label": "staging", "version": "1.0.0"}).status_code == 403
    assert browser.post(action_of(prompt, "take_back"), {"label": "production"}).status_code == 403
    assert browser.post(action_of(prompt, "switch"), {"active": "no"}).status_code == 403
    assert browser.get(reverse("admin:vault_client_change", args=[client.pk])).status_code == 200
    sent = {"name": "Mine", "do-0-line": "a", "dont-0-line": "b"}
    assert browser.post(reverse("admin:vault_client_change", args=[client.pk]), sent).status_code == 403
    assert browser.post(reverse("admin:vault_client_add"), sent).status_code == 403
    assert browser.post(reverse("admin:vault_client_switch", args=[client.pk]), {"active": "no"}).status_code == 403
    client.refresh_from_db()
    prompt.refresh_from_db()
    assert (client.name, client.is_active, prompt.is_active) == ("Crumb", True, True)
    assert LabelMove.objects.count() == moves
    assert Version.objects.count() == 1


def test_it_refuses_a_member_keys_members_and_settings(mia: Person) -> None:
    browser = mia.browser()
    assert browser.get(reverse("admin:sentinel_apikey_changelist")).status_code == 403
    assert browser.get(reverse("admin:sentinel_apikey_add")).status_code == 403
    assert browser.get(reverse("admin:sentinel_membership_changelist")).status_code == 403
    sent = {"policy": "thompson", "default_language": "fr", "protected_labels": ""}
    assert browser.post(reverse("admin:vault_vaultsettings_changelist"), sent).status_code == 403
    assert VaultSettings.objects.of(mia.project.pk).policy == "score"


def test_it_lets_only_an_admin_or_owner_move_a_protected_label(adam: Person, mia: Person) -> None:
    prompt = make_prompt(mia)
    settings = VaultSettings.objects.of(mia.project.pk)
    settings.protected_labels = ["production"]
    settings.save()
    nowhere = {"label": "production", "version": ""}
    refused = mia.browser().post(action_of(prompt, "move"), nowhere)
    assert refused.status_code == 403
    assert b"protected" in refused.content
    assert mia.browser().post(action_of(prompt, "take_back"), {"label": "production"}).status_code == 403
    assert prompt.labels.filter(name="production").exists()
    assert adam.browser().post(action_of(prompt, "move"), nowhere).status_code == 302
    assert not prompt.labels.filter(name="production").exists()


def test_it_deletes_and_changes_no_history(olga: Person) -> None:
    make_prompt(olga)
    move = LabelMove.objects.get()
    browser = olga.browser()
    for view in ("change", "delete"):
        sent = browser.post(reverse(f"admin:vault_labelmove_{view}", args=[move.pk]), {"post": "yes", "label": "x"})
        assert sent.status_code == 403
    assert browser.get(reverse("admin:vault_labelmove_add")).status_code == 403
    assert LabelMove.objects.get().label == "production"


def test_it_sends_a_policy_that_allows_evaluation_on_admin_pages_alone(olga: Person) -> None:
    browser = olga.browser()
    for address in (reverse("admin:index"), reverse("admin:vault_prompt_changelist")):
        policy = browser.get(address)["Content-Security-Policy"]
        assert "'unsafe-eval'" in policy
        assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" in Browser().get(reverse("admin:login"))["Content-Security-Policy"]
    assert "unsafe" not in browser.get(reverse("docs"))["Content-Security-Policy"]


def test_it_closes_the_door_after_five_wrong_passwords_and_says_so(olga: Person) -> None:
    browser = Browser()
    for _ in range(5):
        answer = browser.post(reverse("admin:login"), {"username": "olga", "password": "wrong"})
    assert answer.status_code == 429
    assert b"Too many attempts" in answer.content
    right = browser.post(reverse("admin:login"), {"username": "olga", "password": PASSWORD})
    assert right.status_code == 429
    # A superuser lets her try again.
    User.objects.create_superuser("root", password=PASSWORD)
    root = Browser()
    root.force_login(User.objects.get(username="root"), "django.contrib.auth.backends.ModelBackend")
    attempt = AccessAttempt.objects.get(username="olga")
    assert b"olga" in root.get(reverse("admin:axes_accessattempt_changelist")).content
    root.post(reverse("admin:axes_accessattempt_delete", args=[attempt.pk]), {"post": "yes"})
    assert browser.post(reverse("admin:login"), {"username": "olga", "password": PASSWORD}).status_code == 302


def test_it_says_in_its_own_words_what_is_not_there_or_not_allowed(vic: Person) -> None:
    browser = vic.browser()
    missing = browser.get("/admin/vault/nothing/")
    assert missing.status_code == 404
    assert b"Not here" in missing.content
    refused = browser.get(reverse("admin:sentinel_apikey_changelist"))
    assert refused.status_code == 403
    assert b"What you may do in this project" in refused.content
