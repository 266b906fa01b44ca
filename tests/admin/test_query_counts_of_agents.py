"""No page about agents asks more of the database because more was done."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.fold_counts import fold_counts
from agents.models import AgentSettings
from agents.telemetry import facts
from tests.admin.shelf import make_prompt
from tests.admin.watched import keep, make_detailed, make_long, make_looping, make_traffic, page_of, step
from tests.conftest import Person

pytestmark = pytest.mark.django_db
RUNS = "/admin/agents/run/"
# What each page asks, for a member; four of each find out who is there, and in which
# project; before each reading of rollups it is asked whether something waits to be added to them.
PAGES = {
    RUNS: 12,
    f"{RUNS}?window=30d": 12,
    f"{RUNS}?window=30d&status=failure": 13,
    f"{RUNS}?window=30d&order=slowest": 13,
    f"{RUNS}?window=30d&looping=yes": 16,
    f"{RUNS}compare/": 14,
    f"{RUNS}correlate/": 17,
    f"{RUNS}choices/": 13,
    f"{RUNS}graph/": 11,
    "/admin/agents/agentsettings/": 11,
}
RUN = 13


def queries(person: Person, address: str) -> int:
    browser = person.browser()
    browser.get("/admin/experiments/metric/")  # the session chooses its project once
    fold_counts()
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(address)
    assert answer.status_code == 200, address
    return len(asked)


def test_it_asks_no_more_for_many_runs(mia: Person) -> None:
    AgentSettings.objects.create(project=mia.project)
    now = timezone.now()
    keep(mia.project, make_looping(now - timedelta(minutes=2)), *make_traffic(now, 12))
    assert {address: queries(mia, address) for address in PAGES} == PAGES
    more = make_traffic(now, 200, seed=8)
    for number, run in enumerate(more):
        run.run_id = f"more-{number}"
    keep(mia.project, *more)
    assert {address: queries(mia, address) for address in PAGES} == PAGES


def test_it_asks_no_more_for_a_long_run(mia: Person) -> None:
    version = make_prompt(mia).labels.get(name="production").version_id
    assert version is not None
    now = timezone.now()
    small = make_detailed(now - timedelta(minutes=9), version_id=version)
    large = make_long(now - timedelta(minutes=9), steps=900)
    large.trial = facts.Trial(version)
    for number in range(60):
        step("model", f"m{number}", number, 1, large, trial=facts.Trial(version), status="failure")
        decision = {"decision_type": "retry_strategy", "selected": "retry", "reason_code": "backoff_required"}
        large.decisions.append(facts.Decision(own_id=f"d{number}", step_id=str(number), **decision))
    runs = keep(mia.project, small, large)
    counts = {name: queries(mia, page_of(run)) for name, run in runs.items()}
    assert counts == dict.fromkeys(counts, RUN)
