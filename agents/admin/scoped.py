"""This file lets a page be asked about runs of some agent, version and environment in a window, as the API is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from assay.core.privacy import is_code
from django.http import HttpRequest
from django.utils import timezone

from agents.admin.known_agents import Known, Select, known_agents, selects
from agents.admin.windows import WINDOWS, Window, asked_window, named_window
from agents.questions.scope import Scope
from agents.questions.window import Window as Span

CODES = ("agent_id", "agent_version", "environment")
# Before anything; a clock may be ahead by a day.
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    address: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Scoped:
    """What a page is about. `address`: that of the list of the runs it is about, to which more may be added."""

    scope: Scope
    window: Window
    known: list[Known]
    selects: list[Select]
    windows: list[Link]
    runs_query: str


def scoped(request: HttpRequest, project_id: UUID, *, names: tuple[str, ...] = CODES, usual: str = "30d") -> Scoped:
    """What the address asks for; where it names no time, the usual one, or all where nothing ran in that. One query,
    two where nothing did."""
    now = timezone.now()
    window = asked_window(request.GET, now, usual=usual)
    asked = {name: code(request.GET.get(name, "")) if name in names else "" for name in CODES}
    known = known_agents(project_id, window)
    if not known and "window" not in request.GET:
        window = asked_window({}, now, usual="all")
        known = known_agents(project_id, window)
    offered = [it for it in selects(known, **asked) if it.name in names]
    return Scoped(
        scope=scope_of(project_id, window, **asked),
        window=window,
        known=known,
        selects=offered,
        windows=_windows(request, window, now),
        runs_query=urlencode({"window": window.name} | {name: value for name, value in asked.items() if value}),
    )


def code(typed: str) -> str:
    """What was typed, where it can be the name of anything in telemetry; else nothing."""
    return typed if is_code(typed) else ""


def scope_of(
    project_id: UUID, window: Window, *, agent_id: str = "", agent_version: str = "", environment: str = ""
) -> Scope:
    """The same as the verbs of questions have it."""
    return Scope(
        project_id=project_id,
        window=Span(window.start or FIRST, window.until or window.end + AHEAD),
        agent_id=agent_id or None,
        agent_versions=(agent_version,) if agent_version else (),
        environment=environment or None,
    )


def _windows(request: HttpRequest, shown: Window, now: datetime) -> list[Link]:
    """The same page about other times."""
    kept: dict[str, Any] = {name: value for name, value in request.GET.items() if name != "window" and value}
    windows = [window for name in WINDOWS if (window := named_window(name, now)) is not None]
    if shown.name not in WINDOWS:
        windows.append(shown)
    return [Link(it.title, "?" + urlencode(kept | {"window": it.name}), it.name == shown.name) for it in windows]
