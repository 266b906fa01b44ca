"""This file lets you see which decisions were observed in runs that had failures, beside how often runs have any."""

from operator import attrgetter
from typing import Any

import msgspec
from assay.core.codes import FAILURE_TYPES

from agents.questions.count_rows import DECISIONS, FAILED, FINISHED, RUNS
from agents.questions.read_counts import read_counts
from agents.questions.require_decisions import require_decisions
from agents.questions.scope import Scope, WindowTold
from agents.questions.stats.proportion import Interval, clopper_pearson, difference_of_shares
from agents.questions.together import Together, share, together

NOTE = (
    "Observed with, not caused by: runs with a decision may differ from the others in more than this decision. "
    "A run has failures when it failed, or holds a failure. Only finished runs are counted."
)

SUMS = (*FINISHED, "with_failures", *FAILED)


class FailureAmong(msgspec.Struct, frozen=True):
    """How many of the runs have a failure of this type, which share that is, and which share of all runs has one."""

    failure_type: str
    runs: int
    rate: float
    base_rate: float


class DecisionFailures(msgspec.Struct, frozen=True):
    """Runs with a decision of this type and reason. All rates are in [0, 1].

    `correlation_rate` is the share of these runs that have failures, with its interval; `rate_when_absent` that of the
    other runs; `difference` is the first less the second, with an interval of its own. Null where there is no run to
    tell of it.
    """

    decision_type: str
    reason_code: str
    total_occurrences: int
    runs: int
    runs_with_failures: int
    correlation_rate: float | None
    interval: Interval | None
    base_rate: float | None
    runs_when_absent: int
    rate_when_absent: float | None
    difference: float | None
    difference_interval: Interval | None
    associated_failure_types: list[FailureAmong]


class DecisionsFailures(msgspec.Struct):
    """Decisions by type and reason, that with most runs first. `base_rate`: the share of all `runs` with failures."""

    window: WindowTold
    note: str
    runs: int
    runs_with_failures: int
    base_rate: float | None
    intervals: Together
    correlations: list[DecisionFailures]


def correlate_decisions(*, scope: Scope) -> DecisionsFailures:
    """Which decisions were observed with failures, in the runs of `scope`. Three queries.

    Raises SwitchedOff.
    """
    require_decisions(scope.project_id)
    (everything,) = read_counts(RUNS, scope, (), SUMS) or [dict.fromkeys(SUMS, 0)]
    pairs = read_counts(DECISIONS, scope, DECISIONS.keys, ("decisions", "runs", "runs_with_failures", *FAILED))
    runs = everything["success"] + everything["failure"] + everything["partial"]
    # Of each pair the rate, and the difference where there are other runs.
    sure = together(sum((pair["runs"] > 0) + (0 < pair["runs"] < runs) for pair in pairs))
    correlations = [_correlation(pair, everything, runs, sure.each) for pair in pairs]
    correlations.sort(key=attrgetter("decision_type", "reason_code"))
    correlations.sort(key=attrgetter("runs"), reverse=True)
    failing = everything["with_failures"]
    return DecisionsFailures(scope.told, NOTE, runs, failing, share(failing, runs), sure, correlations)


def _correlation(pair: dict[str, Any], everything: dict[str, Any], runs: int, confidence: float) -> DecisionFailures:
    present, failing = pair["runs"], pair["runs_with_failures"]
    absent, failing_else = runs - present, everything["with_failures"] - failing
    rate, other = share(failing, present), share(failing_else, absent)
    among = [
        FailureAmong(
            kind, pair[f"failed_{kind}"], pair[f"failed_{kind}"] / present, everything[f"failed_{kind}"] / runs
        )
        for kind in FAILURE_TYPES
        if present and runs and pair[f"failed_{kind}"]
    ]
    return DecisionFailures(
        decision_type=pair["decision_type"],
        reason_code=pair["reason_code"],
        total_occurrences=pair["decisions"],
        runs=present,
        runs_with_failures=failing,
        correlation_rate=rate,
        interval=clopper_pearson(failing, present, confidence),
        base_rate=share(everything["with_failures"], runs),
        runs_when_absent=absent,
        rate_when_absent=other,
        difference=None if rate is None or other is None else rate - other,
        difference_interval=difference_of_shares(failing_else, absent, failing, present, confidence),
        associated_failure_types=sorted(among, key=attrgetter("runs"), reverse=True),
    )
