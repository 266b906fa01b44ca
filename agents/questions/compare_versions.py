"""This file lets you compare two versions of an agent: how often, how long, how much, each with what it may be off."""

from dataclasses import replace
from typing import Any

import msgspec
from assay.core.codes import FAILURE_TYPES

from agents.questions.count_rows import DECISIONS, RUNS, SIGNALS, Kind
from agents.questions.differences import (
    Counts,
    MeanDifference,
    RateDifference,
    has_both,
    has_spread,
    mean_difference,
    rate_difference,
)
from agents.questions.read_counts import read_counts
from agents.questions.require_decisions import keeps_decisions
from agents.questions.scope import Scope, WindowTold
from agents.questions.stats.mean import mean_of_sums
from agents.questions.together import Together, together
from experiments.stats.estimate import Estimate

NOTE = (
    "Differences that were observed, version_b less version_a. Versions may have met different work at different "
    "times: what the difference is due to, this does not say."
)
OUTCOMES = ("success", "failure", "partial", "with_failures")
# By the name of a mean: what it is counted over, its sum, and the sum of its squares.
MEANS = {
    "latency_ms": ("timed", "latency_ms", "latency_sq"),
    "tokens": ("metered", "tokens", "tokens_sq"),
    "cost_usd": ("costed", "cost_usd", "cost_sq"),
    "steps": ("finished", "steps", "steps_sq"),
}


class ReasonDifference(msgspec.Struct, frozen=True):
    """The share of runs with a decision of this type for this reason."""

    decision_type: str
    reason_code: str
    runs: RateDifference


class SignalDifference(msgspec.Struct, frozen=True):
    """Of the runs that tell of this signal, the share in which it is true at least once."""

    signal_type: str
    signal_code: str
    true: RateDifference


class VersionsCompared(msgspec.Struct):
    """Two versions of an agent. `reasons` and `signals` are null where the project does not keep them.

    `rates` and `failure_types` are shares of finished runs. `means` are per run that tells of them: latency in
    milliseconds, tokens in and out, cost in US dollars; and steps per finished run.
    """

    window: WindowTold
    note: str
    agent_id: str
    version_a: str
    version_b: str
    runs_a: int
    runs_b: int
    intervals: Together
    rates: dict[str, RateDifference]
    failure_types: dict[str, RateDifference]
    means: dict[str, MeanDifference]
    reasons: list[ReasonDifference] | None
    signals: list[SignalDifference] | None


def compare_versions(*, scope: Scope, version_a: str, version_b: str) -> VersionsCompared:
    """The versions side by side, in the runs of `scope`, which names the agent. Four queries, two where decisions are
    switched off."""
    scope = replace(scope, agent_versions=(version_a, version_b))
    rows = {row["agent_version"]: row for row in read_counts(RUNS, scope, ("agent_version",))}
    a, b = (_finished(rows.get(version)) for version in scope.agent_versions)
    kept = keeps_decisions(scope.project_id)
    rates = {name: _counts(name, a, b) for name in OUTCOMES}
    # What neither version ever had could not have been found to differ, and is none of the comparisons.
    failure_types = {
        kind: _counts(f"failed_{kind}", a, b) for kind in FAILURE_TYPES if a[f"failed_{kind}"] or b[f"failed_{kind}"]
    }
    means = {name: (_mean(columns, a), _mean(columns, b)) for name, columns in MEANS.items()}
    reasons = _by_pair(DECISIONS, scope, (a["finished"], b["finished"])) if kept else {}
    signals = _by_pair(SIGNALS, scope) if kept else {}
    shares = [*rates.values(), *failure_types.values(), *reasons.values(), *signals.values()]
    sure = together(sum(map(has_both, shares)) + sum(map(has_spread, means.values())))
    return VersionsCompared(
        window=scope.told,
        note=NOTE,
        agent_id=scope.agent_id or "",
        version_a=version_a,
        version_b=version_b,
        runs_a=a["finished"],
        runs_b=b["finished"],
        intervals=sure,
        rates={name: rate_difference(counts, sure.each) for name, counts in rates.items()},
        failure_types={kind: rate_difference(counts, sure.each) for kind, counts in failure_types.items()},
        means={name: mean_difference(estimates, sure.each) for name, estimates in means.items()},
        reasons=[ReasonDifference(*pair, rate_difference(counts, sure.each)) for pair, counts in reasons.items()]
        if kept
        else None,
        signals=[SignalDifference(*pair, rate_difference(counts, sure.each)) for pair, counts in signals.items()]
        if kept
        else None,
    )


def _finished(row: dict[str, Any] | None) -> dict[str, Any]:
    counted = row or dict.fromkeys(RUNS.sums, 0)
    return counted | {"finished": counted["success"] + counted["failure"] + counted["partial"]}


def _counts(name: str, a: dict[str, Any], b: dict[str, Any]) -> Counts:
    return (a[name], a["finished"]), (b[name], b["finished"])


def _mean(columns: tuple[str, str, str], side: dict[str, Any]) -> Estimate:
    n, total, squares = (side[column] for column in columns)
    return mean_of_sums(n, float(total), float(squares))


def _by_pair(kind: Kind, scope: Scope, of: tuple[int, int] | None = None) -> dict[tuple[str, str], Counts]:
    """By type and code: the runs of each version that have it, `of` so many, else of those that tell of it."""
    found: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    sums = ("runs", "runs_told") if of is None else ("runs",)
    for row in read_counts(kind, scope, (*kind.keys, "agent_version"), sums):
        first, second = (row[key] for key in kind.keys)
        found.setdefault((first, second), {})[row["agent_version"]] = row["runs"], row.get("runs_told", 0)
    both: dict[tuple[str, str], Counts] = {}
    for pair, told in sorted(found.items()):
        a, b = (told.get(version, (0, 0)) for version in scope.agent_versions)
        both[pair] = (a, b) if of is None else ((a[0], of[0]), (b[0], of[1]))
    return both
