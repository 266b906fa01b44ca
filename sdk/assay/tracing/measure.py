"""Admit to a run the numbers that may be told of it: shares, tokens, dollars. Nothing here raises."""

from collections.abc import Iterable
from decimal import Context, Decimal
from functools import reduce
from numbers import Real
from typing import Any

from assay.core.execution import DEAREST_USD, MOST_TOKENS
from assay.tracing.admit import of
from assay.tracing.drops import Drops

SMALLEST_USD = Decimal("1e-8")
DOLLARS = Context(prec=40, traps=[])
"""The caller's own may be less exact, or raise."""


def share(given: Any) -> float | None:
    """Return a number in [0, 1], None for anything else."""
    if type(given) is not float:
        if of(given, bool) or not of(given, Real, Decimal):
            return None
        if of(given, Decimal) and not Decimal.is_finite(given):  # what is no number must not even be compared
            return None
    return float(given) if 0 <= given <= 1 else None


def tokens(given: Any, drops: Drops, field: str, otherwise: int | None) -> int | None:
    """Return a count of tokens, `otherwise` where none was given as this field, or something else."""
    if given is None:
        return otherwise
    number = int.__int__(given) if of(given, int) and not of(given, bool) else -1
    if not 0 <= number <= MOST_TOKENS:
        drops.count("out_of_range", field=field)
        return otherwise
    return number


def cost(given: Any, drops: Drops, otherwise: Decimal | None) -> Decimal | None:
    """Return a cost in US dollars, `otherwise` where none was given, or something else."""
    if given is None:
        return otherwise
    dollars = Decimal(-1)
    if of(given, float):
        dollars = Decimal(repr(float.__float__(given)))
    elif of(given, int, Decimal) and not of(given, bool):
        dollars = Decimal(given)
    if not dollars.is_finite() or not 0 <= dollars <= DEAREST_USD:
        drops.count("out_of_range", field="cost_usd")
        return otherwise
    return dollars.quantize(SMALLEST_USD, context=DOLLARS)


def total(costs: Iterable[Decimal]) -> Decimal:
    """Return the sum of costs that were admitted."""
    return reduce(DOLLARS.add, list(costs), Decimal(0))
