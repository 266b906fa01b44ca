"""What prompts earned, reported in batches; the twin of a prompt's own performance address."""

from typing import Annotated
from uuid import UUID

import msgspec
from assay.core.errors import AssayError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.fast_lane import for_programs
from experiments.api.batch import Rejected, read_batch, rejected
from sentinel.authentication import authenticate
from vault.report_engagement import Engagement, report_engagement


class EngagementBatch(msgspec.Struct):
    """Up to 1,000 reports."""

    items: Annotated[list[Engagement], msgspec.Meta(max_length=1000)]


class Result(msgspec.Struct):
    """Where a report left its prompt. `updated` is false for one that had been taken before."""

    index: int
    id: str | None
    prompt_id: UUID
    engagement_rate: float
    new_performance_score: float
    engagement_avg: float
    times_used: int
    updated: bool


class EngagementAnswer(msgspec.Struct):
    """How many were taken, what each did, and which were not taken, and why."""

    accepted: int
    rejected: list[Rejected]
    results: list[Result]


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_POST
def engagement(request: HttpRequest) -> HttpResponse:
    """Learn from many reports at once, in their order for each prompt; those with an id once each."""
    access = authenticate(request)
    access.require("prompts.write")
    items = read_batch(request)
    answers = report_engagement(project_id=access.project_id, items=items)
    answer = EngagementAnswer(0, [], [])
    for place, told in enumerate(answers):
        if isinstance(told, AssayError):
            answer.rejected.append(rejected(items, place, told))
            continue
        answer.results.append(
            Result(
                index=place,
                id=items[place].get("id"),
                prompt_id=told.prompt_id,
                engagement_rate=told.engagement_rate,
                new_performance_score=told.new_performance_score,
                engagement_avg=told.engagement_avg,
                times_used=told.times_used,
                updated=told.updated,
            )
        )
    answer.accepted = len(answer.results)
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")
