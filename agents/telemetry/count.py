"""What runs count for: their contributions to the rollups, which add up and may be taken back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from assay.core.codes import FAILURE_TYPES

from agents.telemetry.facts import Run

HOUR = 3_600_000
FAILED = tuple(f"failed_{kind}" for kind in FAILURE_TYPES)
_KINDS = {kind: place for place, kind in enumerate(FAILURE_TYPES)}

# The sums of each rollup, in the order in which they are kept here.
RUN_SUMS = (
    *("runs", "running", "success", "failure", "partial", "with_failures", "looping"),
    *("steps", "steps_sq", "decisions", "signals"),
    *("timed", "latency_ms", "latency_sq"),
    *("metered", "tokens", "tokens_sq", "tokens_in", "tokens_out", "tokens_cached"),
    *("costed", "cost_usd", "cost_sq"),
    *FAILED,
)
DECISION_SUMS = ("decisions", "rated", "confidence", "runs", "runs_with_failures", *FAILED)
SIGNAL_SUMS = ("true_count", "false_count", "runs_told", "runs", "runs_success")
# The columns of what waits to be added, in their order: of decisions and signals, a list in each.
PLACE = ("start", "agent_id", "agent_version", "environment")
DECISION = ("decision_type", "reason_code", *DECISION_SUMS)
SIGNAL = ("signal_type", "signal_code", *SIGNAL_SUMS)
COLUMNS = (
    *PLACE,
    *RUN_SUMS,
    *(f"of_decisions_{name}" for name in DECISION),
    *(f"of_signals_{name}" for name in SIGNAL),
)
_STATUS = {status: RUN_SUMS.index(status) for status in ("running", "success", "failure", "partial")}
_FIRST_FAILED = RUN_SUMS.index(FAILED[0])
_FIRST_FAILED_OF_DECISION = DECISION_SUMS.index(FAILED[0])

# The hour's first millisecond, agent, version and environment; a type and a code.
Place = tuple[int, str, str, str]
Pair = tuple[str, str]
Sums = dict[Pair, list[Any]]


@dataclass(slots=True)
class Counted:
    """The sums of one place."""

    runs: list[Any] = field(default_factory=lambda: [0] * len(RUN_SUMS))
    decisions: Sums = field(default_factory=dict)
    signals: Sums = field(default_factory=dict)

    def add(self, run: Run, sign: int) -> None:
        sums = self.runs
        finished = run.status != "running"
        kinds = {_KINDS[failure.failure_type] for failure in run.failures} if run.failures else ()
        failed = finished and (run.status == "failure" or bool(run.failures))
        sums[0] += sign
        sums[_STATUS[run.status]] += sign
        sums[6] += sign * (run.loop_repeats is not None)
        if finished:
            steps = len(run.steps)
            sums[5] += sign * failed
            sums[7] += sign * steps
            sums[8] += sign * steps * steps
            for kind in kinds:
                sums[_FIRST_FAILED + kind] += sign
        sums[9] += sign * len(run.decisions)
        sums[10] += sign * len(run.signals)
        _add_spent(sums, run, sign)
        if run.decisions:
            self._add_decisions(run, sign, kinds)
        if run.signals:
            self._add_signals(run, sign)

    def _add_decisions(self, run: Run, sign: int, kinds: Iterable[int]) -> None:
        met = set()
        finished = run.status != "running"
        failed = run.status == "failure" or bool(run.failures)
        for decision in run.decisions:
            pair = (decision.decision_type, decision.reason_code)
            sums = self.decisions.get(pair)
            if sums is None:
                sums = self.decisions[pair] = [0] * len(DECISION_SUMS)
            sums[0] += sign
            if decision.confidence is not None:
                sums[1] += sign
                sums[2] += sign * decision.confidence
            if finished and pair not in met:
                met.add(pair)
                sums[3] += sign
                sums[4] += sign * failed
                for kind in kinds:
                    sums[_FIRST_FAILED_OF_DECISION + kind] += sign

    def _add_signals(self, run: Run, sign: int) -> None:
        told, true = set(), set()
        finished = run.status != "running"
        succeeded = run.status == "success"
        for signal in run.signals:
            pair = (signal.signal_type, signal.signal_code)
            sums = self.signals.get(pair)
            if sums is None:
                sums = self.signals[pair] = [0] * len(SIGNAL_SUMS)
            sums[0 if signal.value else 1] += sign
            if finished and pair not in told:
                told.add(pair)
                sums[2] += sign
            if finished and signal.value and pair not in true:
                true.add(pair)
                sums[3] += sign
                sums[4] += sign * succeeded


@dataclass(slots=True)
class Counts:
    """Sums of what was added and taken back, by place: the hour, agent, version and environment."""

    places: dict[Place, Counted] = field(default_factory=dict)

    def add(self, run: Run, milliseconds: int, sign: int = 1) -> None:
        """Count a run whose group was first heard to begin at this Unix time; with sign -1, count it no longer."""
        place = (milliseconds - milliseconds % HOUR, run.agent_id, run.agent_version, run.environment)
        counted = self.places.get(place)
        if counted is None:
            counted = self.places[place] = Counted()
        counted.add(run, sign)


def _add_spent(sums: list[Any], run: Run, sign: int) -> None:
    if (latency := run.latency_ms) is not None:
        sums[11] += sign
        sums[12] += sign * latency
        sums[13] += sign * latency * latency
    if run.tokens_in is not None or run.tokens_out is not None:
        tokens = (run.tokens_in or 0) + (run.tokens_out or 0)
        sums[14] += sign
        sums[15] += sign * tokens
        sums[16] += sign * float(tokens) * tokens
        sums[17] += sign * (run.tokens_in or 0)
        sums[18] += sign * (run.tokens_out or 0)
    if run.tokens_cached is not None:
        sums[19] += sign * run.tokens_cached
    if run.cost_usd is not None:
        sums[20] += sign
        sums[21] += sign * run.cost_usd
        sums[22] += sign * float(run.cost_usd) ** 2


def rows(counts: Counts) -> Iterator[tuple[Any, ...]]:
    """For each place a row of COLUMNS. A list is written as PostgreSQL's arrays are, or None where nothing in it is
    other than 0; what comes to nothing is left out."""
    for (hour, *codes), counted in counts.places.items():
        decisions, signals = _arrays(counted.decisions, DECISION_SUMS), _arrays(counted.signals, SIGNAL_SUMS)
        if any(counted.runs) or any(decisions) or any(signals):
            yield _instant(hour), *codes, *counted.runs, *decisions, *signals


def _arrays(sums: Sums, names: Sequence[str]) -> list[str | None]:
    """Types, codes, and each sum by its name."""
    entries = [(*pair, *numbers) for pair, numbers in sums.items() if any(numbers)]
    if not entries:
        return [None] * (2 + len(names))
    return [f"{{{','.join(map(str, column))}}}" if any(column) else None for column in zip(*entries, strict=True)]


@lru_cache(maxsize=100)
def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
