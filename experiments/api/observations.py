"""What was seen of units, told in batches: whom they met, what came of it, and what each use took."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from assay.core.errors import AssayError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.fast_lane import for_programs
from experiments import record_executions, record_exposures, record_outcomes
from experiments.api.batch import Rejected, read_batch, rejected
from experiments.observed import MOST_ITEMS, Answer
from sentinel.authentication import authenticate


class ExposureBatch(msgspec.Struct):
    """Up to 5,000 exposures."""

    items: Annotated[list[record_exposures.SentExposure], msgspec.Meta(max_length=MOST_ITEMS)]


class OutcomeBatch(msgspec.Struct):
    """Up to 5,000 outcomes."""

    items: Annotated[list[record_outcomes.SentOutcome], msgspec.Meta(max_length=MOST_ITEMS)]


class ObservedResult(msgspec.Struct):
    """An item that was taken, now or before. `counted`: it counts for an experiment as things stand."""

    index: int
    id: str | None
    counted: bool
    duplicate: bool


class ObservedAnswer(msgspec.Struct):
    """How many were taken, those among them that had been taken before; each of them; and which were not, and why."""

    accepted: int
    rejected: list[Rejected]
    results: list[ObservedResult]


class ExecutionBatch(msgspec.Struct):
    """Up to 5,000 executions."""

    items: Annotated[list[record_executions.SentExecution], msgspec.Meta(max_length=MOST_ITEMS)]


Record = Callable[[UUID, Sequence[Any]], list[Answer]]


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_POST
def exposures(request: HttpRequest) -> HttpResponse:
    """Which units met which arms where a caller resolves by itself. Three queries for a batch."""
    # Whoever may resolve exposes units; it makes no difference where that is done.
    return _answer(
        request,
        "prompts.read",
        lambda project_id, items: record_exposures.record_exposures(project_id=project_id, items=items),
    )


@for_programs
@csrf_exempt
@require_POST
def outcomes(request: HttpRequest) -> HttpResponse:
    """What was measured of units. Three queries for a batch."""
    return _answer(
        request,
        "experiments.write",
        lambda project_id, items: record_outcomes.record_outcomes(project_id=project_id, items=items),
    )


@for_programs
@csrf_exempt
@require_POST
def executions(request: HttpRequest) -> HttpResponse:
    """What uses of versions took. Eight queries for a batch."""
    return _answer(
        request,
        "experiments.write",
        lambda project_id, items: record_executions.record_executions(project_id=project_id, items=items),
    )


def _answer(request: HttpRequest, permission: str, record: Record) -> HttpResponse:
    access = authenticate(request)
    access.require(permission)
    items = read_batch(request, MOST_ITEMS)
    answer = ObservedAnswer(0, [], [])
    for place, told in enumerate(record(access.project_id, items)):
        if isinstance(told, AssayError):
            answer.rejected.append(rejected(items, place, told))
        else:
            id_ = items[place].get("id")
            answer.results.append(ObservedResult(place, id_, told.counted, told.duplicate))
    answer.accepted = len(answer.results)
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")
