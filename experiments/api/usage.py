"""What SDKs served by themselves: counts in batches, each taken once."""

from typing import Annotated
from uuid import UUID

import msgspec
from assay.core.errors import AssayError, single
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.fast_lane import for_programs
from config.items import convert_item
from experiments.api.batch import Rejected, read_batch, rejected
from sentinel.authentication import authenticate
from vault.count_usage import Usage, count_usage
from vault.models import Version


class UsageItem(msgspec.Struct, forbid_unknown_fields=True):
    """A version was served `count` times. `id` is the sender's own: sent again, it counts once."""

    id: UUID
    prompt_id: UUID
    version_id: UUID
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class UsageBatch(msgspec.Struct):
    """Up to 1,000 counts."""

    items: Annotated[list[UsageItem], msgspec.Meta(max_length=1000)]


class UsageAnswer(msgspec.Struct):
    """How many were taken, those among them that had been taken before; and which were not, and why."""

    accepted: int
    rejected: list[Rejected]


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_POST
def usage(request: HttpRequest) -> HttpResponse:
    """Count what was served. Four queries for a batch."""
    access = authenticate(request)
    # To tell of what one was allowed to read needs no more than reading; `resolve` counts for the same people.
    access.require("prompts.read")
    items = read_batch(request)
    errors: dict[int, AssayError] = {}
    read: dict[int, UsageItem] = {}
    for place, item in enumerate(items):
        try:
            read[place] = convert_item(item, UsageItem)
        except AssayError as error:
            errors[place] = error
    known = set(
        Version.objects.filter(
            project_id=access.project_id, pk__in={item.version_id for item in read.values()}
        ).values_list("pk", "prompt_id")
    )
    taken: list[Usage] = []
    for place, item in read.items():
        if (item.version_id, item.prompt_id) in known:
            taken.append(Usage(item.id, item.version_id, item.count))
        else:
            errors[place] = single("not_found", "/version_id", "There is no such version of this prompt.", status=404)
    count_usage(project_id=access.project_id, usages=taken)
    answer = UsageAnswer(len(taken), [rejected(items, place, errors[place]) for place in sorted(errors)])
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")
