"""The list of runs: what narrows it, and how one gets to its end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from assay.core.codes import FAILURE_TYPES

from agents.api import found_runs
from agents.questions import find_runs as finding
from agents.telemetry.facts import Group, Run, Trial
from config.ids import uuid7
from sentinel.create_key import create_key
from sentinel.models import Project
from tests.agents.asking import a_failure, a_run, ask, at, ids, keep, keep_groups, steps_of, told, whole_month
from tests.conftest import Person

TRACE = "0af7651916cd43dd8448eb211c80319c"


def all_pages(who: Person, path: str = "runs", **asked: Any) -> list[list[str]]:
    """What each page holds, from the first to the last."""
    pages, cursor = [], {}
    while True:
        page = told(who, path, **asked, **cursor)
        pages.append(ids(page["results"]))
        if page["next"] is None:
            return pages
        assert len(pages) < 100
        cursor = {"cursor": page["next"]}


def test_it_lists_the_newest_first(vic: Person) -> None:
    now = datetime.now(UTC)
    runs = [a_run(f"run-{age}", now - timedelta(days=age, minutes=1)) for age in (3, 0, 29, 35)]
    keep(vic.project.pk, *runs)
    answer = told(vic, "runs")
    assert ids(answer["results"]) == ["run-0", "run-3", "run-29"]
    start, end = (datetime.fromisoformat(answer["window"][name]) for name in ("start_time", "end_time"))
    assert end - start == timedelta(days=30)
    # It was asked between then and now, whatever hour has ended in between.
    assert now < end <= datetime.now(UTC) + timedelta(hours=1)
    assert (end.minute, end.second, end.microsecond) == (0, 0, 0)


def test_it_finds_runs_that_were_never_heard_of_again(vic: Person) -> None:
    now = datetime.now(UTC)
    keep(
        vic.project.pk,
        a_run("long-gone", now - timedelta(days=3), status="running"),
        a_run("gone", now - timedelta(hours=30), status="running"),
        a_run("done", now - timedelta(hours=30)),
        a_run("at-it", now - timedelta(minutes=2), status="running"),
    )
    asked = {"status": "running", "end_time": now - timedelta(hours=24)}
    assert ids(told(vic, "runs", **asked)["results"]) == ["gone", "long-gone"]
    assert ids(told(vic, "runs", **asked, start_time=now - timedelta(days=2))["results"]) == ["gone"]


def test_it_tells_all_of_a_run_but_what_belongs_to_it(vic: Person) -> None:
    version, experiment = uuid7(), uuid7()
    run = a_run(
        "a/b:c@d",
        at(5, 6, 7, 8.5),
        ended_at=at(5, 6, 7, 9.75),
        latency_ms=1250.0,
        parent_run_id="before",
        session_id="s-1",
        trace_id=TRACE,
        span_id="b7ad6b7169203331",
        tokens_in=10,
        tokens_out=20,
        tokens_cached=5,
        cost_usd=Decimal("0.000125"),
        trial=Trial(version, experiment, 1),
        metadata={"region": "eu-1", "retries": 2, "cold": True, "share": 0.5, "nothing": None},
    )
    (stored,) = keep(vic.project.pk, run)
    (row,) = told(vic, "runs", **whole_month())["results"]
    received = row.pop("received_at")
    assert datetime.fromisoformat(received).tzinfo is not None
    assert row == {
        "id": str(stored.ids["a/b:c@d"]),
        "run_id": "a/b:c@d",
        "agent_id": "clerk",
        "agent_version": "1.0",
        "environment": "production",
        "status": "success",
        "started_at": at(5, 6, 7, 8.5).isoformat().replace("+00:00", "Z"),
        "ended_at": at(5, 6, 7, 9.75).isoformat().replace("+00:00", "Z"),
        "latency_ms": 1250.0,
        "tokens_in": 10,
        "tokens_out": 20,
        "tokens_cached": 5,
        "cost_usd": "0.00012500",
        "parent_run_id": "before",
        "session_id": "s-1",
        "trace_id": TRACE,
        "span_id": "b7ad6b7169203331",
        "parent_span_id": None,
        "version_id": str(version),
        "experiment_id": str(experiment),
        "arm": 1,
        "loop_length": None,
        "loop_repeats": None,
        "metadata": {"region": "eu-1", "retries": 2, "cold": True, "share": 0.5, "nothing": None},
    }


VERSION, OF_A_STEP, EXPERIMENT = uuid4(), uuid4(), uuid4()


@pytest.fixture
def mixed(vic: Person) -> Person:
    """A viewer with ten runs, each unlike the others in one thing."""
    odd: dict[str, dict[str, Any]] = {
        "plain": {},
        "scout": {"agent_id": "scout"},
        "newer": {"agent_version": "1.1"},
        "staged": {"environment": "staging"},
        "failed": {"status": "failure", "failures": [a_failure("timeout"), a_failure("tool")]},
        "mended": {"failures": [a_failure("tool")]},
        "talked": {"session_id": "talk-1"},
        "traced": {"trace_id": TRACE},
        "tried": {"trial": Trial(VERSION, EXPERIMENT, 0)},
        "stepped": {"steps": steps_of(("model", "m"), ("model", "m"))},
    }
    for step in odd["stepped"]["steps"]:
        step.trial = Trial(OF_A_STEP)
    keep(vic.project.pk, *(a_run(name, at(7, place), **fields) for place, (name, fields) in enumerate(odd.items())))
    return vic


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({"agent_id": "scout"}, ["scout"]),
        ({"agent_version": "1.1"}, ["newer"]),
        ({"environment": "staging"}, ["staged"]),
        ({"status": "failure"}, ["failed"]),
        ({"failure_type": "tool"}, ["mended", "failed"]),
        ({"failure_type": "timeout"}, ["failed"]),
        ({"failure_type": "tool", "status": "success"}, ["mended"]),
        ({"session_id": "talk-1"}, ["talked"]),
        ({"trace_id": TRACE}, ["traced"]),
        ({"trace_id": TRACE.upper()}, ["traced"]),
        ({"run_id": "plain"}, ["plain"]),
        ({"run_id": "plain", "agent_id": "scout"}, []),
        ({"run_id": "nobody"}, []),
        ({"version_id": VERSION}, ["tried"]),
        ({"version_id": OF_A_STEP}, ["stepped"]),
        ({"version_id": OF_A_STEP, "agent_id": "scout"}, []),
        ({"version_id": OF_A_STEP, "run_id": "stepped"}, ["stepped"]),
        ({"version_id": OF_A_STEP, "run_id": "tried"}, []),
        ({"version_id": VERSION, "run_id": "stepped"}, []),
        ({"experiment_id": EXPERIMENT}, ["tried"]),
        ({"start_time": at(7, 1), "end_time": at(7, 3)}, ["newer", "scout"]),
        ({"run_id": "plain", "start_time": at(8)}, []),
    ],
)
def test_it_finds_what_is_asked_for(mixed: Person, narrowed: dict[str, Any], names: list[str]) -> None:
    assert ids(told(mixed, "runs", **(whole_month() | narrowed))["results"]) == names
    assert all_pages(mixed, page_size=1, **(whole_month() | narrowed)) == ([[name] for name in names] or [[]])


def test_it_knows_every_type_of_failure(vic: Person) -> None:
    keep(vic.project.pk, *(a_run(kind, at(7, 1), failures=[a_failure(kind)]) for kind in FAILURE_TYPES))
    for kind in FAILURE_TYPES:
        assert ids(told(vic, "runs", failure_type=kind, **whole_month())["results"]) == [kind]


def test_it_finds_what_is_named_however_old_it_is(vic: Person) -> None:
    old = datetime.now(UTC) - timedelta(days=100)
    keep(vic.project.pk, a_run("old", old, session_id="talk-1", trace_id=TRACE))
    for named in ({"run_id": "old"}, {"session_id": "talk-1"}, {"trace_id": TRACE}):
        assert ids(told(vic, "runs", **named)["results"]) == ["old"]
    assert told(vic, "runs")["results"] == []


def of_a_trace(number: int) -> list[Run]:
    return [a_run(f"{TRACE}-{place}", at(9, 1), trace_id=TRACE, span_id=f"{place:016x}") for place in range(number)]


def test_it_finds_runs_that_were_kept_as_one_trace(vic: Person) -> None:
    keep_groups(vic.project.pk, [Group(TRACE, at(9, 1), of_a_trace(5))])
    assert ids(told(vic, "runs", run_id=f"{TRACE}-3")["results"]) == [f"{TRACE}-3"]
    pages = all_pages(vic, page_size=2, **whole_month())
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(name for page in pages for name in page) == [f"{TRACE}-{place}" for place in range(5)]


def test_it_goes_through_all_of_them_once(vic: Person) -> None:
    keep(vic.project.pk, *(a_run(f"run-{place:02}", at(9, 1, 0, place // 3)) for place in range(25)))
    pages = all_pages(vic, page_size=10, **whole_month())
    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(name for page in pages for name in page) == [f"run-{place:02}" for place in range(25)]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only four runs, and six steps, are looked at for a page."""
    monkeypatch.setattr(finding, "LOOKED", "ORDER BY run.id DESC OFFSET 3 LIMIT 1")
    monkeypatch.setattr(finding, "STEPS_LOOKED_AT", 6)


def test_who_asks_for_more_than_a_page_holds_gets_a_full_page(vic: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(vic.project.pk, *(a_run(f"run-{number}", at(3, number)) for number in range(3)))
    keep(vic.project.pk, a_run("long", at(4), steps=steps_of(("plan", None), ("tool", "a"), ("respond", None))))
    monkeypatch.setattr(found_runs, "MOST_ON_A_PAGE", 2)
    monkeypatch.setattr(found_runs, "MOST_OF_A_PART", 2)

    page = told(vic, "runs", page_size=3, **whole_month())
    assert (len(page["results"]), page["next"] is None) == (2, False)
    page = told(vic, "runs/long/details", page_size=999_999_999)
    assert (len(page["steps"]), page["next_page"]) == (2, 2)


@pytest.mark.usefixtures("looked_at")
def test_it_looks_no_further_than_it_may_and_says_where_to_go_on(vic: Person) -> None:
    keep(
        vic.project.pk,
        *(
            a_run(f"run-{place:02}", at(9, 1, place), agent_id="scout" if place % 5 == 0 else "clerk")
            for place in range(20)
        ),
    )
    pages = all_pages(vic, agent_id="scout", **whole_month())
    assert len(pages) > 3
    assert [name for page in pages for name in page] == ["run-15", "run-10", "run-05", "run-00"]


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("size", [1, 3, 50])
def test_it_goes_through_all_that_used_a_version(vic: Person, size: int) -> None:
    """By steps of two runs' worth at a time, and by runs themselves, each once."""
    runs = []
    for place in range(12):
        run = a_run(f"run-{place:02}", at(9, 1, place), steps=steps_of(*[("model", None)] * (1 + place % 4)))
        if place % 3 == 0:
            run.trial = Trial(VERSION)
        if place % 3 == 1 or place == 6:
            for step in run.steps:
                step.trial = Trial(VERSION)
        runs.append(run)
    keep(vic.project.pk, *runs)
    pages = all_pages(vic, version_id=VERSION, page_size=size, **whole_month())
    expected = [f"run-{place:02}" for place in reversed(range(12)) if place % 3 != 2]
    assert [name for page in pages for name in page] == expected


@pytest.mark.usefixtures("looked_at")
def test_it_comes_to_an_end_of_a_run_with_more_steps_than_it_looks_at(vic: Person) -> None:
    runs = [a_run(f"run-{place}", at(9, 1, place), steps=steps_of(*[("model", None)] * 20)) for place in range(3)]
    for step in (step for run in runs for step in run.steps):
        step.trial = Trial(VERSION)
    keep(vic.project.pk, *runs)
    pages = all_pages(vic, version_id=VERSION, **whole_month())
    assert [name for page in pages for name in page] == ["run-2", "run-1", "run-0"]


def test_it_shows_a_stranger_nothing(mixed: Person, stranger: Person) -> None:
    named = [{}, {"run_id": "plain"}, {"session_id": "talk-1"}, {"version_id": VERSION}, {"version_id": OF_A_STEP}]
    for asked in (*named, {"trace_id": TRACE}, {"failure_type": "tool"}, {"status": "failure"}):
        assert told(stranger, "runs", **asked, **whole_month())["results"] == []
    # Of two of the same name each finds its own.
    keep(stranger.project.pk, a_run("plain", at(7), agent_id="spy"))
    for who, agent in ((mixed, "clerk"), (stranger, "spy")):
        (row,) = told(who, "runs", run_id="plain")["results"]
        assert row["agent_id"] == agent


def test_it_asks_for_the_permission(bakery: Project, vic: Person) -> None:
    _, key = create_key(project=bakery, made_by=vic.user, permissions=["prompts.read"], name="narrow")
    answer = ask(Person(vic.user, bakery, vic.access, key), "runs")
    assert (answer.status, answer.code) == (403, "permission_denied")
