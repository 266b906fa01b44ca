"""What a prompt earned, and what that makes of its score. The server's SQL does the same arithmetic."""

from assay.core.errors import AssayError, FieldError, single

KEEP = 0.7
LEARN = 0.3
SCALE = 10.0
START_SCORE = 5.0
MAX_COUNT = 2**53  # beyond it a float no longer holds every whole number


def engagement_rate(likes: int, comments: int, shares: int, impressions: int) -> float:
    """(likes + comments + shares) / impressions, in [0, 1].

    Raises `invalid_engagement`, naming each field that is negative, too large or no whole number, and when the sum of
    the three is above the impressions, or there are none.
    """
    counts = {"likes": likes, "comments": comments, "shares": shares, "impressions": impressions}
    errors = [
        FieldError(f"/{name}", "invalid_count", f"{name} must be a whole number from 0 to {MAX_COUNT}.")
        for name, count in counts.items()
        if type(count) is not int or not 0 <= count <= MAX_COUNT
    ]
    if errors:
        raise AssayError("invalid_engagement", "The engagement counts cannot be used.", errors=errors)
    if impressions == 0:
        raise single("invalid_engagement", "/impressions", "A rate needs at least one impression.")
    engagements = likes + comments + shares
    if engagements > impressions:
        raise single("invalid_engagement", "/impressions", "There are more engagements than impressions.")
    return engagements / impressions


def check_rate(rate: float) -> float:
    """The engagement rate as a float; raises `invalid_engagement` when it is not a number in [0, 1]."""
    if type(rate) not in (int, float) or not 0 <= rate <= 1:
        raise single("invalid_engagement", "/engagement_rate", "engagement_rate must be a number from 0 to 1.")
    return float(rate)


def next_score(score: float, rate: float) -> float:
    """The performance score (0 to 10) after one report of an engagement rate (0 to 1)."""
    return KEEP * score + LEARN * (rate * SCALE)
