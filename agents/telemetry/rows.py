"""The rows of a run, as they are written to its tables by COPY, and runs from such rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from agents.telemetry.facts import Decision, Failure, Metadata, Run, Signal, Step, Trial
from agents.telemetry.ids import row_id

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
RUN_ID = COLUMNS["agents_run"].index("run_id")
OF_RUNS = tuple(table for table in COLUMNS if table != "agents_call")
_decode_metadata = msgspec.json.Decoder(Metadata).decode
_NO_TRIAL = (None, None, None)

Row = tuple[Any, ...]
# By table and id (32 hexadecimal digits), the row.
Rows = dict[str, dict[str, Row]]


def rows_of(runs: Iterable[Run], *, key: str, prefix: str, project: str) -> Rows:
    """The rows of a group's runs, calls aside: what those are depends on other groups.

    `prefix` is what the ids of all its rows begin with; `project` is the project's id.
    """
    rows: Rows = {table: {} for table in OF_RUNS}
    for run in runs:
        _add(rows, run, key, (prefix, project))
    return rows


def row_of_call(id_: str, project: str, run: Run, caller: str | None) -> Row:
    """The call of a run that has a parent; `id_` is the run's."""
    return id_, project, None, run.run_id, run.parent_run_id, caller, run.agent_id


def csv_of(rows: Sequence[Row]) -> bytes:
    """The rows as COPY takes them: CSV where null is `null` and a quote is escaped by a backslash.

    That is what JSON lists are without their brackets. Whatever a string holds, it stays within its quotes.
    """
    return msgspec.json.encode(rows).replace(b"],[", b"\n")[2:-2]


def _add(rows: Rows, run: Run, key: str, common: tuple[str, str]) -> None:
    prefix, project = common
    name = run.run_id
    run_id = row_id(prefix, key, "run", name)
    rows["agents_run"][run_id] = (
        *(run_id, project, _json(run.metadata) if run.metadata else None),
        *(_trial(run.trial) if run.trial else _NO_TRIAL),
        *(run.started_at, run.ended_at, run.latency_ms, run.tokens_in, run.tokens_out, run.tokens_cached),
        *(name, run.agent_id, run.agent_version, run.environment, run.status),
        *(run.parent_run_id, run.session_id, run.trace_id, run.span_id, run.parent_span_id),
        *(run.cost_usd, run.loop_length, run.loop_repeats),
    )
    table = rows["agents_step"]
    for step in run.steps:
        id_ = row_id(prefix, key, "step", f"{name} {step.step_id}")
        table[id_] = (
            *(id_, project, _json(step.metadata) if step.metadata else None),
            *(_trial(step.trial) if step.trial else _NO_TRIAL),
            *(step.started_at, step.ended_at, step.latency_ms, step.tokens_in, step.tokens_out, step.tokens_cached),
            *(run_id, step.step_id, step.parent_step_id, step.step_type, step.name, step.seq, step.status, step.model),
        )
    table = rows["agents_failure"]
    for failure in run.failures:
        id_ = row_id(prefix, key, "failure", f"{name} {failure.own_id}")
        table[id_] = (
            *(id_, project, _json(failure.metadata) if failure.metadata else None),
            *(run_id, failure.own_id, failure.failure_type, failure.code, failure.step_id),
        )
    table = rows["agents_decision"]
    for one in run.decisions:
        id_ = row_id(prefix, key, "decision", f"{name} {one.own_id}")
        # Quoted each: NULL is a code as good as any.
        candidates = '{"' + '","'.join(one.candidates) + '"}' if one.candidates else None
        table[id_] = (
            *(id_, project, _json(one.metadata) if one.metadata else None),
            *(run_id, one.own_id, one.decision_type, one.selected, candidates),
            *(one.reason_code, one.confidence, one.step_id, one.at),
        )
    table = rows["agents_qualitysignal"]
    for signal in run.signals:
        id_ = row_id(prefix, key, "signal", f"{name} {signal.own_id}")
        table[id_] = (
            *(id_, project, _json(signal.metadata) if signal.metadata else None),
            *(run_id, signal.own_id, signal.signal_type, signal.signal_code, signal.value),
            *(signal.weight, signal.step_id, signal.at),
        )


def _json(metadata: Metadata) -> str:
    # Equal numbers are written alike: the database tells 2 from 2.0 as little as JSON does.
    even = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in sorted(metadata.items())
    }
    return msgspec.json.encode(even).decode()


def _trial(trial: Trial) -> Row:
    return trial.version_id, trial.experiment_id, trial.arm


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
        one.steps.sort(key=lambda step: (step.seq, step.step_id))
    return runs


def _named(table: str, values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(COLUMNS[table][4:], values, strict=True))


def _trial_of(values: Sequence[Any]) -> Trial | None:
    version, experiment, arm = values
    return None if version is None else Trial(version, experiment, arm)


def _metadata_of(text: str | None) -> Metadata:
    return {} if text is None else _decode_metadata(text)
