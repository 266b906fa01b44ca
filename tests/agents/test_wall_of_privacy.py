"""Telemetry holds codes and numbers: the core, the API and the database refuse the same, whoever comes."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from assay.core.privacy import BLOCKED, check_metadata
from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from agents.keep_telemetry_months import keep_telemetry_months
from agents.telemetry.rows import COLUMNS
from config.ids import uuid7
from config.months import month_of
from config.problems import answer_to
from sentinel.models import Project
from tests.agents.reporting import a_decision, a_report, a_signal, a_step, a_whole_report
from tests.conftest import make_person, make_project
from tests.live import serving

KEYS = (
    *BLOCKED,
    *(f"{term}s" for term in BLOCKED),
    *(f"user_{term}" for term in BLOCKED),
    *(f"{term}_tokens" for term in BLOCKED),
    *("toolOutput", "TOOL-OUTPUTS", "tool.output2", "rawHTMLText", "chainOfThought", "chain", "textual", "context"),
    *("prompted", "input", "inputTokens", "Input2", "a__prompt__", "_", "-", "promptXs", "x.input.y", "messageId"),
    *("", "a b", "é", "a" * 100, "a" * 101, "a\n", "K", "ΣΟΣ"),
)
VALUES: tuple[Any, ...] = (
    *(1, 0, -1, 1.5, 1e14, True, False, None, "code", "", "a b", "a" * 100, "a" * 101, "a\n", "é", "null"),
    *([], [1], {}, {"a": 1}),
)
WHOLE: dict[str, str] = {
    "agents_run": "run_id, agent_id, agent_version, environment, status, started_at",
    "agents_step": "run, step_id, step_type, seq, status",
    "agents_failure": "run, own_id, failure_type, code",
    "agents_decision": "run, own_id, decision_type, selected, reason_code",
    "agents_qualitysignal": "run, own_id, signal_type, signal_code, value",
    "agents_call": "run_id, parent_run_id, callee",
}
FILLED: dict[str, tuple[Any, ...]] = {
    "agents_run": ("r", "a", "1", "test", "success", datetime.now(UTC)),
    "agents_step": (uuid7(), "s", "tool", 1, "success"),
    "agents_failure": (uuid7(), "f", "tool", "timeout"),
    "agents_decision": (uuid7(), "d", "tool_selection", "a", "fresh_data_required"),
    "agents_qualitysignal": (uuid7(), "q", "tool_success", "first_attempt", True),
    "agents_call": ("r", "p", "a"),
}


def database_takes(metadata: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT agents_is_metadata(%s::jsonb)", [json.dumps(metadata)])
        taken: bool = cursor.fetchone()[0]
        return taken


@pytest.mark.django_db
def test_the_core_and_the_database_judge_alike() -> None:
    for key in KEYS:
        for value in VALUES:
            assert database_takes({key: value}) == (not check_metadata({key: value})), (key, value)
            assert database_takes({"region": "eu", key: value}) == (not check_metadata({key: value})), (key, value)


WORDS = st.sampled_from([*BLOCKED, "a", "tool", "Tool", "OUTPUT", "Text", "s", "2", "HTML", "id", "of", "thought"])
BORDERS = st.sampled_from(["", "_", "-", ".", "__", "/", "@", " "])


@trying(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(WORDS, BORDERS), min_size=1, max_size=4), st.sampled_from(VALUES))
def test_they_judge_made_up_keys_alike(db: None, parts: list[tuple[str, str]], value: Any) -> None:
    key = "".join(word + border for word, border in parts)
    assert database_takes({key: value}) == (not check_metadata({key: value}))


@pytest.fixture
def months(db: None) -> None:
    keep_telemetry_months({month_of(datetime.now(UTC))})


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_no_row_comes_past_the_wall_by_insert_update_or_copy(bakery: Project, months: None, table: str) -> None:
    names = f"id, project_id, metadata, {WHOLE[table]}"
    marked = json.dumps({"note": f"{secrets.token_hex(8)} said the customer"})

    def insert(metadata: str | None) -> None:
        row = [uuid7(), bakery.pk, metadata, *FILLED[table]]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(row))})", row)

    def copy(metadata: str) -> None:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} ({names}) FROM STDIN") as lines,
        ):
            lines.write_row([uuid7(), bakery.pk, metadata, *FILLED[table]])

    def change(metadata: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET metadata = %s", [metadata])

    for metadata in (None, "{}", '{"region": "eu-1", "input_tokens": 3}'):
        insert(metadata)
    copy('{"region": "eu-1"}')
    for attempt in (insert, copy, change):
        for bad in (marked, '{"user_prompt": "a"}', '{"a": {"b": 1}}', "[]", '"text"'):
            with pytest.raises(IntegrityError) as caught:
                attempt(bad)
            cause = caught.value.__cause__
            assert isinstance(cause, psycopg.Error)
            assert cause.diag.constraint_name == "telemetry_holds_no_content"
            # Who copies is shown the place, by any PostgreSQL; the log is not.
            assert "said the customer" not in f"{cause.diag.message_primary} {cause.diag.message_detail}"


@pytest.mark.parametrize(
    ("table", "name"),
    [("agents_run", "agent_id"), ("agents_step", "name"), ("agents_failure", "code"), ("agents_decision", "selected")],
)
def test_every_string_of_a_row_is_a_code(bakery: Project, months: None, table: str, name: str) -> None:
    with connection.cursor() as cursor:
        row = [uuid7(), bakery.pk, *FILLED[table]]
        cursor.execute(
            f"INSERT INTO {table} (id, project_id, {WHOLE[table]}) VALUES ({', '.join(['%s'] * len(row))})", row
        )
    for bad in ("two words", "", "a" * 101, "a\n"):
        with pytest.raises(IntegrityError, match="is_a_code"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {name} = %s", [bad])


def marked_reports(mark: str) -> Iterator[Any]:
    """Runs with marked text wherever a string can stand, and as a name."""
    said = f"{mark} said the customer"
    whole = a_whole_report()
    lists = {"step_type": "steps", "decision_type": "decisions", "signal_type": "quality_signals"}
    for name in (*whole, "session_id", "trace_id", "parent_run_id", "resolution_id", "note", said):
        yield whole | {"run_id": f"run-{name}"[:20].replace(" ", "-").replace(mark, "m"), name: said}
    for key in ("prompt", "region", said):
        yield a_report(metadata={key: said})
        yield a_report(metadata={key: [said]})
    for part in (a_step(), a_decision(), a_signal(), {"failure_type": "tool", "code": "timeout"}):
        where = lists.get(next(iter(part)), "failures")
        for field in (*part, "step_id", "note", said):
            yield a_report() | {where: [part | {field: said}, part | {field: [said]}]}
        yield a_report() | {where: [part | {"metadata": {"answer": said}}, part | {"metadata": {said: 1}}]}
        yield a_report() | {where: said}


def dump() -> str:
    """All rows of all tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = [name for (name,) in cursor.fetchall()]
        assert any(name.startswith("agents_run_") for name in tables)
        text = []
        for name in tables:
            with cursor.copy(f'COPY "{name}" TO STDOUT') as rows:
                text += [bytes(block).decode() for block in rows]
        return "".join(text)


@pytest.mark.django_db(transaction=True)
def test_marked_text_is_found_nowhere_afterwards(tmp_path: Path) -> None:
    mark = f"canary{secrets.token_hex(8)}"
    mia = make_person("mia", make_project("bakery"), "member")
    with (
        serving(tmp_path, workers=1) as address,
        httpx.Client(base_url=address, headers={"Authorization": f"Bearer {mia.key}"}, timeout=60) as http,
    ):
        reports = list(marked_reports(mark))
        for report in reports:
            assert http.post("/api/v1/runs", json=report).status_code < 500
        told = http.post("/api/v1/runs/batch", json={"items": reports}).json()
        assert len(told["results"]) + len(told["rejected"]) == len(reports) > 40
        assert told["results"]
        for body in (mark, f'{{"{mark}', f'{{"items": ["{mark}"]}}'):
            for path in ("runs", "runs/batch", f"runs/{mark}"):
                http.post(f"/api/v1/{path}", content=body, headers={"Content-Type": "application/json"})
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO agents_run (id, project_id, metadata, {WHOLE['agents_run']}) VALUES "
            "(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [uuid7(), mia.project.pk, json.dumps({"note": f"{mark} said"}), *FILLED["agents_run"]],
        )
    with (
        pytest.raises(IntegrityError),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(f"COPY agents_run (metadata, id, project_id, {WHOLE['agents_run']}) FROM STDIN") as lines,
    ):
        lines.write_row([json.dumps({"note": f"{mark} said"}), uuid7(), mia.project.pk, *FILLED["agents_run"]])
    for column, type_ in {
        "status": "enum",
        "tokens_in": "bigint",
        "started_at": "timestamp",
        "arm": "smallint",
    }.items():
        with pytest.raises(DataError, match=rf"invalid input .*{type_}.* \"{mark} said"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE agents_run SET {column} = '{mark} said'")
    logs = [tmp_path / "server.log", *Path(settings.ASSAY_HOME).rglob("*.log")]
    assert len(logs) > 1
    # Codes may hold the mark, a sentence with it may not: none of what was sent is one.
    assert mark not in dump()
    assert [log.name for log in logs if mark in log.read_text(errors="replace")] == []


def test_what_the_database_refuses_is_logged_by_its_code_and_constraint_alone(
    bakery: Project, months: None, caplog: pytest.LogCaptureFixture
) -> None:
    request = RequestFactory().post("/api/v1/runs")
    row = [uuid7(), bakery.pk, '{"note": "she said no"}', *FILLED["agents_run"]]
    names = f"id, project_id, metadata, {WHOLE['agents_run']}"
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO agents_run ({names}) VALUES ({', '.join(['%s'] * len(row))})", row)
    answer = answer_to(caught.value, request)
    assert answer.status_code == 409
    assert caplog.messages == ["the database refused: SQLSTATE 23514, constraint telemetry_holds_no_content"]
    assert "she said" not in caplog.text + answer.content.decode()
