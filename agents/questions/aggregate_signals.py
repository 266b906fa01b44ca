"""This file lets you see which signals of quality were true, and how often."""

from operator import attrgetter

import msgspec

from agents.questions.count_rows import SIGNALS
from agents.questions.read_counts import read_counts
from agents.questions.require_decisions import require_decisions
from agents.questions.scope import Scope, WindowTold


class SignalAggregate(msgspec.Struct):
    """Signals of one type and code. `true_percentage` is in [0, 100]."""

    signal_type: str
    signal_code: str
    count: int
    true_count: int
    false_count: int
    true_percentage: float


class SignalsAggregate(msgspec.Struct):
    """Signals by type and code, the most frequent first."""

    window: WindowTold
    total_signals: int
    signals: list[SignalAggregate]


def aggregate_signals(*, scope: Scope) -> SignalsAggregate:
    """Which signals the runs in `scope` gave. Two queries.

    Raises SwitchedOff.
    """
    require_decisions(scope.project_id)
    signals = []
    for row in read_counts(SIGNALS, scope, SIGNALS.keys, ("true_count", "false_count")):
        true, false = row["true_count"], row["false_count"]
        told = SignalAggregate(
            signal_type=row["signal_type"],
            signal_code=row["signal_code"],
            count=true + false,
            true_count=true,
            false_count=false,
            true_percentage=100 * true / (true + false),
        )
        signals.append(told)
    signals.sort(key=attrgetter("signal_type", "signal_code"))
    signals.sort(key=attrgetter("count"), reverse=True)
    return SignalsAggregate(scope.told, sum(told.count for told in signals), signals)
