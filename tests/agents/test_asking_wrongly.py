"""What is asked wrongly is told where it is wrong; nothing that is sent breaks anything."""

import logging
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.agents.asking import ask
from tests.agents.test_questions import QUESTIONS
from tests.api.calls import call
from tests.conftest import Person

WRONG: list[tuple[str, Any]] = [
    ("agent_id", ""),
    ("agent_id", "two words"),
    ("agent_id", "a" * 101),
    ("agent_id", "\x00"),
    ("agent_id", "é"),
    ("environment", "a\nb"),
    ("start_time", "2026-01-31"),
    ("start_time", "2026-01-31T12:00:00"),
    ("start_time", "2026-02-31T12:00:00Z"),
    ("start_time", "2026-01-31T12:00:00 02:00"),
    ("start_time", "2026-01-31T25:00:00Z"),
    ("start_time", "2026-01-31T12:00:00+99:00"),
    ("start_time", "0001-01-01T00:00:00+23:00"),
    ("start_time", "1969-12-31T23:59:59Z"),
    ("end_time", "9999-12-31T23:59:59-23:00"),
    ("end_time", "yesterday"),
    ("end_time", "1767225600"),
    ("end_time", "٢٠٢٦-01-31T12:00:00Z"),
    ("no_such", "1"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
@pytest.mark.parametrize("path", QUESTIONS)
def test_it_points_at_what_is_wrong(vic: Person, path: str, name: str, value: str) -> None:
    answer = ask(vic, path, **(QUESTIONS[path] | {name: value}))
    assert (answer.status, answer.code) == (400, "invalid_parameter")
    assert answer.pointers == [f"/query/{name}"]


@pytest.mark.parametrize(
    ("path", "asked", "name"),
    [
        ("runs", {"status": "done"}, "status"),
        ("runs", {"status": ""}, "status"),
        ("runs", {"failure_type": "tools"}, "failure_type"),
        ("runs", {"cursor": "next"}, "cursor"),
        ("runs", {"version_id": "1.0"}, "version_id"),
        ("runs", {"experiment_id": "x"}, "experiment_id"),
        ("runs", {"trace_id": "a b"}, "trace_id"),
        ("runs", {"page_size": "0"}, "page_size"),
        ("runs", {"page_size": "1" * 10}, "page_size"),
        ("runs", {"page_size": "²"}, "page_size"),
        ("runs", {"page": "2"}, "page"),
        ("runs/loops", {"page_size": "-1"}, "page_size"),
        ("runs/x/details", {"page": "0"}, "page"),
        ("runs/x/details", {"page": "1000001"}, "page"),
        ("runs/x/details", {"page_size": "0"}, "page_size"),
        ("runs/x/details", {"agent_id": "x"}, "agent_id"),
        ("compare/versions", {"version_a": "1", "version_b": "2"}, "agent_id"),
        ("compare/versions", {"agent_id": "a", "version_b": "2"}, "version_a"),
        ("compare/versions", {"agent_id": "a", "version_a": "1"}, "version_b"),
        ("compare/versions", {"agent_id": "a", "version_a": "1", "version_b": "1"}, "version_b"),
        (
            "compare/versions",
            {"agent_id": "a", "version_a": "1", "version_b": "2", "agent_version": "3"},
            "agent_version",
        ),
        ("agents/graph", {"agent_version": "1"}, "agent_version"),
        (
            "decisions/aggregate",
            {"start_time": "2026-02-01T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"},
            "start_time",
        ),
        ("signals/aggregate", {"start_time": "2999-02-01T00:00:00Z"}, "start_time"),
    ],
)
def test_it_knows_what_each_question_takes(vic: Person, path: str, asked: dict[str, str], name: str) -> None:
    answer = ask(vic, path, **asked)
    assert (answer.status, answer.code, answer.pointers) == (400, "invalid_parameter", [f"/query/{name}"])


def test_it_takes_each_parameter_once(vic: Person) -> None:
    answer = call(vic, "GET", "/api/v1/decisions/aggregate?agent_id=a&agent_id=b")
    assert (answer.status, answer.pointers) == (400, ["/query/agent_id"])


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-01-31T14:00:00.000000000+02:00",
        "2026-01-31T12:00:00-00:00",
    ],
)
def test_it_takes_times_as_rfc_3339_has_them(vic: Person, time: str) -> None:
    answer = ask(vic, "decisions/aggregate", start_time=time, end_time="2026-03-01T00:00:00.5Z")
    assert answer.status == 200, answer.body
    assert answer.json["window"] == {"start_time": "2026-01-31T12:00:00Z", "end_time": "2026-03-01T00:00:00.500000Z"}


@pytest.mark.parametrize("path", QUESTIONS)
def test_it_takes_any_window_there_is(vic: Person, path: str, caplog: pytest.LogCaptureFixture) -> None:
    zero = "00000000-0000-0000-0000-000000000000"
    windows = [
        {"start_time": "1970-01-01T00:00:00Z", "end_time": "9000-01-01T00:00:00Z"},
        {"start_time": "1970-01-01T00:00:00Z", "end_time": "1970-01-01T00:00:00Z"},
        {"end_time": "1970-01-01T00:00:00Z"},
        {"start_time": "8999-12-31T23:59:59.999999Z", "end_time": "9000-01-01T00:00:00Z"},
    ]
    cursors = [{}, {"cursor": zero}, {"cursor": zero.replace("0", "f")}] if path.startswith("runs") else [{}]
    versions = [{}, {"version_id": zero}, {"failure_type": "tool"}] if path == "runs" else [{}]
    with caplog.at_level(logging.ERROR):
        for window in windows:
            for cursor in cursors:
                for version in versions:
                    answer = ask(vic, path, **QUESTIONS[path], **window, **cursor, **version)
                    assert answer.status == 200, answer.body
    assert caplog.records == []


@pytest.mark.parametrize("path", [*QUESTIONS, "runs/x/details"])
def test_it_asks_everybody_who_they_are(path: str, db: None) -> None:
    answer = call(Client(), "GET", f"/api/v1/{path}")
    assert (answer.status, answer.code) == (401, "not_authenticated")


@pytest.mark.parametrize("path", [path for path in QUESTIONS if path != "runs"])
def test_it_only_answers(vic: Person, path: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert call(vic, method, f"/api/v1/{path}", {}).status == 405


def test_it_takes_a_session_as_well_as_a_key(vic: Person) -> None:
    for path, asked in QUESTIONS.items():
        query = "&".join(f"{name}={quote(value)}" for name, value in asked.items())
        answer = call(vic.browser(), "GET", f"/api/v1/{path}?{query}")
        assert answer.status == 200, answer.body
