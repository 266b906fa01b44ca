"""No page of an experiment asks more of the database because more was seen or done."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from experiments.models import Experiment
from tests.admin.stage import SAME, action_of, make_draft, make_running, metric_of, page_of
from tests.conftest import Person
from vault.add_version import add_version

pytestmark = pytest.mark.django_db
DRAFT, EDIT, RUNNING, METRIC = 16, 13, 15, 7


def queries(person: Person, address: str) -> int:
    browser = person.browser()
    browser.get("/admin/experiments/metric/")  # the session chooses its project once
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    assert answer.status_code == 200, address
    return len(asked)


def test_it_asks_no_more_for_a_draft_of_many_versions(mia: Person) -> None:
    draft = make_draft(mia, "Warm caption")
    assert (queries(mia, page_of(draft)), queries(mia, action_of(draft, "edit"))) == (DRAFT, EDIT)
    for number in range(6):
        add_version(access=mia.access, prompt=draft.prompt, content=f"Number {number}.")
    many = make_draft(mia, "Five captions", arms=5)
    for experiment in (draft, many):
        assert (queries(mia, page_of(experiment)), queries(mia, action_of(experiment, "edit"))) == (DRAFT, EDIT)


def test_it_asks_no_more_for_one_with_many_arms_looks_and_events(mia: Person) -> None:
    small = make_running(mia, "Two captions", SAME, units=40, looks=2)
    large = make_running(mia, "Four captions", (0.3, 0.3, 0.3, 0.3), units=80, looks=9)
    for number in range(20):
        large.tell("paused", mia.access, reason=f"For the {number}th time.")
    metric = metric_of(mia, "click_through").pk
    counts = []
    for experiment in (small, large):
        # What was seen is newer than what was done, so that it is read and not worked out again.
        newest = experiment.snapshots.order_by("-at")[0]
        type(newest).objects.filter(pk=newest.pk).update(at=timezone.now())
        counts.append(queries(mia, page_of(experiment)))
    assert counts == [RUNNING, RUNNING]
    assert queries(mia, f"/admin/experiments/metric/{metric}/change/") == METRIC
    assert Experiment.objects.count() == 2
