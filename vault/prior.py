"""What to expect of a prompt nobody has seen yet. Pure."""

from collections.abc import Iterable

NOTHING_KNOWN = (1.0, 1.0)
# A prior worth fewer impressions than this would let luck decide; one worth more would drown what is seen.
LEAST_WORTH, MOST_WORTH = 10.0, 2000.0


def prior(totals: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The Beta prior (alpha, beta) that a project's own engagement rates suggest.

    `totals`: (engagements, impressions) a prompt. The method of moments for the beta-binomial: the mean is that of all
    impressions together, the worth (alpha + beta, in impressions) what remains of the spread between prompts once the
    binomial noise is taken off (Kleinman 1973, JASA 68:46). With fewer than two prompts seen nothing is known: (1, 1).
    """
    seen = [(e, n) for e, n in totals if n > 0]
    engagements, impressions = sum(e for e, _ in seen), sum(n for _, n in seen)
    if len(seen) < 2 or not 0 < engagements < impressions:
        return NOTHING_KNOWN
    mean = engagements / impressions
    noise = mean * (1 - mean)
    spread = sum(n * (e / n - mean) ** 2 for e, n in seen)
    effective = impressions - sum(n * n for _, n in seen) / impressions
    between = (spread - (len(seen) - 1) * noise) / effective if effective > 0 else 0.0
    worth = MOST_WORTH if between <= 0 else noise / between - 1
    worth = min(max(worth, LEAST_WORTH), MOST_WORTH)
    return mean * worth, (1 - mean) * worth
