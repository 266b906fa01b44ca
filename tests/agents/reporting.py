"""Runs as agents report them over HTTP, and what is stored of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client

from agents.fold_counts import fold_counts
from agents.load_runs import load_runs
from agents.models import PendingCount, Run, RunKey
from agents.telemetry import facts
from agents.telemetry.count import DECISION_SUMS, RUN_SUMS, SIGNAL_SUMS, Counts
from tests.conftest import Person

JSON = "application/json"
TABLES = (
    *("agents_run", "agents_step", "agents_failure", "agents_decision", "agents_qualitysignal", "agents_call"),
    *("agents_runkey", "agents_runcount", "agents_decisioncount", "agents_signalcount"),
)
_KEYS = ["grain", "start", "agent_id", "agent_version", "environment"]
ROLLUPS = {
    "agents_runcount": (_KEYS, RUN_SUMS),
    "agents_decisioncount": ([*_KEYS, "decision_type", "reason_code"], DECISION_SUMS),
    "agents_signalcount": ([*_KEYS, "signal_type", "signal_code"], SIGNAL_SUMS),
}


def lately(**ago: float) -> str:
    """A time of today or shortly before, as it is sent."""
    return (datetime.now(UTC) - timedelta(**(ago or {"minutes": 5}))).isoformat()


def a_report(run_id: str = "run-1", **fields: Any) -> dict[str, Any]:
    """A run without anything that belongs to it."""
    named = {"run_id": run_id, "agent_id": "clerk", "agent_version": "1.0", "status": "success"}
    return named | {"started_at": fields.pop("started_at", None) or lately()} | fields


def a_step(**fields: Any) -> dict[str, Any]:
    return {"step_type": "tool", "name": "search"} | fields


def a_decision(**fields: Any) -> dict[str, Any]:
    usual = {"decision_type": "tool_selection", "selected": "search", "reason_code": "fresh_data_required"}
    return usual | fields


def a_signal(**fields: Any) -> dict[str, Any]:
    return {"signal_type": "tool_success", "signal_code": "first_attempt", "value": True} | fields


def a_whole_report(run_id: str = "run-1", **fields: Any) -> dict[str, Any]:
    """A run with one of everything."""
    began = datetime.now(UTC) - timedelta(minutes=5)
    return a_report(
        run_id,
        **{
            "started_at": began.isoformat(),
            "ended_at": (began + timedelta(seconds=2)).isoformat(),
            "tokens_in": 12,
            "tokens_out": 3,
            "cost_usd": "0.0031",
            "metadata": {"region": "eu-1", "retries": 2, "cached": False},
            "steps": [a_step(step_id="s1"), a_step(step_id="s2", parent_step_id="s1", metadata={"rows": 3.5})],
            "failure": {"failure_type": "tool", "code": "timeout", "step_id": "s2"},
            "decisions": [a_decision(candidates=["search", "null"], confidence=0.25, step_id="s1")],
            "quality_signals": [a_signal(weight=0.5, step_id="s2")],
        }
        | fields,
    )


def post(who: Person, report: Any) -> tuple[int, Any]:
    """Report one run."""
    return _post(who.http(), "/api/v1/runs", json.dumps(report))


def post_batch(who: Person, *reports: Any) -> Any:
    """Report a batch, which is taken as such."""
    status, told = _post(who.http(), "/api/v1/runs/batch", json.dumps({"items": reports}))
    assert status == 200, told
    return told


def send(who: Person, path: str, body: bytes, content_type: str = JSON, **headers: str) -> tuple[int, Any]:
    """Whatever one likes."""
    answer = who.http().post(path, body, content_type, headers=headers)
    return answer.status_code, json.loads(answer.content)


def _post(http: Client, path: str, body: str) -> tuple[int, Any]:
    answer = http.post(path, body, JSON)
    return answer.status_code, json.loads(answer.content)


def counted(table: str) -> int:
    """The rows of a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        number: int = cursor.fetchone()[0]
        return number


def stored(project_id: UUID) -> dict[str, facts.Run]:
    """All runs of a project as they are loaded, by their own ids."""
    ids = list(RunKey.objects.filter(project_id=project_id).values_list("id", flat=True))
    found = load_runs(project_id=project_id, ids=ids)
    return {run.run_id: run for runs in found.values() for _, run in runs}


def check_counts(project_id: UUID) -> None:
    """The rollups are what the stored rows come to."""
    counts = Counts()
    by_id = {id_: run for runs in _loaded(project_id).values() for id_, run in runs}
    assert len(by_id) == Run.objects.filter(project_id=project_id).count()
    for id_, run in by_id.items():
        counts.add(run, id_.int >> 80)
    fold_counts(project_id=project_id)
    assert not PendingCount.objects.filter(project_id=project_id).exists()
    for table, (keys, sums) in ROLLUPS.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join([*keys, *sums])} FROM {table} WHERE project_id = %s", [project_id])
            rows = {row[: len(keys)]: row[len(keys) :] for row in cursor.fetchall()}
        found = {key: numbers for key, numbers in rows.items() if any(abs(number) > 1e-6 for number in numbers)}
        wanted = {key: numbers for key, numbers in _by_hour_and_day(table, counts).items() if any(numbers)}
        assert found.keys() == wanted.keys(), table
        for key, numbers in wanted.items():
            for name, number, there in zip(sums, numbers, found[key], strict=True):
                assert abs(float(number) - float(there)) <= 1e-6 * max(1.0, abs(float(number))), (table, key, name)


def _by_hour_and_day(table: str, counts: Counts) -> dict[tuple[Any, ...], list[Any]]:
    found: dict[tuple[Any, ...], list[Any]] = {}
    for (milliseconds, *codes), counted in counts.places.items():
        hour = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
        of = {"agents_runcount": {(): counted.runs}, "agents_decisioncount": counted.decisions}.get(
            table, counted.signals
        )
        for grain, start in (("h", hour), ("d", hour.replace(hour=0))):
            for pair, numbers in of.items():
                sums = found.setdefault((grain, start, *codes, *pair), [0] * len(numbers))
                sums[:] = [a + b for a, b in zip(sums, numbers, strict=True)]
    return found


def _loaded(project_id: UUID) -> Any:
    ids = list(RunKey.objects.filter(project_id=project_id).values_list("id", flat=True))
    return load_runs(project_id=project_id, ids=ids)
