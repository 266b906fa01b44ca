"""Turn what a resolution earned into a report that the server takes."""

from typing import TypedDict

import msgspec

from assay.core import token
from assay.core.errors import AssayError, FieldError
from assay.core.learn import check_rate, engagement_rate
from assay.core.resolve import Resolution

KNOWN = ("engagement_rate", "likes", "comments", "shares", "impressions")


class Earned(TypedDict, total=False):
    """What a resolution earned: its engagement rate in [0, 1], or impressions with the counts that were not zero."""

    engagement_rate: float | None
    likes: int | None
    comments: int | None
    shares: int | None
    impressions: int | None


def report(resolution: Resolution | str, earned: Earned) -> bytes | None:
    """Return the report's JSON, or None for a fallback, which nobody can learn from.

    `resolution` may be its id alone. Raises `invalid_resolution_id`, and `invalid_engagement` for numbers that the
    server would refuse, or when neither or both of rate and counts are given.
    """
    if isinstance(resolution, Resolution):
        if not resolution.resolution_id:
            return None
        resolution = resolution.resolution_id
    served = token.read(resolution)
    return msgspec.json.encode({"prompt_id": served.prompt_id, "resolution_id": resolution, **_measured(earned)})


def _measured(earned: Earned) -> dict[str, float]:
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
