"""This file lets you see how good a prompt's versions were in use: each as a whole, and day by day."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
from assay.core.execution import QUALITY, composite
from django.utils import timezone

from experiments.execution_days import SUMS
from experiments.models import ExecutionDay
from vault.models import Prompt


class UseScores(msgspec.Struct):
    """How uses went. Rates, qualities, `response_time_score` and `composite` are in [0, 1]; null where nothing tells.

    `response_time_ms` and the qualities are means of the uses that tell of them; tokens and `cost_usd` are sums.
    `response_time_score` is the mean of 2000 / (2000 + ms). `composite` is 0.4 accuracy + 0.2 response time +
    0.2 consistency + 0.2 user satisfaction, null until each of them is known.
    """

    executions: int
    errors: int
    error_rate: float | None
    response_time_ms: float | None
    response_time_score: float | None
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: Decimal
    cost_usd_per_use: Decimal | None
    accuracy: float | None
    consistency: float | None
    completeness: float | None
    user_satisfaction: float | None
    engagement_rate: float | None
    composite: float | None


class DayScores(UseScores):
    """The same of one day (UTC)."""

    day: date


class VersionScores(UseScores):
    """The same of all the days, and the days on which the version was used, oldest first."""

    version_id: UUID
    number: str
    trend: list[DayScores]


class PromptScores(msgspec.Struct):
    """How a prompt's versions went from `since` on; newest version first, those without a use left out."""

    prompt_id: UUID
    since: date
    versions: list[VersionScores]


def score_versions(*, prompt: Prompt, days: int) -> PromptScores:
    """The scores of the versions that were used within so many days, today included. One query."""
    since = timezone.now().date() - timedelta(days=days - 1)
    rows = (
        ExecutionDay.objects.filter(prompt=prompt, day__gte=since)
        .order_by("-version__major", "-version__minor", "-version__patch", "day")
        .values("version_id", "version__number", "day", *SUMS)
    )
    scored = PromptScores(prompt.pk, since, [])
    for (version_id, number), of_version in groupby(rows, key=lambda row: (row["version_id"], row["version__number"])):
        by_day = list(of_version)
        scored.versions.append(
            VersionScores(
                version_id=version_id,
                number=number,
                trend=[DayScores(day=row["day"], **_scores([row])) for row in by_day],
                **_scores(by_day),
            )
        )
    return scored


def _scores(days: list[dict[str, Any]]) -> dict[str, Any]:
    summed = {name: sum(day[name] for day in days) for name in SUMS}
    quality = {name: _over(summed[name], summed[f"{name}_rated"]) for name in QUALITY}
    response_time_score = _over(summed["response_score"], summed["timed"])
    return {
        "executions": summed["executions"],
        "errors": summed["errors"],
        "error_rate": _over(summed["errors"], summed["executions"]),
        "response_time_ms": _over(summed["response_time_ms"], summed["timed"]),
        "response_time_score": response_time_score,
        "input_tokens": summed["input_tokens"],
        "output_tokens": summed["output_tokens"],
        "cached_tokens": summed["cached_tokens"],
        "cost_usd": Decimal(summed["cost_usd"]),
        "cost_usd_per_use": round(Decimal(summed["cost_usd"]) / summed["costed"], 8) if summed["costed"] else None,
        **quality,
        "engagement_rate": _over(summed["engagements"], summed["impressions"]),
        "composite": composite({**quality, "response_time": response_time_score}),
    }


def _over(total: float, count: float) -> float | None:
    return total / count if count else None
