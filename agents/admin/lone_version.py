"""This file lets a page that has no two versions to show say why, and where there are two."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone

from agents.admin.scoped import Link, Scoped
from agents.admin.windows import narrowest
from agents.models import RunCount


@dataclass(frozen=True, slots=True)
class LoneVersion:
    """`version`: the only one in the window, empty where the agent did not run in it. `last`: the last day on which it
    ran at all, None where nothing is known of it. `elsewhere`: the same page about a window that shows more."""

    version: str
    last: datetime | None
    elsewhere: Link | None


def lone_version(project_id: UUID, asked: Scoped, agent_id: str) -> LoneVersion:
    """Of an agent with fewer than two versions in the window. One query.

    `elsewhere` is the narrowest window with two versions, or with the one there is where this one has none.
    """
    here = next((it.agent_version for it in asked.known if it.agent_id == agent_id), "")
    days: QuerySet[Any] = RunCount.objects.filter(project_id=project_id, grain="d", agent_id=agent_id, runs__gt=0)
    lasts = [it["last"] for it in days.values("agent_version").annotate(last=Max("start")).order_by("-last")[:2]]
    if not lasts or (here and len(lasts) == 1):
        return LoneVersion(here, max(lasts, default=None), None)
    window = narrowest(lasts[-1], timezone.now())
    address = "?" + urlencode({"agent_id": agent_id, "window": window.name})
    return LoneVersion(here, lasts[0], Link(window.title, address, is_on=False))
