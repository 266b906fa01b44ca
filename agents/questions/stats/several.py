"""This file lets you make many comparisons without finding something by making many."""

CONFIDENCE = 0.95


def confidence_of_each(comparisons: int, together: float = CONFIDENCE) -> float:
    """The level of each of so many intervals, that all of them hold at once with the confidence `together`.

    Bonferroni, as Dunn (1961, "Multiple Comparisons among Means", J. Am. Stat. Assoc. 56) has it for intervals. What is
    compared is counted from the same runs and depends on itself in ways that nobody knows; this asks nothing of that.
    """
    return 1 - (1 - together) / max(comparisons, 1)
