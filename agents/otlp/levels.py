"""Where a run is slow, or uses many tokens: the thresholds of the signals `latency_threshold` and `token_usage`.

They are the same for all agents and hours, so that signals of different versions can be compared.
"""

# A run's time in milliseconds: up to the first it is `under_threshold`, above the second `significantly_exceeded`.
SLOW_MS = 10_000
VERY_SLOW_MS = 30_000
# A run's tokens, in and out: below the first `low_usage`, below the second `moderate_usage`, else `high_usage`.
MODERATE_TOKENS = 1_000
MANY_TOKENS = 10_000
# One call to a model that reads as many is near what models take at all (128,000 and up): `limit_approached`.
NEAR_LIMIT_TOKENS = 100_000


def latency_level(latency_ms: float) -> str:
    """The code of `latency_threshold` for a run that took so long."""
    if latency_ms <= SLOW_MS:
        return "under_threshold"
    return "exceeded_threshold" if latency_ms <= VERY_SLOW_MS else "significantly_exceeded"


def token_level(tokens: int, most_read: int) -> str:
    """The code of `token_usage` for a run of so many tokens, whose longest call read `most_read`."""
    if most_read >= NEAR_LIMIT_TOKENS:
        return "limit_approached"
    if tokens < MODERATE_TOKENS:
        return "low_usage"
    return "moderate_usage" if tokens < MANY_TOKENS else "high_usage"
