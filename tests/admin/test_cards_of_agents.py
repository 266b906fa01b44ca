"""On the first page stands what ran today, on a prompt's page what became of the runs of its versions."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from agents.admin import version_runs
from agents.telemetry import facts
from tests.admin.shelf import make_prompt
from tests.admin.shelf import page_of as page_of_prompt
from tests.admin.watched import keep, make_looping, make_run, step
from tests.conftest import Person
from vault.add_version import add_version

pytestmark = pytest.mark.django_db


def words(person: Person, address: str) -> str:
    answer = person.browser().get(address)
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode()).split())


def test_it_shows_what_ran_today(vic: Person, stranger: Person) -> None:
    now = timezone.now()
    failed = make_run("failed", now, status="failure", latency_ms=None)
    keep(vic.project, make_run("one", now), failed, make_run("at-it", now, status="running"), make_looping(now))
    said = words(vic, "/admin/")
    assert "4 runs 2 failed, 67 % 1 still running 1 in circles" in said
    assert "No agent has told of a run yet" in words(stranger, "/admin/")


def test_it_says_so_on_a_day_without_a_run(vic: Person) -> None:
    keep(vic.project, make_run("old", timezone.now() - timedelta(days=3)))
    assert "No run has come in today." in words(vic, "/admin/")


def test_it_shows_what_became_of_each_versions_runs(mia: Person) -> None:
    prompt = make_prompt(mia)
    first = prompt.labels.get(name="production").version_id
    second = add_version(access=mia.access, prompt=prompt, content="Again {{ dish }}").pk
    assert first is not None
    by_step = make_run("by-step")
    # Both the run and two of its steps: it counts once.
    by_step.trial = facts.Trial(second)
    for name in ("write", "again"):
        step("model", name, 0, 10, by_step, trial=facts.Trial(second))
    runs = [make_run(f"run-{place}", trial=facts.Trial(first)) for place in range(4)]
    runs[0].status = "failure"
    keep(mia.project, by_step, *runs, make_run("at-it", status="running", trial=facts.Trial(first)))
    address = page_of_prompt(prompt)
    said = words(mia, address)
    assert "1.1.0 1 run none failed" in said
    assert "1.0.0 5 runs 1 failed , 25 %" in said.replace("failed,", "failed ,")
    page = mia.browser().get(address).content.decode()
    assert f"/admin/agents/run/?window=all&amp;version={first}&amp;status=failure" in page


def test_it_looks_at_the_latest_of_a_version_alone(mia: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = make_prompt(mia)
    version = prompt.labels.get(name="production").version_id
    assert version is not None
    keep(mia.project, *(make_run(f"run-{place}", trial=facts.Trial(version)) for place in range(6)))
    monkeypatch.setattr(version_runs, "USED", version_runs.USED.replace("LIMIT 200", "LIMIT 4"))
    monkeypatch.setattr(version_runs, "LATEST", 4)
    assert "the latest 4 runs" in words(mia, page_of_prompt(prompt))


def test_it_puts_nothing_on_the_page_of_a_prompt_that_no_agent_used(mia: Person, stranger: Person) -> None:
    prompt = make_prompt(mia)
    version = prompt.labels.get(name="production").version_id
    assert version is not None
    keep(stranger.project, make_run("theirs", trial=facts.Trial(version)))
    assert "Runs of agents" not in words(mia, page_of_prompt(prompt))
