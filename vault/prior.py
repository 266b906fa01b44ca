"""What to expect of a prompt nobody has seen yet. Pure."""

from collections.abc import Iterable
from math import fsum

NOTHING_KNOWN = (1.0, 1.0)
# Rates beyond one in a million are no rates but accidents, and could pass the range of a double.
MOST_WORTH = 1e6


def prior(totals: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The Beta prior (alpha, beta), both at least 1, that a project's own engagement rates suggest.

    `totals`: (engagements, impressions) a prompt, in any order. The mean is the rate of all impressions together; the
    worth is that of the smallest sample that can show such a rate: one engagement among as many impressions as it takes
    (or one impression without, where they are the rarer). This is a unit information prior (Kass and Wasserman 1995,
    JASA 90:928): it lends a newcomer the right scale, and a few dozen impressions of its own soon count for more.
    Nothing is known, (1, 1), until the project has seen both an engagement and an impression without one.
    """
    seen = list(totals)
    engagements, impressions = fsum(e for e, _ in seen), fsum(n for _, n in seen)
    if not 0 < engagements < impressions:
        return NOTHING_KNOWN
    others = impressions - engagements
    rarer = min(engagements, others)
    return min(engagements / rarer, MOST_WORTH), min(others / rarer, MOST_WORTH)
