"""This file lets you replay what was reported, and find or mend what stands otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from assay.core.learn import next_score
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Q

from vault.models import Prompt
from vault.models.prompts import FIRST_SCORE, PromptQuerySet

STANDING = ("performance_score", "engagement_avg", "reports", "engagements", "impressions")
HISTORY = ("sequence", "engagement_rate", "engagements", "impressions")


@dataclass(frozen=True, slots=True)
class Difference:
    """A prompt that holds something else than its reports add up to."""

    prompt_id: UUID
    name: str
    field: str
    stored: float
    replayed: float


def recompute(*, project_id: UUID | None = None, mend: bool = False) -> list[Difference]:
    """Every difference between what prompts hold and what their reports add up to, to the last bit of each double.

    `mend` writes what was replayed into the prompts; the history itself is append-only. One query, a snapshot, however
    many reports there are; and to mend, three for each prompt that differs.
    """
    prompts = Prompt.objects.all() if project_id is None else Prompt.objects.in_project(project_id)
    found = [difference for row in _with_history(prompts) for difference in _differences(row)]
    if mend:
        for prompt_id in dict.fromkeys(difference.prompt_id for difference in found):
            _mend(prompt_id)
    return found


def _with_history(prompts: PromptQuerySet) -> Iterator[dict[str, Any]]:
    """Each prompt with the columns of its history, oldest report first."""
    kept = Q(history__isnull=False)
    columns = {
        f"history_{name}": ArrayAgg(f"history__{name}", filter=kept, order_by="history__sequence", default=[])
        for name in HISTORY
    }
    yield from prompts.order_by("id").annotate(**columns).values("id", "name", *STANDING, *columns).iterator(200)


def _differences(row: dict[str, Any]) -> Iterator[Difference]:
    for field, right in _replay(row).items():
        if row[field] != right:
            yield Difference(row["id"], row["name"], field, row[field], right)


def _replay(row: dict[str, Any]) -> dict[str, float]:
    """What the prompt should hold, in the arithmetic and the order of `vault.learn`."""
    score, mean, engagements, impressions = FIRST_SCORE, 0.0, 0.0, 0.0
    reports = 0
    for reports, rate, engaged, impressed in zip(*(row[f"history_{name}"] for name in HISTORY), strict=True):
        score = next_score(score, rate)
        mean += (rate - mean) / reports
        engagements += engaged
        impressions += impressed
    return dict(zip(STANDING, (score, mean, reports, engagements, impressions), strict=True))


@transaction.atomic
def _mend(prompt_id: UUID) -> None:
    # A report on its way waits, and then goes on from what was mended.
    Prompt.objects.select_for_update(no_key=True).get(pk=prompt_id)
    for row in _with_history(Prompt.objects.filter(pk=prompt_id)):
        Prompt.objects.filter(pk=prompt_id).update(**_replay(row))
