"""The list of runs answers its usual questions at one click, and never looks through everything at once."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from agents.admin import asked_runs
from agents.models import Run
from agents.telemetry import facts
from tests.admin.shelf import make_prompt
from tests.admin.watched import keep, make_looping, make_run, page_of
from tests.conftest import Person

pytestmark = pytest.mark.django_db
LIST = "/admin/agents/run/"


def shown(person: Person, query: str = "") -> list[str]:
    """The names of the runs in the list, from top to bottom."""
    answer = person.browser().get(f"{LIST}{query}")
    assert answer.status_code == 200
    return re.findall(r'href="/admin/agents/run/[0-9a-f-]{36}/change/">([^<]+)<', answer.content.decode())


def a_day(person: Person) -> dict[str, Run]:
    """Four runs within the last minutes and one of four days ago."""
    now = timezone.now()
    failed = make_run("failed", now - timedelta(minutes=3), status="failure", latency_ms=300.0, agent_version="2.0.0")
    failed.failures = [facts.Failure(own_id="f", failure_type="timeout", code="deadline_exceeded")]
    return keep(
        person.project,
        make_run("old", now - timedelta(days=4), status="failure"),
        make_run("slow", now - timedelta(minutes=5), latency_ms=9000.0, agent_id="ATLAS", cost_usd=None),
        make_run("quick", now - timedelta(minutes=4), latency_ms=100.0, environment="staging"),
        failed,
        make_run("at-it", now - timedelta(minutes=1), status="running"),
    )


def test_it_shows_the_newest_first(vic: Person) -> None:
    a_day(vic)
    assert shown(vic, "?window=7d") == ["at-it", "failed", "quick", "slow", "old"]
