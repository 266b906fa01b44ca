"""What is observed of a run that came as spans: signals, worked out from its steps and failures alone."""

from agents.otlp.failures import kind_of
from agents.otlp.levels import latency_level, token_level
from agents.telemetry.facts import Run, Signal, Step

TRIED = ("tool", "model", "retrieve")


def observe(run: Run) -> list[Signal]:
    """The quality signals of a run, each true; a run that goes on has none of those about all of it.

    A step is another try where the last one of its type and name in the run failed.
    """
    signals: list[Signal] = []
    codes = {failure.step_id: failure.code for failure in run.failures if failure.step_id is not None}
    tries: dict[tuple[str, str | None], list[Step]] = {}
    for step in run.steps:
        kind = step.step_type
        if kind in TRIED:
            before = tries.setdefault((kind, step.name), [])
            if kind == "tool":
                _observe_tool(signals, step, codes.get(step.step_id), again=bool(before))
            elif kind == "retrieve" and step.metadata and step.metadata.get("documents") == 0:
                _add(signals, "empty_retrieval", "no_results", step)
            if step.status == "failure":
                before.append(step)
            elif before:
                _add(signals, "retry_occurred", "single_retry" if len(before) == 1 else "multiple_retries", step)
                before.clear()
    for failed in tries.values():
        # Tries that never came to an end.
        if len(failed) > 1:
            _add(signals, "retry_occurred", "single_retry" if len(failed) == 2 else "multiple_retries", failed[-1])
    if run.status != "running":
        _observe_whole(signals, run)
    return signals


def _observe_tool(signals: list[Signal], step: Step, code: str | None, *, again: bool) -> None:
    if step.status == "success":
        _add(signals, "tool_success", "after_retry" if again else "first_attempt", step)
    elif code is not None and (kind := kind_of(code)):
        _add(signals, "tool_failure", kind, step)


def _observe_whole(signals: list[Signal], run: Run) -> None:
    if run.latency_ms is not None:
        _add(signals, "latency_threshold", latency_level(run.latency_ms), None)
    if run.tokens_in is not None or run.tokens_out is not None:
        most = max((step.tokens_in or 0 for step in run.steps), default=0)
        _add(signals, "token_usage", token_level((run.tokens_in or 0) + (run.tokens_out or 0), most), None)


def _add(signals: list[Signal], kind: str, code: str, step: Step | None) -> None:
    signals.append(
        Signal(
            own_id=kind if step is None else f"{kind}:{step.step_id}",
            signal_type=kind,
            signal_code=code,
            value=True,
            step_id=None if step is None else step.step_id,
            at=None if step is None else step.ended_at,
        )
    )
