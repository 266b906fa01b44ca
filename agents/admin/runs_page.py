"""The list of runs, which answers its usual questions at one click."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from assay.core.codes import FAILURE_TYPES, RUN_STATUSES
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agents.admin.asked_runs import ORDERS, Asked, Found, look_up, read_asked
from agents.admin.first_run import examples
from agents.admin.known_agents import Select, known_agents, select, selects
from agents.admin.scoped import CODES, scope_of
from agents.admin.tallies import Tally, tally
from agents.admin.windows import WINDOWS, named_window, narrowest
from agents.models import Failure, Run
from agents.questions.find_loops import LoopGroup, find_loops
from agents.questions.run_rows import RunTold
from agents.telemetry.ids import group_range
from config.months import time_of_id
from config.templatetags.assay import dollars, duration, percent, thousands
from sentinel.admin_base import ProjectAdmin
from vault.models import Version

LOOPS_READ = 50
NOT_FILTERED = {"status": "", "failure": "", "looping": False, "version": None, "order": ""} | dict.fromkeys(CODES, "")


@dataclass(frozen=True, slots=True)
class Row:
    """A run in the list. `share` of the longest on the page, in per cent; `failures`: type and code of each."""

    run: Run | RunTold
    agent_link: str
    share: int
    failures: list[tuple[str, str]]

    @property
    def more_failures(self) -> int:
        return len(self.failures) - 2


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that is a question: a click asks it, another takes it back."""

    number: str
    words: str
    link: str = ""
    is_on: bool = False
    tone: str = ""


def show(page: ProjectAdmin, request: HttpRequest) -> HttpResponse:
    """About seven queries, each over a bounded part of what there is."""
    project_id = page.access(request).project_id
    now = timezone.now()
    runs: QuerySet[Any] = Run.objects.in_project(project_id)
    latest = runs.order_by("-id").values_list("id", flat=True).first()
    if latest is None:
        shown = examples(request.build_absolute_uri("/"))
        return page.page(request, "agents/no_runs.html", title="Runs", examples=shown)
    asked = read_asked(request.GET, narrowest(time_of_id(latest), now), now)
    found = look_up(asked, project_id)
    counted, columns = tally(project_id, asked.window, asked.codes)
    return page.page(
        request,
        "agents/runs.html",
        title="Runs",
        asked=asked,
        found=found,
        circles=_circles(asked, project_id) if asked.looping else [],
        rows=_rows(asked, found, project_id),
        tally=counted,
        columns=[{"link": _day(asked, it.start, now)} | asdict(it) for it in columns],
        heading=_heading(asked),
        windows=_windows(asked, now),
        tiles=_tiles(asked, counted),
        selects=_selects(project_id, asked),
        older=asked.link(before=found.older) if found.older else "",
        newest=asked.link(),
        unfiltered=asked.link(**NOT_FILTERED),
        prompt_version=_prompt_version(asked.version, project_id),
    )


def _rows(asked: Asked, found: Found, project_id: UUID) -> list[Row]:
    """One query for the failures of all, by the ranges of their groups."""
    failures: dict[UUID, list[tuple[str, str]]] = {}
    suspects = [run for run in found.runs if run.status != "success"]
    if suspects:
        of_groups = Q()
        for low, high in {group_range(run.id) for run in suspects}:
            of_groups |= Q(pk__range=(low, high))
        of_runs: QuerySet[Any] = Failure.objects.in_project(project_id).filter(of_groups)
        for run, kind, code in of_runs.order_by("id").values_list("run", "failure_type", "code")[:1000]:
            failures.setdefault(run, []).append((kind, code))
    longest = max((run.latency_ms or 0.0 for run in found.runs), default=0.0) or 1.0
    return [
        Row(
            run,
            asked.link(agent_id=run.agent_id, agent_version="", window=asked.window),
            round(100 * (run.latency_ms or 0.0) / longest),
            failures.get(run.id, []),
        )
        for run in found.runs
    ]


def _circles(asked: Asked, project_id: UUID) -> list[LoopGroup]:
    """The circles that the latest looping runs went through. Three queries."""
    return find_loops(scope=scope_of(project_id, asked.window, **asked.codes), before=None, size=LOOPS_READ).groups


def _heading(asked: Asked) -> str:
    if asked.order:
        return f"{ORDERS[asked.order][0]} first"
    return "Newest first"


def _day(asked: Asked, start: datetime, now: datetime) -> str:
    return asked.link(window=named_window(start.date().isoformat(), now) or asked.window)


def _windows(asked: Asked, now: datetime) -> list[dict[str, Any]]:
    windows = [window for name in WINDOWS if (window := named_window(name, now)) is not None]
    if asked.window.name not in WINDOWS:
        windows.append(asked.window)
    return [{"title": it.title, "link": asked.link(window=it), "is_on": it == asked.window} for it in windows]


def _tiles(asked: Asked, counted: Tally) -> list[Tile]:
    def tile(number: str, words: str, tone: str = "", **change: Any) -> Tile:
        is_on = all(getattr(asked, name) == value for name, value in change.items())
        back = {name: NOT_FILTERED[name] for name in change}
        return Tile(number, words, asked.link(**(back if is_on else change)), is_on, tone)

    mean_cost = dollars(counted.cost_usd / counted.costed) if counted.cost_usd is not None else ""
    return [
        Tile(thousands(counted.runs), "runs", asked.link(status="", looping=False, order=""), not asked.is_filtered),
        tile(
            thousands(counted.failure),
            f"failed, {percent(counted.failure_rate)}" if counted.finished else "failed",
            "bad" if counted.failure else "",
            status="failure",
        ),
        tile(thousands(counted.running), "still running", status="running"),
        tile(thousands(counted.looping), "went in circles", "gold" if counted.looping else "", looping=True),
        tile(duration(counted.latency_ms), "on average: slowest first", order="slowest"),
        tile(
            dollars(counted.cost_usd),
            f"in all, {mean_cost} each: dearest first" if mean_cost else "cost: dearest first",
            order="dearest",
        ),
    ]


def _selects(project_id: UUID, asked: Asked) -> list[Select]:
    """What can be chosen by name. One query, of the days' rollups."""
    named = selects(known_agents(project_id, asked.window), **(dict.fromkeys(CODES, "") | asked.codes))
    status = select("status", "Status", RUN_STATUSES, asked.status)
    return [*named, status, select("failure", "Failure of", FAILURE_TYPES, asked.failure)]


def _prompt_version(version: UUID | None, project_id: UUID) -> Version | None:
    """The prompt's version that the list is limited to, to be named. One query at most."""
    if version is None:
        return None
    known = Version.objects.filter(project_id=project_id, pk=version).select_related("prompt")
    return known.only("number", "prompt__name").first()
