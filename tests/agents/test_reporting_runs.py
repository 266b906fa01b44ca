"""Runs come in over HTTP: each is stored once, with all that belongs to it, and counted."""

import gzip
import json
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from assay.core import token
from django.db.models import Sum

from agents.models import AgentSettings, DropCount, RunCount
from config.months import time_of_id
from tests.agents.reporting import (
    TABLES,
    a_decision,
    a_report,
    a_signal,
    a_step,
    a_whole_report,
    check_counts,
    counted,
    lately,
    post,
    post_batch,
    send,
    stored,
)
from tests.conftest import Person
from vault.models import Prompt, Version


def test_it_stores_a_run_with_all_that_belongs_to_it(mia: Person) -> None:
    report = a_whole_report()
    status, told = post(mia, report)
    assert status == 201
    assert told == {
        "run_id": "run-1",
        "id": told["id"],
        "result": "stored",
        "steps": 2,
        "decisions": 1,
        "quality_signals": 1,
        "rejected": [],
    }
    run = stored(mia.project.pk)["run-1"]
    assert (run.agent_id, run.environment, run.status) == ("clerk", "production", "success")
    assert run.latency_ms == 2000.0
    assert run.cost_usd == Decimal("0.0031")
    assert run.metadata == {"region": "eu-1", "retries": 2, "cached": False}
    assert [(step.step_id, step.parent_step_id, step.seq) for step in run.steps] == [("s1", None, 0), ("s2", "s1", 1)]
    assert run.steps[1].metadata == {"rows": 3.5}
    assert [(one.failure_type, one.code, one.step_id) for one in run.failures] == [("tool", "timeout", "s2")]
    assert [(one.candidates, one.confidence) for one in run.decisions] == [(["search", "null"], 0.25)]
    assert [(one.value, one.weight) for one in run.signals] == [(True, 0.5)]
    assert abs(time_of_id(UUID(told["id"])) - datetime.fromisoformat(report["started_at"])) < timedelta(milliseconds=1)
    check_counts(mia.project.pk)


def test_it_takes_a_run_without_decisions_and_signals(mia: Person) -> None:
    status, told = post(mia, a_report(steps=[a_step()]))
    assert (status, told["result"], told["steps"]) == (201, "stored", 1)


def test_it_stores_the_same_run_once_whatever_start_a_resend_claims(mia: Person) -> None:
    report = a_whole_report()
    post(mia, report)
    rows = {table: counted(table) for table in TABLES}
    for began in (report["started_at"], lately(days=45), lately(days=100)):
        status, told = post(mia, report | {"started_at": began, "ended_at": report["ended_at"]})
        assert (status, told["result"]) == (200, "duplicate"), began
    assert {table: counted(table) for table in TABLES} == rows
    check_counts(mia.project.pk)


def test_it_stores_the_same_run_once_in_one_batch(mia: Person) -> None:
    told = post_batch(mia, a_whole_report(), a_whole_report("run-2"), a_whole_report("run-2", status="failure"))
    assert [one["result"] for one in told["results"]] == ["stored", "stored"]
    assert [(one["index"], one["code"]) for one in told["rejected"]] == [(2, "run_conflict")]
    again = a_whole_report("run-3")
    told = post_batch(mia, again, again)
    assert [one["result"] for one in told["results"]] == ["stored", "duplicate"]
    assert counted("agents_run") == 3
    check_counts(mia.project.pk)


def test_it_refuses_what_contradicts_a_finished_run(mia: Person) -> None:
    report = a_whole_report()
    post(mia, report)
    for other in (
        report | {"status": "failure"},
        report | {"agent_id": "cook"},
        report | {"tokens_in": 13},
        report | {"metadata": {"region": "us-1"}},
        report | {"steps": [*report["steps"], a_step(step_id="s3")]},
        report | {"decisions": [*report["decisions"], a_decision(selected="ask")]},
        report | {"quality_signals": [a_signal(value=False)]},
    ):
        status, told = post(mia, other)
        assert (status, told["code"]) == (409, "run_conflict")
    check_counts(mia.project.pk)


PARTS = ("steps", "failure", "failures", "decisions", "quality_signals")
NULLS = {
    "run": ["environment", "ended_at", "trace_id", "cost_usd", "metadata", "resolution_id", "version_id", *PARTS],
    "steps": ["step_id", "name", "seq", "status", "metadata", "model"],
    "failures": ["step_id", "metadata"],
    "decisions": ["decision_id", "candidates", "confidence", "step_id", "at", "metadata"],
    "quality_signals": ["signal_id", "weight", "step_id", "at", "metadata"],
}


def test_null_is_as_good_as_nothing(mia: Person) -> None:
    """What is read from here has nulls in it: it can be sent as it is."""
    parts = {
        "steps": [{"step_type": "tool"}],
        "failures": [{"failure_type": "tool", "code": "timeout"}],
        "decisions": [a_decision()],
        "quality_signals": [a_signal()],
    }
    bare = a_report(**parts)
    assert post(mia, bare)[0] == 201
    for name, members in parts.items():
        nulls = dict.fromkeys(NULLS[name])
        (told,) = post_batch(mia, bare | {name: [member | nulls for member in members]})["results"]
        assert (told["result"], told["rejected"]) == ("duplicate", []), name
    assert post(mia, a_report("run-2") | dict.fromkeys(NULLS["run"]))[1]["rejected"] == []
    runs = stored(mia.project.pk)
    assert (runs["run-2"].environment, runs["run-2"].metadata, runs["run-2"].steps) == ("production", {}, [])
    assert runs["run-1"].steps[0].status == "success"
    # A null does not hide what is wrong beside it.
    (told,) = post_batch(mia, a_report("run-3", failures=None, decisions=[a_decision(metadata=None), 5]))["results"]
    assert [one["pointer"] for one in told["rejected"]] == ["/decisions/1"]
    check_counts(mia.project.pk)


def test_a_cost_is_taken_as_text_or_number(mia: Person) -> None:
    costs = [
        *[("0.00310000", "0.0031"), ("3.1e-3", "0.0031"), ("99999999.99999999", "99999999.99999999"), (".5", "0.5")],
        *[(0.0031, "0.0031"), (1e-8, "0.00000001"), (7, "7"), (0, "0")],
    ]
    for place, (cost, kept) in enumerate(costs):
        assert post(mia, a_report(f"run-{place}", cost_usd=cost))[0] == 201
        assert stored(mia.project.pk)[f"run-{place}"].cost_usd == Decimal(kept)


def test_it_gathers_a_run_that_is_under_way(mia: Person) -> None:
    began = lately()
    first = a_report(started_at=began, status="running", steps=[a_step(step_id="s1", status="running")])
    assert post(mia, first)[1]["result"] == "stored"
    assert post(mia, first)[1]["result"] == "duplicate"
    more = a_report(
        started_at=began,
        status="running",
        steps=[a_step(step_id="s2", seq=1, parent_step_id="s1")],
        decisions=[a_decision(decision_id="d1", step_id="s1")],
        metadata={"region": "eu-1"},
    )
    assert post(mia, more)[1] | {"id": ""} == {
        **{"run_id": "run-1", "id": "", "result": "updated", "steps": 2, "decisions": 1, "quality_signals": 0},
        "rejected": [],
    }
    check_counts(mia.project.pk)
    assert RunCount.objects.get(grain="h").running == 1
    last = a_report(
        started_at=began,
        ended_at=lately(seconds=1),
        tokens_in=7,
        steps=[a_step(step_id="s1", status="success", latency_ms=5)],
        decisions=[a_decision(decision_id="d1", step_id="s1", confidence=1)],
    )
    assert post(mia, last)[1]["result"] == "updated"
    run = stored(mia.project.pk)["run-1"]
    assert (run.status, run.tokens_in, run.metadata) == ("success", 7, {"region": "eu-1"})
    assert [(step.step_id, step.status) for step in run.steps] == [("s1", "success"), ("s2", "success")]
    assert [one.confidence for one in run.decisions] == [1.0]
    check_counts(mia.project.pk)
    count = RunCount.objects.get(grain="h")
    assert (count.runs, count.running, count.success, count.steps, count.steps_sq) == (1, 0, 1, 2, 4)
    # Whatever comes late of it is known: it does not begin to run again.
    for late in (first | {"steps": []}, last, a_report(started_at=began, status="running")):
        assert post(mia, late)[1]["result"] == "duplicate"
    assert post(mia, more | {"steps": [a_step(step_id="s9", seq=9)]})[0] == 409
    assert stored(mia.project.pk)["run-1"].status == "success"


def test_it_takes_decisions_apart_that_are_alike(mia: Person) -> None:
    report = a_report(
        decisions=[a_decision(), a_decision(), a_decision(confidence=0.5)], quality_signals=[a_signal()] * 2
    )
    assert post(mia, report)[1]["decisions"] == 3
    assert post(mia, report)[1]["result"] == "duplicate"
    assert (counted("agents_decision"), counted("agents_qualitysignal")) == (3, 2)


def test_a_bad_decision_costs_itself_alone(mia: Person) -> None:
    report = a_report(
        steps=[a_step(step_id="s1")],
        failures=[{"failure_type": "tool", "code": "a b"}, {"failure_type": "tool", "code": "timeout"}],
        decisions=[
            a_decision(),
            a_decision(reason_code="rerank_required"),
            a_decision(confidence=1.2),
            a_decision(step_id="s2"),
            a_decision(decision_id="d1"),
            a_decision(decision_id="d1", selected="ask"),
            a_decision(candidates=["a"] * 51),
            a_decision(candidates=["a", "two words"]),
            a_decision(selected=None),
            a_decision(metadata={"note": {"a": 1}}),
            a_decision(at="2026-01-01T00:00:00"),
            7,
        ],
        quality_signals=[
            a_signal(signal_code="timeout"),
            a_signal(value="yes"),
            a_signal(metadata={"answer_text": "a"}),
        ],
    )
    status, told = post(mia, report)
    assert status == 201
    assert {one["pointer"]: one["code"] for one in told["rejected"]} == {
        "/failures/0/code": "not_a_code",
        "/decisions/1/reason_code": "not_of_its_type",
        "/decisions/2/confidence": "out_of_range",
        "/decisions/3/step_id": "unknown_step",
        "/decisions/5/decision_id": "duplicate_id",
        "/decisions/6/candidates": "too_many_candidates",
        "/decisions/7/candidates/1": "not_a_code",
        "/decisions/8/selected": "wrong_type",
        "/decisions/9/metadata/note": "not_primitive",
        "/decisions/10/at": "invalid_time",
        "/decisions/11": "wrong_type",
        "/quality_signals/0/signal_code": "not_of_its_type",
        "/quality_signals/1/value": "wrong_type",
        "/quality_signals/2/metadata/answer_text": "names_content",
    }
    assert (told["decisions"], told["quality_signals"], told["steps"]) == (2, 0, 1)
    assert [one.code for one in stored(mia.project.pk)["run-1"].failures] == ["timeout"]
    check_counts(mia.project.pk)


def test_a_bad_run_costs_itself_alone(mia: Person) -> None:
    told = post_batch(
        mia, a_report("run-1"), {"run_id": "run-2"}, a_report("run-3", status="done"), 7, a_report("run-4")
    )
    assert told["accepted"] == 2
    assert [(one["index"], one["run_id"], one["result"]) for one in told["results"]] == [
        (0, "run-1", "stored"),
        (4, "run-4", "stored"),
    ]
    assert [(one["index"], one["run_id"], one["code"], one["pointer"]) for one in told["rejected"]] == [
        (1, "run-2", "required", "/agent_id"),
        (2, "run-3", "unknown_code", "/status"),
        (3, None, "wrong_type", ""),
    ]


def test_it_takes_lines_and_gzip(mia: Person) -> None:
    lines = b"\n".join(json.dumps(a_report(f"run-{n}")).encode() for n in range(3)) + b"\n\n"
    status, told = send(mia, "/api/v1/runs/batch", lines, "application/x-ndjson")
    assert (status, told["accepted"]) == (200, 3)
    packed = gzip.compress(json.dumps({"items": [a_report("run-3")]}).encode())
    status, told = send(mia, "/api/v1/runs/batch", packed, **{"Content-Encoding": "gzip"})
    assert (status, told["accepted"]) == (200, 1)
    status, told = send(
        mia, "/api/v1/runs", gzip.compress(json.dumps(a_report("run-4")).encode()), **{"Content-Encoding": "gzip"}
    )
    assert (status, told["result"]) == (201, "stored")
    status, told = send(mia, "/api/v1/runs/batch", lines.replace(b"run-1", b"a b"), "application/x-ndjson")
    assert [(one["index"], one["code"]) for one in told["rejected"]] == [(1, "not_a_code")]


def test_it_finds_where_a_run_went_in_circles(mia: Person) -> None:
    around = [a_step(name=name) for name in ("plan", *["search", "read"] * 4, "answer")]
    post(mia, a_report(steps=around))
    run = stored(mia.project.pk)["run-1"]
    assert (run.loop_length, run.loop_repeats) == (2, 4)
    check_counts(mia.project.pk)
    assert RunCount.objects.get(grain="d").looping == 1


def test_it_keeps_no_decisions_where_a_project_does_not_want_them(mia: Person) -> None:
    AgentSettings.objects.create(project=mia.project, keeps_decisions=False)
    report = a_whole_report()
    assert post(mia, report)[1]["dropped"] == {"decisions": 1, "quality_signals": 1}
    assert (counted("agents_decision"), counted("agents_qualitysignal"), counted("agents_run")) == (0, 0, 1)
    told = post_batch(mia, a_whole_report("run-2"), a_report("run-3"))
    assert [one.get("dropped") for one in told["results"]] == [{"decisions": 1, "quality_signals": 1}, None]
    # Of both days, where one has ended in between.
    assert dict(DropCount.objects.filter(door="api").values_list("what").annotate(Sum("count"))) == {
        "decisions": 2,
        "quality_signals": 2,
    }
    AgentSettings.objects.update(keeps_decisions=True)
    assert post(mia, a_whole_report("run-4"))[1]["decisions"] == 1


def test_it_counts_what_it_refuses_by_why(mia: Person) -> None:
    named = a_report("run-2", metadata={"user_prompt": "hello"})
    spoken = a_report("run-3", decisions=[{"decision_type": "tool_selection"}], agent_id="two words")
    wrong = {"decision_type": "tool_selection", "selected": "a", "reason_code": "early_exit"}
    post_batch(mia, a_report("run-1", decisions=[wrong, wrong]), named, spoken)
    assert dict(DropCount.objects.filter(door="api").values_list("what", "count")) == {
        "not_of_its_type": 2,
        "names_content": 1,
        "not_a_code": 1,
    }


def test_what_a_viewer_and_a_stranger_may(mia: Person, vic: Person, stranger: Person) -> None:
    assert post(vic, a_report())[0] == 403
    assert post(stranger, a_report())[1]["result"] == "stored"
    assert post(mia, a_report(status="failure"))[1]["result"] == "stored"
    assert set(stored(stranger.project.pk)) == set(stored(mia.project.pk)) == {"run-1"}


def test_it_takes_what_a_resolution_says(mia: Person) -> None:
    prompt = Prompt.objects.create(project=mia.project, name="Listing caption", category="caption", vertical="any")
    version = Version.objects.create(project=mia.project, prompt=prompt, number="1.0.0", content="x")
    resolved = token.make(token.head_of(str(prompt.pk), str(version.pk)), 1_790_000_000_000)
    told = post_batch(
        mia,
        a_report("run-1", resolution_id=resolved, steps=[a_step(version_id=str(version.pk))]),
        a_report("run-2", version_id=str(uuid4())),
        a_report("run-3", version_id=str(version.pk), experiment_id=str(uuid4()), arm=1),
        a_report("run-4", steps=[a_step(), a_step(version_id=str(uuid4()))]),
        a_report("run-5", resolution_id="abc"),
        a_report("run-6", resolution_id=resolved, arm=1),
        a_report("run-7", arm=1),
    )
    assert [one["run_id"] for one in told["results"]] == ["run-1"]
    assert [(one["run_id"], one["code"], one["pointer"]) for one in told["rejected"]] == [
        ("run-2", "not_found", "/version_id"),
        ("run-3", "not_found", "/version_id"),
        ("run-4", "not_found", "/steps/1/version_id"),
        ("run-5", "invalid_resolution_id", "/resolution_id"),
        ("run-6", "invalid", "/resolution_id"),
        ("run-7", "required", "/version_id"),
    ]
    run = stored(mia.project.pk)["run-1"]
    assert [trial.version_id for trial in (run.trial, run.steps[0].trial) if trial] == [version.pk] * 2
