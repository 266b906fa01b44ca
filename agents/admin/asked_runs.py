"""This file lets a list of runs be asked for in an address, and be found however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from assay.core.codes import FAILURE_TYPES, RUN_STATUSES
from django.db.models import F, OrderBy, Q, QuerySet

from agents.admin.scoped import CODES, code, scope_of
from agents.admin.windows import Window, named_window
from agents.models import Failure, Run, Step
from agents.questions.find_runs import LOOKED_AT as LOOKED_THROUGH
from agents.questions.find_runs import Wanted, find_runs
from agents.questions.locate_run import locate_run
from agents.questions.run_rows import RunTold
from agents.telemetry.ids import group_range
from config.months import time_of_id

PER_PAGE = 50
STEPS_LOOKED_AT = 2_000
# So many runs of a trace or a session are shown at once.
MOST_NAMED = 200
ORDERS = {"slowest": ("Slowest", "latency_ms"), "dearest": ("Most expensive", "cost_usd")}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for; empty is any. `version` is a prompt's, `before` where the page begins."""

    window: Window
    status: str = ""
    failure: str = ""
    looping: bool = False
    agent_id: str = ""
    agent_version: str = ""
    environment: str = ""
    version: UUID | None = None
    order: str = ""
    before: UUID | None = None
    q: str = ""

    def link(self, **changed: Any) -> str:
        """The address of the same question but for this, from its beginning."""
        other = replace(self, **({"before": None, "q": ""} | changed))
        named: dict[str, Any] = {name: getattr(other, name) for name in self.__slots__ if name != "window"}
        named |= {"window": other.window.name, "looping": "yes" if other.looping else ""}
        return "?" + urlencode({name: value for name, value in named.items() if value})

    @property
    def is_narrow(self) -> bool:
        """Whether something beside the window and an index limits what is found."""
        return bool(self.status or self.failure or self.order or self.codes)

    @property
    def codes(self) -> dict[str, str]:
        return {name: value for name in CODES if (value := getattr(self, name))}

    @property
    def is_filtered(self) -> bool:
        return self.is_narrow or self.looping or self.version is not None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of runs. `older`: where the next one begins; `reached`: how far back was looked, where not to the end."""

    runs: Sequence[Run | RunTold]
    older: UUID | None = None
    reached: datetime | None = None


def read_asked(sent: Mapping[str, str], usual: Window, now: datetime) -> Asked:
    """What an address asks for. What it cannot mean is left out."""
    return Asked(
        window=named_window(sent.get("window", ""), now) or usual,
        status=_one_of(sent.get("status", ""), RUN_STATUSES),
        failure=_one_of(sent.get("failure", ""), FAILURE_TYPES),
        looping=sent.get("looping") == "yes",
        **{name: code(sent.get(name, "")) for name in CODES},
        version=_uuid(sent.get("version", "")),
        order=_one_of(sent.get("order", ""), ORDERS),
        before=_uuid(sent.get("before", "")),
        q=sent.get("q", "").strip()[:100],
    )


def look_up(asked: Asked, project_id: UUID) -> Found:
    """The page that is asked for. Four queries at most, each over a bounded part of the table."""
    if asked.q:
        return Found(_named(asked.q, project_id) if code(asked.q) else [])
    if asked.order or asked.looping:
        return _ranked(asked, project_id)
    wanted = Wanted(status=asked.status or None, failure_type=asked.failure or None, version_id=asked.version)
    scope = scope_of(project_id, asked.window, **asked.codes)
    page = find_runs(scope=scope, wanted=wanted, before=asked.before, size=PER_PAGE)
    return Found(page.results, page.next, _reached(page.next) if len(page.results) < PER_PAGE else None)


def _ranked(asked: Asked, project_id: UUID) -> Found:
    """Those that took or cost most, or the newest that went in circles."""
    runs: QuerySet[Any] = Run.objects.in_project(project_id).within(asked.window.start, asked.window.until)
    if asked.before is not None:
        runs = runs.filter(pk__lt=asked.before)
    floor = None
    if asked.version is None and not asked.looping:
        floor = runs.order_by("-id").values_list("id", flat=True)[LOOKED_THROUGH - 1 : LOOKED_THROUGH].first()
        runs = runs if floor is None else runs.filter(pk__gte=floor)
    runs = _narrowed(runs, asked, project_id, floor)
    if asked.order:
        column = ORDERS[asked.order][1]
        ordered = runs.filter(**{f"{column}__isnull": False}).order_by(OrderBy(F(column), descending=True), "-id")
        return Found(list(ordered[:PER_PAGE]), floor, _reached(floor))
    page = list(runs.order_by("-id")[: PER_PAGE + 1])
    return Found(page[:PER_PAGE], page[PER_PAGE - 1].pk if len(page) > PER_PAGE else None)


def _named(name: str, project_id: UUID) -> list[Run]:
    """The run of this id, and those of this trace or session. Four queries at most, each by an index."""
    runs: QuerySet[Any] = Run.objects.in_project(project_id)
    is_meant = Q(trace_id=name) | Q(session_id=name)
    located = locate_run(project_id=project_id, run_id=name)
    if located is not None:
        is_meant |= Q(pk=located)
    return list(runs.filter(is_meant).order_by("-id")[:MOST_NAMED])


def _narrowed(runs: QuerySet[Any], asked: Asked, project_id: UUID, floor: UUID | None) -> QuerySet[Any]:
    # What belongs to a run has ids of the same beginning: nothing before the window or the floor can be meant.
    runs = runs.filter(**asked.codes)
    if asked.status:
        runs = runs.filter(status=asked.status)
    if asked.looping:
        runs = runs.filter(loop_repeats__isnull=False)
    if asked.failure:
        failures: QuerySet[Any] = Failure.objects.in_project(project_id).within(asked.window.start, None)
        failures = failures if floor is None else failures.filter(pk__gte=group_range(floor)[0])
        runs = runs.filter(pk__in=failures.filter(failure_type=asked.failure).values("run"))
    if asked.version is not None:
        runs = runs.filter(Q(version_id=asked.version) | Q(pk__in=_by_step(asked, project_id)))
    return runs


def _by_step(asked: Asked, project_id: UUID) -> set[UUID]:
    """The latest runs in which a step used the version. One query, by an index of its own."""
    steps: QuerySet[Any] = Step.objects.in_project(project_id).within(asked.window.start, asked.window.until)
    if asked.before is not None:
        steps = steps.filter(pk__lte=group_range(asked.before)[1])
    used = steps.filter(version_id=asked.version).order_by("-id").values_list("run", flat=True)
    return set(used[:STEPS_LOOKED_AT])


def _reached(floor: UUID | None) -> datetime | None:
    return None if floor is None else time_of_id(floor)


def _one_of(word: str, words: Any) -> str:
    return word if word in words else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
