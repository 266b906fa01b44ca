"""A run in full, runs that went in circles, and the graph of agents."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.questions import read_cycles
from agents.questions.cycle import start_of_cycle, turned
from agents.telemetry.facts import Group, Run, Trial
from agents.telemetry.loops import find_loop
from config.ids import uuid7
from tests.agents.asking import (
    a_decision,
    a_failure,
    a_run,
    a_signal,
    ask,
    at,
    ids,
    keep,
    keep_groups,
    steps_of,
    told,
    whole_month,
)
from tests.agents.handing import hand_over
from tests.api.calls import Answer
from tests.conftest import Person

TRACE = "0af7651916cd43dd8448eb211c80319c"


def details(who: Person, name: object, **asked: Any) -> Answer:
    return ask(who, f"runs/{quote(str(name), safe='')}/details", **asked)


def a_whole_run(run_id: str = "team/one:1") -> Run:
    steps = steps_of(("plan", None), ("tool", "search"), ("model", "m-1"))
    steps[1].parent_step_id = "0"
    steps[2].trial = Trial(uuid7())
    steps[2].metadata = {"temperature": 0.5}
    return a_run(
        run_id,
        at(5, 6),
        status="failure",
        steps=steps,
        failures=[a_failure("timeout", step_id="1", metadata={"after_s": 30})],
        decisions=[a_decision(step_id="0", candidates=["search", "guess"], confidence=0.9, at=at(5, 6, 1))],
        signals=[a_signal(value=False, weight=0.5, at=at(5, 6, 2))],
    )


def test_it_tells_all_of_a_run(vic: Person) -> None:
    (stored,) = keep(vic.project.pk, a_whole_run())
    for name in (stored.ids["team/one:1"], "team/one:1"):
        answer = details(vic, name)
        assert answer.status == 200, answer.body
    found = answer.json
    assert (found["run"]["run_id"], found["run"]["status"]) == ("team/one:1", "failure")
    assert [(step["step_id"], step["step_type"], step["name"], step["seq"]) for step in found["steps"]] == [
        ("0", "plan", None, 0),
        ("1", "tool", "search", 1),
        ("2", "model", "m-1", 2),
    ]
    assert found["steps"][1]["parent_step_id"] == "0"
    assert found["steps"][2]["metadata"] == {"temperature": 0.5}
    assert found["steps"][2]["version_id"] is not None
    assert found["failures"] == [
        {"failure_type": "timeout", "code": "timeout_broke", "step_id": "1", "metadata": {"after_s": 30}}
    ]
    (decision,) = found["decisions"]
    assert (decision["candidates"], decision["confidence"], decision["step_id"]) == (["search", "guess"], 0.9, "0")
    (signal,) = found["quality_signals"]
    assert (signal["signal_code"], signal["value"], signal["weight"]) == ("full_match", False, 0.5)
    assert found["totals"] == {"steps": 3, "failures": 1, "decisions": 1, "quality_signals": 1, "children": 0}
    assert (found["caller"], found["children"], found["next_page"]) == (None, [], None)


def test_it_tells_who_called_and_whom(vic: Person) -> None:
    keep(vic.project.pk, a_run("child", at(5, 7), agent_id="scout", parent_run_id="mother", status="partial"))
    alone = details(vic, "child").json
    assert alone["caller"] == {"run_id": "mother", "id": None, "agent_id": None, "status": None}
    (mother,) = keep(vic.project.pk, a_run("mother", at(5, 6)))
    keep(vic.project.pk, a_run("second", at(5, 8), agent_id="scout", parent_run_id="mother"))
    found = details(vic, "child").json
    assert found["caller"] == {
        "run_id": "mother",
        "id": str(mother.ids["mother"]),
        "agent_id": "clerk",
        "status": "success",
    }
    called = details(vic, "mother").json["children"]
    assert ids(called) == ["child", "second"]
    assert (called[0]["agent_id"], called[0]["status"]) == ("scout", "partial")


def test_it_tells_one_run_of_a_trace_from_another(vic: Person) -> None:
    runs = [
        a_run(f"{TRACE}-{place}", at(9, 1), trace_id=TRACE, steps=steps_of(*[("tool", f"t{place}")] * (place + 1)))
        for place in range(3)
    ]
    keep_groups(vic.project.pk, [Group(TRACE, at(9, 1), runs)])
    for place in range(3):
        found = details(vic, f"{TRACE}-{place}").json
        assert [step["name"] for step in found["steps"]] == [f"t{place}"] * (place + 1)


def test_it_finds_a_called_run_of_a_trace_by_any_name(vic: Person, stranger: Person) -> None:
    for who, agent in ((stranger, "spy"), (vic, "scout")):
        called = a_run("odd-name", at(9, 1), agent_id=agent, trace_id=TRACE, parent_run_id="root")
        root = a_run("root", at(9, 1), agent_id=agent, trace_id=TRACE)
        keep_groups(who.project.pk, [Group(TRACE, at(9, 1), [root, called])])
    for who, agent in ((stranger, "spy"), (vic, "scout")):
        assert details(who, "odd-name").json["run"]["agent_id"] == agent


def test_it_tells_a_long_run_a_page_at_a_time(vic: Person) -> None:
    keep(
        vic.project.pk,
        a_run("long", at(5), steps=steps_of(*[("tool", str(n)) for n in range(25)]), failures=[a_failure()]),
    )
    names, page = [], 1
    while page is not None:
        found = details(vic, "long", page=page, page_size=10).json
        assert found["totals"]["steps"] == 25
        assert len(found["failures"]) == (page == 1)
        names += [step["name"] for step in found["steps"]]
        page = found["next_page"]
    assert names == [str(n) for n in range(25)]
    past = details(vic, "long", page=9, page_size=10).json
    assert (past["steps"], past["totals"]["steps"], past["next_page"]) == ([], 25, None)


def test_it_tells_of_a_run_by_keys_alone(vic: Person) -> None:
    keep(vic.project.pk, a_run("mother", at(5, 6)), a_run("child", at(5, 7), parent_run_id="mother"))
    ask(vic, "runs")
    with CaptureQueriesContext(connection) as queries:
        details(vic, "child")
    # The run by its name in three, five lists, and its caller in three.
    assert len([query for query in queries if "sentinel_" not in query["sql"]]) == 11


NOBODY = [
    "nobody",
    "team/one:2",
    "01a1f870-6278-73b3-8848-6dde89dfa39e",
    "a b",
    "ü",
    "%00",
    "\x00",
    "run\x00",
    "a" * 101,
]


@pytest.mark.parametrize("name", NOBODY)
def test_it_says_where_there_is_no_such_run(vic: Person, name: str) -> None:
    answer = details(vic, name)
    assert (answer.status, answer.code) == (404, "not_found")


def test_it_is_not_there_for_a_stranger(vic: Person, stranger: Person) -> None:
    (stored,) = keep(vic.project.pk, a_whole_run())
    for name in (stored.ids["team/one:1"], "team/one:1"):
        there, nowhere = details(stranger, name), details(stranger, "nobody")
        assert (there.status, there.json) == (404, nowhere.json)
    # A run that names ours as its parent finds nobody, and ours does not find it.
    keep(stranger.project.pk, a_run("theirs", at(5, 7), parent_run_id="team/one:1"))
    assert details(stranger, "theirs").json["caller"]["id"] is None
    assert details(vic, "team/one:1").json["children"] == []


def test_it_finds_runs_that_went_in_circles(vic: Person, stranger: Person) -> None:
    ring = [("plan", None), ("tool", "search"), ("model", "m")]
    keep(
        vic.project.pk,
        a_run("straight", at(6, 1), steps=steps_of(*ring)),
        a_run("round", at(6, 2), steps=steps_of(("retrieve", "docs"), *ring * 4)),
        a_run("same", at(6, 3), agent_version="1.1", steps=steps_of(*ring[1:], *ring * 5)),
        a_run("other", at(6, 4), agent_id="scout", steps=steps_of(*[("tool", "ping")] * 6)),
    )
    answer = told(vic, "runs/loops", **whole_month())
    assert (answer["runs"], answer["looping"], answer["next"]) == (4, 3, None)
    assert [(loop["run"]["run_id"], loop["length"], loop["repeats"]) for loop in answer["results"]] == [
        ("other", 1, 6),
        ("same", 3, 5),
        ("round", 3, 4),
    ]
    assert [step["step_type"] for step in answer["results"][2]["cycle"]] == ["plan", "tool", "model"]
    first, second = answer["groups"]
    # However it was entered, it is the same circle.
    assert (first["agent_id"], first["runs"], first["most_repeats"]) == ("clerk", 2, 5)
    assert (first["agent_versions"], first["latest"]) == (["1.0", "1.1"], "same")
    assert [step["name"] for step in first["cycle"]] == ["m", None, "search"]
    assert second["cycle"] == [{"step_type": "tool", "name": "ping"}]
    assert [
        loop["run"]["run_id"] for loop in told(vic, "runs/loops", agent_id="scout", **whole_month())["results"]
    ] == ["other"]
    page = told(vic, "runs/loops", page_size=2, **whole_month())
    rest = told(vic, "runs/loops", page_size=2, cursor=page["next"], **whole_month())
    assert [loop["run"]["run_id"] for loop in page["results"] + rest["results"]] == ["other", "same", "round"]
    assert (rest["next"], rest["looping"]) == (None, 3)
    theirs = told(stranger, "runs/loops", **whole_month())
    assert (theirs["results"], theirs["groups"], theirs["looping"]) == ([], [], 0)


CIRCLES = ["abcabcabc", "xabababab", "aaaa", "abcdabcdabcdabc", "xxyabcabcabcabz", "abaabaabaaab", "bcabcabcabcabc"]


@pytest.mark.parametrize("kinds", CIRCLES)
def test_it_names_the_circle_that_was_found(vic: Person, kinds: str) -> None:
    steps = steps_of(*[("tool", kind) for kind in kinds])
    found = find_loop(steps)
    assert found is not None
    keep(vic.project.pk, a_run("round", at(6, 2), steps=steps))
    (loop,) = told(vic, "runs/loops", **whole_month())["results"]
    round_ = "".join(step["name"] for step in loop["cycle"])
    assert (len(round_), round_ * found[1] in kinds) == (found[0], True)
    # On the page of the run the same is found where it has all steps anyway.
    first = start_of_cycle([("tool", kind) for kind in kinds], *found)
    assert first == kinds.index(round_ * found[1])
    cycle = tuple(("tool", name) for name in round_)
    assert turned(cycle) == turned(cycle[1:] + cycle[:1]) == min(cycle[n:] + cycle[:n] for n in range(len(cycle)))


def test_it_names_a_circle_that_comes_late(vic: Person) -> None:
    straight: list[tuple[str, str | None]] = [("tool", f"step-{number}") for number in range(2_500)]
    ring: list[tuple[str, str | None]] = [("plan", None), ("respond", "say"), ("plan", None), ("tool", "search")]
    keep(
        vic.project.pk,
        a_run("early", at(6, 1), steps=steps_of(*ring, *ring[2:] * 3)),
        *(a_run(f"late-{number}", at(6, 2, number), steps=steps_of(*straight, *ring[2:] * 4)) for number in range(3)),
    )
    answer = told(vic, "runs/loops", **whole_month())
    assert [loop["repeats"] for loop in answer["results"]] == [4, 4, 4, 4]
    named = [{"step_type": "plan", "name": None}, {"step_type": "tool", "name": "search"}]
    assert [loop["cycle"] for loop in answer["results"]] == [named] * 4
    (group,) = answer["groups"]
    assert (group["runs"], group["latest"]) == (4, "late-2")


def test_it_looks_through_so_many_steps_and_no_more(vic: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_cycles, "RUNS_AT_ONCE", 1)
    monkeypatch.setattr(read_cycles, "MOST_STEPS", 10)
    keep(vic.project.pk, *(a_run(f"{n}", at(6, n), steps=steps_of(*[("tool", "ping")] * 6)) for n in range(3)))
    assert [loop["cycle"] is None for loop in told(vic, "runs/loops", **whole_month())["results"]] == [
        False,
        False,
        True,
    ]


def test_no_circle_begins_where_none_is() -> None:
    assert start_of_cycle([("tool", "a"), ("tool", "b")], 1, 3) is None
    assert start_of_cycle([], 1, 3) is None


@pytest.fixture
def team(vic: Person, mia: Person) -> Person:
    """A viewer in whose project a lead calls two others, and hands work over."""
    keep(
        vic.project.pk,
        a_run("lead", at(5, 6), agent_id="NOVA"),
        a_run("first", at(5, 7), agent_id="RAFA", parent_run_id="lead", status="failure"),
        a_run("second", at(5, 8), agent_id="RAFA", parent_run_id="lead"),
        a_run("third", at(5, 9), agent_id="scout", parent_run_id="second", environment="staging", status="running"),
        a_run("orphan", at(5, 10), agent_id="scout", parent_run_id="unheard"),
    )
    for giver, taker in (("NOVA", "RAFA"), ("NOVA", "RAFA"), (None, "NOVA")):
        hand_over(mia, taker, giver)
    return vic


def test_it_draws_who_calls_whom(team: Person) -> None:
    answer = told(team, "agents/graph", **whole_month())
    assert answer["calls"] == [
        {"caller": "NOVA", "callee": "RAFA", "count": 2, "failure": 1, "running": 0},
        {"caller": None, "callee": "scout", "count": 1, "failure": 0, "running": 0},
        {"caller": "RAFA", "callee": "scout", "count": 1, "failure": 0, "running": 1},
    ]
    assert [(node["agent_id"], node["runs"], node["success_rate"]) for node in answer["nodes"]] == [
        ("NOVA", 1, 1.0),
        ("RAFA", 2, 0.5),
        ("scout", 2, 1.0),
    ]
    # The handoffs were made today.
    assert answer["handoffs"] == []


def test_it_draws_who_hands_work_to_whom(team: Person) -> None:
    answer = told(team, "agents/graph")
    assert answer["handoffs"] == [
        {"from_agent": "NOVA", "to_agent": "RAFA", "count": 2, "states": {"PENDING": 2}},
        {"from_agent": None, "to_agent": "NOVA", "count": 1, "states": {"PENDING": 1}},
    ]
    assert {"NOVA", "RAFA"} <= {node["agent_id"] for node in answer["nodes"]}


def test_it_draws_one_agent_and_its_neighbours(team: Person) -> None:
    answer = told(team, "agents/graph", agent_id="NOVA", **whole_month())
    assert [(call["caller"], call["callee"]) for call in answer["calls"]] == [("NOVA", "RAFA")]
    assert [node["agent_id"] for node in answer["nodes"]] == ["NOVA", "RAFA"]
    staged = told(team, "agents/graph", environment="staging", **whole_month())
    assert [(call["caller"], call["callee"]) for call in staged["calls"]] == [("RAFA", "scout")]


def test_it_draws_nothing_for_a_stranger(team: Person, stranger: Person) -> None:
    for window in ({}, whole_month()):
        answer = told(stranger, "agents/graph", **window)
        assert (answer["nodes"], answer["calls"], answer["handoffs"]) == ([], [], [])
