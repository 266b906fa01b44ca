"""What cannot be taken is answered with a code and a pointer, costs nothing else, and takes no room."""

import contextlib
import gzip
import json
import logging
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from agents.models import Call, Run
from tests.agents.reporting import (
    TABLES,
    a_decision,
    a_report,
    a_signal,
    a_step,
    counted,
    lately,
    post,
    post_batch,
    send,
    stored,
)
from tests.conftest import Person

ONE, MANY = "/api/v1/runs", "/api/v1/runs/batch"
GZIP = {"Content-Encoding": "gzip"}
SENTENCE = "the quick brown fox asked for a refund"


def ahead(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"agent_id": None}, "wrong_type", "/agent_id"),
    ({"agent_id": "a b"}, "not_a_code", "/agent_id"),
    ({"agent_id": ""}, "not_a_code", "/agent_id"),
    ({"agent_id": "a" * 101}, "not_a_code", "/agent_id"),
    ({"agent_id": "a\n"}, "not_a_code", "/agent_id"),
    ({"agent_id": "a\x00"}, "not_a_code", "/agent_id"),
    ({"agent_id": "é"}, "not_a_code", "/agent_id"),
    ({"trace_id": "xyz"}, "not_hexadecimal", "/trace_id"),
    ({"trace_id": "0" * 32}, "not_hexadecimal", "/trace_id"),
    ({"span_id": "0" * 16}, "not_hexadecimal", "/span_id"),
    ({"status": "done"}, "unknown_code", "/status"),
    ({"prompt": "a"}, "unknown_field", "/prompt"),
    ({"started_at": "yesterday"}, "invalid_time", "/started_at"),
    ({"started_at": "2026-11-20T10:00:00"}, "invalid_time", "/started_at"),
    ({"started_at": 5}, "wrong_type", "/started_at"),
    ({"started_at": "1999-01-01T00:00:00Z"}, "time_out_of_range", "/started_at"),
    ({"started_at": "0001-01-01T00:00:00+14:00"}, "time_out_of_range", "/started_at"),
    ({"started_at": "9999-12-31T23:59:59-12:00"}, "time_out_of_range", "/started_at"),
    ({"ended_at": "9999-12-31T23:59:59-12:00"}, "time_out_of_range", "/ended_at"),
    ({"ended_at": "8999-01-01T00:00:00Z"}, "time_out_of_range", "/ended_at"),
    (
        {"steps": [{"step_type": "tool", "started_at": "1999-01-01T00:00:00Z"}]},
        "time_out_of_range",
        "/steps/0/started_at",
    ),
    ({"ended_at": lately(days=2)}, "ended_before_started", "/ended_at"),
    ({"status": "running", "ended_at": lately(minutes=1)}, "ended_while_running", "/ended_at"),
    ({"latency_ms": -1}, "out_of_range", "/latency_ms"),
    ({"latency_ms": True}, "wrong_type", "/latency_ms"),
    ({"tokens_in": 10**30}, "out_of_range", "/tokens_in"),
    ({"tokens_in": 2**63}, "out_of_range", "/tokens_in"),
    ({"tokens_in": 1.5}, "wrong_type", "/tokens_in"),
    ({"cost_usd": "-1"}, "out_of_range", "/cost_usd"),
    ({"cost_usd": "NaN"}, "out_of_range", "/cost_usd"),
    ({"cost_usd": "1e400"}, "out_of_range", "/cost_usd"),
    ({"cost_usd": "much"}, "wrong_type", "/cost_usd"),
    ({"cost_usd": "1_000"}, "wrong_type", "/cost_usd"),
    ({"cost_usd": " 1"}, "wrong_type", "/cost_usd"),
    ({"cost_usd": "1\n"}, "wrong_type", "/cost_usd"),
    ({"cost_usd": "\u0661"}, "wrong_type", "/cost_usd"),
    ({"cost_usd": ""}, "wrong_type", "/cost_usd"),
    ({"cost_usd": 10**30}, "out_of_range", "/cost_usd"),
    ({"cost_usd": True}, "wrong_type", "/cost_usd"),
    ({"metadata": {"user_prompt": "a"}}, "names_content", "/metadata/user_prompt"),
    ({"metadata": {"input_tokens": "a"}}, "not_a_number", "/metadata/input_tokens"),
    ({"metadata": {"a": SENTENCE}}, "not_a_code", "/metadata/a"),
    ({"metadata": {"a": [1]}}, "not_primitive", "/metadata/a"),
    ({"metadata": {"a": 1e300}}, "out_of_range", "/metadata/a"),
    ({"metadata": {f"key{n}": n for n in range(51)}}, "too_many_keys", "/metadata"),
    ({"metadata": 5}, "wrong_type", "/metadata"),
    ({"steps": 5}, "wrong_type", "/steps"),
    ({"steps": [5]}, "wrong_type", "/steps/0"),
    ({"steps": [a_step(), a_step(name=SENTENCE)]}, "not_a_code", "/steps/1/name"),
    ({"steps": [a_step(), {"step_type": "think"}]}, "unknown_code", "/steps/1/step_type"),
    ({"steps": [a_step(step_id="a"), a_step(step_id="a")]}, "duplicate_id", "/steps/1/step_id"),
    ({"steps": [a_step(parent_step_id="b")]}, "unknown_step", "/steps/0/parent_step_id"),
    ({"steps": [a_step(step_id="a", parent_step_id="a")]}, "parent_cycle", "/steps/0/parent_step_id"),
    ({"steps": [a_step(metadata={"tool_output": 1})]}, "names_content", "/steps/0/metadata/tool_output"),
    ({"steps": [a_step(started_at=lately(), ended_at=lately(hours=2))]}, "ended_before_started", "/steps/0/ended_at"),
    ({"steps": [a_step(seq=2**31)]}, "out_of_range", "/steps/0/seq"),
    ({"steps": [a_step()] * 10_001}, "too_many_steps", "/steps"),
    ({"decisions": [a_decision()] * 10_001}, "too_many_decisions", "/decisions"),
    ({"decisions": 5}, "wrong_type", "/decisions"),
    ({"parent_run_id": "run-1"}, "parent_cycle", "/parent_run_id"),
    ({"arm": 300}, "out_of_range", "/arm"),
    ({"version_id": "x"}, "wrong_type", "/version_id"),
]


@pytest.mark.parametrize(("fields", "code", "pointer"), BAD, ids=[f"{code}{where}" for _, code, where in BAD])
def test_a_bad_field_costs_its_run_and_says_where(mia: Person, fields: Any, code: str, pointer: str) -> None:
    told = post_batch(mia, a_report(**fields), a_report("run-2"))
    assert [(one["run_id"], one["result"]) for one in told["results"]] == [("run-2", "stored")]
    assert [(one["index"], one["code"], one["pointer"]) for one in told["rejected"]] == [(0, code, pointer)]
    assert SENTENCE not in json.dumps(told)


def test_clocks_may_be_off_by_a_day_and_no_more(mia: Person) -> None:
    past = timedelta(days=settings.RETENTION_DAYS)
    for started_at, status in (
        (ahead(hours=23), 201),
        (ahead(hours=25), 422),
        (ahead(days=3650), 422),
        ((datetime.now(UTC) - past + timedelta(hours=1)).isoformat(), 201),
        ((datetime.now(UTC) - past - timedelta(hours=1)).isoformat(), 422),
    ):
        found, told = post(mia, a_report(f"run-{started_at}".replace("+00:00", ""), started_at=started_at))
        assert found == status, told
        assert status == 201 or told["errors"][0]["code"] == "time_out_of_range"


def test_a_time_too_short_for_any_clock_is_none(mia: Person) -> None:
    post(mia, a_report(latency_ms=1e-300))
    assert Run.objects.get().latency_ms == 0.0
    asked = mia.http().get("/api/v1/compare/versions?agent_id=clerk&version_a=1.0&version_b=2.0")
    assert asked.status_code == 200


def test_a_projects_own_retention_decides(mia: Person) -> None:
    mia.project.retention_days = 7
    mia.project.save()
    told = post_batch(mia, a_report("run-1", started_at=lately(days=6)), a_report("run-2", started_at=lately(days=8)))
    assert [one["run_id"] for one in told["results"]] == ["run-1"]
    assert [one["code"] for one in told["rejected"]] == ["time_out_of_range"]


def test_nobody_is_their_own_ancestor(mia: Person) -> None:
    told = post_batch(
        mia,
        a_report("a", parent_run_id="b"),
        a_report("b", parent_run_id="c"),
        a_report("c", parent_run_id="a"),
        a_report("d", parent_run_id="c"),
    )
    assert [(one["run_id"], one["code"], one["pointer"]) for one in told["rejected"]] == [
        ("c", "parent_cycle", "/parent_run_id")
    ]
    status, told = post(mia, a_report("c", parent_run_id="d"))
    assert (status, told["code"]) == (422, "parent_cycle")
    assert post(mia, a_report("c"))[0] == 201
    assert set(Call.objects.values_list("run_id", "parent_run_id")) == {("a", "b"), ("b", "c"), ("d", "c")}


def test_a_step_that_was_sent_before_is_known_later(mia: Person) -> None:
    began = lately()
    post(mia, a_report(started_at=began, status="running", steps=[a_step(step_id="s1")]))
    more = a_report(started_at=began, status="running", decisions=[a_decision(step_id="s1"), a_decision(step_id="s2")])
    status, told = post(mia, more)
    assert (status, told["decisions"]) == (200, 1)
    assert [(one["pointer"], one["code"]) for one in told["rejected"]] == [("/decisions/1/step_id", "unknown_step")]
    around = [a_step(step_id="s2", seq=1, parent_step_id="s1"), a_step(step_id="s1", parent_step_id="s2")]
    status, told = post(mia, a_report(started_at=began, status="running", steps=around))
    assert (status, told["code"]) == (422, "parent_cycle")
    assert [step.step_id for step in stored(mia.project.pk)["run-1"].steps] == ["s1"]


def test_it_tells_of_twenty_refused_parts_and_counts_the_others(mia: Person) -> None:
    status, told = post(mia, a_report(decisions=[a_decision(selected="a b")] * 100, quality_signals=[a_signal()]))
    assert status == 201
    assert len(told["rejected"]) == 21
    assert told["rejected"][-1] == {
        "pointer": "",
        "code": "and_more",
        "detail": "80 more parts of this run were refused.",
    }


WHOLE = b'{"items": []}'
BODIES: list[tuple[str, bytes, str, dict[str, str], int, str]] = [
    (ONE, b"{", "application/json", {}, 400, "invalid_json"),
    (ONE, b"\xff\xfe", "application/json", {}, 400, "invalid_json"),
    (ONE, b"[" * 100_000, "application/json", {}, 422, "too_deep"),
    (ONE, b"{}", "text/plain", {}, 415, "unsupported_media_type"),
    (ONE, b"{}", "application/json", {"Content-Encoding": "br"}, 415, "unsupported_encoding"),
    (ONE, b"[]", "application/json", {}, 422, "wrong_type"),
    (MANY, b"[]", "application/json", {}, 422, "required"),
    (MANY, b'{"items": {}}', "application/json", {}, 422, "required"),
    (MANY, b'{"items": [], "more": 1}', "application/json", {}, 422, "required"),
    (MANY, b'{"items": [%s]}' % b",".join([b"{}"] * 1001), "application/json", {}, 413, "too_many"),
    (MANY, b"{}\n" * 1001, "application/x-ndjson", {}, 413, "too_many"),
    (MANY, b"\n" * 1_000_000, "application/x-ndjson", {}, 413, "too_many"),
    (MANY, WHOLE, "application/json", GZIP, 400, "invalid_gzip"),
    (MANY, gzip.compress(WHOLE * 100)[:-9], "application/json", GZIP, 400, "invalid_gzip"),
    (MANY, gzip.compress(WHOLE)[:12], "application/json", GZIP, 400, "invalid_gzip"),
    (MANY, gzip.compress(WHOLE) + b"more", "application/json", GZIP, 400, "invalid_gzip"),
    (MANY, zlib.compress(WHOLE), "application/json", GZIP, 400, "invalid_gzip"),
    (MANY, b" " * (16 * 2**20 + 1), "application/json", {}, 413, "body_too_large"),
    (MANY, gzip.compress(b" " * (16 * 2**20 + 1)), "application/json", GZIP, 413, "body_too_large"),
]


@pytest.mark.parametrize("place", range(len(BODIES)))
def test_a_body_that_is_none_is_told_so(mia: Person, place: int) -> None:
    path, body, content_type, headers, status, code = BODIES[place]
    found, told = send(mia, path, body, content_type, **headers)
    assert (found, told["code"]) == (status, code)
    assert len(json.dumps(told)) < 1000


def test_a_line_that_is_no_json_costs_itself(mia: Person) -> None:
    lines = b"\n".join([json.dumps(a_report("run-1")).encode(), b"{", b"\xff", json.dumps(a_report("run-2")).encode()])
    _, told = send(mia, MANY, lines, "application/x-ndjson")
    assert [one["run_id"] for one in told["results"]] == ["run-1", "run-2"]
    assert [(one["index"], one["code"]) for one in told["rejected"]] == [(1, "invalid_json"), (2, "invalid_json")]


def opened() -> bytes:
    """A run that is not closed yet."""
    return json.dumps(a_report("run-1")).encode()[:-1]


def bomb() -> bytes:
    """A quarter of a gigabyte of zeros, compressed."""
    press = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b"\0" * 2**20
    return b"".join(press.compress(zeros) for _ in range(256)) + press.flush()


def many(item: bytes, count: int) -> bytes:
    return b",".join([item] * count)


# Bodies that are small to send and large to take apart; each is made when it is its turn.
HOSTILE: dict[str, tuple[Callable[[], bytes], str, dict[str, str]]] = {
    "keys": (lambda: opened() + b',"metadata":{%b}}' % b",".join(b'"k%d":1' % n for n in range(1_000_000)), ONE, {}),
    "steps": (lambda: opened() + b',"steps":[%b]}' % many(b'{"step_type":"tool"}', 780_000), ONE, {}),
    "nothings": (lambda: opened() + b',"steps":[%b]}' % many(b"{}", 5_000_000), ONE, {}),
    "decisions": (lambda: opened() + b',"decisions":[%b]}' % many(b"1", 8_000_000), ONE, {}),
    "runs": (lambda: b'{"items":[%b]}' % many(b"1", 8_000_000), MANY, {}),
    "lines": (lambda: b"{}\n" * 5_000_000, MANY, {"content_type": "application/x-ndjson"}),
    "bomb": (bomb, MANY, GZIP),
    "bytes": (lambda: b"x" * 100 * 2**20, MANY, {}),
}


def most_memory() -> int:
    """Kilobytes that this process took at its most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_huge_is_refused_before_it_takes_room(mia: Person, name: str) -> None:
    made, path, headers = HOSTILE[name]
    body = made()
    content_type = headers.get("content_type", "application/json")
    others = {key: value for key, value in headers.items() if key != "content_type"}
    # From now on the most is what it takes now, where the system can forget what was; else the check is a lenient one.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before = most_memory()
    status, told = send(mia, path, body, content_type, **others)
    grown = most_memory() - before
    assert status == 413, told
    # Kilobytes: three copies of the largest body that is read at all, and the client's own copy of what it sends.
    assert grown < 3 * 16 * 1024 + len(body) // 1024
    assert counted("agents_run") == 0


def test_nothing_of_what_is_refused_reaches_the_log(mia: Person, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for fields, _, _ in BAD:
            post(mia, a_report(**fields))
        post(mia, a_report(**{SENTENCE: SENTENCE}, metadata={SENTENCE: SENTENCE}))
        post(mia, {SENTENCE: SENTENCE})
    assert SENTENCE not in caplog.text
    assert {table: counted(table) for table in TABLES} == dict.fromkeys(TABLES, 0)
    assert not Run.objects.exists()
