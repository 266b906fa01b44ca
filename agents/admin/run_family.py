"""This file lets one see who started a run, and which runs it started."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from agents.models import Call, Run
from agents.questions.locate_run import locate_run

MOST_CHILDREN = 50


@dataclass(frozen=True, slots=True)
class Family:
    """`caller` is None where there is none, and where it was not heard of. `more`: further ones are not shown."""

    caller: Run | None
    called: list[Run]
    more: bool


def family_of(run: Run) -> Family:
    """Six queries at most, by index."""
    runs: QuerySet[Any] = Run.objects.in_project(run.project_id)
    called = list(runs.filter(pk__in=_called(run)).order_by("id"))
    return Family(_caller(run, runs), called[:MOST_CHILDREN], len(called) > MOST_CHILDREN)


def _called(run: Run) -> list[UUID]:
    calls: QuerySet[Any] = Call.objects.in_project(run.project_id)
    return list(calls.filter(parent_run_id=run.run_id).order_by("id").values_list("id", flat=True)[: MOST_CHILDREN + 1])


def _caller(run: Run, runs: QuerySet[Any]) -> Run | None:
    if run.parent_run_id is None:
        return None
    located = locate_run(project_id=run.project_id, run_id=run.parent_run_id)
    return None if located is None else runs.filter(pk=located).first()
