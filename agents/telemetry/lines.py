"""The rows of a run as lines of PostgreSQL's COPY, and runs from such rows.

Nothing here escapes anything: a code holds no tab, no line end and no backslash. What is no code shows in the number of
tabs and line ends (`text_of`) or is refused by the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from agents.telemetry.facts import Decision, Failure, Metadata, Run, Signal, Step, Trial
from agents.telemetry.ids import row_id

NULL = r"\N"
_SPENT = ("started_at", "ended_at", "latency_ms", "tokens_in", "tokens_out", "tokens_cached")
_TRIAL = ("version_id", "experiment_id", "arm")

# By table: its columns, in the order of the lines. All begin with the id and the project.
COLUMNS: dict[str, tuple[str, ...]] = {
    "agents_run": (
        *("id", "project_id", "metadata", *_TRIAL, *_SPENT),
        *("run_id", "agent_id", "agent_version", "environment", "status"),
        *("parent_run_id", "session_id", "trace_id", "span_id", "parent_span_id"),
        *("cost_usd", "loop_length", "loop_repeats"),
    ),
    "agents_step": (
        *("id", "project_id", "metadata", *_TRIAL, *_SPENT),
        *("run", "step_id", "parent_step_id", "step_type", "name", "seq", "status", "model"),
    ),
    "agents_failure": ("id", "project_id", "metadata", "run", "own_id", "failure_type", "code", "step_id"),
    "agents_decision": (
        *("id", "project_id", "metadata", "run", "own_id", "decision_type", "selected", "candidates"),
        *("reason_code", "confidence", "step_id", "at"),
    ),
    "agents_qualitysignal": (
        *("id", "project_id", "metadata", "run", "own_id", "signal_type", "signal_code", "value"),
        *("weight", "step_id", "at"),
    ),
    "agents_call": ("id", "project_id", "metadata", "run_id", "parent_run_id", "caller", "callee"),
}
OF_RUNS = tuple(table for table in COLUMNS if table != "agents_call")
_decode_metadata = msgspec.json.Decoder(Metadata).decode
_NO_TRIAL = f"{NULL}\t{NULL}\t{NULL}"

# By table and id (32 hexadecimal digits), the line.
Lines = dict[str, dict[str, str]]


def lines_of(runs: Iterable[Run], *, key: str, prefix: str, project: str) -> Lines:
    """The rows of a group's runs, calls aside: what they are depends on other groups."""
    lines: Lines = {table: {} for table in OF_RUNS}
    for run in runs:
        _add_lines(lines, run, key, prefix, project)
    return lines


def line_of_call(id_: str, project: str, names: tuple[str, str, str | None, str]) -> str:
    """The row of a call: of the run `names[0]`, by the run `names[1]`, by which agent and to which. `id_` is the called
    run's."""
    run_id, parent, caller, callee = names
    return f"{id_}\t{project}\t{NULL}\t{run_id}\t{parent}\t{caller or NULL}\t{callee}\n"


def _add_lines(lines: Lines, run: Run, key: str, prefix: str, project: str) -> None:
    name = run.run_id
    run_id = row_id(prefix, key, "run", name)
    head = f"\t{project}\t"
    lines["agents_run"][run_id] = (
        f"{run_id}{head}{_metadata(run.metadata)}\t{_trial(run.trial)}\t{_spent(run)}\t"
        f"{name}\t{run.agent_id}\t{run.agent_version}\t{run.environment}\t{run.status}\t"
        f"{run.parent_run_id or NULL}\t{run.session_id or NULL}\t{run.trace_id or NULL}\t{run.span_id or NULL}\t"
        f"{run.parent_span_id or NULL}\t{NULL if run.cost_usd is None else f'{run.cost_usd:.8f}'}\t"
        f"{run.loop_length or NULL}\t{run.loop_repeats or NULL}\n"
    )
    if run.steps:
        table = lines["agents_step"]
        for step in run.steps:
            id_ = row_id(prefix, key, "step", f"{name} {step.step_id}")
            table[id_] = (
                f"{id_}{head}{_metadata(step.metadata)}\t{_trial(step.trial)}\t{_spent(step)}\t"
                f"{run_id}\t{step.step_id}\t{step.parent_step_id or NULL}\t{step.step_type}\t{step.name or NULL}\t"
                f"{step.seq}\t{step.status}\t{step.model or NULL}\n"
            )
    if run.decisions:
        table = lines["agents_decision"]
        for decision in run.decisions:
            id_ = row_id(prefix, key, "decision", f"{name} {decision.own_id}")
            candidates = '{"' + '","'.join(decision.candidates) + '"}' if decision.candidates else NULL
            table[id_] = (
                f"{id_}{head}{_metadata(decision.metadata)}\t{run_id}\t{decision.own_id}\t{decision.decision_type}\t"
                f"{decision.selected}\t{candidates}\t{decision.reason_code}\t{_number(decision.confidence)}\t"
                f"{decision.step_id or NULL}\t{_time(decision.at)}\n"
            )
    if run.signals:
        table = lines["agents_qualitysignal"]
        for signal in run.signals:
            id_ = row_id(prefix, key, "signal", f"{name} {signal.own_id}")
            table[id_] = (
                f"{id_}{head}{_metadata(signal.metadata)}\t{run_id}\t{signal.own_id}\t{signal.signal_type}\t"
                f"{signal.signal_code}\t{'t' if signal.value else 'f'}\t{_number(signal.weight)}\t"
                f"{signal.step_id or NULL}\t{_time(signal.at)}\n"
            )
    for failure in run.failures:
        id_ = row_id(prefix, key, "failure", f"{name} {failure.own_id}")
        lines["agents_failure"][id_] = (
            f"{id_}{head}{_metadata(failure.metadata)}\t{run_id}\t{failure.own_id}\t{failure.failure_type}\t"
            f"{failure.code}\t{failure.step_id or NULL}\n"
        )


def text_of(table: str, lines: Iterable[str]) -> bytes:
    """The lines as COPY takes them. Raises ValueError where one of them is broken, without repeating it."""
    parts = list(lines)
    text = "".join(parts).encode()
    if text.count(b"\n") != len(parts) or text.count(b"\t") != len(parts) * (len(COLUMNS[table]) - 1):
        raise ValueError(f"what is no code stands in a row of {table}")
    return text


def _metadata(metadata: Metadata) -> str:
    if not metadata:
        return NULL
    # Equal numbers are written alike: the database tells 2 from 2.0 as little as JSON does.
    even = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in sorted(metadata.items())
    }
    return msgspec.json.encode(even).decode()


def _trial(trial: Trial | None) -> str:
    if trial is None:
        return _NO_TRIAL
    arm = NULL if trial.arm is None else trial.arm
    return f"{trial.version_id}\t{trial.experiment_id or NULL}\t{arm}"


def _spent(spent: Run | Step) -> str:
    if spent.tokens_in is None and spent.tokens_out is None and spent.tokens_cached is None:
        return f"{_time(spent.started_at)}\t{_time(spent.ended_at)}\t{_number(spent.latency_ms)}\t{_NO_TRIAL}"
    return (
        f"{_time(spent.started_at)}\t{_time(spent.ended_at)}\t{_number(spent.latency_ms)}\t{_number(spent.tokens_in)}\t"
        f"{_number(spent.tokens_out)}\t{_number(spent.tokens_cached)}"
    )


def _number(number: float | None) -> str:
    return NULL if number is None else repr(number)


def _time(at: datetime | None) -> str:
    if at is None:
        return NULL
    return str(at if at.tzinfo is UTC else at.astimezone(UTC))


def runs_of(found: Mapping[str, Sequence[tuple[Any, ...]]]) -> dict[UUID, Run]:
    """The runs in these rows, by id; a row's columns are as in COLUMNS, without the project; metadata is JSON."""
    runs: dict[UUID, Run] = {}
    for id_, metadata, *rest in found["agents_run"]:
        trial, spent, own = _trial_of(rest[:3]), rest[3:9], rest[9:]
        runs[id_] = Run(
            **dict(zip(_SPENT, spent, strict=True)),
            **dict(zip(COLUMNS["agents_run"][12:], own, strict=True)),
            trial=trial,
            metadata=_metadata_of(metadata),
            steps=[],
            failures=[],
            decisions=[],
            signals=[],
        )
    for _, metadata, *rest in found["agents_step"]:
        runs[rest[9]].steps.append(
            Step(
                **dict(zip(_SPENT, rest[3:9], strict=True)),
                **dict(zip(COLUMNS["agents_step"][13:], rest[10:], strict=True)),
                trial=_trial_of(rest[:3]),
                metadata=_metadata_of(metadata),
            )
        )
    for _, metadata, run, *rest in found["agents_failure"]:
        runs[run].failures.append(Failure(**_named("agents_failure", rest), metadata=_metadata_of(metadata)))
    for _, metadata, run, *rest in found["agents_decision"]:
        named = _named("agents_decision", rest)
        named["candidates"] = named["candidates"] or []
        runs[run].decisions.append(Decision(**named, metadata=_metadata_of(metadata)))
    for _, metadata, run, *rest in found["agents_qualitysignal"]:
        runs[run].signals.append(Signal(**_named("agents_qualitysignal", rest), metadata=_metadata_of(metadata)))
    for one in runs.values():
        one.steps.sort(key=lambda step: step.seq)
    return runs


def _named(table: str, values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(COLUMNS[table][4:], values, strict=True))


def _trial_of(values: Sequence[Any]) -> Trial | None:
    version, experiment, arm = values
    return None if version is None else Trial(version, experiment, arm)


def _metadata_of(text: str | None) -> Metadata:
    return {} if text is None else _decode_metadata(text)
