"""This file lets you see how signals of quality and the success of runs were observed together."""

from operator import attrgetter
from typing import Any

import msgspec

from agents.questions.count_rows import FINISHED, RUNS, SIGNALS
from agents.questions.read_counts import read_counts
from agents.questions.require_decisions import require_decisions
from agents.questions.scope import Scope, WindowTold
from agents.questions.stats.phi import Table, interval_of_phi, phi
from agents.questions.stats.proportion import Interval
from agents.questions.together import Together, share, together

NOTE = (
    "Observed with, not caused by: runs with a signal may differ from the others in more than this signal. "
    "A signal is present in a run where it is true at least once. Only finished runs are counted."
)


class SignalOutcomes(msgspec.Struct, frozen=True):
    """Finished runs with this signal and without it. Rates are in [0, 1]; `correlation_strength` is phi, in [−1, 1],
    above 0 where runs with the signal succeeded more often. Null where one of the two never or always happened."""

    signal_type: str
    signal_code: str
    n: int
    n_present: int
    success_when_present: int
    success_rate_when_present: float | None
    n_absent: int
    success_when_absent: int
    success_rate_when_absent: float | None
    correlation_strength: float | None
    interval: Interval | None


class SignalsOutcomes(msgspec.Struct):
    """Signals by type and code, the strongest correlation, whichever way, first."""

    window: WindowTold
    note: str
    runs: int
    success: int
    success_rate: float | None
    intervals: Together
    correlations: list[SignalOutcomes]


def correlate_signals(*, scope: Scope) -> SignalsOutcomes:
    """How signals and success went together in the runs of `scope`. Three queries.

    Raises SwitchedOff.
    """
    require_decisions(scope.project_id)
    (everything,) = read_counts(RUNS, scope, (), FINISHED) or [dict.fromkeys(FINISHED, 0)]
    pairs = read_counts(SIGNALS, scope, SIGNALS.keys, ("true_count", "false_count", "runs", "runs_success"))
    success = everything["success"]
    runs = success + everything["failure"] + everything["partial"]
    tables = [_table(pair, runs, success) for pair in pairs]
    sure = together(sum(phi(table) is not None for table in tables))
    correlations = [_correlation(pair, table, sure.each) for pair, table in zip(pairs, tables, strict=True)]
    correlations.sort(key=attrgetter("signal_type", "signal_code"))
    correlations.sort(key=lambda each: abs(each.correlation_strength or 0.0), reverse=True)
    return SignalsOutcomes(scope.told, NOTE, runs, success, share(success, runs), sure, correlations)


def _table(pair: dict[str, Any], runs: int, success: int) -> Table:
    """Runs by whether the signal is present, and whether they succeeded."""
    present, both = pair["runs"], pair["runs_success"]
    return Table(both=both, first=present - both, second=success - both, neither=runs - present - (success - both))


def _correlation(pair: dict[str, Any], table: Table, confidence: float) -> SignalOutcomes:
    present, absent = table.both + table.first, table.second + table.neither
    return SignalOutcomes(
        signal_type=pair["signal_type"],
        signal_code=pair["signal_code"],
        n=table.total,
        n_present=present,
        success_when_present=table.both,
        success_rate_when_present=share(table.both, present),
        n_absent=absent,
        success_when_absent=table.second,
        success_rate_when_absent=share(table.second, absent),
        correlation_strength=phi(table),
        interval=interval_of_phi(table, confidence),
    )
