"""Runs of a made-up team of agents, and questions about them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from agents.store_runs import Stored, store_runs
from agents.telemetry.facts import Decision, Failure, Group, Run, Signal, Step
from config.months import month_of, next_month
from tests.api.calls import Answer, call
from tests.conftest import Person

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# The one before that in which the tests began: another one may begin while they run.
MONTH = month_of(month_of(datetime.now(UTC)) - DAY)


def at(day: int, hour: int = 0, minute: int = 0, second: float = 0) -> datetime:
    """A time of a month that is over, and kept."""
    return MONTH + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)


def a_run(run_id: str, began: datetime, **fields: Any) -> Run:
    usual: dict[str, Any] = {"agent_id": "clerk", "agent_version": "1.0", "environment": "production"}
    return Run(run_id=run_id, started_at=began, **(usual | {"status": "success"} | fields))


def a_decision(reason: str = "fresh_data_required", of: str = "tool_selection", **fields: Any) -> Decision:
    usual: dict[str, Any] = {"own_id": fields.pop("own_id", reason), "selected": "search"}
    return Decision(decision_type=of, reason_code=reason, **(usual | fields))


def a_signal(code: str = "full_match", of: str = "schema_valid", value: bool = True, **fields: Any) -> Signal:
    return Signal(signal_type=of, signal_code=code, value=value, **({"own_id": code} | fields))


def a_failure(kind: str = "tool", **fields: Any) -> Failure:
    return Failure(failure_type=kind, **({"own_id": kind, "code": f"{kind}_broke"} | fields))


def steps_of(*kinds: tuple[str, str | None]) -> list[Step]:
    return [Step(step_id=str(seq), step_type=type_, name=name, seq=seq) for seq, (type_, name) in enumerate(kinds)]


def keep(project_id: UUID, *runs: Run) -> list[Stored]:
    """Store each run as a group of its own, in place of what was stored of it."""
    return keep_groups(project_id, [Group(run.run_id, run.started_at, [run]) for run in runs])


def keep_groups(project_id: UUID, groups: Sequence[Group]) -> list[Stored]:
    told = store_runs(project_id=project_id, groups=groups, merge=lambda stored, sent: sent)
    found = [one for one in told if isinstance(one, Stored)]
    assert len(found) == len(groups), told
    return found


def ask(who: Person, path: str, **parameters: Any) -> Answer:
    """GET with these parameters; times as they are written."""
    written = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in parameters.items()}
    return call(who, "GET", f"/api/v1/{path}?{urlencode(written)}")


def told(who: Person, path: str, **parameters: Any) -> Any:
    """The answer to a question that has one."""
    answer = ask(who, path, **parameters)
    assert answer.status == 200, answer.body
    return answer.json


def whole_month() -> dict[str, datetime]:
    """All of the month that `at` speaks of, and nothing of the next one."""
    return {"start_time": MONTH, "end_time": next_month(MONTH)}


def ids(rows: Iterable[Any]) -> list[str]:
    return [row["run_id"] for row in rows]
