"""This file lets a page offer the agents, versions and environments that there are, to choose from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Min, QuerySet, Sum

from agents.admin.windows import Window
from agents.fold_counts import fold_counts
from agents.models import RunCount

MOST_CHOICES = 200
MOST_READ = 5_000


@dataclass(frozen=True, slots=True)
class Known:
    """A version of an agent in an environment, that had so many runs from this day on."""

    agent_id: str
    agent_version: str
    environment: str
    runs: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Select:
    """Something to choose from in a form; `chosen` is empty where any will do."""

    name: str
    title: str
    values: list[str]
    chosen: str
    has_any: bool = True


def known_agents(project_id: UUID, window: Window) -> list[Known]:
    """Those of the window, by the days' rollups. Two queries, once everything is folded."""
    fold_counts(project_id=project_id)
    days: QuerySet[Any] = RunCount.objects.filter(project_id=project_id, grain="d")
    if window.start is not None:
        days = days.filter(start__gte=window.start)
    if window.until is not None:
        days = days.filter(start__lt=window.until)
    named = days.values("agent_id", "agent_version", "environment")
    found = named.annotate(total=Sum("runs"), since=Min("start")).filter(total__gt=0)
    return [
        Known(it["agent_id"], it["agent_version"], it["environment"], it["total"], it["since"])
        for it in found.order_by("agent_id", "since", "agent_version")[:MOST_READ]
    ]


def selects(known: list[Known], *, agent_id: str, agent_version: str, environment: str) -> list[Select]:
    """Agent, version and environment, each with what is chosen; versions are those of the chosen agent."""
    of_agent = [it for it in known if not agent_id or it.agent_id == agent_id]
    return [
        select("agent_id", "Agent", (it.agent_id for it in known), agent_id),
        select("agent_version", "Version", (it.agent_version for it in of_agent), agent_version),
        select("environment", "Environment", (it.environment for it in of_agent), environment),
    ]


def select(name: str, title: str, values: Any, chosen: str, *, has_any: bool = True) -> Select:
    """What is chosen is among the values even where it is not there any more."""
    offered = sorted({*values, *([chosen] if chosen else [])})[:MOST_CHOICES]
    return Select(name, title, offered, chosen, has_any)
