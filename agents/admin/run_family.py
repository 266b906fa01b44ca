"""This file lets one see who started a run, which runs it started, and what it handed over."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from agents.models import Call, Handoff, Run
from agents.questions.locate_run import locate_run
from config.months import first_id, time_of_id

MOST_CHILDREN = 50
# Clocks differ, and what a run decides may be handed over a while after it.
AROUND = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Family:
    """`caller` is None where there is none, and where it was not heard of. `more`: further ones are not shown."""

    caller: Run | None
    called: list[Run]
    more: bool
    handed: list[Handoff]


def family_of(run: Run) -> Family:
    """Seven queries at most, by index."""
    runs: QuerySet[Any] = Run.objects.in_project(run.project_id)
    called = list(runs.filter(pk__in=_called(run)).order_by("id"))
    return Family(_caller(run, runs), called[:MOST_CHILDREN], len(called) > MOST_CHILDREN, _handed(run))


def _called(run: Run) -> list[UUID]:
    calls: QuerySet[Any] = Call.objects.in_project(run.project_id)
    return list(calls.filter(parent_run_id=run.run_id).order_by("id").values_list("id", flat=True)[: MOST_CHILDREN + 1])


def _caller(run: Run, runs: QuerySet[Any]) -> Run | None:
    if run.parent_run_id is None:
        return None
    located = locate_run(project_id=run.project_id, run_id=run.parent_run_id)
    return None if located is None else runs.filter(pk=located).first()


def _handed(run: Run) -> list[Handoff]:
    """What was handed over out of the run: among the handoffs that were made while it ran, or soon after."""
    began = time_of_id(run.pk)
    ended = run.ended_at or timezone.now()
    made = Handoff.objects.in_project(run.project_id).filter(
        pk__gte=first_id(began - AROUND), pk__lt=first_id(max(began, ended) + AROUND), run_id=run.run_id
    )
    return list(made.judged().select_related("from_agent", "to_agent", "payload_type").order_by("id")[:MOST_CHILDREN])
