"""This file lets you see what agents decided, and for which reasons."""

from operator import attrgetter

import msgspec

from agents.questions.count_rows import DECISIONS
from agents.questions.read_counts import read_counts
from agents.questions.require_decisions import require_decisions
from agents.questions.scope import Scope, WindowTold

SUMS = ("decisions", "rated", "confidence")


class DecisionAggregate(msgspec.Struct):
    """Decisions of one type for one reason. `avg_confidence` is in [0, 1], of the `rated` ones that tell of it; null
    where none does. `agent_versions`: the versions of agents that decided so."""

    decision_type: str
    reason_code: str
    count: int
    rated: int
    avg_confidence: float | None
    agent_versions: list[str]


class DecisionsAggregate(msgspec.Struct):
    """Decisions by type and reason, the most frequent first."""

    window: WindowTold
    total_decisions: int
    decisions: list[DecisionAggregate]


def aggregate_decisions(*, scope: Scope) -> DecisionsAggregate:
    """What was decided by the runs in `scope`. Two queries.

    Raises SwitchedOff.
    """
    require_decisions(scope.project_id)
    confidence: dict[tuple[str, str], float] = {}
    found: dict[tuple[str, str], DecisionAggregate] = {}
    for row in read_counts(DECISIONS, scope, (*DECISIONS.keys, "agent_version"), SUMS):
        pair = row["decision_type"], row["reason_code"]
        told = found.setdefault(pair, DecisionAggregate(*pair, 0, 0, None, []))
        told.count += row["decisions"]
        told.rated += row["rated"]
        told.agent_versions.append(row["agent_version"])
        confidence[pair] = confidence.get(pair, 0.0) + row["confidence"]
    for pair, told in found.items():
        told.agent_versions.sort()
        if told.rated:
            # Sums that came in and were taken back leave a hair of rounding.
            told.avg_confidence = min(max(confidence[pair] / told.rated, 0.0), 1.0)
    decisions = sorted(found.values(), key=attrgetter("decision_type", "reason_code"))
    decisions.sort(key=attrgetter("count"), reverse=True)
    return DecisionsAggregate(scope.told, sum(told.count for told in decisions), decisions)
