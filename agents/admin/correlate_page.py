"""What was observed together: decisions with failures, signals with outcomes; not what caused what."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from agents.admin.scoped import scoped
from agents.admin.strips import Strip, between
from agents.questions.correlate_decisions import DecisionFailures, DecisionsFailures, correlate_decisions
from agents.questions.correlate_signals import SignalOutcomes, SignalsOutcomes, correlate_signals
from agents.questions.require_decisions import SwitchedOff
from config.templatetags.assay import percent
from sentinel.admin_base import ProjectAdmin


@dataclass(frozen=True, slots=True)
class DecisionRow:
    told: DecisionFailures
    interval: str
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class SignalRow:
    told: SignalOutcomes
    strength: str
    interval: str
    strip: Strip | None


def show(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """About nine queries, of rollups alone."""
    access = page.access(request)
    access.require(page.reads)
    asked = scoped(request, access.project_id)
    shown: dict[str, Any] = {"asked": asked, "selects": asked.selects}
    try:
        decisions = correlate_decisions(scope=asked.scope)
        signals = correlate_signals(scope=asked.scope)
    except SwitchedOff as off:
        shown["off"] = off.detail
    else:
        shown |= {
            "decisions": decisions,
            "signals": signals,
            "decision_rows": decision_rows(decisions),
            "signal_rows": signal_rows(signals),
            "highest": percent(_highest(decisions)),
            "confidence": percent(decisions.intervals.confidence),
        }
    return page.page(request, "agents/correlate.html", title="What goes together", opts=None, **shown)


def decision_rows(found: DecisionsFailures) -> list[DecisionRow]:
    """Rates on one scale from none to the highest, read against the base rate."""
    highest = _highest(found)
    return [
        DecisionRow(
            told=it,
            interval="" if it.interval is None else f"{percent(it.interval[0])} to {percent(it.interval[1])}",
            strip=None
            if it.interval is None
            else between(it.interval, it.correlation_rate, 0.0, highest, line=it.base_rate),
        )
        for it in found.correlations
        if it.runs
    ]


def signal_rows(found: SignalsOutcomes) -> list[SignalRow]:
    """The strength, phi, on its scale from −1 to 1."""
    return [
        SignalRow(
            told=it,
            strength="–" if it.correlation_strength is None else phi(it.correlation_strength),
            interval="" if it.interval is None else f"{phi(it.interval[0])} to {phi(it.interval[1])}",
            strip=None if it.interval is None else between(it.interval, it.correlation_strength, -1.0, 1.0, line=0.0),
        )
        for it in found.correlations
        if it.n_present or it.n_absent
    ]


def phi(value: float) -> str:
    """A correlation, with its sign; without one where it is none, to two decimals."""
    said = f"{abs(value):.2f}"
    return said if said == "0.00" else f"{'−' if value < 0 else '+'}{said}"


def _highest(found: DecisionsFailures) -> float:
    ends = [it.interval[1] for it in found.correlations if it.interval is not None]
    return min(max([*ends, found.base_rate or 0.0, 0.01]) * 1.05, 1.0)
