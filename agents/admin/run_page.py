"""The page of a run: what it came to, its steps as a waterfall, and what was chosen and observed at each."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from agents.admin.circles import Circle, find_circle
from agents.admin.run_family import family_of
from agents.admin.waterfall import Row, Waterfall, close_up, lay_out
from agents.admin.words import STATUS_CHIPS
from agents.models import Decision, Failure, QualitySignal, Run, Step
from agents.models.telemetry import OfRun
from agents.telemetry.ids import group_range
from experiments.models import Arm
from sentinel.admin_base import ProjectAdmin
from vault.models import Version

# A page of a long run; and what is shown beside its steps at the most.
STEPS_SHOWN = 200
MOST_STEPS = 20_000
MOST_BESIDE = 2_000
FAILURES_LISTED = 12

Part = TypeVar("Part", bound=OfRun)


@dataclass(slots=True)
class Line:
    """A step with what belongs to it."""

    row: Row
    version: Version | None
    is_in_circle: bool
    failures: list[Failure] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    signals: list[QualitySignal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """One of the pages that a long run is read in; `x` and `width` along all steps, in per cent."""

    number: int
    first: int
    last: int
    x: float
    width: float
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """Something that failed: the row of its step, if it names one, `x` along all steps in per cent, and its page."""

    code: str
    failure_type: str
    row: Row | None = None
    x: float | None = None
    page: int = 1


def show(page: ProjectAdmin, request: HttpRequest, run: Run) -> HttpResponse:
    """About ten queries, however long the run is, each within its group or by an index."""
    length_ms = _length_ms(run)
    steps = list(_of(Step, run)[:MOST_STEPS])
    waterfall = lay_out(steps, began_at=run.started_at or timezone.now(), length_ms=length_ms)
    pages = _pages(len(waterfall.rows), request.GET.get("p", ""))
    shown = next((it for it in pages if it.is_shown), None)
    rows = waterfall.rows[shown.first - 1 : shown.last] if shown else []
    close = close_up(waterfall, rows) if len(pages) > 1 else waterfall
    rows = close.rows
    beside = Q(step_id__in=[row.step.step_id for row in rows]) | Q(step_id=None)
    failures = list(_of(Failure, run)[:MOST_BESIDE])
    decisions = list(_of(Decision, run).filter(beside)[:MOST_BESIDE])
    signals = list(_of(QualitySignal, run).filter(beside)[:MOST_BESIDE])
    versions = _versions(run, rows)
    circle = find_circle(steps, run.loop_length, run.loop_repeats)
    lines = [Line(row, versions.get(row.step.version_id), _is_in(circle, row)) for row in rows]
    _put_beside(lines, failures, decisions, signals)
    failed = _failed(waterfall, failures)
    of_run = [[it for it in told if it.step_id is None] for told in (decisions, signals)]
    family = family_of(run)
    return page.page(
        request,
        "agents/run.html",
        title=f"{run.agent_id} {run.agent_version}, {run.run_id}",
        run=run,
        original=run,
        chip=STATUS_CHIPS[run.status],
        length_ms=length_ms,
        waterfall=waterfall,
        ticks=close.ticks,
        is_untimed=not any(row.bar for row in waterfall.rows),
        lines=lines,
        pages=pages if len(pages) > 1 else [],
        shown=shown,
        failed=failed[:FAILURES_LISTED],
        more_failed=len(failed) - FAILURES_LISTED,
        marks=[it for it in failed if it.x is not None] if len(pages) > 1 else [],
        decisions=of_run[0],
        signals=of_run[1],
        has_more=bool(any(of_run) or run.parent_run_id or family.called or family.handed),
        kinds=_kinds(steps),
        circle=circle,
        circle_page=_page_of(
            next((row for row in waterfall.rows if circle and row.step.step_id == circle.first), None)
        ),
        version=versions.get(run.version_id),
        arm=_arm(run),
        family=family,
    )


def _of(model: type[Part], run: Run) -> QuerySet[Part]:
    """What belongs to the run, in the order in which it was numbered: within the range of its group."""
    of_group: QuerySet[Any] = model.objects.in_project(run.project_id).filter(pk__range=group_range(run.pk), run=run.pk)
    return of_group.order_by("seq" if model is Step else "id")


def _length_ms(run: Run) -> float | None:
    """How long it took; of one that still runs, how long it has been at it by now."""
    if run.latency_ms is not None:
        return run.latency_ms
    if run.started_at is None:
        return None
    if run.status == "running":
        return max((timezone.now() - run.started_at).total_seconds() * 1000, 0.0)
    return None if run.ended_at is None else (run.ended_at - run.started_at).total_seconds() * 1000


def _pages(steps: int, asked: str) -> list[Page]:
    numbers = range(1, -(-steps // STEPS_SHOWN) + 1)
    shown = int(asked) if asked.isdecimal() and len(asked) < 6 and int(asked) in numbers else 1
    return [
        Page(
            number=number,
            first=(number - 1) * STEPS_SHOWN + 1,
            last=min(number * STEPS_SHOWN, steps),
            x=round(100 * (number - 1) * STEPS_SHOWN / steps, 3),
            width=round(100 * min(STEPS_SHOWN, steps - (number - 1) * STEPS_SHOWN) / steps, 3),
            is_shown=number == shown,
        )
        for number in numbers
    ]


def _page_of(row: Row | None) -> int:
    return (row.number - 1) // STEPS_SHOWN + 1 if row else 1


def _is_in(circle: Circle | None, row: Row) -> bool:
    return circle is not None and row.step.step_id in circle.ids


def _put_beside(
    lines: Sequence[Line],
    failures: Iterable[Failure],
    decisions: Iterable[Decision],
    signals: Iterable[QualitySignal],
) -> None:
    at = {line.row.step.step_id: line for line in lines}
    for failure in failures:
        if (line := at.get(failure.step_id or "")) is not None:
            line.failures.append(failure)
    for decision in decisions:
        if (line := at.get(decision.step_id or "")) is not None:
            line.decisions.append(decision)
    for signal in signals:
        if (line := at.get(signal.step_id or "")) is not None:
            line.signals.append(signal)


def _failed(waterfall: Waterfall, failures: Sequence[Failure]) -> list[Failed]:
    """The failures that were told, and the steps that failed without one."""
    rows = {row.step.step_id: row for row in waterfall.rows}
    found = [_at(it.code, it.failure_type, rows.get(it.step_id or ""), len(rows)) for it in failures]
    told = {it.step_id for it in failures}
    silent = [row for row in waterfall.rows if row.step.status == "failure" and row.step.step_id not in told]
    found += [_at("", row.step.step_type, row, len(rows)) for row in silent]
    # In the order in which it happened; what names no step comes last.
    return sorted(found, key=lambda it: math.inf if it.row is None else it.row.number)


def _at(code: str, failure_type: str, row: Row | None, steps: int) -> Failed:
    x = None if row is None else round(100 * (row.number - 0.5) / steps, 3)
    return Failed(code, failure_type, row, x, _page_of(row))


def _kinds(steps: Sequence[Step]) -> list[tuple[str, int]]:
    """The types of steps that it has, the most frequent first."""
    return Counter(step.step_type for step in steps).most_common()


def _versions(run: Run, rows: Sequence[Row]) -> dict[UUID | None, Version]:
    """The prompts' versions that are named on the page. One query at most."""
    named = {id_ for id_ in (run.version_id, *(row.step.version_id for row in rows)) if id_ is not None}
    known = Version.objects.filter(project_id=run.project_id, pk__in=named).select_related("prompt")
    return {it.pk: it for it in known.only("number", "prompt__name")} if named else {}


def _arm(run: Run) -> Arm | None:
    """The arm of an experiment that it was. One query at most."""
    if run.experiment_id is None or run.arm is None:
        return None
    arms = Arm.objects.filter(experiment__project_id=run.project_id, experiment=run.experiment_id, number=run.arm)
    return arms.select_related("experiment").only("number", "experiment__name").first()
