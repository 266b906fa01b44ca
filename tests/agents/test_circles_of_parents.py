"""Runs that are each other's ancestors, as halves of a circle that came at the same instant are: every reader ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.models import Call, Run
from agents.read_ancestors import read_ancestors
from tests.admin.watched import page_of
from tests.agents.asking import a_run as make_run
from tests.agents.asking import ask, ids, keep, steps_of, told
from tests.agents.reporting import a_report, post, post_batch
from tests.conftest import Person

pytestmark = pytest.mark.django_db
BEGAN = datetime.now(UTC) - timedelta(minutes=10)


def a_run(run_id: str, **fields: Any) -> Any:
    ring = steps_of(*[("tool", "search"), ("model", None)] * 3)
    return make_run(run_id, BEGAN, agent_id=f"agent-{run_id}", steps=ring, loop_length=2, loop_repeats=3, **fields)


@pytest.fixture
def ring(mia: Person) -> Person:
    """In her project a calls b, b calls c and c calls a; d calls itself; and a calls e."""
    calls = {"a": "c", "b": "a", "c": "b", "d": "d", "e": "a"}
    keep(mia.project.pk, *(a_run(called, parent_run_id=by) for called, by in calls.items()))
    assert dict(Call.objects.values_list("run_id", "parent_run_id")) == calls
    return mia


def test_a_run_in_it_is_told_of(ring: Person) -> None:
    found = {name: told(ring, f"runs/{name}/details") for name in "abcde"}
    assert {name: one["caller"]["run_id"] for name, one in found.items()} == {
        "a": "c",
        "b": "a",
        "c": "b",
        "d": "d",
        "e": "a",
    }
    assert {name: ids(one["children"]) for name, one in found.items() if one["children"]} == {
        "a": ["b", "e"],
        "b": ["c"],
        "c": ["a"],
        "d": ["d"],
    }


def test_the_graph_has_each_call_once(ring: Person) -> None:
    calls = told(ring, "agents/graph")["calls"]
    assert {(call["caller"], call["callee"], call["count"]) for call in calls} == {
        ("agent-c", "agent-a", 1),
        ("agent-a", "agent-b", 1),
        ("agent-b", "agent-c", 1),
        ("agent-d", "agent-d", 1),
        ("agent-a", "agent-e", 1),
    }
    assert ask(ring, "agents/graph", agent_id="agent-d").status == 200


def test_the_lists_have_each_run_once(ring: Person) -> None:
    assert sorted(ids(told(ring, "runs")["results"])) == [*"abcde"]
    loops = told(ring, "runs/loops")
    assert sorted(loop["run"]["run_id"] for loop in loops["results"]) == [*"abcde"]
    assert all(loop["cycle"] for loop in loops["results"])


def test_the_pages_of_the_admin_show_them(ring: Person) -> None:
    browser = ring.browser()
    for run in Run.objects.filter(project_id=ring.project.pk):
        assert browser.get(page_of(run)).status_code == 200
    for page in ("/admin/agents/run/graph/", "/admin/agents/run/"):
        assert browser.get(page).status_code == 200


def test_whoever_is_above_is_found_once(ring: Person) -> None:
    above = read_ancestors(project_id=ring.project.pk, runs=["e", "d"])
    assert above == {"e": "a", "a": "c", "c": "b", "b": "a", "d": "d"}


def test_what_is_reported_below_and_of_them_is_taken(ring: Person) -> None:
    below = post_batch(ring, a_report("f", parent_run_id="e"), a_report("g", parent_run_id="f"))
    assert below["accepted"] == 2
    status, answer = post(ring, a_report("x", status="running", parent_run_id="f"))
    assert status == 201, answer


def test_a_run_in_it_comes_to_its_end(mia: Person) -> None:
    began = BEGAN.isoformat()
    keep(
        mia.project.pk,
        make_run("a", BEGAN, status="running", parent_run_id="b"),
        make_run("b", BEGAN, parent_run_id="a"),
    )
    status, answer = post(mia, a_report("a", started_at=began, parent_run_id="b"))
    assert (status, answer.get("result")) == (200, "updated"), answer
    assert post(mia, a_report("b", started_at=began, parent_run_id="a"))[1]["result"] == "duplicate"
    assert post(mia, a_report("c", parent_run_id="c"))[1]["code"] == "parent_cycle"
