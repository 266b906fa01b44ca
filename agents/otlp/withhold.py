"""Leave decisions and signals out of the runs of a trace, where a project keeps none that are not stored already."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from agents.telemetry.facts import Decision, Run, Signal


def withhold(runs: Iterable[Run], stored: Iterable[Run]) -> list[Run]:
    """The runs of a trace with the decisions and signals that are stored of it, as they are stored, and no others.

    What was told of a span goes with that, to whichever run it belongs by now; what was told of a run stays with it.
    """
    decisions: dict[str, Decision] = {}
    signals: defaultdict[str, list[Signal]] = defaultdict(list)
    for run in stored:
        decisions |= {part.own_id: part for part in run.decisions}
        for signal in run.signals:
            signals[_of_run(run) if signal.step_id is None else signal.step_id].append(signal)
    return [_with_own(run, decisions, signals) for run in runs]


def count_new(sent: Iterable[Run], stored: Iterable[Run]) -> int:
    """How many of the decisions and signals that were sent of a trace are not stored."""
    known = {name for run in stored for name in _names(run)}
    return sum(name not in known for run in sent for name in _names(run))


def _names(run: Run) -> Iterator[tuple[str, str]]:
    """By what its decisions and signals are known within the trace."""
    for decision in run.decisions:
        yield "", decision.own_id
    for signal in run.signals:
        yield signal.step_id or _of_run(run), signal.own_id


def _of_run(run: Run) -> str:
    """What a run is known by: another id may be made for that of an agent when more of its trace is known."""
    return f"run {run.span_id or run.run_id}"


def _with_own(run: Run, decisions: dict[str, Decision], signals: dict[str, list[Signal]]) -> Run:
    steps = {step.step_id: step.step_id for step in run.steps}
    places: dict[str, str | None] = {**steps} if run.span_id is None else {run.span_id: None, **steps}
    # A run that nobody's span told of may have become the run of an agent since: its name is the same.
    of_run = {part.own_id: part for name in (f"run {run.run_id}", _of_run(run)) for part in signals.get(name, ())}
    return msgspec.structs.replace(
        run,
        decisions=[
            msgspec.structs.replace(decisions[span_id], step_id=step_id)
            for span_id, step_id in places.items()
            if span_id in decisions
        ],
        signals=[*of_run.values(), *(signal for step in steps for signal in signals.get(step, ()))],
    )
