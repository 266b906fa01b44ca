"""Two versions of an agent side by side: shares and means, and what lies between them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize

from agents.admin.known_agents import Known, Select, select
from agents.admin.lone_version import lone_version
from agents.admin.scoped import Scoped, scope_of, scoped
from agents.admin.strips import Strip, around_zero, reach_of
from agents.questions.compare_versions import VersionsCompared, compare_versions
from agents.questions.differences import MeanDifference, RateDifference
from config.templatetags.assay import dollars, duration, percent, spoken, thousands
from sentinel.admin_base import ProjectAdmin

OUTCOMES = {"success": "succeeded", "failure": "failed", "partial": "partly", "with_failures": "with any failure"}
MEANS = {"latency_ms": "took", "tokens": "tokens", "cost_usd": "cost", "steps": "steps"}


@dataclass(frozen=True, slots=True)
class Row:
    """A measure in both versions, in words, and the strip of its difference. `n_a`, `n_b`: of how many runs."""

    name: str
    kind: str
    a: str
    b: str
    of_a: str
    of_b: str
    difference: str
    low: str
    high: str
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class Block:
    """Measures of one sort. `scale`: how far its strips reach, in words; empty where each has its own."""

    title: str
    told: str
    rows: list[Row]
    scale: str


def show(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """About six queries, of rollups alone; three where there are no two versions."""
    page.access(request).require(page.reads)
    project_id = page.access(request).project_id
    asked = scoped(request, project_id, names=("agent_id", "environment"))
    agent, a, b = _chosen(request, asked)
    shown: dict[str, Any] = {"asked": asked, "selects": _selects(asked, agent, a, b), "agent": agent, "a": a, "b": b}
    if a and b and a != b:
        scope = scope_of(project_id, asked.window, agent_id=agent, environment=asked.scope.environment or "")
        found = compare_versions(scope=scope, version_a=a, version_b=b)
        shown |= {"found": found, "blocks": _blocks(found), "confidence": percent(found.intervals.confidence)}
    elif agent:
        shown["lone"] = lone_version(project_id, asked, agent)
    return page.page(request, "agents/compare.html", title="Compare versions", opts=None, **shown)


def _chosen(request: HttpRequest, asked: Scoped) -> tuple[str, str, str]:
    """The agent and the two versions: those that were asked for, else the agent with most runs that has two versions,
    and its newest beside the one before."""
    runs: dict[str, dict[str, int]] = {}
    for it in sorted(asked.known, key=lambda it: it.since):
        of_agent = runs.setdefault(it.agent_id, {})
        of_agent[it.agent_version] = of_agent.get(it.agent_version, 0) + it.runs
    agent = asked.scope.agent_id or max(
        runs, key=lambda name: (len(runs[name]) > 1, sum(runs[name].values())), default=""
    )
    versions = list(runs.get(agent, {}))
    a, b = (request.GET.get(name, "")[:100] for name in ("version_a", "version_b"))
    b = b if b in versions else next((it for it in reversed(versions) if it != a), "")
    a = a if a in versions else next((it for it in reversed(versions) if it != b), "")
    return agent, a, b


def _selects(asked: Scoped, agent: str, a: str, b: str) -> list[Select]:
    of_agent: list[Known] = [it for it in asked.known if it.agent_id == agent]
    versions = {it.agent_version for it in of_agent}
    offered = [
        select("agent_id", "Agent", (it.agent_id for it in asked.known), agent, has_any=False),
        select("version_a", "Version", versions, a, has_any=False),
        select("version_b", "Beside version", versions, b, has_any=False),
        select("environment", "Environment", (it.environment for it in of_agent), asked.scope.environment or ""),
    ]
    return [it for it in offered if it.values]


def _blocks(found: VersionsCompared) -> list[Block]:
    reasons = {
        f"{spoken(it.decision_type)}|{spoken(it.reason_code)}": it.runs
        for it in found.reasons or []
        if _is_told(it.runs)
    }
    signals = {
        f"{spoken(it.signal_type)}|{spoken(it.signal_code)}": it.true for it in found.signals or [] if _is_told(it.true)
    }
    blocks = [
        _shares("How they ended", "Shares of finished runs.", {OUTCOMES[name]: it for name, it in found.rates.items()}),
        Block(
            "What they took",
            "Means of the runs that tell of it. Each strip has a scale of its own.",
            [_mean(name, it) for name, it in found.means.items() if it.a.n or it.b.n],
            "",
        ),
        _shares("Failures by type", "Shares of finished runs with such a failure.", found.failure_types),
        _shares("What they decided", "Shares of finished runs with such a decision.", reasons),
        _shares("What was observed", "Of the runs that tell of a signal, the share in which it is true.", signals),
    ]
    return [block for block in blocks if block.rows]


def _is_told(difference: RateDifference) -> bool:
    return bool(difference.a.n or difference.b.n)


def _shares(title: str, told: str, rates: dict[str, RateDifference]) -> Block:
    reach = reach_of([it.interval for it in rates.values()])
    return Block(title, told, [_rate(name, it, reach) for name, it in rates.items()], points(min(reach, 1.0)))


def _rate(name: str, it: RateDifference, reach: float) -> Row:
    kind, _, said = name.rpartition("|")
    low, high = (signed(end) for end in it.interval) if it.interval else ("", "")
    return Row(
        name=said,
        kind=kind,
        a=percent(it.a.rate),
        b=percent(it.b.rate),
        of_a=f"{it.a.count:,} of {it.a.n:,}",
        of_b=f"{it.b.count:,} of {it.b.n:,}",
        difference="–" if it.difference is None else signed(it.difference),
        low=low,
        high=high,
        strip=around_zero(it.interval, it.difference, reach),
    )


def _mean(name: str, it: MeanDifference) -> Row:
    low, high = (amount(name, end, sign=True) for end in it.interval) if it.interval else ("", "")
    return Row(
        name=MEANS[name],
        kind="",
        a=amount(name, it.a.mean),
        b=amount(name, it.b.mean),
        of_a=f"{it.a.n:,} run{pluralize(it.a.n)}",
        of_b=f"{it.b.n:,} run{pluralize(it.b.n)}",
        difference=amount(name, it.difference, sign=True),
        low=low,
        high=high,
        strip=around_zero(it.interval, it.difference, reach_of([it.interval])),
    )


def signed(difference: float) -> str:
    """A difference of two shares, in points of a hundred; without a sign where it is none, to one decimal."""
    said = points(abs(difference))
    return said if said == "0.0 pp" else f"{'−' if difference < 0 else '+'}{said}"


def points(share: float) -> str:
    """A difference of two shares without its sign: one decimal below ten points, none above."""
    return f"{100 * share:.1f} pp" if 100 * share < 10 else f"{100 * share:.0f} pp"


def amount(name: str, value: float | None, *, sign: bool = False) -> str:
    """So much of a measure; with `sign` as a difference, which has none where it is none, to what is shown of it."""
    if value is None:
        return "–"
    said = _said(name, abs(value))
    if sign and (said.startswith("<") or said == _said(name, 0)):
        return "about 0" if value else said
    return f"{'−' if value < 0 else '+'}{said}" if sign else said


def _said(name: str, value: float) -> str:
    match name:
        case "latency_ms":
            return duration(value)
        case "cost_usd":
            return dollars(value)
        case "tokens":
            return thousands(value)
    return f"{value:.1f}"
