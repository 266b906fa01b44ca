"""This file lets you say how sure several intervals are, each and all at once."""

import msgspec

from agents.questions.stats.several import CONFIDENCE, confidence_of_each


class Together(msgspec.Struct, frozen=True):
    """How sure the intervals of an answer are: all `comparisons` of them hold at once with `confidence`, for which each
    alone has the confidence `each` (Bonferroni)."""

    confidence: float
    comparisons: int
    each: float


def together(comparisons: int) -> Together:
    """So many intervals, that hold together."""
    return Together(CONFIDENCE, comparisons, confidence_of_each(comparisons))


def share(count: int, of: int) -> float | None:
    """In [0, 1]; None of nothing."""
    return count / of if of else None
