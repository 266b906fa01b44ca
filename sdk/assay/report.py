"""Turn what a resolution earned into a report that the server takes."""

from datetime import datetime
from typing import Any, TypedDict

import msgspec

from assay.core import token
from assay.core.errors import AssayError, FieldError
from assay.core.learn import check_rate, engagement_rate
from assay.core.resolve import Resolution
from assay.observe import id_of, time_of

KNOWN = ("engagement_rate", "likes", "comments", "shares", "impressions")


class Earned(TypedDict, total=False):
    """What a resolution earned: its engagement rate in [0, 1], or impressions with the counts that were not zero; and
    when, now unless said."""

    engagement_rate: float | None
    likes: int | None
    comments: int | None
    shares: int | None
    impressions: int | None
    at: datetime | None


def report(resolution: Resolution | str, earned: Earned) -> bytes | None:
    """Return the report's JSON, or None for a fallback, which nobody can learn from.

    `resolution` may be its id alone. Raises `invalid_resolution_id`, `invalid_time`, and `invalid_engagement` for
    numbers that the server would refuse, or when neither or both of rate and counts are given.
    """
    resolution_id = id_of(resolution)
    if resolution_id is None:
        return None
    counted: dict[str, Any] = dict(earned)
    at = time_of(counted.pop("at", None))
    prompt_id = token.read(resolution_id).prompt_id
    item = {"prompt_id": prompt_id, "resolution_id": resolution_id, "at": at, **_measured(counted)}
    return msgspec.json.encode(item)


def _measured(earned: dict[str, Any]) -> dict[str, float]:
    given = {name: value for name, value in earned.items() if value is not None}
    unknown = [
        FieldError(f"/{name}", "unknown_field", f"{name} is not something that is reported.")
        for name in given
        if name not in KNOWN
    ]
    if unknown:
        raise AssayError("invalid_engagement", "The report cannot be used.", errors=unknown)
    rate = earned.get("engagement_rate")
    if rate is not None and len(given) == 1:
        return {"engagement_rate": check_rate(rate)}
    if rate is not None or "impressions" not in given:
        detail = "Give either engagement_rate, or impressions with likes, comments and shares."
        raise AssayError("invalid_engagement", detail)
    counts = {
        "likes": earned.get("likes") or 0,
        "comments": earned.get("comments") or 0,
        "shares": earned.get("shares") or 0,
        "impressions": earned.get("impressions") or 0,
    }
    engagement_rate(**counts)
    return dict(counts)
