"""No page asks more of the database because there is more in it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule, Success

from experiments.models import Experiment
from sentinel.models import ApiKey, Heartbeat
from tests.admin.shelf import changelists, make_client, make_prompt, page_of, report
from tests.admin.stage import make_draft
from tests.conftest import Person, make_person, make_project
from vault.add_version import add_version
from vault.models import Prompt, VaultSettings
from vault.move_label import move_label

pytestmark = pytest.mark.django_db

# What each page asks of the database, for an owner who is a superuser too; five of each find out who is there, and in
# which project.
LISTS = {
    "/admin/": 20,
    "/admin/vault/prompt/": 12,
    "/admin/vault/client/": 7,
    "/admin/vault/labelmove/": 6,
    "/admin/vault/engagementreport/": 5,
    "/admin/vault/vaultsettings/": 5,
    "/admin/experiments/experiment/": 9,
    "/admin/experiments/metric/": 8,
    "/admin/sentinel/apikey/": 7,
    "/admin/sentinel/membership/": 7,
    "/admin/sentinel/project/": 7,
    "/admin/auth/user/": 9,
    "/admin/django_q/schedule/": 7,
    "/admin/django_q/success/": 7,
    "/admin/django_q/failure/": 7,
    "/admin/django_q/ormq/": 7,
    "/admin/axes/accessattempt/": 7,
}
TABS = {"": 16, "versions": 9, "history": 7, "try": 9, "new_version": 6, "details": 6}


def fill(person: Person, many: int, start: int = 0) -> None:
    """So much of everything that a page may show."""
    for place in range(start, start + many):
        prompt = make_prompt(person, f"Prompt {place}", agent_code=["RAFA", "ATLAS"][place % 2])
        add_version(access=person.access, prompt=prompt, content="Again {{ dish }}", publish=True)
        report(prompt, 0.4, 0.6)
        make_client(person.project, f"Client {place}")
        draft = make_draft(person, f"Draft {place}")
        Experiment.objects.filter(pk=draft.pk).update(status="running", planned_units=100)
        member = make_person(f"member{place}", person.project, "member")
        ApiKey.objects.filter(made_by=member.user).update(expires_at=timezone.now() + timedelta(days=3))
        other = make_project(f"project-{place}")
        make_person(f"other{place}", other, "owner")
        Schedule.objects.create(name=f"s{place}", func="x.y")
        now = timezone.now()
        Success.objects.create(id=f"t{place}", name=f"t{place}", func="x.y", started=now, stopped=now, success=True)


def queries(person: Person, address: str) -> int:
    browser = person.browser()
    browser.get("/admin/sentinel/apikey/add/")  # the session chooses its project once
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    assert answer.status_code == 200, address
    return len(asked)


@pytest.fixture
def root(olga: Person) -> Person:
    User.objects.filter(pk=olga.user.pk).update(is_superuser=True)
    Heartbeat.objects.create(name="worker", beat_at=timezone.now())
    VaultSettings.objects.of(olga.project.pk)
    return olga


def test_it_asks_no_more_for_a_list_of_many_rows(root: Person) -> None:
    fill(root, 2)
    everything = {*LISTS, *changelists(root.browser())}
    few = {address: queries(root, address) for address in everything}
    assert {address: few[address] for address in LISTS} == LISTS
    fill(root, 6, start=2)
    assert {address: queries(root, address) for address in everything} == few


def test_it_asks_no_more_for_a_prompt_of_many_versions_moves_reports_and_rivals(root: Person) -> None:
    prompt = make_prompt(root)
    add_version(access=root.access, prompt=prompt, content="Second {{ dish }}", publish=True)
    report(prompt, 0.5, 0.6)
    assert {tab: queries(root, page_of(prompt, tab)) for tab in TABS} == TABS
    fill(root, 4)
    for place in range(8):
        version = add_version(access=root.access, prompt=prompt, content=f"Number {place} {{{{ dish }}}}")
        move_label(access=root.access, prompt=prompt, label=f"label-{place}", version=version)
        move_label(access=root.access, prompt=prompt, label="production", version=version)
    report(prompt, *[0.5] * 130)
    assert {tab: queries(root, page_of(prompt, tab)) for tab in TABS} == TABS


def test_it_asks_one_more_under_thompson(root: Person) -> None:
    prompt = make_prompt(root)
    plain = queries(root, page_of(prompt))
    VaultSettings.objects.filter(project=root.project).update(policy="thompson")
    assert queries(root, page_of(prompt)) == plain + 1
    assert Prompt.objects.count() == 1
