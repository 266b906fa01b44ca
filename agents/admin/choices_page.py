"""Decisions and quality signals, counted: what agents choose and why, and what is observed of them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from agents.admin.scoped import scoped
from agents.questions.aggregate_decisions import DecisionAggregate, DecisionsAggregate, aggregate_decisions
from agents.questions.aggregate_signals import SignalAggregate, SignalsAggregate, aggregate_signals
from agents.questions.require_decisions import SwitchedOff
from sentinel.admin_base import ProjectAdmin

VERSIONS_NAMED = 4


@dataclass(frozen=True, slots=True)
class Chosen:
    """A reason, and its share of the decisions of its type, in [0, 1]."""

    told: DecisionAggregate
    share: float
    versions: list[str]
    more_versions: int

    @property
    def width(self) -> float:
        """The same in per cent."""
        return round(100 * self.share, 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """A type of decision, and its reasons."""

    decision_type: str
    count: int
    reasons: list[Chosen]


@dataclass(frozen=True, slots=True)
class Observed:
    """A type of signal, and its codes, each with the share of them that is true, in per cent."""

    signal_type: str
    count: int
    codes: list[SignalAggregate]


def show(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """About seven queries, of rollups alone."""
    access = page.access(request)
    access.require(page.reads)
    asked = scoped(request, access.project_id)
    shown: dict[str, Any] = {"asked": asked, "selects": asked.selects}
    try:
        decisions = aggregate_decisions(scope=asked.scope)
        signals = aggregate_signals(scope=asked.scope)
    except SwitchedOff as off:
        shown["off"] = off.detail
    else:
        shown |= {"decisions": decisions, "signals": signals}
        shown |= {"choices": choices(decisions), "observed": observed(signals)}
    return page.page(request, "agents/choices.html", title="Decisions and signals", opts=None, **shown)


def choices(found: DecisionsAggregate) -> list[Choice]:
    """By type, the most frequent first."""
    by_type: dict[str, list[DecisionAggregate]] = {}
    for it in found.decisions:
        by_type.setdefault(it.decision_type, []).append(it)
    totals = {name: sum(it.count for it in rows) for name, rows in by_type.items()}
    return [
        Choice(
            name,
            totals[name],
            [
                Chosen(
                    it,
                    share=it.count / totals[name],
                    versions=it.agent_versions[-VERSIONS_NAMED:],
                    more_versions=max(len(it.agent_versions) - VERSIONS_NAMED, 0),
                )
                for it in by_type[name]
            ],
        )
        for name in sorted(by_type, key=lambda name: (-totals[name], name))
    ]


def observed(found: SignalsAggregate) -> list[Observed]:
    """By type, the most frequent first."""
    by_type: dict[str, list[SignalAggregate]] = {}
    for it in found.signals:
        by_type.setdefault(it.signal_type, []).append(it)
    rows = [Observed(name, sum(it.count for it in codes), codes) for name, codes in by_type.items()]
    return sorted(rows, key=lambda it: (-it.count, it.signal_type))
